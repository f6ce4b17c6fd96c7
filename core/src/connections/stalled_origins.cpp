// OriginQueue's part on peers of HTTP/2 that allow no stream: how long requests wait for one that will (SETTINGS may raise the
// limit), and what becomes of them.
#include "connections/origin.h"
#include "connections/origin_queue.h"

#include <algorithm>

namespace dodici {

namespace {

// Whether the test holds of a connection of this origin that can still be used.
template <typename Test>
bool anyUsable(const Origin& origin, Test test) {
  return std::any_of(origin.others.begin(), origin.others.end(), [&](const Connection& connection) {
    return connection.usable() && test(connection);
  });
}

}  // namespace

bool OriginQueue::isAwaited(const Connection& connection) const {
  return connection.origin != nullptr && connection.allowsNoStream() &&
         !connection.origin->waiting.empty();
}

// Whether no connection may be made for this request, because it was on one whose peer allows no stream. It would perhaps be
// refused there too, and for the second time.
bool OriginQueue::isHeldBack(const Origin& origin, const Ticket& ticket) const {
  return ticket.turnedBack_ && anyUsable(origin, [](const Connection& connection) {
           return connection.allowsNoStream();
         });
}

// Who gets a place now, and on which connection: the first in line, or the first who may have a connection made.
OriginQueue::Ticket* OriginQueue::next(
    Origin& origin, Connection*& connection, Clock::time_point now
) {
  if (origin.waiting.empty()) {
    return nullptr;
  }
  const auto first = origin.waiting.begin();
  connection = choose(origin, *first, now);
  if (connection != nullptr || !isHeldBack(origin, *first)) {
    return connection == nullptr ? nullptr : &*first;
  }
  const auto other = std::find_if(first, origin.waiting.end(), [](const Ticket& ticket) {
    return !ticket.turnedBack_;
  });
  if (other == origin.waiting.end()) {
    return nullptr;
  }
  connection = choose(origin, *other, now);
  return connection == nullptr ? nullptr : &*other;
}

// Requests wait, and only new SETTINGS can make room for them.
bool OriginQueue::isStalled(const Origin& origin) const {
  if (origin.waiting.empty() || origin.connecting > 0 || allowsSome(origin)) {
    return false;
  }
  return anyUsable(origin, [](const Connection& connection) { return connection.isIdle(); });
}

// Whether a connection has room, or will have some when a request on it ends.
bool OriginQueue::allowsSome(const Origin& origin) const {
  return !origin.roomy.empty() || anyUsable(origin, [](const Connection& connection) {
    return !connection.allowsNoStream();
  });
}

// Whether a request has left the line for a new connection, and may be turned back.
bool OriginQueue::mayComeBack(const Origin& origin) const {
  return origin.connecting > 0 || anyUsable(origin, [](const Connection& connection) {
           return !connection.isIdle() && connection.requests == 0;
         });
}

// The time goes on while another connection is made: a server may close each one on which it allows no stream.
void OriginQueue::noteStall(Origin& origin, Clock::time_point now) {
  if (limits_.streamTimeout.count() == 0) {
    return;
  }
  if (!origin.stalledSince && isStalled(origin)) {
    origin.stalledSince = now;
    stalled_.push_back(&origin);
  } else if (origin.stalledSince && (allowsSome(origin) || (origin.waiting.empty() && !mayComeBack(origin)))) {
    origin.stalledSince.reset();
    stalled_.erase(std::find(stalled_.begin(), stalled_.end(), &origin));
  }
}

OriginQueue::Clock::time_point OriginQueue::nextStall() const {
  auto next = Clock::time_point::max();
  for (const Origin* const origin : stalled_) {
    if (isStalled(*origin)) {
      next = std::min(next, *origin->stalledSince + limits_.streamTimeout);
    }
  }
  return next;
}

void OriginQueue::expireStalls(std::vector<RequestId>& failed, Clock::time_point now) {
  const std::vector<Origin*> stalled = stalled_;
  for (Origin* const origin : stalled) {
    if (!isStalled(*origin) || now < *origin->stalledSince + limits_.streamTimeout) {
      continue;
    }
    while (!origin->waiting.empty()) {
      Ticket& ticket = origin->waiting.front();
      failed.push_back(ticket.id_);
      leave(ticket, now);
    }
    for (Connection& connection : origin->others) {
      if (connection.usable() && connection.isIdle()) {
        connection.endCode = Errc::noStreams;
        connection.endDetail = static_cast<std::uint32_t>(limits_.streamTimeout.count());
        retire(connection);
      }
    }
    noteStall(*origin, now);
  }
}

}  // namespace dodici
