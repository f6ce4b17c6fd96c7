#include "platform/socket_poller.h"

#include "platform/turn_clock.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace dodici {

namespace {

// The next wait reports the other sockets that are ready.
constexpr int kMostAtOnce = 256;

int newEpoll() {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_create1");
  }
  return epoll;
}

}  // namespace

struct SocketPoller::Waiter {
  SocketPoller* poller;
  OnReady onReady;
  OnFailed onFailed;
};

SocketPoller::SocketPoller(boost::asio::io_context& context, OnReady onReady, OnFailed onFailed)
    : epoll_(context, newEpoll()),
      waiter_(std::make_shared<Waiter>(Waiter{this, std::move(onReady), std::move(onFailed)})) {
  wait(waiter_);
}

SocketPoller::~SocketPoller() { waiter_->poller = nullptr; }

void SocketPoller::change(
    int socket, std::uint64_t key, std::uint32_t before, std::uint32_t after
) {
  if (before == after) {
    return;
  }
  epoll_event event{};
  event.events = after;
  event.data.u64 = key;
  const int operation = before == 0 ? EPOLL_CTL_ADD : after == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  if (::epoll_ctl(epoll_.native_handle(), operation, socket, &event) != 0 && after != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

void SocketPoller::wait(const std::shared_ptr<Waiter>& waiter) {
  waiter->poller->epoll_.async_wait(
      boost::asio::posix::stream_descriptor::wait_read,
      [waiter](const boost::system::error_code& error) {
        if (!error && waiter->poller != nullptr) {
          report(waiter);
        }
      }
  );
}

// Nothing else on the loop would know to which client the exception belongs.
void SocketPoller::report(const std::shared_ptr<Waiter>& waiter) noexcept {
  try {
    reportReady(waiter);
  } catch (...) {
    if (waiter->poller != nullptr) {
      waiter->onFailed(std::current_exception());
    }
  }
}

void SocketPoller::reportReady(const std::shared_ptr<Waiter>& waiter) {
  std::array<epoll_event, kMostAtOnce> events;  // NOLINT: 3 KB that epoll_wait() fills
  const int count =
      ::epoll_wait(waiter->poller->epoll_.native_handle(), events.data(), kMostAtOnce, 0);
  TurnClock::stop();
  for (int i = 0; i < count && waiter->poller != nullptr; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    waiter->onReady(event.data.u64, event.events);
  }
  if (waiter->poller != nullptr) {
    wait(waiter);
  }
}

}  // namespace dodici
