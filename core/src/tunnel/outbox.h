// What a tunnel has still to send: the head of its request, the body, and then what its user writes.
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
  // `head` is sent first, and the body behind it when that is bytes. A streamed body follows by append(), up to the first
  // end(); it is sent in chunks unless its length is declared.
  Outbox(std::string head, const Request& request);

  // A piece of the streamed body; once that has ended, of what the user writes.
  void append(std::string bytes);

  // The end of the streamed body; once that has ended, nothing more is written.
  void end();

  // The next bytes to send, empty when none wait; and how many of them were sent.
  std::string_view next();

  void onSent(std::size_t size) { sent_ += size; }

  bool empty() const { return sent_ == sending_.size() && pieces_.empty(); }

  // The request is complete: what was not appended before belongs to the user.
  bool bodyEnded() const { return bodyEnded_; }

  // Nothing more is written.
  bool ended() const { return ended_; }

  // How many of the appended bytes have been taken since the last call, when that is enough to tell their writer; else 0.
  std::uint32_t takeConsumed() { return consumed_ < kTellAfter ? 0 : takeRest(); }

  // The same, however little.
  std::uint32_t takeRest() { return static_cast<std::uint32_t>(std::exchange(consumed_, 0)); }

 private:
  // Telling the writer costs a record; it keeps several times this much on the way.
  static constexpr std::size_t kTellAfter = 64 * 1024;

  // Small pieces go together, up to this size.
  static constexpr std::size_t kWriteSize = 64 * 1024;

  struct Piece {
    std::string bytes;
    std::size_t written;  // by the writer: the frame of a chunk is ours
  };

  void refill();

  const bool isChunked_;
  bool bodyEnded_;
  bool ended_ = false;
  std::list<Piece> pieces_;
  std::string sending_;
  std::size_t sent_ = 0;  // of sending_
  std::size_t consumed_ = 0;
};

}  // namespace dodici
