// The part of OriginQueue that makes and forgets origins. An origin is in memory while it has requests or connections,
// and some are remembered after that.
#include "connections/origin.h"
#include "connections/origin_queue.h"

#include <memory>
#include <string>

namespace dodici {

Origin& OriginQueue::findOrAdd(std::string_view name, Negotiation negotiation) {
  OriginMap& origins = mapOf(negotiation);
  const auto found = origins.find(name);
  if (found == origins.end()) {
    const auto added = origins.try_emplace(std::string(name), std::make_unique<Origin>()).first;
    Origin& origin = *added->second;
    origin.queue = this;
    origin.name = &added->first;
    origin.negotiation = negotiation;
    origin.protocol = negotiation == Negotiation::none ? Protocol::http1 : Protocol::unknown;
    return origin;
  }
  Origin& origin = *found->second;
  if (origin.is_linked()) {
    remembered_.erase(remembered_.iterator_to(origin));
  }
  return origin;
}

void OriginQueue::forgetIfQuiet(Origin& origin) {
  if (!origin.roomy.empty() || !origin.others.empty() || !origin.waiting.empty()) {
    return;
  }
  // Tickets without a connection that were not released yet may still refer to it.
  if (origin.tickets > 0) {
    return;
  }
  OriginMap& origins = mapOf(origin.negotiation);
  // HTTP/2 need not be remembered, as a burst begins with one request in any case.
  if (origin.negotiation == Negotiation::none || origin.protocol != Protocol::http1) {
    origins.erase(origins.find(*origin.name));
    return;
  }
  if (origin.is_linked()) {
    return;
  }
  remembered_.push_back(origin);
  if (remembered_.size() > kMostRemembered) {
    Origin& oldest = remembered_.front();
    remembered_.pop_front();
    origins.erase(origins.find(*oldest.name));
  }
}

std::size_t OriginQueue::originCount() const { return origins_[0].size() + origins_[1].size(); }

}  // namespace dodici
