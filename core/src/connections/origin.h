// OriginQueue's record of one origin: its connections, and the requests that wait for a place on one.
//
// Threads: loop thread only.
// Owner:   OriginQueue.
#pragma once

#include "connections/origin_queue.h"

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace dodici {

// It is in the map while it has requests or connections, or is remembered.
struct Origin : boost::intrusive::list_base_hook<> {
  using ConnectionList = boost::intrusive::list<
      Connection,
      boost::intrusive::
          member_hook<Connection, boost::intrusive::list_member_hook<>, &Connection::originHook>,
      boost::intrusive::constant_time_size<true>>;

  OriginQueue* queue = nullptr;
  const std::string* name = nullptr;  // the key in the map
  Negotiation negotiation = Negotiation::none;
  Protocol protocol = Protocol::unknown;  // of the last opened connection
  std::uint32_t connecting = 0;
  ConnectionList roomy;   // open and able to take a request; the most recently used one first
  ConnectionList others;  // connecting, full or draining
  std::uint32_t draining = 0;
  OriginQueue::TicketList waiting;
  std::uint32_t tickets = 0;  // tickets that belong to it, waiting or not
  // Since when requests wait for a peer that allows no stream.
  std::optional<OriginQueue::Clock::time_point> stalledSince;
};

}  // namespace dodici
