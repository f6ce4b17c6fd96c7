#include "connections/origin_queue.h"

#include "connections/origin.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace dodici {

using State = Connection::State;

OriginQueue::Ticket::~Ticket() {
  if (origin_ != nullptr) {
    origin_->queue->release(*this, Clock::now());
  }
}

OriginQueue::OriginQueue(OriginLimits limits, Connections& connections)
    : limits_(limits), connections_(connections) {}

OriginQueue::~OriginQueue() {
  assert(ready_.empty() && "a ticket outlives its queue");
  remembered_.clear();  // unlinks the origins, which the maps own
  for (OriginMap& origins : origins_) {
    for (auto& [name, origin] : origins) {
      while (!origin->roomy.empty()) {
        unlink(origin->roomy.front());
      }
      while (!origin->others.empty()) {
        unlink(origin->others.front());
      }
    }
  }
}

Decision OriginQueue::admit(
    std::string_view name,
    Negotiation negotiation,
    RequestId id,
    Ticket& ticket,
    Clock::time_point now
) {
  assert(ticket.place_ == Ticket::Place::nowhere);
  Origin& origin = findOrAdd(name, negotiation);
  ticket.origin_ = &origin;
  ++origin.tickets;
  ticket.id_ = id;
  ticket.serial_ = nextSerial_++;
  // A request must not overtake those that wait already, even if there is a place for it.
  if (origin.waiting.empty()) {
    if (Connection* const connection = choose(origin, ticket, now)) {
      place(ticket, *connection, Ticket::Place::running);
      return Decision::run;
    }
  }
  ticket.place_ = Ticket::Place::waiting;
  origin.waiting.push_back(ticket);
  serve(origin, now);
  if (ticket.place_ == Ticket::Place::ready) {
    ready_.erase(ready_.iterator_to(ticket));
    ticket.place_ = Ticket::Place::running;
    return Decision::run;
  }
  return Decision::wait;
}

void OriginQueue::onOpened(Ticket& ticket, Clock::time_point now) {
  Connection& connection = *ticket.connection_;
  Origin& origin = *ticket.origin_;
  assert(connection.state == State::connecting);
  --origin.connecting;
  connection.state = State::open;
  // A connection of a request that must not use HTTP/2 does not show what the origin speaks.
  if (origin.negotiation == Negotiation::http2) {
    origin.protocol = connection.protocol;
  }
  settle(connection);
  serve(origin, now);
}

Connection& OriginQueue::moveTo(Ticket& ticket, Connection* actual, Clock::time_point now) {
  Connection& before = *ticket.connection_;
  if (actual == &before) {
    return before;
  }
  Origin& origin = *ticket.origin_;
  Connection& to = actual == nullptr ? open(origin) : *actual;
  ticket.connection_ = &to;
  ++to.inUse;
  settle(to);
  leftBy(before, now);
  serve(origin, now);
  return to;
}

void OriginQueue::onConnectFailed(
    Ticket& ticket, std::vector<RequestId>& failed, Clock::time_point now
) {
  if (ticket.opens()) {
    Origin& origin = *ticket.origin_;
    const bool hasOthers =
        !origin.roomy.empty() || origin.others.size() > origin.draining + std::size_t{1};
    if (origin.protocol != Protocol::http1 && !hasOthers) {
      while (!origin.waiting.empty()) {
        Ticket& other = origin.waiting.front();
        failed.push_back(other.id_);
        leave(other, now);
      }
    }
  }
  release(ticket, now);
}

void OriginQueue::onStreamLimit(
    Connection& connection, std::uint32_t streams, Clock::time_point now
) {
  connection.peerStreams = streams;
  connection.settingsSeen = true;
  if (connection.origin == nullptr) {
    return;
  }
  settle(connection);
  serve(*connection.origin, now);
}

void OriginQueue::drain(Connection& connection, Clock::time_point now) {
  if (connection.state != State::open) {
    return;
  }
  retire(connection);
  recall(connection);
  serve(*connection.origin, now);
}

void OriginQueue::onClosed(Connection& connection, Clock::time_point now) {
  Origin* const origin = connection.origin;
  if (connection.state == State::connecting && origin != nullptr) {
    --origin->connecting;
  }
  unlink(connection);
  connections_.closed(connection);
  recall(connection);
  if (connection.inUse == 0) {
    connections_.forget(connection);
  }
  if (origin != nullptr) {
    if (origin->roomy.empty() && origin->others.empty() && origin->protocol == Protocol::http2) {
      origin->protocol = Protocol::unknown;
    }
    serve(*origin, now);
    forgetIfQuiet(*origin);
  }
}

void OriginQueue::again(Ticket& ticket, bool elsewhere, Clock::time_point now) {
  assert(ticket.place_ == Ticket::Place::running);
  Origin& origin = *ticket.origin_;
  ticket.wantsNew_ = elsewhere;
  ticket.turnedBack_ = ticket.connection_->allowsNoStream();
  wait(ticket);
  unplace(ticket, now);
  serve(origin, now);
}

void OriginQueue::release(Ticket& ticket, Clock::time_point now) {
  if (ticket.origin_ == nullptr) {
    return;
  }
  Origin& origin = *ticket.origin_;
  leave(ticket, now);
  serve(origin, now);
  forgetIfQuiet(origin);
}

std::optional<RequestId> OriginQueue::takeReady() {
  if (ready_.empty()) {
    return std::nullopt;
  }
  Ticket& ticket = ready_.front();
  ready_.pop_front();
  ticket.place_ = Ticket::Place::running;
  return ticket.id_;
}

std::uint32_t OriginQueue::roomOf(const Connection& connection) const {
  if (connection.state != State::open) {
    return 0;
  }
  std::uint32_t most = 1;
  if (connection.protocol == Protocol::http2) {
    most = limits_.maxConcurrentStreams == 0
               ? connection.peerStreams
               : std::min(connection.peerStreams, limits_.maxConcurrentStreams);
  }
  return most > connection.inUse ? most - connection.inUse : 0;
}

bool OriginQueue::underLimit(const Origin& origin) const {
  const std::size_t live = origin.roomy.size() + origin.others.size() - origin.draining;
  return limits_.connections == 0 || live < limits_.connections;
}

// REQUIRES: no connection has room.
bool OriginQueue::mayOpen(const Origin& origin, const Ticket& ticket) const {
  if (!underLimit(origin)) {
    return false;
  }
  if (isHeldBack(origin, ticket)) {
    return false;
  }
  if (origin.protocol == Protocol::http1) {
    return true;
  }
  // One at a time: a connection that is being made, or whose SETTINGS have not come yet, may take all waiting requests.
  return origin.connecting == 0 &&
         std::none_of(origin.others.begin(), origin.others.end(), [](const Connection& connection) {
           return connection.usable() && connection.protocol == Protocol::http2 &&
                  !connection.settingsSeen;
         });
}

Connection* OriginQueue::choose(Origin& origin, const Ticket& ticket, Clock::time_point now) {
  if (ticket.wantsNew_ && underLimit(origin)) {
    return &open(origin);
  }
  while (!origin.roomy.empty()) {
    Connection& connection = origin.roomy.front();
    if (limits_.clientTtl.count() == 0 || now - connection.openedAt <= limits_.clientTtl) {
      return &connection;
    }
    retire(connection);
  }
  return mayOpen(origin, ticket) ? &open(origin) : nullptr;
}

Connection& OriginQueue::open(Origin& origin) {
  Connection& connection = connections_.add();
  connection.origin = &origin;
  origin.others.push_back(connection);
  ++origin.connecting;
  return connection;
}

void OriginQueue::place(Ticket& ticket, Connection& connection, Ticket::Place place) {
  ticket.place_ = place;
  ticket.wantsNew_ = false;
  ticket.turnedBack_ = false;
  ticket.connection_ = &connection;
  ++connection.inUse;
  settle(connection);
}

// Takes the request off its connection, without letting others move up.
void OriginQueue::unplace(Ticket& ticket, Clock::time_point now) {
  if (Connection* const connection = std::exchange(ticket.connection_, nullptr)) {
    leftBy(*connection, now);
  }
}

// A request has left the connection.
void OriginQueue::leftBy(Connection& connection, Clock::time_point now) {
  --connection.inUse;
  if (connection.state == State::connecting) {
    // The connection was being made for this request.
    --connection.origin->connecting;
    unlink(connection);
    connections_.closed(connection);
  }
  if (connection.inUse > 0) {
    settle(connection);
    return;
  }
  connection.idleSince = now;
  if (connection.state == State::closed) {
    connections_.forget(connection);
  } else {
    settle(connection);
  }
}

// Puts the ticket in the line after those that were admitted before it.
void OriginQueue::wait(Ticket& ticket) {
  TicketList& waiting = ticket.origin_->waiting;
  const auto next = std::find_if(waiting.begin(), waiting.end(), [&ticket](const Ticket& other) {
    return other.serial_ > ticket.serial_;
  });
  ticket.place_ = Ticket::Place::waiting;
  waiting.insert(next, ticket);
}

// Puts requests that have not been started on this connection back in the line.
void OriginQueue::recall(Connection& connection) {
  for (auto at = ready_.begin(); at != ready_.end();) {
    Ticket& ticket = *at;
    if (ticket.connection_ != &connection) {
      ++at;
      continue;
    }
    at = ready_.erase(at);
    ticket.connection_ = nullptr;
    --connection.inUse;
    wait(ticket);
  }
}

// Changes the connection from open to draining.
void OriginQueue::retire(Connection& connection) {
  connection.state = State::draining;
  ++connection.origin->draining;
  settle(connection);
  if (connection.inUse == 0) {
    drained_.push_back(connection.socket);
  }
}

// Puts the connection among those with room, or among the others.
void OriginQueue::settle(Connection& connection) {
  Origin* const origin = connection.origin;
  if (origin == nullptr || !connection.originHook.is_linked()) {
    return;
  }
  const bool isRoomy = roomOf(connection) > 0;
  if (isRoomy == connection.roomy) {
    return;
  }
  auto& from = connection.roomy ? origin->roomy : origin->others;
  auto& to = isRoomy ? origin->roomy : origin->others;
  from.erase(from.iterator_to(connection));
  to.push_front(connection);
  connection.roomy = isRoomy;
}

void OriginQueue::unlink(Connection& connection) {
  Origin* const origin = connection.origin;
  if (origin == nullptr) {
    return;
  }
  auto& list = connection.roomy ? origin->roomy : origin->others;
  list.erase(list.iterator_to(connection));
  if (connection.state == State::draining) {
    --origin->draining;
  }
  connection.origin = nullptr;
}

void OriginQueue::serve(Origin& origin, Clock::time_point now) {
  Connection* connection = nullptr;
  while (Ticket* const ticket = next(origin, connection, now)) {
    origin.waiting.erase(origin.waiting.iterator_to(*ticket));
    ready_.push_back(*ticket);
    place(*ticket, *connection, Ticket::Place::ready);
  }
  noteStall(origin, now);
}

// Removes the ticket from its list, without letting others move up.
void OriginQueue::leave(Ticket& ticket, Clock::time_point now) {
  Origin& origin = *ticket.origin_;
  switch (ticket.place_) {
    case Ticket::Place::waiting:
      origin.waiting.erase(origin.waiting.iterator_to(ticket));
      break;
    case Ticket::Place::ready:
      ready_.erase(ready_.iterator_to(ticket));
      [[fallthrough]];
    case Ticket::Place::running:
      unplace(ticket, now);
      break;
    case Ticket::Place::nowhere:
      break;
  }
  ticket.place_ = Ticket::Place::nowhere;
  ticket.wantsNew_ = false;
  ticket.turnedBack_ = false;
  ticket.origin_ = nullptr;
  --origin.tickets;
}

}  // namespace dodici
