// What a request has still to send: all of it from the start, or pieces as they are written. What has been read of a streamed
// body is kept for a while, as a server may refuse the request before it has processed any of it.
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
  // `bytes` outlives this; used with BodyKind::bytes only. `length` is a streamed body's, if it was declared.
  UploadBody(BodyKind kind, const std::string& bytes, std::optional<std::uint64_t> length);

  // A streamed body's next piece, and its end.
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

  // False when those bytes are gone.
  bool rewind(std::uint64_t offset);

  // What is read of a streamed body is of no more use: nobody will ask for it again.
  void keepNothing();

  // Nothing that was read is gone: rewind(0) would succeed.
  bool replayable() const { return kind_ != BodyKind::stream || keeps_ || offset_ == 0; }

  // Everything was read, and there is no more: its end was told, or its declared length is reached.
  bool finished() const;

  // Everything was read, and there is no more, but more was declared: the request can never be complete.
  bool endedShort() const;

  // How much was read of a streamed body since the last call, when that is enough to tell its writer; else 0.
  std::uint32_t takeConsumed();

 private:
  // Telling the writer costs a record; it keeps several times this much on the way.
  static constexpr std::size_t kTellAfter = 64 * 1024;

  // As much as a server lets a stream send before it has said a word: the first window of HTTP/2 (RFC 9113, 6.9.2).
  static constexpr std::uint64_t kMostKept = 64 * 1024;

  void tookPiece();

  const BodyKind kind_;
  const std::string& bytes_;
  const std::optional<std::uint64_t> length_;
  std::uint64_t offset_ = 0;       // in bytes_, or of everything read from pieces_
  std::list<std::string> pieces_;  // not a deque, which allocates when it is empty, and most are
  std::size_t pieceOffset_ = 0;    // in pieces_.front()
  std::list<std::string> kept_;    // read whole, in their order
  bool keeps_ = true;
  std::uint64_t farthest_ = 0;  // the largest offset_ that there was
  std::size_t consumed_ = 0;
  bool ended_ = false;
};

}  // namespace dodici
