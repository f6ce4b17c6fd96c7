#include "platform/socket_poller.h"

#include "platform/turn_clock.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace dodici {

namespace {

static_assert(SocketEvents::kReadable == EPOLLIN);
static_assert(SocketEvents::kWritable == EPOLLOUT);
static_assert(SocketEvents::kBroken == (EPOLLERR | EPOLLHUP));
static_assert(SocketEvents::kPeerEnded == EPOLLRDHUP);

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

struct SocketPoller::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& context, OnReady ready, OnFailed failed)
      : epoll(context, newEpoll()), onReady(std::move(ready)), onFailed(std::move(failed)) {}

  void wait();
  void report() noexcept;
  void reportReady();

  boost::asio::posix::stream_descriptor epoll;
  const OnReady onReady;
  const OnFailed onFailed;
  bool isOver = false;  // the poller has gone
};

void SocketPoller::State::wait() {
  epoll.async_wait(
      boost::asio::posix::stream_descriptor::wait_read,
      [self = shared_from_this()](const boost::system::error_code& error) {
        if (!error && !self->isOver) {
          self->report();
        }
      }
  );
}

// Nothing else on the loop would know to which client the exception belongs.
void SocketPoller::State::report() noexcept {
  try {
    reportReady();
  } catch (...) {
    if (!isOver) {
      onFailed(std::current_exception());
    }
  }
}

void SocketPoller::State::reportReady() {
  std::array<epoll_event, kMostAtOnce> events;  // NOLINT: 3 KB that epoll_wait() fills
  const int count = ::epoll_wait(epoll.native_handle(), events.data(), kMostAtOnce, 0);
  TurnClock::stop();
  for (int i = 0; i < count && !isOver; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    onReady(event.data.u64, event.events);
  }
  if (!isOver) {
    wait();
  }
}

SocketPoller::SocketPoller(boost::asio::io_context& context, OnReady onReady, OnFailed onFailed)
    : state_(std::make_shared<State>(context, std::move(onReady), std::move(onFailed))) {
  state_->wait();
}

SocketPoller::~SocketPoller() {
  state_->isOver = true;
  boost::system::error_code ignored;
  state_->epoll.close(ignored);
}

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
  if (::epoll_ctl(state_->epoll.native_handle(), operation, socket, &event) != 0 && after != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

}  // namespace dodici
