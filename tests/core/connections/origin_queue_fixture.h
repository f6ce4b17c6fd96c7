// Shared by the tests of OriginQueue: the queue with its connections, and a ticket for each request.
#pragma once

#include "connections/connections.h"
#include "connections/origin_queue.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string_view>
#include <vector>

namespace dodici {

inline std::ostream& operator<<(std::ostream& out, Decision decision) {
  return out << (decision == Decision::run ? "run" : "wait");
}

using Ids = std::vector<std::uint32_t>;

inline constexpr std::string_view kOrigin = "https://a.example:443";
inline constexpr std::string_view kOther = "https://b.example:443";
inline constexpr std::string_view kPlain = "http://a.example:80";

// The queue, its connections, and a ticket for each of the ids 0 to 31. Time stands still until a test moves it.
struct Fixture {
  explicit Fixture(OriginLimits limits) : queue(limits, connections) {
    for (int i = 0; i < 32; ++i) {
      tickets.push_back(std::make_unique<OriginQueue::Ticket>());
    }
  }

  Decision admit(std::uint32_t id, std::string_view origin = kOrigin) {
    return queue.admit(origin, Negotiation::http2, RequestId{id}, *tickets[id], now);
  }

  Decision admitPlain(std::uint32_t id, std::string_view origin = kPlain) {
    return queue.admit(origin, Negotiation::none, RequestId{id}, *tickets[id], now);
  }

  void admitAll(std::uint32_t first, std::uint32_t last) {
    for (std::uint32_t id = first; id <= last; ++id) {
      (void)admit(id);
    }
  }

  Connection* on(std::uint32_t id) const { return tickets[id]->connection(); }

  // The connection for this request has opened.
  Connection& open(std::uint32_t id, Protocol protocol) {
    Connection& connection = *on(id);
    connections.opened(connection, nextId++, nextSocket++, protocol, "somewhere", now);
    queue.onOpened(*tickets[id], now);
    return connection;
  }

  // The same, followed by its peer's SETTINGS.
  Connection& openHttp2(std::uint32_t id, std::uint32_t streams) {
    Connection& connection = open(id, Protocol::http2);
    queue.onStreamLimit(connection, streams, now);
    return connection;
  }

  // Opens a connection by a request that has ended.
  Connection& idle(Protocol protocol) {
    (void)(protocol == Protocol::http1 ? admitPlain(31) : admit(31));
    Connection& connection = protocol == Protocol::http1 ? open(31, protocol) : openHttp2(31, 100);
    release(31);
    return connection;
  }

  void limit(Connection& connection, std::uint32_t streams) {
    queue.onStreamLimit(connection, streams, now);
  }

  void drain(Connection& connection) { queue.drain(connection, now); }

  void close(Connection& connection) { queue.onClosed(connection, now); }

  void again(std::uint32_t id) { queue.again(*tickets[id], false, now); }

  void againElsewhere(std::uint32_t id) { queue.again(*tickets[id], true, now); }

  void release(std::uint32_t id) { queue.release(*tickets[id], now); }

  Ids connectFailed(std::uint32_t id) {
    std::vector<RequestId> failed;
    queue.onConnectFailed(*tickets[id], failed, now);
    return numbers(failed);
  }

  Ids ready() {
    std::vector<RequestId> ids;
    while (const auto id = queue.takeReady()) {
      ids.push_back(*id);
    }
    return numbers(ids);
  }

  std::size_t tellEnded() {
    std::size_t ended = 0;
    connections.tellEnded([&](const Connection&) { ++ended; });
    return ended;
  }

  static Ids numbers(const std::vector<RequestId>& ids) {
    Ids result;
    result.reserve(ids.size());
    for (const RequestId id : ids) {
      result.push_back(static_cast<std::uint32_t>(id));
    }
    return result;
  }

  Connection::Clock::time_point now{std::chrono::hours(1)};
  std::int64_t nextId = 0;
  int nextSocket = 100;
  Connections connections{std::chrono::milliseconds(4'000)};
  OriginQueue queue;
  std::vector<std::unique_ptr<OriginQueue::Ticket>> tickets;
};

}  // namespace dodici
