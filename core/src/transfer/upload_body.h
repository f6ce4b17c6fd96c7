// The body that a request has still to send: whole from the start, or in pieces as they are written. The beginning of a
// streamed body is kept for a while, because a server may refuse the request without having processed it.
//
// Threads: loop thread only.
// Owner:   Transfer.
#pragma once

#include "dodici/request.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string>

namespace dodici {

class UploadBody {
 public:
  // `bytes` outlives this object, and is used for BodyKind::bytes only. `length` is the declared length of a streamed
  // body.
  UploadBody(BodyKind kind, const std::string& bytes, std::optional<std::uint64_t> length);

  // The next piece of a streamed body, and its end.
  void append(std::string bytes);

  void end() { ended_ = true; }

  enum class Got : std::uint8_t {
    bytes,
    nothing,  // more will come
    end,
  };

  struct Read {
    Got got;
    std::size_t size;
  };

  Read read(std::span<std::byte> room);

  // Returns false if those bytes were not kept.
  bool rewind(std::uint64_t offset);

  // Stops keeping what is read of a streamed body: it will not be needed again.
  void keepNothing();

  // Whether everything that was read is still there, so that rewind(0) would succeed.
  bool replayable() const { return kind_ != BodyKind::stream || keeps_ || offset_ == 0; }

  // Whether everything was read and no more will come: the end was told, or the declared length is reached.
  bool finished() const;

  // Whether everything was read and no more will come, but more was declared: the request can never be complete.
  bool endedShort() const;

  // How much of a streamed body was read since the last call, if that is enough to tell the writer; else 0.
  std::uint32_t takeConsumed();

 private:
  // Each report to the writer costs a record. The writer's window is several times this size.
  static constexpr std::size_t kTellAfter = 64 * 1024;

  // The first window of HTTP/2, which a stream may send before the server has sent anything (RFC 9113, 6.9.2).
  static constexpr std::uint64_t kMostKept = 64 * 1024;

  void tookPiece();

  const BodyKind kind_;
  const std::string& bytes_;
  const std::optional<std::uint64_t> length_;
  std::uint64_t offset_ = 0;       // in bytes_, or of everything read from pieces_
  std::list<std::string> pieces_;  // not a deque, which allocates even when empty, as most are
  std::size_t pieceOffset_ = 0;    // in pieces_.front()
  std::list<std::string> kept_;    // pieces that were read, in order
  bool keeps_ = true;
  std::uint64_t farthest_ = 0;  // the largest offset_ so far
  std::size_t consumed_ = 0;
  bool ended_ = false;
};

}  // namespace dodici
