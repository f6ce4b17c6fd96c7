// Drives an OriginQueue in any order, beside a model of which request is on which connection.
//
// Threads: plain values.
#pragma once

#include "connections/connections.h"
#include "connections/origin_queue.h"
#include "input.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

namespace dodici::fuzz {

inline constexpr std::uint32_t kRequests = 24;
inline constexpr std::array<std::string_view, 3> kNames{"https://a:1", "https://b:2", "http://c:3"};

// The queue keeps a name's requests apart by their negotiation.
inline constexpr std::size_t kOrigins = 2 * kNames.size();

inline constexpr std::uint64_t kNowhere = UINT64_MAX;

struct RequestModel {
  enum class Place : std::uint8_t { idle, inLine, running };

  Place place = Place::idle;
  std::size_t origin = 0;
  std::int64_t order = 0;       // of its admission
  std::uint64_t on = kNowhere;  // Connection::serial
  std::uint64_t placedAt = 0;   // when it got its place there
  bool elsewhere = false;       // it wants, or has got, a connection of its own
  bool turnedBack = false;      // it was on a connection whose peer allows no stream, and waits
};

// A connection between its opening and its close.
struct OpenModel {
  Connection* connection = nullptr;
  std::size_t origin = 0;
  Protocol protocol = Protocol::unknown;
  std::optional<std::uint32_t> settings;
  Connection::Clock::time_point openedAt;
};

class OriginQueueDriver {
  using Place = RequestModel::Place;

 public:
  explicit OriginQueueDriver(OriginLimits limits)
      : limits_(limits), queue_(limits, connections_), tickets_(kRequests), requests_(kRequests) {}

  void step(Input& input);

  // Each request gets its turn when the earlier ones end, and nothing is left behind.
  void finish(Input& input);

 private:
  static std::string_view nameOf(std::size_t origin) { return kNames[origin / 2]; }

  static Negotiation negotiationOf(std::size_t origin) {
    return origin % 2 == 0 ? Negotiation::http2 : Negotiation::none;
  }

  // Calls of the queue (origin_queue_target.cpp).
  void admit(std::uint32_t id, std::size_t origin);
  void opened(std::uint32_t id, Protocol protocol, std::uint32_t early);
  void connectFailed(std::uint32_t id);
  void settings(std::uint8_t which, std::uint32_t streams);
  void drain(std::uint8_t which);
  void close(std::uint8_t which);
  void again(std::uint32_t id, bool elsewhere);
  void release(std::uint32_t id);
  void expireStalls();
  void tellEnded();
  void takeReady(Input& input);

  // What it promises (origin_queue_promises.cpp).
  bool isReady(std::uint32_t id) const;
  std::uint32_t countOn(const Connection& connection) const;
  std::uint32_t mostOn(const OpenModel& open) const;
  bool isTooOld(const OpenModel& open) const;
  bool hasRoom(const OpenModel& open) const;
  bool anyHasRoom(std::size_t origin) const;
  bool anyAllowsNone(std::size_t origin) const;
  bool anyAllowsSome(std::size_t origin) const;
  bool isStalled(std::size_t origin) const;
  template <typename F>
  std::uint32_t countOpen(std::size_t origin, F&& which) const;
  template <typename F>
  std::uint32_t countRequests(std::size_t origin, F&& which) const;
  std::uint32_t connecting(std::size_t origin) const;
  std::uint32_t live(std::size_t origin) const;
  bool isKnownToBeHttp1(std::size_t origin) const;
  bool isBefore(std::uint32_t id, std::uint32_t than) const;
  void requireRunnable(std::uint32_t id) const;
  void observe();
  void observe(std::uint32_t id);
  void onPlaced(std::uint32_t id, const Connection& connection);
  void observeOrigin(std::size_t origin);
  void observeStall(std::size_t origin);

  const OriginLimits limits_;
  Connection::Clock::time_point now_{std::chrono::hours(1)};
  Connections connections_{std::chrono::milliseconds(4'000)};
  OriginQueue queue_;
  std::deque<OriginQueue::Ticket> tickets_;  // destroyed before the queue, whatever their place
  std::vector<RequestModel> requests_;
  std::vector<OpenModel> open_;
  std::array<Protocol, kOrigins> lastOpened_{};
  std::array<bool, kOrigins> madeOfOld_{};
  std::array<std::optional<Connection::Clock::time_point>, kOrigins> stalledSince_{};
  std::int64_t nextOrder_ = 0;
  std::uint64_t calls_ = 0;
  std::int64_t nextId_ = 0;
  int nextSocket_ = 10;
  std::size_t openings_ = 0;
  std::size_t told_ = 0;
};

}  // namespace dodici::fuzz
