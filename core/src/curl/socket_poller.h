// Many sockets behind one asio descriptor: an epoll set of its own, level-triggered, that asio waits for.
//
// asio's own way to wait for a descriptor costs a system call and a queue per wait, which is per response here. In this set a
// socket stays as it is while what is wanted of it stays the same, which on a kept connection is always.
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

  // OnReady has thrown, or there is no memory to wait with. The poller is of no more use; it may be destroyed here.
  using OnFailed = std::function<void(std::exception_ptr exception)>;

  // Throws std::system_error when the process has no descriptor left.
  SocketPoller(boost::asio::io_context& context, OnReady onReady, OnFailed onFailed);
  ~SocketPoller();

  SocketPoller(const SocketPoller&) = delete;
  SocketPoller& operator=(const SocketPoller&) = delete;

  // From `before` (0: not in the set) to `after` (0: out of it). Closing a socket takes it out as well.
  void change(int socket, std::uint64_t key, std::uint32_t before, std::uint32_t after);

 private:
  // What a pending wait may touch when the poller is gone.
  struct Waiter;

  static void wait(const std::shared_ptr<Waiter>& waiter);
  static void report(const std::shared_ptr<Waiter>& waiter) noexcept;
  static void reportReady(const std::shared_ptr<Waiter>& waiter);

  boost::asio::posix::stream_descriptor epoll_;
  std::shared_ptr<Waiter> waiter_;
};

}  // namespace dodici
