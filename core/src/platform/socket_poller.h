// Tells which of many sockets are ready, level-triggered.
//
// asio's own wait for a descriptor costs a system call and a queue entry each time, here once per response. So Linux has
// an epoll set behind one asio descriptor: a socket stays registered while the wanted events stay the same, which on a
// kept connection is always. The portable one waits through asio for each event.
//
// Threads: loop thread only.
// Owner:   SocketWatchers.
#pragma once

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

namespace dodici {

// What can happen on a socket, as bits. The values are those of epoll, which needs no translation then.
struct SocketEvents {
  static constexpr std::uint32_t kReadable = 0x1;
  static constexpr std::uint32_t kWritable = 0x4;
  static constexpr std::uint32_t kBroken =
      0x18;  // an error or the end of both directions; reported without being wanted
  static constexpr std::uint32_t kPeerEnded =
      0x2000;  // the peer sends nothing more; reported before what it sent is read
};

class SocketPoller {
 public:
  // `events` are bits of SocketEvents. May destroy the poller.
  using OnReady = std::function<void(std::uint64_t key, std::uint32_t events)>;

  // Called if OnReady has thrown, or if there is no memory to wait. The poller no longer works, and may be destroyed in
  // this call.
  using OnFailed = std::function<void(std::exception_ptr exception)>;

  // Throws std::system_error if the process has no more descriptors.
  SocketPoller(boost::asio::io_context& context, OnReady onReady, OnFailed onFailed);
  ~SocketPoller();

  SocketPoller(const SocketPoller&) = delete;
  SocketPoller& operator=(const SocketPoller&) = delete;

  // Changes a socket's events from `before` to `after`; 0 means not in the set. A socket leaves the set before it is
  // closed.
  void change(int socket, std::uint64_t key, std::uint32_t before, std::uint32_t after);

 private:
  // The state that a pending wait may use after the poller has gone.
  struct State;

  std::shared_ptr<State> state_;
};

}  // namespace dodici
