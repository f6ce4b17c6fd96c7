// Decides which request is sent next and on which connection. Keeps the waiting line and the connections of each
// origin.
//
// A request gets a place on a connection that has room, or on a new one if all are full and the limit allows it, or
// else it waits: first come, first served. Until the protocol of a TLS origin that offers HTTP/2 is known, a connection
// is made for one request and the others wait for it; if it speaks HTTP/2, they share it. An HTTP/2 connection carries
// one request until the peer's SETTINGS have come, and then no more than they allow. If all are full, another one is
// made, one at a time. A peer may allow no stream at all, and some later: requests wait for that for a limited time.
//
//   if (queue.admit(origin, Negotiation::http2, id, ticket, now) == Decision::run) start(id);
//   queue.onOpened(ticket, …);                  // the connection for it was made
//   queue.onStreamLimit(connection, 128, now);  // SETTINGS
//   queue.release(ticket, now);                 // the request has ended, in any way
//   while (auto id = queue.takeReady()) start(*id);  // after any of these calls
#pragma once

#include "connections/connections.h"
#include "dodici/request.h"

#include <boost/intrusive/list.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dodici {

enum class Decision : std::uint8_t {
  run,   // start it now, on Ticket::connection()
  wait,  // takeReady() or onConnectFailed() will name it
};

struct OriginLimits {
  std::uint32_t connections = 0;           // for one origin; 0 means no limit
  std::uint32_t maxConcurrentStreams = 0;  // on one HTTP/2 connection; 0 means no limit of ours
  std::chrono::milliseconds clientTtl{
      0};  // an older connection takes no more requests; 0 means no limit
  std::chrono::milliseconds streamTimeout{
      0};  // how long requests wait for peers that allow no stream; 0 means no limit
};

// Threads: the loop thread.
// Owner:   ClientEngine. It outlives the tickets.
class OriginQueue {
 public:
  using Clock = Connection::Clock;

  // A request's place, in the waiting line or on a connection. It is part of the request's own object, so that waiting
  // costs no allocation and leaving is O(1). Its destructor gives up the place.
  class Ticket {
   public:
    Ticket() = default;
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    bool waiting() const { return place_ == Place::waiting; }

    // The connection on which the request has its place; null while it waits and after it has ended.
    Connection* connection() const { return connection_; }

    // Whether the connection is being made for this request.
    bool opens() const {
      return connection_ != nullptr && connection_->state == Connection::State::connecting;
    }

   private:
    friend class OriginQueue;
    enum class Place : std::uint8_t { nowhere, waiting, ready, running };

    Origin* origin_ = nullptr;
    Connection* connection_ = nullptr;
    std::uint64_t serial_ = 0;  // the order in which requests were admitted
    RequestId id_{};
    Place place_ = Place::nowhere;
    bool wantsNew_ = false;  // wants a new connection, if the limit allows one
    // It was on a connection whose peer allows no stream: no other is made for it while there is one like that.
    bool turnedBack_ = false;
    boost::intrusive::list_member_hook<> hook_;
  };

  OriginQueue(OriginLimits limits, Connections& connections);
  ~OriginQueue();
  OriginQueue(const OriginQueue&) = delete;
  OriginQueue& operator=(const OriginQueue&) = delete;

  // `origin` is any text; requests with the same text may share connections.
  // REQUIRES: the ticket is in no queue.
  Decision admit(
      std::string_view origin,
      Negotiation negotiation,
      RequestId id,
      Ticket& ticket,
      Clock::time_point now
  );

  // The connection for this request was made. REQUIRES: Connections knows it.
  void onOpened(Ticket& ticket, Clock::time_point now);

  // libcurl has put the request on another connection than it was told to, which only an older libcurl does. `actual`
  // is that connection, of the same origin, or null for a new one, which is returned.
  Connection& moveTo(Ticket& ticket, Connection* actual, Clock::time_point now);

  // The connection for this request could not be made; the request gives up its place. If it would have been the
  // origin's first connection, the requests that waited for it leave the line too, and are appended to `failed`; the
  // caller must fail them with the same error.
  void onConnectFailed(Ticket& ticket, std::vector<RequestId>& failed, Clock::time_point now);

  // The peer of an HTTP/2 connection allows `streams` streams at a time.
  void onStreamLimit(Connection& connection, std::uint32_t streams, Clock::time_point now);

  // Lets the connection take no more requests. Its owner closes it when it is idle; takeDrained() names the idle ones.
  void drain(Connection& connection, Clock::time_point now);

  // The descriptors of connections that are draining and idle, or that were too old for the next request.
  std::vector<int> takeDrained() { return std::exchange(drained_, {}); }

  // libcurl has let go of the connection. Its requests end, or come back by again().
  void onClosed(Connection& connection, Clock::time_point now);

  // The request must be sent again, so it gets its old place in the line. `elsewhere` asks for a new connection, if the
  // limit allows one.
  void again(Ticket& ticket, bool elsewhere, Clock::time_point now);

  // Whether requests wait for this connection, whose peer allows no stream.
  bool isAwaited(const Connection& connection) const;

  // When expireStalls() has work to do; max() if no request waits for a peer that allows no stream.
  Clock::time_point nextStall() const;

  // The requests that have waited too long for such a peer leave the line and are appended to `failed`. Their connections
  // drain, because a new one may allow more.
  void expireStalls(std::vector<RequestId>& failed, Clock::time_point now);

  // Call this when a request has ended or was cancelled, even if it was never admitted. Idempotent.
  void release(Ticket& ticket, Clock::time_point now);

  // Returns the next request that has got a place, oldest first. From here on it counts as running.
  std::optional<RequestId> takeReady();

  // The number of origins in memory: those with requests or connections, and some whose protocol is remembered.
  std::size_t originCount() const;

  // How many quiet origins are remembered as HTTP/1.1, so that a burst of requests to one opens its connections at
  // once.
  static constexpr std::size_t kMostRemembered = 512;

 private:
  friend struct Origin;

  using TicketList = boost::intrusive::list<
      Ticket,
      boost::intrusive::member_hook<Ticket, boost::intrusive::list_member_hook<>, &Ticket::hook_>,
      boost::intrusive::constant_time_size<true>>;

  using OriginList = boost::intrusive::
      list<Origin, boost::intrusive::base_hook<boost::intrusive::list_base_hook<>>>;

  struct NameHash {
    using is_transparent = void;

    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };

  using OriginMap =
      std::unordered_map<std::string, std::unique_ptr<Origin>, NameHash, std::equal_to<>>;

  OriginMap& mapOf(Negotiation negotiation) {
    return origins_[static_cast<std::size_t>(negotiation)];
  }

  Origin& findOrAdd(std::string_view name, Negotiation negotiation);
  std::uint32_t roomOf(const Connection& connection) const;
  bool underLimit(const Origin& origin) const;
  bool mayOpen(const Origin& origin, const Ticket& ticket) const;
  Connection* choose(Origin& origin, const Ticket& ticket, Clock::time_point now);
  Connection& open(Origin& origin);
  void place(Ticket& ticket, Connection& connection, Ticket::Place place);
  void unplace(Ticket& ticket, Clock::time_point now);
  void leftBy(Connection& connection, Clock::time_point now);
  void wait(Ticket& ticket);
  void recall(Connection& connection);
  void retire(Connection& connection);
  void settle(Connection& connection);
  void unlink(Connection& connection);
  Ticket* next(Origin& origin, Connection*& connection, Clock::time_point now);
  void serve(Origin& origin, Clock::time_point now);
  bool isHeldBack(const Origin& origin, const Ticket& ticket) const;
  bool isStalled(const Origin& origin) const;
  bool allowsSome(const Origin& origin) const;
  bool mayComeBack(const Origin& origin) const;
  void noteStall(Origin& origin, Clock::time_point now);
  void leave(Ticket& ticket, Clock::time_point now);
  void forgetIfQuiet(Origin& origin);

  const OriginLimits limits_;
  Connections& connections_;
  std::array<OriginMap, 2> origins_;  // by Negotiation
  OriginList remembered_;  // quiet origins; the one that became quiet last is at the back
  TicketList ready_;
  std::vector<int> drained_;
  std::vector<Origin*> stalled_;  // those with `stalledSince`
  std::uint64_t nextSerial_ = 0;
};

}  // namespace dodici
