// Many sockets behind one asio descriptor: an epoll set, level-triggered, for which asio waits.
//
// asio's own wait for a descriptor costs a system call and a queue entry each time, here once per response. In this set
// a socket stays registered while the wanted events stay the same, which on a kept connection is always.
//
// Threads: loop thread only.
// Owner:   SocketWatchers.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

namespace dodici {

class SocketPoller {
 public:
  // `events` are EPOLL* bits. May destroy the poller.
  using OnReady = std::function<void(std::uint64_t key, std::uint32_t events)>;

  // Called if OnReady has thrown, or if there is no memory to wait. The poller no longer works, and may be destroyed in
  // this call.
  using OnFailed = std::function<void(std::exception_ptr exception)>;

  // Throws std::system_error if the process has no more descriptors.
  SocketPoller(boost::asio::io_context& context, OnReady onReady, OnFailed onFailed);
  ~SocketPoller();

  SocketPoller(const SocketPoller&) = delete;
  SocketPoller& operator=(const SocketPoller&) = delete;

  // Changes a socket's events from `before` to `after`; 0 means not in the set. Closing a socket also removes it.
  void change(int socket, std::uint64_t key, std::uint32_t before, std::uint32_t after);

 private:
  // The state that a pending wait may use after the poller has gone.
  struct Waiter;

  static void wait(const std::shared_ptr<Waiter>& waiter);
  static void report(const std::shared_ptr<Waiter>& waiter) noexcept;
  static void reportReady(const std::shared_ptr<Waiter>& waiter);

  boost::asio::posix::stream_descriptor epoll_;
  std::shared_ptr<Waiter> waiter_;
};

}  // namespace dodici
