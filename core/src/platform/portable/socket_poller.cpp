#include "platform/socket_poller.h"

#include "platform/sockets.h"
#include "platform/turn_clock.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <unordered_map>
#include <utility>

namespace dodici {

namespace asio = boost::asio;

namespace {

using Descriptor = asio::posix::stream_descriptor;

// How often a socket is asked for its peer's end while what it has received is left unread: asio cannot wait for that.
constexpr std::chrono::milliseconds kEndsInterval{50};

bool waitsForEndOnly(std::uint32_t wanted) {
  return (wanted & SocketEvents::kPeerEnded) != 0 && (wanted & SocketEvents::kReadable) == 0;
}

}  // namespace

struct SocketPoller::State : std::enable_shared_from_this<State> {
  struct Watched {
    Watched(asio::io_context& context, int socket) : descriptor(context, socket) {}

    ~Watched() {
      descriptor.cancel();
      // The socket is libcurl's.
      descriptor.release();
    }

    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    Descriptor descriptor;
    std::uint64_t key = 0;
    std::uint32_t wanted = 0;
    bool reads = false;   // a wait until it is readable is pending
    bool writes = false;  // the same until it is writable
  };

  using Handle = std::shared_ptr<Watched>;

  State(asio::io_context& itsContext, OnReady ready, OnFailed failed)
      : context(itsContext),
        ends(itsContext),
        onReady(std::move(ready)),
        onFailed(std::move(failed)) {}

  void wait(const Handle& watched);
  void wait(const Handle& watched, Descriptor::wait_type type, bool Watched::*isPending);
  void waitForEnds();
  void ask(const Handle& watched);
  template <typename Work>
  void guard(const Work& work) noexcept;

  asio::io_context& context;
  std::unordered_map<int, Handle> sockets;
  asio::steady_timer ends;
  bool endsPending = false;
  const OnReady onReady;
  const OnFailed onFailed;
  bool isOver = false;  // the poller has gone
};

// Nothing else on the loop would know to which client an exception belongs.
template <typename Work>
void SocketPoller::State::guard(const Work& work) noexcept {
  try {
    work();
  } catch (...) {
    if (!isOver) {
      onFailed(std::current_exception());
    }
  }
}

void SocketPoller::State::wait(const Handle& watched) {
  if ((watched->wanted & SocketEvents::kReadable) != 0) {
    wait(watched, Descriptor::wait_read, &Watched::reads);
  }
  if ((watched->wanted & SocketEvents::kWritable) != 0) {
    wait(watched, Descriptor::wait_write, &Watched::writes);
  }
  if (waitsForEndOnly(watched->wanted)) {
    waitForEnds();
  }
}

void SocketPoller::State::wait(
    const Handle& watched, Descriptor::wait_type type, bool Watched::*isPending
) {
  if (std::exchange((*watched).*isPending, true)) {
    return;
  }
  watched->descriptor.async_wait(
      type,
      [self = shared_from_this(),
       weak = std::weak_ptr(watched),
       isPending](const boost::system::error_code& error) {
        const Handle again = weak.lock();
        if (again == nullptr || self->isOver) {
          return;
        }
        (*again).*isPending = false;
        if (!error) {
          TurnClock::stop();
          self->guard([&] { self->ask(again); });
        }
      }
  );
}

void SocketPoller::State::waitForEnds() {
  if (std::exchange(endsPending, true)) {
    return;
  }
  ends.expires_after(kEndsInterval);
  ends.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->isOver) {
      return;
    }
    self->endsPending = false;
    self->guard([&] {
      std::vector<Handle> asked;
      for (const auto& [socket, watched] : self->sockets) {
        if (waitsForEndOnly(watched->wanted)) {
          asked.push_back(watched);
        }
      }
      for (const Handle& watched : asked) {
        if (!self->isOver) {
          self->ask(watched);
        }
      }
    });
  });
}

// Reports what is so now, and waits for what is still wanted then.
void SocketPoller::State::ask(const Handle& watched) {
  const int socket = watched->descriptor.native_handle();
  const std::uint32_t events = eventsOf(socket) & (watched->wanted | SocketEvents::kBroken);
  if (events != 0) {
    onReady(watched->key, events);
  }
  if (!isOver) {
    const auto found = sockets.find(socket);
    if (found != sockets.end() && found->second == watched) {
      wait(watched);
    }
  }
}

SocketPoller::SocketPoller(asio::io_context& context, OnReady onReady, OnFailed onFailed)
    : state_(std::make_shared<State>(context, std::move(onReady), std::move(onFailed))) {}

SocketPoller::~SocketPoller() {
  state_->isOver = true;
  state_->ends.cancel();
  state_->sockets.clear();
}

void SocketPoller::change(
    int socket, std::uint64_t key, std::uint32_t before, std::uint32_t after
) {
  if (before == after) {
    return;
  }
  if (after == 0) {
    state_->sockets.erase(socket);
    return;
  }
  auto& watched = state_->sockets[socket];
  if (watched == nullptr) {
    watched = std::make_shared<State::Watched>(state_->context, socket);
  }
  watched->key = key;
  watched->wanted = after;
  state_->wait(watched);
}

}  // namespace dodici
