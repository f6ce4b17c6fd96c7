// One end of a stream whose other end the embedder has: a connection that is given to libcurl instead of made by it.
//
// Threads: a plain value, moved from the thread that makes it to the loop thread.
// Owner:   its holder closes it; SocketWatchers once libcurl has it.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <utility>

namespace dodici {

class GivenSocket {
 public:
  GivenSocket() = default;

  // `link` is the embedder's name for the stream; not 0.
  GivenSocket(int descriptor, std::uint32_t link, bool isHttp2)
      : descriptor_(descriptor), link_(link), isHttp2_(isHttp2) {}

  ~GivenSocket() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }

  GivenSocket(GivenSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        link_(std::exchange(other.link_, 0)),
        isHttp2_(other.isHttp2_) {}

  GivenSocket& operator=(GivenSocket&& other) noexcept {
    GivenSocket taken(std::move(other));
    std::swap(descriptor_, taken.descriptor_);
    std::swap(link_, taken.link_);
    std::swap(isHttp2_, taken.isHttp2_);
    return *this;
  }

  GivenSocket(const GivenSocket&) = delete;
  GivenSocket& operator=(const GivenSocket&) = delete;

  // -1 if there is none, or if it was released.
  int descriptor() const { return descriptor_; }

  int release() { return std::exchange(descriptor_, -1); }

  std::uint32_t link() const { return link_; }

  bool isHttp2() const { return isHttp2_; }

 private:
  int descriptor_ = -1;
  std::uint32_t link_ = 0;
  bool isHttp2_ = false;
};

}  // namespace dodici
