// The bytes that a tunnel has still to send: its request's head and body, and then what its user writes.
//
// Threads: loop thread only.
// Owner:   Tunnel.
#pragma once

#include "dodici/request.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <utility>

namespace dodici {

class Outbox {
 public:
  // `head` is sent first, and then the body if it is bytes. A streamed body follows by append() until the first end();
  // it is chunked unless its length is declared.
  Outbox(std::string head, const Request& request);

  // Appends a piece of the streamed body or, after its end, of the user's data.
  void append(std::string bytes);

  // Ends the streamed body or, if it has ended, the user's data.
  void end();

  // next() returns the bytes to send next, or nothing; the other function tells how many of them were sent.
  std::string_view next();

  void onSent(std::size_t size) { sent_ += size; }

  bool empty() const { return sent_ == sending_.size() && pieces_.empty(); }

  // Whether the request is complete, so that later bytes are the user's.
  bool bodyEnded() const { return bodyEnded_; }

  // Whether the user has ended the data.
  bool ended() const { return ended_; }

  // How many of the appended bytes were taken since the last call, if that is enough to tell the writer; else 0.
  std::uint32_t takeConsumed() { return consumed_ < kTellAfter ? 0 : takeRest(); }

  // The same, even if it is little.
  std::uint32_t takeRest() { return static_cast<std::uint32_t>(std::exchange(consumed_, 0)); }

 private:
  // Each report to the writer costs a record. The writer's window is several times this size.
  static constexpr std::size_t kTellAfter = 64 * 1024;

  // Small pieces are joined up to this size.
  static constexpr std::size_t kWriteSize = 64 * 1024;

  struct Piece {
    std::string bytes;
    std::size_t written;  // without the framing of a chunk, which is ours
  };

  void refill();

  const bool isChunked_;
  bool bodyEnded_;
  bool ended_ = false;
  std::list<Piece> pieces_;
  std::string sending_;
  std::size_t sent_ = 0;  // bytes of sending_
  std::size_t consumed_ = 0;
};

}  // namespace dodici
