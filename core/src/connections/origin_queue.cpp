#include "connections/origin_queue.h"

#include <cassert>

namespace dodici {

OriginQueue::Ticket::~Ticket() {
  if (queue_ != nullptr) {
    queue_->release(*this);
  }
}

OriginQueue::OriginQueue(OriginLimits limits) : limits_(limits) {}

OriginQueue::~OriginQueue() {
  assert(ready_.empty() && "a ticket outlives its queue");
  remembered_.clear();  // unlinks the origins, which the maps own
}

Decision OriginQueue::admit(
    std::string_view name, Negotiation negotiation, RequestId id, Ticket& ticket
) {
  assert(ticket.place_ == Ticket::Place::nowhere);
  // Nothing to wait for and nothing to count: the request leaves no trace here.
  if (negotiation == Negotiation::none && limits_.connections == 0) {
    return Decision::run;
  }

  Origin& origin = findOrAdd(name, negotiation);
  ticket.queue_ = this;
  ticket.origin_ = &origin;
  ticket.id_ = id;
  // Behind those that wait already, should one of them be able to run.
  if (origin.waiting.empty() && mayRun(origin)) {
    run(origin, ticket, Ticket::Place::running);
    return Decision::run;
  }
  ticket.place_ = Ticket::Place::waiting;
  origin.waiting.push_back(ticket);
  return Decision::wait;
}

void OriginQueue::onProtocol(Ticket& ticket, Protocol protocol) {
  if (ticket.origin_ == nullptr || protocol == Protocol::unknown) {
    return;
  }
  Origin& origin = *ticket.origin_;
  // A request that must not use HTTP/2 says nothing about the others.
  if (origin.negotiation == Negotiation::none || origin.protocol == protocol) {
    return;
  }
  origin.protocol = protocol;
  origin.probe = nullptr;
  runWaiting(origin);
}

void OriginQueue::onConnectFailed(Ticket& ticket, std::vector<RequestId>& failed) {
  if (ticket.origin_ != nullptr && ticket.origin_->probe == &ticket) {
    TicketList& waiting = ticket.origin_->waiting;
    while (!waiting.empty()) {
      Ticket& other = waiting.front();
      failed.push_back(other.id_);
      leave(other);
    }
  }
  release(ticket);
}

void OriginQueue::onDisconnected(std::string_view name, Negotiation negotiation) {
  OriginMap& origins = mapOf(negotiation);
  const auto found = origins.find(name);
  if (found == origins.end() || found->second.protocol != Protocol::http2) {
    return;
  }
  found->second.protocol = Protocol::unknown;
  runWaiting(found->second);
}

void OriginQueue::release(Ticket& ticket) {
  if (ticket.origin_ == nullptr) {
    return;
  }
  Origin& origin = *ticket.origin_;
  leave(ticket);
  runWaiting(origin);
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

std::size_t OriginQueue::originCount() const { return origins_[0].size() + origins_[1].size(); }

OriginQueue::Origin& OriginQueue::findOrAdd(std::string_view name, Negotiation negotiation) {
  OriginMap& origins = mapOf(negotiation);
  const auto found = origins.find(name);
  if (found == origins.end()) {
    const auto added = origins.try_emplace(std::string(name)).first;
    added->second.name = &added->first;
    added->second.negotiation = negotiation;
    added->second.protocol = negotiation == Negotiation::none ? Protocol::http1 : Protocol::unknown;
    return added->second;
  }
  Origin& origin = found->second;
  if (origin.rememberedHook.is_linked()) {
    remembered_.erase(remembered_.iterator_to(origin));
  }
  return origin;
}

bool OriginQueue::mayRun(const Origin& origin) const {
  switch (origin.protocol) {
    case Protocol::unknown:
      // Not limited otherwise: requests that still count as running belong to connections that are gone.
      return origin.probe == nullptr;
    case Protocol::http1:
      return limits_.connections == 0 || origin.running < limits_.connections;
    case Protocol::http2: {
      const std::uint64_t limit = std::uint64_t{limits_.connections} * limits_.maxConcurrentStreams;
      return limit == 0 || origin.running < limit;
    }
  }
  return true;
}

void OriginQueue::run(Origin& origin, Ticket& ticket, Ticket::Place place) {
  ticket.place_ = place;
  ++origin.running;
  if (origin.protocol == Protocol::unknown) {
    origin.probe = &ticket;
  }
}

void OriginQueue::runWaiting(Origin& origin) {
  while (!origin.waiting.empty() && mayRun(origin)) {
    Ticket& ticket = origin.waiting.front();
    origin.waiting.pop_front();
    ready_.push_back(ticket);
    run(origin, ticket, Ticket::Place::ready);
  }
}

// Takes the ticket out of wherever it is; does not let others move up.
void OriginQueue::leave(Ticket& ticket) {
  Origin& origin = *ticket.origin_;
  switch (ticket.place_) {
    case Ticket::Place::waiting:
      origin.waiting.erase(origin.waiting.iterator_to(ticket));
      break;
    case Ticket::Place::ready:
      ready_.erase(ready_.iterator_to(ticket));
      [[fallthrough]];
    case Ticket::Place::running:
      --origin.running;
      if (origin.probe == &ticket) {
        origin.probe = nullptr;
      }
      break;
    case Ticket::Place::nowhere:
      break;
  }
  ticket.place_ = Ticket::Place::nowhere;
  ticket.queue_ = nullptr;
  ticket.origin_ = nullptr;
}

void OriginQueue::forgetIfQuiet(Origin& origin) {
  if (origin.running > 0 || !origin.waiting.empty()) {
    return;
  }
  OriginMap& origins = mapOf(origin.negotiation);
  // HTTP/2 is not worth remembering: whether its connection still lives is seen only by the next request on it.
  if (origin.negotiation == Negotiation::none || origin.protocol != Protocol::http1) {
    origins.erase(origins.find(*origin.name));
    return;
  }
  remembered_.push_back(origin);
  if (remembered_.size() > kMostRemembered) {
    Origin& oldest = remembered_.front();
    remembered_.pop_front();
    origins.erase(origins.find(*oldest.name));
  }
}

}  // namespace dodici
