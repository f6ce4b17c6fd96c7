// How many unread bytes the peer of an HTTP/2 stream may send.
//
// A window is a promise to hold that many bytes for a reader that stops. A stream begins with the window in the
// client's options. While its bytes are read as they come, and the peer waits for more window, the window doubles,
// until half of it lasts longer than two round trips, because a larger one would not be faster. If the reader stops,
// the stream gets the first window again.
//
// What is on its way to the reader counts as read, although the reader may stop. So at first only little of a stream
// may be on its way, and more with what was read.
//
// Threads: a plain value.
// Owner:   Transfer.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace dodici {

class StreamWindow {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::uint32_t kMost = 8 * 1024 * 1024;

  // The least round trip that is assumed: a peer on this machine may answer within microseconds, but then pause for
  // milliseconds.
  static constexpr std::chrono::microseconds kShortestRoundTrip{5'000};

  explicit StreamWindow(std::uint32_t first) : first_(first), size_(first) {}

  std::uint32_t size() const { return size_; }

  // How many bytes may be in one batch for the reader when `read` bytes of the stream were read. Three batches may be on
  // their way; at first all together are less than the half of the window that the peer gets back when it was read.
  std::uint64_t mostPerBatch(std::uint64_t read) const {
    return std::max<std::uint64_t>(first_ / 8, read / 4);
  }

  // `bytes` were read. Returns true when half of the window was read since the last time; then call grow().
  bool onTaken(std::uint64_t bytes) {
    taken_ += bytes;
    return taken_ >= size_ / 2;
  }

  // Returns the new size to announce, if it has changed. REQUIRES: onTaken() returned true.
  std::optional<std::uint32_t> grow(Clock::time_point now, std::chrono::microseconds roundTrip) {
    const auto lasted = now - since_;
    const bool isKnown = since_ != Clock::time_point{};
    since_ = now;
    taken_ = 0;
    if (!isKnown || size_ >= kMost || lasted > 2 * std::max(roundTrip, kShortestRoundTrip)) {
      return std::nullopt;
    }
    size_ = std::min(size_ * 2, std::max(kMost, first_));
    return size_;
  }

  // The reader has stopped. Returns the new size to announce, if it has changed.
  std::optional<std::uint32_t> onHeld() {
    since_ = {};
    taken_ = 0;
    if (size_ == first_) {
      return std::nullopt;
    }
    size_ = first_;
    return size_;
  }

 private:
  const std::uint32_t first_;
  std::uint32_t size_;
  std::uint64_t taken_ = 0;    // since `since_`
  Clock::time_point since_{};  // when half a window was last taken
};

}  // namespace dodici
