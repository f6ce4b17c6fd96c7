// Any order of requests, connections and losses: no limit is exceeded, the oldest goes first, and nobody is forgotten.
#include "connections/connections.h"
#include "connections/origin_queue.h"
#include "input.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace dodici::fuzz {

namespace {

using std::chrono::milliseconds;
using State = Connection::State;

constexpr std::uint32_t kRequests = 24;
constexpr std::array<std::string_view, 3> kNames{"https://a:1", "https://b:2", "http://c:3"};

// The queue keeps a name's requests apart by their negotiation.
constexpr std::size_t kOrigins = 2 * kNames.size();

constexpr std::uint64_t kNowhere = UINT64_MAX;

struct RequestModel {
  enum class Place : std::uint8_t { idle, inLine, running };

  Place place = Place::idle;
  std::size_t origin = 0;
  std::int64_t order = 0;       // of its admission
  std::uint64_t on = kNowhere;  // Connection::serial
  std::uint64_t placedAt = 0;   // when it got its place there
  bool elsewhere = false;       // it wants, or has got, a connection of its own
};

// A connection between its opening and its close.
struct OpenModel {
  Connection* connection = nullptr;
  std::size_t origin = 0;
  Protocol protocol = Protocol::unknown;
  std::optional<std::uint32_t> settings;
  Connection::Clock::time_point openedAt;
};

class Driver {
  using Place = RequestModel::Place;

 public:
  explicit Driver(OriginLimits limits)
      : limits_(limits), queue_(limits, connections_), tickets_(kRequests), requests_(kRequests) {}

  void step(Input& input) {
    const std::uint32_t action = input.below(16);
    const std::uint32_t id = input.below(kRequests);
    switch (action) {
      case 0:
      case 1:
      case 2:
      case 3:
        if (requests_[id].place == Place::idle) {
          admit(id, input.below(kOrigins));
        }
        break;
      case 4:
      case 5:
        if (tickets_[id].opens()) {
          opened(id, input.flag() ? Protocol::http2 : Protocol::http1, input.below(8));
        }
        break;
      case 6:
        if (tickets_[id].connection() != nullptr) {
          connectFailed(id);
        }
        break;
      case 7:
      case 8:
        settings(input.byte(), input.below(6));
        break;
      case 9:
        drain(input.byte());
        break;
      case 10:
        close(input.byte());
        break;
      case 11:
        if (tickets_[id].connection() != nullptr) {
          again(id, input.flag());
        }
        break;
      case 12:
        tellEnded();
        break;
      case 13:
        now_ += milliseconds(input.below(8));
        break;
      default:
        release(id);
        break;
    }
    takeReady(input);
  }

  // Everybody gets a turn when those before them end, and nothing is left behind.
  void finish(Input& input) {
    for (bool any = true; any;) {
      any = false;
      for (std::uint32_t id = 0; id < kRequests; ++id) {
        if (requests_[id].place == Place::running) {
          any = true;
          release(id);
          takeReady(input);
        }
      }
      // A peer that allows no stream holds its origin's requests up for as long as it is there.
      if (!any && !open_.empty()) {
        any = true;
        close(0);
        takeReady(input);
      }
    }
    for (const RequestModel& request : requests_) {
      require(request.place == Place::idle, "nobody is forgotten");
    }
    tellEnded();
    require(connections_.size() == 0, "no connection is remembered that has ended");
    require(told_ == openings_, "each end is told once");
    require(queue_.originCount() <= kNames.size(), "only HTTP/1.1 over TLS is remembered");
  }

 private:
  static std::string_view nameOf(std::size_t origin) { return kNames[origin / 2]; }

  static Negotiation negotiationOf(std::size_t origin) {
    return origin % 2 == 0 ? Negotiation::alpn : Negotiation::none;
  }

  bool isReady(std::uint32_t id) const {
    return requests_[id].place == Place::inLine && !tickets_[id].waiting();
  }

  std::uint32_t countOn(const Connection& connection) const {
    return static_cast<std::uint32_t>(std::count_if(
        tickets_.begin(),
        tickets_.end(),
        [&](const auto& ticket) { return ticket.connection() == &connection; }
    ));
  }

  // How many requests an open connection may carry.
  std::uint32_t mostOn(const OpenModel& open) const {
    if (open.protocol == Protocol::http1 || !open.settings) {
      return 1;
    }
    const std::uint32_t ours = limits_.maxConcurrentStreams;
    return ours == 0 ? *open.settings : std::min(*open.settings, ours);
  }

  bool isTooOld(const OpenModel& open) const {
    return limits_.clientTtl.count() > 0 && now_ - open.openedAt > limits_.clientTtl;
  }

  bool hasRoom(const OpenModel& open) const {
    return open.connection->state == State::open && !isTooOld(open) &&
           countOn(*open.connection) < mostOn(open);
  }

  bool anyHasRoom(std::size_t origin) const {
    return std::any_of(open_.begin(), open_.end(), [&](const OpenModel& open) {
      return open.origin == origin && hasRoom(open);
    });
  }

  template <typename F>
  std::uint32_t countOpen(std::size_t origin, F&& which) const {
    return static_cast<std::uint32_t>(std::count_if(
        open_.begin(),
        open_.end(),
        [&](const OpenModel& open) {
          return open.origin == origin && open.connection->state == State::open && which(open);
        }
    ));
  }

  template <typename F>
  std::uint32_t countRequests(std::size_t origin, F&& which) const {
    std::uint32_t count = 0;
    for (std::uint32_t id = 0; id < kRequests; ++id) {
      if (requests_[id].place != Place::idle && requests_[id].origin == origin && which(id)) {
        ++count;
      }
    }
    return count;
  }

  std::uint32_t connecting(std::size_t origin) const {
    return countRequests(origin, [this](std::uint32_t id) { return tickets_[id].opens(); });
  }

  std::uint32_t live(std::size_t origin) const {
    return connecting(origin) + countOpen(origin, [](const OpenModel&) { return true; });
  }

  bool isKnownToBeHttp1(std::size_t origin) const {
    return negotiationOf(origin) == Negotiation::none || lastOpened_[origin] == Protocol::http1;
  }

  void admit(std::uint32_t id, std::size_t origin) {
    RequestModel& request = requests_[id];
    request = {.place = Place::inLine, .origin = origin, .order = nextOrder_++};
    const Decision decision =
        queue_.admit(nameOf(origin), negotiationOf(origin), RequestId{id}, tickets_[id], now_);
    require(tickets_[id].waiting() == (decision == Decision::wait), "a ticket knows that it waits");
    if (decision == Decision::run) {
      request.place = Place::running;
    }
    observe();
    requireRunnable(id);
  }

  // `early`: SETTINGS that came before; none where that is out of their range.
  void opened(std::uint32_t id, Protocol protocol, std::uint32_t early) {
    Connection& connection = *tickets_[id].connection();
    const std::size_t origin = requests_[id].origin;
    connections_.opened(connection, nextId_, nextSocket_, protocol, nameOf(origin), now_);
    ++nextId_;
    nextSocket_ = nextSocket_ == 40 ? 10 : nextSocket_ + 1;
    while (connections_.findBySocket(nextSocket_) != nullptr) {
      ++nextSocket_;
    }
    OpenModel open{&connection, origin, protocol, std::nullopt, now_};
    if (protocol == Protocol::http2 && early < 4) {
      connection.peerStreams = early;
      connection.settingsSeen = true;
      open.settings = early;
    }
    open_.push_back(open);
    lastOpened_[origin] = protocol;
    ++openings_;
    queue_.onOpened(tickets_[id], now_);
    observe();
  }

  void connectFailed(std::uint32_t id) {
    const std::size_t origin = requests_[id].origin;
    const bool isOnlyOne = tickets_[id].opens() && live(origin) == 1;
    std::vector<std::uint32_t> waiting;
    for (std::uint32_t other = 0; other < kRequests; ++other) {
      if (requests_[other].origin == origin && tickets_[other].waiting()) {
        waiting.push_back(other);
      }
    }
    std::vector<RequestId> failed;
    queue_.onConnectFailed(tickets_[id], failed, now_);
    const bool allFail = isOnlyOne && !isKnownToBeHttp1(origin);
    require(
        failed.size() == (allFail ? waiting.size() : 0),
        "all that waited for an origin's only connection fail with it, and nobody else"
    );
    for (const RequestId each : failed) {
      const auto number = static_cast<std::uint32_t>(each);
      require(std::erase(waiting, number) == 1, "who fails has waited");
      requests_[number].place = Place::idle;
    }
    requests_[id].place = Place::idle;
    observe();
  }

  void settings(std::uint8_t which, std::uint32_t streams) {
    if (open_.empty()) {
      return;
    }
    OpenModel& open = open_[which % open_.size()];
    if (open.protocol == Protocol::http2) {
      open.settings = streams;
      queue_.onStreamLimit(*open.connection, streams, now_);
      observe();
    }
  }

  void drain(std::uint8_t which) {
    if (!open_.empty()) {
      Connection& connection = *open_[which % open_.size()].connection;
      queue_.drain(connection, now_);
      require(connection.state == State::draining, "what drains is draining");
      observe();
    }
  }

  void close(std::uint8_t which) {
    if (open_.empty()) {
      return;
    }
    const auto closed = open_.begin() + which % static_cast<std::ptrdiff_t>(open_.size());
    Connection& connection = *closed->connection;
    open_.erase(closed);
    queue_.onClosed(connection, now_);
    observe();
  }

  void again(std::uint32_t id, bool elsewhere) {
    RequestModel& request = requests_[id];
    request = {
        .place = Place::inLine,
        .origin = request.origin,
        .order = request.order,
        .elsewhere = elsewhere};
    queue_.again(tickets_[id], elsewhere, now_);
    observe();
  }

  void release(std::uint32_t id) {
    requests_[id].place = Place::idle;
    queue_.release(tickets_[id], now_);
    observe();
  }

  void tellEnded() {
    connections_.tellEnded([this](const Connection& connection) {
      require(connection.state == State::closed, "what is told to have ended has");
      ++told_;
    });
    observe();
  }

  // As the client does after each call; what starts may end others before their turn is told.
  void takeReady(Input& input) {
    while (const auto ready = queue_.takeReady()) {
      const auto id = static_cast<std::uint32_t>(*ready);
      require(requests_[id].place == Place::inLine, "who is ready was in the line");
      requests_[id].place = Place::running;
      observe();
      requireRunnable(id);
      for (std::uint32_t other = 0; other < kRequests; ++other) {
        require(!isReady(other) || !isBefore(other, id), "the oldest goes first");
      }
      switch (input.below(16)) {
        case 1:
          release(input.below(kRequests));
          break;
        case 2:
          close(input.byte());
          break;
        case 3:
          drain(input.byte());
          break;
        default:
          break;
      }
    }
    for (std::uint32_t id = 0; id < kRequests; ++id) {
      require(!isReady(id), "who is ready is taken");
    }
  }

  // Who got a place together with another got it in the order of the line.
  bool isBefore(std::uint32_t id, std::uint32_t than) const {
    const RequestModel& one = requests_[id];
    const RequestModel& other = requests_[than];
    if (one.origin != other.origin) {
      return false;
    }
    return one.placedAt != other.placedAt ? one.placedAt < other.placedAt : one.order < other.order;
  }

  void requireRunnable(std::uint32_t id) const {
    if (requests_[id].place == Place::running) {
      const Connection* const connection = tickets_[id].connection();
      require(
          connection != nullptr && connection->state != State::closed,
          "who runs has a connection that is not closed"
      );
    }
  }

  // What has changed, and what must hold after each call.
  void observe() {
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

  void observe(std::uint32_t id) {
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

  void onPlaced(std::uint32_t id, const Connection& connection) {
    RequestModel& request = requests_[id];
    request.on = connection.serial;
    request.placedAt = calls_;
    for (std::uint32_t other = 0; other < kRequests; ++other) {
      const RequestModel& waiting = requests_[other];
      require(
          !tickets_[other].waiting() || waiting.origin != request.origin ||
              waiting.order > request.order,
          "nobody overtakes those that wait"
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

  void observeOrigin(std::size_t origin) {
    // What was begun while the origin spoke HTTP/1.1 may still be on its way when it speaks HTTP/2.
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
    const auto waits = [this](std::uint32_t id) { return tickets_[id].waiting(); };
    if (countRequests(origin, waits) == 0) {
      return;
    }
    require(!anyHasRoom(origin), "nobody waits while there is room");
    if (limits_.connections != 0 && live(origin) == limits_.connections) {
      return;
    }
    require(!isKnownToBeHttp1(origin), "nobody waits while another connection may be made");
    const auto isComing = [](const OpenModel& open) {
      return open.protocol == Protocol::http2 && !open.settings;
    };
    require(
        connecting(origin) + countOpen(origin, isComing) > 0, "who waits waits for a connection"
    );
  }

  const OriginLimits limits_;
  Connection::Clock::time_point now_{std::chrono::hours(1)};
  Connections connections_{milliseconds(4'000)};
  OriginQueue queue_;
  std::deque<OriginQueue::Ticket> tickets_;  // destroyed before the queue, whatever their place
  std::vector<RequestModel> requests_;
  std::vector<OpenModel> open_;
  std::array<Protocol, kOrigins> lastOpened_{};
  std::array<bool, kOrigins> madeOfOld_{};
  std::int64_t nextOrder_ = 0;
  std::uint64_t calls_ = 0;
  std::int64_t nextId_ = 0;
  int nextSocket_ = 10;
  std::size_t openings_ = 0;
  std::size_t told_ = 0;
};

}  // namespace

void originQueue(Bytes bytes) {
  Input input(bytes);
  Driver driver(
      {.connections = input.below(4),
       .maxConcurrentStreams = input.below(4),
       .clientTtl = milliseconds(input.below(2) * 5)}
  );
  const bool abandon = input.flag();
  while (!input.empty()) {
    driver.step(input);
  }
  if (!abandon) {
    driver.finish(input);
  }
}

}  // namespace dodici::fuzz
