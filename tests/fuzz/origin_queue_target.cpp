// For any order of requests, connections and losses no limit is exceeded, the oldest request goes first, and none is
// forgotten.
#include "origin_queue_driver.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dodici::fuzz {

namespace {

using std::chrono::milliseconds;
using State = Connection::State;

}  // namespace

void OriginQueueDriver::step(Input& input) {
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
    case 14:
      expireStalls();
      break;
    default:
      release(id);
      break;
  }
  takeReady(input);
}

// Each request gets its turn when the earlier ones end, and nothing is left behind.
void OriginQueueDriver::finish(Input& input) {
  for (bool any = true; any;) {
    any = false;
    for (std::uint32_t id = 0; id < kRequests; ++id) {
      if (requests_[id].place == Place::running) {
        any = true;
        release(id);
        takeReady(input);
      }
    }
    // A peer that allows no stream blocks its origin's requests as long as its connection exists.
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

void OriginQueueDriver::admit(std::uint32_t id, std::size_t origin) {
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
void OriginQueueDriver::opened(std::uint32_t id, Protocol protocol, std::uint32_t early) {
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

void OriginQueueDriver::connectFailed(std::uint32_t id) {
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

void OriginQueueDriver::settings(std::uint8_t which, std::uint32_t streams) {
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

void OriginQueueDriver::drain(std::uint8_t which) {
  if (!open_.empty()) {
    Connection& connection = *open_[which % open_.size()].connection;
    queue_.drain(connection, now_);
    require(connection.state == State::draining, "what drains is draining");
    observe();
  }
}

void OriginQueueDriver::close(std::uint8_t which) {
  if (open_.empty()) {
    return;
  }
  const auto closed = open_.begin() + which % static_cast<std::ptrdiff_t>(open_.size());
  Connection& connection = *closed->connection;
  open_.erase(closed);
  queue_.onClosed(connection, now_);
  observe();
}

void OriginQueueDriver::again(std::uint32_t id, bool elsewhere) {
  RequestModel& request = requests_[id];
  request = {
      .place = Place::inLine,
      .origin = request.origin,
      .order = request.order,
      .elsewhere = elsewhere,
      .turnedBack = tickets_[id].connection()->allowsNoStream()};
  queue_.again(tickets_[id], elsewhere, now_);
  observe();
}

void OriginQueueDriver::release(std::uint32_t id) {
  requests_[id].place = Place::idle;
  queue_.release(tickets_[id], now_);
  observe();
}

void OriginQueueDriver::expireStalls() {
  const auto since = stalledSince_;
  std::vector<RequestId> failed;
  queue_.expireStalls(failed, now_);
  for (const RequestId each : failed) {
    RequestModel& request = requests_[static_cast<std::uint32_t>(each)];
    require(
        request.place == Place::inLine && since[request.origin] &&
            now_ - *since[request.origin] >= limits_.streamTimeout,
        "who fails has waited for a peer that allows no stream, for long enough"
    );
    request.place = Place::idle;
  }
  observe();
  for (std::size_t origin = 0; origin < kOrigins; ++origin) {
    require(
        !stalledSince_[origin] || !isStalled(origin) ||
            now_ - *stalledSince_[origin] < limits_.streamTimeout,
        "nobody waits for such a peer for longer"
    );
  }
}

void OriginQueueDriver::tellEnded() {
  connections_.tellEnded([this](const Connection& connection) {
    require(connection.state == State::closed, "what is told to have ended has");
    ++told_;
  });
  observe();
}

// As the client does after each call; what starts may end others before their turn is told.
void OriginQueueDriver::takeReady(Input& input) {
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

void originQueue(Bytes bytes) {
  Input input(bytes);
  OriginQueueDriver driver(
      {.connections = input.below(4),
       .maxConcurrentStreams = input.below(4),
       .clientTtl = milliseconds(input.below(2) * 5),
       .streamTimeout = milliseconds(input.below(2) * 3)}
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
