// Which request may run now, and which must wait its turn: the limit of each origin, and its first connection.
//
// Until an origin's protocol is known (a TLS origin that offers HTTP/2), one request goes ahead as the probe and the
// others wait: on HTTP/2 they all share its connection, and opening one for each of them would be waste.
//
//   auto decision = queue.admit(origin, Negotiation::alpn, id, transfer.ticket);   // run: start it; wait: keep it
//   queue.onProtocol(transfer.ticket, Protocol::http2);                           // its connection is ready
//   queue.release(transfer.ticket);                                               // ended, in whatever way
//   while (auto id = queue.takeReady()) start(*id);                               // after any of these calls
#pragma once

#include "dodici/request.h"

#include <boost/intrusive/list.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dodici {

enum class Protocol : std::uint8_t { unknown, http1, http2 };

enum class Negotiation : std::uint8_t {
  none,  // plain http, or a request that must not use HTTP/2: the protocol is HTTP/1.1
  alpn,  // the TLS handshake will tell
};

enum class Decision : std::uint8_t {
  run,   // start it now
  wait,  // takeReady() will name it, or onConnectFailed() will
};

struct OriginLimits {
  std::uint32_t connections = 0;           // 0: no limit
  std::uint32_t maxConcurrentStreams = 0;  // of one HTTP/2 connection; 0: no limit
};

// Threads: the loop thread.
// Owner:   Client's part on that loop. It outlives the tickets.
class OriginQueue {
  struct Origin;

 public:
  // A request's place in its origin, waiting or running; part of the request's own object, so that waiting costs no
  // allocation and leaving is O(1). Gives up its place when destroyed.
  class Ticket {
   public:
    Ticket() = default;
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    bool waiting() const { return place_ == Place::waiting; }

   private:
    friend class OriginQueue;
    enum class Place : std::uint8_t { nowhere, waiting, ready, running };

    OriginQueue* queue_ = nullptr;
    Origin* origin_ = nullptr;
    RequestId id_{};
    Place place_ = Place::nowhere;
    boost::intrusive::list_member_hook<> hook_;
  };

  explicit OriginQueue(OriginLimits limits);
  ~OriginQueue();
  OriginQueue(const OriginQueue&) = delete;
  OriginQueue& operator=(const OriginQueue&) = delete;

  // `origin` is any text that tells connections apart which cannot serve one another's requests.
  // REQUIRES: the ticket is in no queue.
  Decision admit(std::string_view origin, Negotiation negotiation, RequestId id, Ticket& ticket);

  // The connection that a running request got is ready and speaks `protocol`. Cheap to repeat for each request.
  void onProtocol(Ticket& ticket, Protocol protocol);

  // A running request got no connection; it gives up its place. If it was the probe, those that waited for it will get
  // none either: they leave the queue and are appended to `failed`, for the caller to fail with the same error.
  void onConnectFailed(Ticket& ticket, std::vector<RequestId>& failed);

  // The origin lost a connection. On HTTP/2 the next request goes ahead alone again: there may be no other.
  void onDisconnected(std::string_view origin, Negotiation negotiation);

  // The request ended, was cancelled while waiting, or never was admitted. Idempotent.
  void release(Ticket& ticket);

  // The next request whose turn has come, oldest first; it counts as running already.
  std::optional<RequestId> takeReady();

  // Origins in memory: those with requests, and some whose protocol is worth remembering.
  std::size_t originCount() const;

  // How many quiet origins are remembered to be HTTP/1.1, so that a burst to one of them opens its connections at once.
  static constexpr std::size_t kMostRemembered = 512;

 private:
  using TicketList = boost::intrusive::list<
      Ticket,
      boost::intrusive::member_hook<Ticket, boost::intrusive::list_member_hook<>, &Ticket::hook_>,
      boost::intrusive::constant_time_size<false>>;

  // In the map while it has tickets or is remembered.
  struct Origin {
    const std::string* name = nullptr;  // the key in the map
    Negotiation negotiation = Negotiation::none;
    Protocol protocol = Protocol::unknown;
    Ticket* probe = nullptr;    // running, while the protocol is unknown
    std::uint32_t running = 0;  // ready ones included
    TicketList waiting;
    boost::intrusive::list_member_hook<> rememberedHook;
  };

  using OriginList = boost::intrusive::list<
      Origin,
      boost::intrusive::
          member_hook<Origin, boost::intrusive::list_member_hook<>, &Origin::rememberedHook>>;

  struct NameHash {
    using is_transparent = void;

    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };

  using OriginMap = std::unordered_map<std::string, Origin, NameHash, std::equal_to<>>;

  OriginMap& mapOf(Negotiation negotiation) {
    return origins_[static_cast<std::size_t>(negotiation)];
  }

  Origin& findOrAdd(std::string_view name, Negotiation negotiation);
  bool mayRun(const Origin& origin) const;
  void run(Origin& origin, Ticket& ticket, Ticket::Place place);
  void runWaiting(Origin& origin);
  void leave(Ticket& ticket);
  void forgetIfQuiet(Origin& origin);

  const OriginLimits limits_;
  std::array<OriginMap, 2> origins_;  // by Negotiation
  OriginList remembered_;             // quiet, the one that fell quiet last at the back
  TicketList ready_;
};

}  // namespace dodici
