// Any order of requests, answers and losses: no limit is exceeded, the oldest goes first, and nobody is forgotten.
#include "input.h"
#include "connections/origin_queue.h"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace dodici::fuzz {

namespace {

constexpr std::uint32_t kRequests = 24;
constexpr std::array<std::string_view, 3> kNames{"https://a:1", "https://b:2", "http://c:3"};

// What an observer knows of one origin.
struct OriginModel {
  Protocol protocol = Protocol::unknown;
  std::optional<std::uint32_t> probe;
  std::uint32_t running = 0;
  std::deque<std::uint32_t> waiting;
};

struct RequestModel {
  enum class Place : std::uint8_t {
    idle,
    free,
    waiting,
    running
  };  // free: running, but not counted

  Place place = Place::idle;
  std::size_t origin = 0;
};

class Driver {
  using Place = RequestModel::Place;

 public:
  explicit Driver(OriginLimits limits)
      : limits_(limits), queue_(limits), tickets_(kRequests), requests_(kRequests) {}

  void step(Input& input) {
    const std::uint32_t action = input.below(8);
    const std::uint32_t id = input.below(kRequests);
    const RequestModel& request = requests_[id];
    const bool runs = request.place == Place::running || request.place == Place::free;
    switch (action) {
      case 0:
      case 1:
      case 2:
        if (request.place == Place::idle) {
          admit(id, input.below(2 * kNames.size()));
        }
        break;
      case 3:
        if (runs) {
          protocol(id, input.flag() ? Protocol::http2 : Protocol::http1);
        }
        break;
      case 4:
        if (runs) {
          connectFailed(id);
        }
        break;
      case 5:
        disconnected(input.below(2 * kNames.size()));
        break;
      default:
        release(id);
        break;
    }
    takeReady(input);
  }

  // Everybody gets a turn when those before them end.
  void finish(Input& input) {
    for (bool any = true; any;) {
      any = false;
      for (std::uint32_t id = 0; id < kRequests; ++id) {
        const Place place = requests_[id].place;
        if (place == Place::running || place == Place::free) {
          any = true;
          release(id);
          takeReady(input);
        }
      }
    }
    for (const RequestModel& request : requests_) {
      require(request.place == Place::idle, "nobody is forgotten");
    }
    require(queue_.originCount() <= kNames.size(), "only HTTP/1.1 over TLS is remembered");
  }

 private:
  // Two models a name: the queue keeps them apart by negotiation, too.
  static std::string_view nameOf(std::size_t origin) { return kNames[origin / 2]; }

  static Negotiation negotiationOf(std::size_t origin) {
    return origin % 2 == 0 ? Negotiation::alpn : Negotiation::none;
  }

  std::uint64_t limitOf(std::size_t origin) const {
    switch (protocolOf(origin)) {
      case Protocol::http1:
        return limits_.connections == 0 ? UINT64_MAX : limits_.connections;
      case Protocol::http2: {
        const auto streams = std::uint64_t{limits_.connections} * limits_.maxConcurrentStreams;
        return streams == 0 ? UINT64_MAX : streams;
      }
      case Protocol::unknown:
        break;
    }
    return UINT64_MAX;
  }

  Protocol protocolOf(std::size_t origin) const {
    return negotiationOf(origin) == Negotiation::none ? Protocol::http1 : origins_[origin].protocol;
  }

  bool mayRun(std::size_t origin) const {
    return protocolOf(origin) == Protocol::unknown ? !origins_[origin].probe
                                                   : origins_[origin].running < limitOf(origin);
  }

  void starts(std::uint32_t id) {
    RequestModel& request = requests_[id];
    OriginModel& origin = origins_[request.origin];
    require(mayRun(request.origin), "no limit is exceeded, and one probe goes ahead");
    request.place = Place::running;
    ++origin.running;
    if (protocolOf(request.origin) == Protocol::unknown) {
      origin.probe = id;
    }
  }

  void admit(std::uint32_t id, std::size_t where) {
    const Negotiation negotiation = negotiationOf(where);
    RequestModel& request = requests_[id];
    request.origin = where;
    const Decision decision = queue_.admit(nameOf(where), negotiation, RequestId{id}, tickets_[id]);
    require(tickets_[id].waiting() == (decision == Decision::wait), "a ticket knows that it waits");
    if (decision == Decision::wait) {
      request.place = Place::waiting;
      origins_[where].waiting.push_back(id);
    } else if (negotiation == Negotiation::none && limits_.connections == 0) {
      request.place = Place::free;
    } else {
      require(origins_[where].waiting.empty(), "nobody overtakes");
      starts(id);
    }
  }

  void protocol(std::uint32_t id, Protocol protocol) {
    queue_.onProtocol(tickets_[id], protocol);
    const RequestModel& request = requests_[id];
    OriginModel& origin = origins_[request.origin];
    if (request.place == Place::running && protocolOf(request.origin) != protocol &&
        negotiationOf(request.origin) == Negotiation::alpn) {
      origin.protocol = protocol;
      origin.probe.reset();
    }
  }

  void connectFailed(std::uint32_t id) {
    std::vector<RequestId> failed;
    queue_.onConnectFailed(tickets_[id], failed);
    OriginModel& origin = origins_[requests_[id].origin];
    const bool isProbe = requests_[id].place == Place::running && origin.probe == id;
    require(
        failed.size() == (isProbe ? origin.waiting.size() : 0), "all that waited for a probe fail"
    );
    for (const RequestId other : failed) {
      const auto number = static_cast<std::uint32_t>(other);
      require(number == origin.waiting.front(), "they fail in their order");
      require(!tickets_[number].waiting(), "they wait no more");
      origin.waiting.pop_front();
      requests_[number].place = Place::idle;
    }
    left(id);
  }

  void disconnected(std::size_t where) {
    queue_.onDisconnected(nameOf(where), negotiationOf(where));
    if (protocolOf(where) == Protocol::http2) {
      origins_[where].protocol = Protocol::unknown;
    }
  }

  void release(std::uint32_t id) {
    queue_.release(tickets_[id]);
    if (requests_[id].place != Place::idle) {
      left(id);
    }
  }

  void left(std::uint32_t id) {
    RequestModel& request = requests_[id];
    OriginModel& origin = origins_[request.origin];
    if (request.place == Place::waiting) {
      std::erase(origin.waiting, id);
    } else if (request.place == Place::running) {
      --origin.running;
      if (origin.probe == id) {
        origin.probe.reset();
      }
      if (origin.running == 0 && origin.waiting.empty() && origin.protocol == Protocol::http2) {
        origin.protocol = Protocol::unknown;  // a quiet HTTP/2 origin is forgotten
      }
    }
    request.place = Place::idle;
  }

  // As the shard does after each call; what starts may end others before their turn is told.
  void takeReady(Input& input) {
    while (const auto ready = queue_.takeReady()) {
      const auto id = static_cast<std::uint32_t>(*ready);
      const RequestModel& request = requests_[id];
      OriginModel& origin = origins_[request.origin];
      require(request.place == Place::waiting, "who is ready has waited");
      require(origin.waiting.front() == id, "the oldest goes first");
      require(!tickets_[id].waiting(), "who is ready waits no more");
      origin.waiting.pop_front();
      starts(id);
      if (input.below(16) == 1) {
        release(input.below(kRequests));
      }
    }
    for (std::size_t i = 0; i < origins_.size(); ++i) {
      require(origins_[i].waiting.empty() || !mayRun(i), "nobody waits without a reason");
    }
  }

  const OriginLimits limits_;
  OriginQueue queue_;
  std::deque<OriginQueue::Ticket> tickets_;  // destroyed before the queue, whatever their place
  std::vector<RequestModel> requests_;
  std::array<OriginModel, 2 * kNames.size()> origins_;
};

}  // namespace

void originQueue(Bytes bytes) {
  Input input(bytes);
  Driver driver({.connections = input.below(4), .maxConcurrentStreams = input.below(4)});
  const bool abandon = input.flag();
  while (!input.empty()) {
    driver.step(input);
  }
  if (!abandon) {
    driver.finish(input);
  }
}

}  // namespace dodici::fuzz
