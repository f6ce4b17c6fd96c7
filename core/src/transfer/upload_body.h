// What a request has still to send: all of it from the start, or pieces as they are written.
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

  // The next pieces of a streamed body, whole ones, together as long as they are within `size`; empty: none waits.
  std::string takePieces(std::size_t size);

  // False when those bytes are gone: a streamed body is not kept.
  bool rewind(std::uint64_t offset);

  // Nothing that was read is gone: rewind(0) would succeed.
  bool replayable() const { return kind_ != BodyKind::stream || offset_ == 0; }

  // Everything was read, and there is no more: its end was told, or its declared length is reached.
  bool finished() const;

  // How much was read of a streamed body since the last call, when that is enough to tell its writer; else 0.
  std::uint32_t takeConsumed();

  // The same, however little.
  std::uint32_t takeRest();

 private:
  // Telling the writer costs a record; it keeps several times this much on the way.
  static constexpr std::size_t kTellAfter = 64 * 1024;

  const BodyKind kind_;
  const std::string& bytes_;
  const std::optional<std::uint64_t> length_;
  std::uint64_t offset_ = 0;       // in bytes_, or of everything read from pieces_
  std::list<std::string> pieces_;  // not a deque, which allocates when it is empty, and most are
  std::size_t pieceOffset_ = 0;    // in pieces_.front()
  std::size_t consumed_ = 0;
  bool ended_ = false;
};

}  // namespace dodici
