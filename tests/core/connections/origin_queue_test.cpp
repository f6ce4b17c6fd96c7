#include "connections/origin_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <ostream>

namespace dodici {

std::ostream& operator<<(std::ostream& out, Decision decision) {
  return out << (decision == Decision::run ? "run" : "wait");
}

namespace {

constexpr std::string_view kOrigin = "https://a.example:443";
constexpr std::string_view kOther = "https://b.example:443";

// The queue, and a ticket for each of the ids 0 to 31.
struct Fixture {
  explicit Fixture(OriginLimits limits) : queue(limits) {
    for (int i = 0; i < 32; ++i) {
      tickets.push_back(std::make_unique<OriginQueue::Ticket>());
    }
  }

  Decision admit(std::uint32_t id, std::string_view origin = kOrigin) {
    return queue.admit(origin, Negotiation::alpn, RequestId{id}, *tickets[id]);
  }

  Decision admitPlain(std::uint32_t id, std::string_view origin = "http://a.example:80") {
    return queue.admit(origin, Negotiation::none, RequestId{id}, *tickets[id]);
  }

  void admitAll(std::uint32_t first, std::uint32_t last) {
    for (std::uint32_t id = first; id <= last; ++id) {
      (void)admit(id);
    }
  }

  void onProtocol(std::uint32_t id, Protocol protocol) { queue.onProtocol(*tickets[id], protocol); }

  void release(std::uint32_t id) { queue.release(*tickets[id]); }

  std::vector<std::uint32_t> connectFailed(std::uint32_t id) {
    std::vector<RequestId> failed;
    queue.onConnectFailed(*tickets[id], failed);
    return numbers(failed);
  }

  std::vector<std::uint32_t> ready() {
    std::vector<RequestId> ids;
    while (const auto id = queue.takeReady()) {
      ids.push_back(*id);
    }
    return numbers(ids);
  }

  static std::vector<std::uint32_t> numbers(const std::vector<RequestId>& ids) {
    std::vector<std::uint32_t> result;
    result.reserve(ids.size());
    for (const RequestId id : ids) {
      result.push_back(static_cast<std::uint32_t>(id));
    }
    return result;
  }

  OriginQueue queue;
  std::vector<std::unique_ptr<OriginQueue::Ticket>> tickets;
};

using Ids = std::vector<std::uint32_t>;

TEST(OriginQueue, APlainOriginWithoutALimitLeavesNoTrace) {
  Fixture f({});
  for (std::uint32_t id = 0; id < 10; ++id) {
    EXPECT_EQ(f.admitPlain(id), Decision::run);
  }
  EXPECT_EQ(f.queue.originCount(), 0U);
  f.onProtocol(0, Protocol::http1);
  EXPECT_EQ(f.connectFailed(1), Ids{});
  f.release(2);
  EXPECT_EQ(f.admitPlain(2), Decision::run);
  EXPECT_EQ(f.ready(), Ids{});
}

TEST(OriginQueue, RunsNoMoreThanTheLimitAndTheRestInOrder) {
  Fixture f({.connections = 2, .maxConcurrentStreams = 100});
  EXPECT_EQ(f.admitPlain(0), Decision::run);
  EXPECT_EQ(f.admitPlain(1), Decision::run);
  EXPECT_EQ(f.admitPlain(2), Decision::wait);
  EXPECT_EQ(f.admitPlain(3), Decision::wait);
  EXPECT_TRUE(f.tickets[2]->waiting());
  EXPECT_EQ(f.ready(), Ids{});
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{2});
  EXPECT_FALSE(f.tickets[2]->waiting());
  f.release(0);
  f.release(2);
  EXPECT_EQ(f.ready(), Ids{3});
  f.release(3);
  EXPECT_EQ(f.queue.originCount(), 0U);
}

TEST(OriginQueue, OriginsDoNotLimitOneAnother) {
  Fixture f({.connections = 1});
  EXPECT_EQ(f.admitPlain(0, "http://a:80"), Decision::run);
  EXPECT_EQ(f.admitPlain(1, "http://b:80"), Decision::run);
  EXPECT_EQ(f.admitPlain(2, "http://a:80"), Decision::wait);
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{});
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{2});
}

TEST(OriginQueue, OneProbeRunsUntilTheProtocolIsKnown) {
  Fixture f({});
  EXPECT_EQ(f.admit(0), Decision::run);
  EXPECT_EQ(f.admit(1), Decision::wait);
  EXPECT_EQ(f.admit(2), Decision::wait);
  EXPECT_EQ(f.admit(3, kOther), Decision::run);
  f.onProtocol(0, Protocol::http2);
  EXPECT_EQ(f.ready(), (Ids{1, 2}));
  EXPECT_EQ(f.admit(4), Decision::run);
}

TEST(OriginQueue, OnHttp1TheLimitIsTheNumberOfConnections) {
  Fixture f({.connections = 3, .maxConcurrentStreams = 2});
  f.admitAll(0, 9);
  f.onProtocol(0, Protocol::http1);
  EXPECT_EQ(f.ready(), (Ids{1, 2}));
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{3});
}

TEST(OriginQueue, OnHttp2TheLimitIsTheStreamsOfAllConnections) {
  Fixture f({.connections = 2, .maxConcurrentStreams = 3});
  f.admitAll(0, 9);
  f.onProtocol(0, Protocol::http2);
  EXPECT_EQ(f.ready(), (Ids{1, 2, 3, 4, 5}));
  f.onProtocol(1, Protocol::http2);
  EXPECT_EQ(f.ready(), Ids{});
  f.release(4);
  EXPECT_EQ(f.ready(), Ids{6});
}

TEST(OriginQueue, WithoutALimitOfConnectionsStreamsAreNotLimitedEither) {
  Fixture f({.connections = 0, .maxConcurrentStreams = 2});
  f.admitAll(0, 9);
  f.onProtocol(0, Protocol::http2);
  EXPECT_EQ(f.ready().size(), 9U);
}

TEST(OriginQueue, AProbeThatCannotConnectTakesTheWaitingWithIt) {
  Fixture f({.connections = 1});
  f.admitAll(0, 2);
  (void)f.admit(3, kOther);
  (void)f.admit(4, kOther);
  EXPECT_EQ(f.connectFailed(0), (Ids{1, 2}));
  EXPECT_FALSE(f.tickets[1]->waiting());
  EXPECT_EQ(f.ready(), Ids{});
  EXPECT_EQ(f.queue.originCount(), 1U);  // the other one
  f.release(1);
  EXPECT_EQ(f.admit(5), Decision::run) << "the next request tries anew";
  EXPECT_EQ(f.connectFailed(3), Ids{4});
}

TEST(OriginQueue, AnotherConnectionThatFailsFailsOnlyItsOwnRequest) {
  Fixture f({.connections = 2});
  f.admitAll(0, 3);
  f.onProtocol(0, Protocol::http1);
  EXPECT_EQ(f.ready(), Ids{1});
  EXPECT_EQ(f.connectFailed(1), Ids{});
  EXPECT_EQ(f.ready(), Ids{2});
}

TEST(OriginQueue, AProbeThatEndsBeforeItConnectsIsFollowedByTheNext) {
  Fixture f({});
  f.admitAll(0, 2);
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{1});
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{2});
  f.onProtocol(2, Protocol::http1);
  EXPECT_EQ(f.admit(3), Decision::run);
}

TEST(OriginQueue, AReadyProbeThatIsCancelledBeforeItIsTakenIsFollowedByTheNext) {
  Fixture f({});
  f.admitAll(0, 2);
  f.release(0);
  f.release(1);  // ready, but nobody has asked yet
  EXPECT_EQ(f.ready(), Ids{2});
}

TEST(OriginQueue, ACancelledRequestLeavesTheLine) {
  Fixture f({.connections = 1});
  for (std::uint32_t id = 0; id < 5; ++id) {
    (void)f.admitPlain(id);
  }
  f.release(2);
  f.release(4);
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{1});
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{3});
}

TEST(OriginQueue, ATicketThatIsDestroyedGivesUpItsPlace) {
  Fixture f({.connections = 1});
  for (std::uint32_t id = 0; id < 3; ++id) {
    (void)f.admitPlain(id);
  }
  f.tickets[1].reset();
  f.tickets[0].reset();
  EXPECT_EQ(f.ready(), Ids{2});
  f.tickets[2].reset();
  EXPECT_EQ(f.queue.originCount(), 0U);
}

TEST(OriginQueue, ReleaseMayBeRepeated) {
  Fixture f({.connections = 1});
  for (std::uint32_t id = 0; id < 3; ++id) {
    (void)f.admitPlain(id);
  }
  f.release(0);
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{1});
}

TEST(OriginQueue, ATicketServesAgainOnceReleased) {
  Fixture f({});
  (void)f.admit(0);
  f.release(0);
  EXPECT_EQ(f.admit(0), Decision::run);
  EXPECT_EQ(f.admit(1), Decision::wait);
}

TEST(OriginQueue, AnHttp1OriginIsRememberedWhenItFallsQuiet) {
  Fixture f({});
  (void)f.admit(0);
  f.onProtocol(0, Protocol::http1);
  f.release(0);
  EXPECT_EQ(f.queue.originCount(), 1U);
  EXPECT_EQ(f.admit(1), Decision::run);
  EXPECT_EQ(f.admit(2), Decision::run) << "a burst opens its connections at once";
}

TEST(OriginQueue, AnHttp2OriginIsProbedAnewAfterItFellQuiet) {
  Fixture f({});
  (void)f.admit(0);
  f.onProtocol(0, Protocol::http2);
  f.release(0);
  EXPECT_EQ(f.queue.originCount(), 0U);
  EXPECT_EQ(f.admit(1), Decision::run);
  EXPECT_EQ(f.admit(2), Decision::wait);
}

TEST(OriginQueue, ADisconnectedHttp2OriginIsProbedAnew) {
  Fixture f({.connections = 1, .maxConcurrentStreams = 2});
  f.admitAll(0, 1);
  f.onProtocol(0, Protocol::http2);
  EXPECT_EQ(f.ready(), Ids{1});
  f.queue.onDisconnected(kOrigin, Negotiation::alpn);
  EXPECT_EQ(f.admit(2), Decision::run) << "what ran before holds no connection any more";
  EXPECT_EQ(f.admit(3), Decision::wait);
  f.release(0);
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{});
  f.onProtocol(2, Protocol::http2);
  EXPECT_EQ(f.ready(), Ids{3});
}

TEST(OriginQueue, ADisconnectLetsOneOfTheWaitingProbe) {
  Fixture f({.connections = 1, .maxConcurrentStreams = 1});
  f.admitAll(0, 2);
  f.onProtocol(0, Protocol::http2);
  EXPECT_EQ(f.ready(), Ids{});
  f.queue.onDisconnected(kOrigin, Negotiation::alpn);
  EXPECT_EQ(f.ready(), Ids{1});
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{});
  EXPECT_EQ(f.connectFailed(1), Ids{2});
}

TEST(OriginQueue, ADisconnectOfAnHttp1OrUnknownOriginChangesNothing) {
  Fixture f({});
  f.queue.onDisconnected(kOrigin, Negotiation::alpn);
  (void)f.admit(0);
  f.queue.onDisconnected(kOrigin, Negotiation::alpn);
  EXPECT_EQ(f.admit(1), Decision::wait);
  f.onProtocol(0, Protocol::http1);
  EXPECT_EQ(f.ready(), Ids{1});
  f.queue.onDisconnected(kOrigin, Negotiation::alpn);
  EXPECT_EQ(f.admit(2), Decision::run);
  EXPECT_EQ(f.admit(3), Decision::run);
}

TEST(OriginQueue, AnOriginThatTurnsFromHttp1ToHttp2TakesTheNewLimit) {
  Fixture f({.connections = 1, .maxConcurrentStreams = 4});
  f.admitAll(0, 5);
  f.onProtocol(0, Protocol::http1);
  EXPECT_EQ(f.ready(), Ids{});
  f.onProtocol(0, Protocol::http2);
  EXPECT_EQ(f.ready(), (Ids{1, 2, 3}));
}

TEST(OriginQueue, RequestsWithoutNegotiationDoNotWaitForTheProbe) {
  Fixture f({.connections = 2, .maxConcurrentStreams = 100});
  EXPECT_EQ(f.admit(0), Decision::run);
  EXPECT_EQ(f.queue.admit(kOrigin, Negotiation::none, RequestId{1}, *f.tickets[1]), Decision::run);
  f.onProtocol(1, Protocol::http1);
  EXPECT_EQ(f.admit(2), Decision::wait) << "nor do they tell what the others will get";
}

TEST(OriginQueue, ACrawlerDoesNotMakeItGrow) {
  Fixture f({});
  for (int i = 0; i < 5000; ++i) {
    const std::string origin = "https://host" + std::to_string(i) + ".example:443";
    (void)f.admit(0, origin);
    if (i % 2 == 0) {
      f.onProtocol(0, Protocol::http1);
    }
    f.release(0);
  }
  EXPECT_EQ(f.queue.originCount(), OriginQueue::kMostRemembered);
  // The one that fell quiet last is among them.
  EXPECT_EQ(f.admit(0, "https://host4998.example:443"), Decision::run);
  EXPECT_EQ(f.admit(1, "https://host4998.example:443"), Decision::run);
  EXPECT_EQ(f.admit(2, "https://host0.example:443"), Decision::run);
  EXPECT_EQ(f.admit(3, "https://host0.example:443"), Decision::wait);
}

TEST(OriginQueue, ManyWaitingLeaveQuickly) {
  OriginQueue queue({.connections = 1});
  std::deque<OriginQueue::Ticket> tickets(100'000);
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    (void)queue.admit(
        "http://a:80", Negotiation::none, RequestId{static_cast<std::uint32_t>(i)}, tickets[i]
    );
  }
  for (std::size_t i = tickets.size(); i-- > 1;) {
    queue.release(tickets[i]);
  }
  queue.release(tickets[0]);
  EXPECT_EQ(queue.takeReady(), std::nullopt);
  EXPECT_EQ(queue.originCount(), 0U);
}

}  // namespace
}  // namespace dodici
