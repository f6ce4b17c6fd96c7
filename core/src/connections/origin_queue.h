// Which request is sent next, and on which connection: the waiting line of each origin, and its connections.
//
// A request gets a place on a connection that has room, or a new connection when all are full and the limit allows one, or
// it waits; first come, first served. Until an origin's protocol is known (a TLS origin that offers HTTP/2), one request has
// a connection made and the others wait for it: on HTTP/2 they share it. A connection of HTTP/2 carries one request until
// the peer's SETTINGS have come, and then no more than they allow; another one is made when all are full, one at a time.
//
//   if (queue.admit(origin, Negotiation::http2, id, ticket, now) == Decision::run) start(id);
//   queue.onOpened(ticket, …);                          // the connection that was made for it is there
//   queue.onStreamLimit(connection, 128, now);          // SETTINGS
//   queue.release(ticket, now);                         // the request has ended, in whatever way
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
  wait,  // takeReady() will name it, or onConnectFailed() will
};

struct OriginLimits {
  std::uint32_t connections = 0;           // of one origin; 0: no limit
  std::uint32_t maxConcurrentStreams = 0;  // of one HTTP/2 connection; 0: no limit of ours
  std::chrono::milliseconds clientTtl{
      0};  // an older connection takes no more requests; 0: none is too old
};

// Threads: the loop thread.
// Owner:   ClientEngine. It outlives the tickets.
class OriginQueue {
 public:
  using Clock = Connection::Clock;

  // A request's place in its origin, waiting or on a connection; part of the request's own object, so that waiting costs no
  // allocation and leaving is O(1). Gives up its place when destroyed.
  class Ticket {
   public:
    Ticket() = default;
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    bool waiting() const { return place_ == Place::waiting; }

    // The connection on which the request has its place; null while it waits, and when it has ended.
    Connection* connection() const { return connection_; }

    // The connection is made for this request, and is not there yet.
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
    bool wantsNew_ = false;  // a connection of its own, where the limit allows one
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

  // The connection that was made for this request is there: Connections knows it.
  void onOpened(Ticket& ticket, Clock::time_point now);

  // libcurl has put the request on another connection than it was told to. Only an older libcurl does so.
  // `actual` is one of the same origin; null: a new one, which is returned.
  Connection& moveTo(Ticket& ticket, Connection* actual, Clock::time_point now);

  // The connection for this request could not be made; the request gives up its place. If it would have been the origin's
  // first connection, the requests that waited for it leave the line too and are appended to `failed`; the caller fails them
  // with the same error.
  void onConnectFailed(Ticket& ticket, std::vector<RequestId>& failed, Clock::time_point now);

  // The peer of an HTTP/2 connection allows so many streams at a time.
  void onStreamLimit(Connection& connection, std::uint32_t streams, Clock::time_point now);

  // The connection takes no more requests. Its owner closes it when it is idle; takeDrained() names the idle ones.
  void drain(Connection& connection, Clock::time_point now);

  // The descriptors of connections that fell idle by drain(), or were too old for the next request.
  std::vector<int> takeDrained() { return std::exchange(drained_, {}); }

  // libcurl has let go of the connection. The requests on it end, or come back by again().
  void onClosed(Connection& connection, Clock::time_point now);

  // The request was not processed, and is to be sent again: it goes to its old place in the line. `elsewhere`: on a new
  // connection where the limit allows one.
  void again(Ticket& ticket, bool elsewhere, Clock::time_point now);

  // The request ended, was cancelled while waiting, or never was admitted. Idempotent.
  void release(Ticket& ticket, Clock::time_point now);

  // The next request that has got a place, oldest first; it counts as running already.
  std::optional<RequestId> takeReady();

  // Origins in memory: those with requests or connections, and some whose protocol is worth remembering.
  std::size_t originCount() const;

  // How many quiet origins are remembered to be HTTP/1.1, so that a burst to one of them opens its connections at once.
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
  bool mayOpen(const Origin& origin) const;
  Connection* choose(Origin& origin, bool wantsNew, Clock::time_point now);
  Connection& open(Origin& origin);
  void place(Ticket& ticket, Connection& connection, Ticket::Place place);
  void unplace(Ticket& ticket, Clock::time_point now);
  void leftBy(Connection& connection, Clock::time_point now);
  void wait(Ticket& ticket);
  void recall(Connection& connection);
  void retire(Connection& connection);
  void settle(Connection& connection);
  void unlink(Connection& connection);
  void serve(Origin& origin, Clock::time_point now);
  void leave(Ticket& ticket, Clock::time_point now);
  void forgetIfQuiet(Origin& origin);

  const OriginLimits limits_;
  Connections& connections_;
  std::array<OriginMap, 2> origins_;  // by Negotiation
  OriginList remembered_;             // quiet, the one that fell quiet last at the back
  TicketList ready_;
  std::vector<int> drained_;
  std::uint64_t nextSerial_ = 0;
};

}  // namespace dodici
