// How many bytes the peer of an HTTP/2 stream may send before they are taken.
//
// A window is a promise to hold so much for a reader who stops. A stream begins with the window that the client's options
// say; while its bytes are taken as they come, and the peer waits for more window, it doubles, as far as that pays: until
// half of it lasts longer than two round trips. A reader who stops gets the first window again.
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

  // A peer on the same machine answers within microseconds, and then does something else for milliseconds.
  static constexpr std::chrono::microseconds kShortestRoundTrip{5'000};

  explicit StreamWindow(std::uint32_t first) : first_(first), size_(first) {}

  std::uint32_t size() const { return size_; }

  // So many bytes were taken. True when half of the window has been since the last time: then grow() is to be asked.
  bool onTaken(std::uint64_t bytes) {
    taken_ += bytes;
    return taken_ >= size_ / 2;
  }

  // The size to announce, if it has changed. REQUIRES: onTaken() returned true.
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

  // The reader has stopped.
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
  Clock::time_point since_{};  // when half a window had been taken last
};

}  // namespace dodici
