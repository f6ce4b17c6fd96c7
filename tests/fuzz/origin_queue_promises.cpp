// The promises of OriginQueue, which are checked after each call.
#include "origin_queue_driver.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace dodici::fuzz {

namespace {

using State = Connection::State;

}  // namespace

bool OriginQueueDriver::isReady(std::uint32_t id) const {
  return requests_[id].place == Place::inLine && !tickets_[id].waiting();
}

std::uint32_t OriginQueueDriver::countOn(const Connection& connection) const {
  return static_cast<std::uint32_t>(std::count_if(
      tickets_.begin(),
      tickets_.end(),
      [&](const auto& ticket) { return ticket.connection() == &connection; }
  ));
}

// How many requests an open connection may carry.
std::uint32_t OriginQueueDriver::mostOn(const OpenModel& open) const {
  if (open.protocol == Protocol::http1 || !open.settings) {
    return 1;
  }
  const std::uint32_t ours = limits_.maxConcurrentStreams;
  return ours == 0 ? *open.settings : std::min(*open.settings, ours);
}

bool OriginQueueDriver::isTooOld(const OpenModel& open) const {
  return limits_.clientTtl.count() > 0 && now_ - open.openedAt > limits_.clientTtl;
}

bool OriginQueueDriver::hasRoom(const OpenModel& open) const {
  return open.connection->state == State::open && !isTooOld(open) &&
         countOn(*open.connection) < mostOn(open);
}

bool OriginQueueDriver::anyHasRoom(std::size_t origin) const {
  return std::any_of(open_.begin(), open_.end(), [&](const OpenModel& open) {
    return open.origin == origin && hasRoom(open);
  });
}

bool OriginQueueDriver::anyAllowsNone(std::size_t origin) const {
  return countOpen(origin, [](const OpenModel& open) {
           return open.protocol == Protocol::http2 && open.settings == 0U;
         }) > 0;
}

bool OriginQueueDriver::anyAllowsSome(std::size_t origin) const {
  return countOpen(origin, [](const OpenModel& open) {
           return open.protocol != Protocol::http2 || open.settings != 0U;
         }) > 0;
}

// Requests wait, and only new SETTINGS can make room for them.
bool OriginQueueDriver::isStalled(std::size_t origin) const {
  const auto waits = [this](std::uint32_t id) { return tickets_[id].waiting(); };
  const auto isIdle = [this](const OpenModel& open) { return countOn(*open.connection) == 0; };
  return countRequests(origin, waits) > 0 && connecting(origin) == 0 && !anyAllowsSome(origin) &&
         countOpen(origin, isIdle) > 0;
}

template <typename F>
std::uint32_t OriginQueueDriver::countOpen(std::size_t origin, F&& which) const {
  return static_cast<std::uint32_t>(std::count_if(
      open_.begin(),
      open_.end(),
      [&](const OpenModel& open) {
        return open.origin == origin && open.connection->state == State::open && which(open);
      }
  ));
}

template <typename F>
std::uint32_t OriginQueueDriver::countRequests(std::size_t origin, F&& which) const {
  std::uint32_t count = 0;
  for (std::uint32_t id = 0; id < kRequests; ++id) {
    if (requests_[id].place != Place::idle && requests_[id].origin == origin && which(id)) {
      ++count;
    }
  }
  return count;
}

std::uint32_t OriginQueueDriver::connecting(std::size_t origin) const {
  return countRequests(origin, [this](std::uint32_t id) { return tickets_[id].opens(); });
}

std::uint32_t OriginQueueDriver::live(std::size_t origin) const {
  return connecting(origin) + countOpen(origin, [](const OpenModel&) { return true; });
}

bool OriginQueueDriver::isKnownToBeHttp1(std::size_t origin) const {
  return negotiationOf(origin) == Negotiation::none || lastOpened_[origin] == Protocol::http1;
}

// Requests that got places at the same time got them in the order of the line.
bool OriginQueueDriver::isBefore(std::uint32_t id, std::uint32_t than) const {
  const RequestModel& one = requests_[id];
  const RequestModel& other = requests_[than];
  if (one.origin != other.origin) {
    return false;
  }
  return one.placedAt != other.placedAt ? one.placedAt < other.placedAt : one.order < other.order;
}

void OriginQueueDriver::requireRunnable(std::uint32_t id) const {
  if (requests_[id].place == Place::running) {
    const Connection* const connection = tickets_[id].connection();
    require(
        connection != nullptr && connection->state != State::closed,
        "who runs has a connection that is not closed"
    );
  }
}

// What has changed, and what must hold after each call.
void OriginQueueDriver::observe() {
  ++calls_;
  for (std::uint32_t id = 0; id < kRequests; ++id) {
    observe(id);
  }
  for (const OpenModel& open : open_) {
    require(
        open.connection->state == State::open || open.connection->state == State::draining,
        "nobody but its owner closes a connection"
    );
    require(
        open.connection->inUse == countOn(*open.connection), "a connection counts its requests"
    );
    require(
        connections_.findById(open.connection->id) == open.connection &&
            connections_.findBySocket(open.connection->socket) == open.connection,
        "an open connection is found"
    );
  }
  require(connections_.openCount() == open_.size(), "only open connections count as open");
  for (std::size_t origin = 0; origin < kOrigins; ++origin) {
    observeOrigin(origin);
  }
}

void OriginQueueDriver::observe(std::uint32_t id) {
  RequestModel& request = requests_[id];
  const OriginQueue::Ticket& ticket = tickets_[id];
  const Connection* const connection = ticket.connection();
  if (request.place == Place::idle || ticket.waiting()) {
    require(connection == nullptr, "who waits or has ended is on no connection");
    require(
        ticket.waiting() == (request.place == Place::inLine), "a ticket knows whether it waits"
    );
    request.on = kNowhere;
    return;
  }
  require(connection != nullptr, "who does not wait has a connection");
  require(connection->inUse == countOn(*connection), "a connection counts its requests");
  if (connection->serial != request.on) {
    onPlaced(id, *connection);
  }
  require(
      !isReady(id) || connection->state == State::connecting || connection->state == State::open,
      "who is ready is on a connection that takes requests"
  );
}

void OriginQueueDriver::onPlaced(std::uint32_t id, const Connection& connection) {
  RequestModel& request = requests_[id];
  request.on = connection.serial;
  request.placedAt = calls_;
  request.turnedBack = false;
  const bool isMade = connection.state == State::connecting;
  for (std::uint32_t other = 0; other < kRequests; ++other) {
    const RequestModel& waiting = requests_[other];
    require(
        !tickets_[other].waiting() || waiting.origin != request.origin ||
            waiting.order > request.order ||
            (isMade && waiting.turnedBack && anyAllowsNone(request.origin)),
        "nobody overtakes those that wait, but who may have a connection made"
    );
  }
  if (connection.state == State::connecting) {
    require(countOn(connection) == 1, "a connection is made for one request");
    require(
        request.elsewhere || !anyHasRoom(request.origin),
        "no connection is made while another has room"
    );
    return;
  }
  const auto open = std::find_if(open_.begin(), open_.end(), [&](const OpenModel& each) {
    return each.connection == &connection;
  });
  require(open != open_.end(), "a request is placed on a connection that is there");
  require(open->origin == request.origin, "a connection serves its own origin");
  require(connection.state == State::open, "a draining connection gets nothing");
  require(!isTooOld(*open), "an old connection gets nothing");
  require(countOn(connection) <= mostOn(*open), "no more streams than both sides allow");
}

void OriginQueueDriver::observeOrigin(std::size_t origin) {
  // Connections that were begun while the origin spoke HTTP/1.1 may still be connecting when it speaks HTTP/2.
  madeOfOld_[origin] =
      connecting(origin) > 0 && (madeOfOld_[origin] || lastOpened_[origin] == Protocol::http1);
  require(
      limits_.connections == 0 || live(origin) <= limits_.connections,
      "no more connections than allowed"
  );
  const auto isOrdinary = [this](std::uint32_t id) {
    return tickets_[id].opens() && !requests_[id].elsewhere;
  };
  require(
      lastOpened_[origin] == Protocol::http1 || negotiationOf(origin) == Negotiation::none ||
          madeOfOld_[origin] || countRequests(origin, isOrdinary) <= 1,
      "one goes ahead until it is known what it and the connection can take"
  );
  observeStall(origin);
  const auto waits = [this](std::uint32_t id) { return tickets_[id].waiting(); };
  if (countRequests(origin, waits) == 0) {
    return;
  }
  require(!anyHasRoom(origin), "nobody waits while there is room");
  if (limits_.connections != 0 && live(origin) == limits_.connections) {
    return;
  }
  const auto mayHaveOneMade = [this](std::uint32_t id) {
    return tickets_[id].waiting() && !requests_[id].turnedBack;
  };
  if (anyAllowsNone(origin) && countRequests(origin, mayHaveOneMade) == 0) {
    return;
  }
  require(!isKnownToBeHttp1(origin), "nobody waits while another connection may be made");
  const auto isComing = [](const OpenModel& open) {
    return open.protocol == Protocol::http2 && !open.settings;
  };
  require(connecting(origin) + countOpen(origin, isComing) > 0, "who waits waits for a connection");
}

void OriginQueueDriver::observeStall(std::size_t origin) {
  auto& since = stalledSince_[origin];
  const auto waits = [this](std::uint32_t id) { return tickets_[id].waiting(); };
  const auto isUsed = [this](const OpenModel& open) { return countOn(*open.connection) > 0; };
  const bool mayComeBack = connecting(origin) > 0 || countOpen(origin, isUsed) > 0;
  if (limits_.streamTimeout.count() > 0 && !since && isStalled(origin)) {
    since = now_;
  } else if (anyAllowsSome(origin) || (countRequests(origin, waits) == 0 && !mayComeBack)) {
    since.reset();
  }
}

}  // namespace dodici::fuzz
