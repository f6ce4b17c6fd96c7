// Whole responses from a scripted server.
#include "dodici/collector.h"

#include "events/batch_walk.h"
#include "support/scripted_server.h"
#include "support/test_client.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace dodici::testing {
namespace {

// What one call of takeBatch() gives of a request.
struct Whole {
  RequestId id{};
  std::uint32_t status = 0;
  std::string body;
  Errc failure{};
  int pieces = 0;
};

class Consumer final : public EventSink {
 public:
  void onBatchReady() noexcept override {
    const std::lock_guard lock(mutex_);
    ++rings_;
    rung_.notify_all();
  }

  // Takes batches until so many requests have ended. Returns false if the deadline comes first.
  bool take(Collector& collector, std::size_t count) {
    std::unique_lock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + kExpectNoTimeout;
    while (ended.size() < count) {
      if (!rung_.wait_until(lock, deadline, [&] { return rings_ > 0; })) {
        return false;
      }
      rings_ = 0;
      lock.unlock();
      EventBatch batch;
      for (perTake.push_back(0); collector.takeBatch(batch);) {
        read(batch);
      }
      lock.lock();
    }
    return true;
  }

  std::vector<Whole> ended;
  std::vector<int> perTake;  // how many requests had ended at each ring
  int loopsClosed = 0;

 private:
  void read(const EventBatch& batch) {
    Whole now;
    for (BatchWalk walk(batch); walk.more(); walk.step()) {
      const RecordWalk& record = walk.record();
      switch (record.type()) {
        case EventType::responseStart:
          now = {};
          now.id = record.id();
          now.status = record.word(0);
          continue;
        case EventType::data:
        case EventType::dataBlock:
          EXPECT_EQ(now.id, record.id());
          now.body.assign(reinterpret_cast<const char*>(walk.bytes().data()), walk.bytes().size());
          ++now.pieces;
          continue;
        case EventType::failed:
          now = {};
          now.id = record.id();
          now.failure = Errc{record.word(0)};
          break;
        case EventType::end:
          EXPECT_EQ(now.id, record.id());
          break;
        case EventType::loopClosed:
          ++loopsClosed;
          continue;
        default:
          ADD_FAILURE() << "a record that is no part of a whole response";
          continue;
      }
      ended.push_back(now);
      ++perTake.back();
    }
  }

  std::mutex mutex_;
  std::condition_variable rung_;
  int rings_ = 0;
};

std::string answer(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

class CollectorTest : public ::testing::Test {
 protected:
  void submit(Collector& collector, const ScriptedServer& server, std::uint32_t id) {
    Request request;
    request.id = RequestId{id};
    request.text = TestClient::text(server.origin(), "GET", "/" + std::to_string(id));
    request.allowHttp2 = false;
    collector.submit(std::move(request));
    collector.client().flush();
  }

  Consumer consumer_;
};

TEST_F(CollectorTest, GivesWholeResponsesThatCameInPieces) {
  const std::string large(100'000, 'x');
  const std::string chunked =
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  const Signal seen;
  ScriptedServer server(
      {Script()
           .readHead()
           .send("HTTP/1.1 103 Early Hints\r\n\r\n" + answer(large).substr(0, 50'000))
           .announce(seen)
           .send(answer(large).substr(50'000))
           .readHead()
           .send(chunked)
           .readHead()
           .send(answer(""))}
  );
  Collector collector({}, {1, 1 << 20}, consumer_);
  for (const std::uint32_t id : {1, 2, 3}) {
    submit(collector, server, id);
  }
  ASSERT_TRUE(consumer_.take(collector, 3));
  EXPECT_EQ(consumer_.ended[0].body, large);
  EXPECT_EQ(consumer_.ended[0].pieces, 1);
  EXPECT_EQ(consumer_.ended[1].body, "abcde");
  EXPECT_EQ(consumer_.ended[1].pieces, 1);
  EXPECT_EQ(consumer_.ended[2].pieces, 0);
  EXPECT_EQ(server.connectionCount(), 1U);
}

TEST_F(CollectorTest, TellsOnceForAsManyAsAreWanted) {
  const Signal first;
  ScriptedServer server({Script()
                             .readHead()
                             .send(answer("1"))
                             .readHead()
                             .send(answer("2"))
                             .readHead()
                             .send(answer("3"))
                             .readHead()
                             .waitFor(first)
                             .send(answer("4"))});
  Collector collector({}, {1, 100}, consumer_);
  collector.want(3);
  for (const std::uint32_t id : {1, 2, 3, 4}) {
    submit(collector, server, id);
  }
  ASSERT_TRUE(consumer_.take(collector, 3));
  EXPECT_EQ(consumer_.perTake, std::vector<int>{3});
  first.set();
  // Nobody wants it, but nothing is left to wait for.
  ASSERT_TRUE(consumer_.take(collector, 4));
}

TEST_F(CollectorTest, RunsNoMoreThanItMay) {
  const Signal go;
  ScriptedServer server({Script().readHead().waitFor(go).send(answer("a")).repeat()});
  Collector collector({}, {2, 100}, consumer_);
  for (const std::uint32_t id : {1, 2, 3, 4, 5}) {
    submit(collector, server, id);
  }
  ASSERT_TRUE(server.waitForReceived(0, "GET /"));
  ASSERT_TRUE(server.waitForReceived(1, "GET /"));
  go.set();
  ASSERT_TRUE(consumer_.take(collector, 5));
  EXPECT_EQ(server.connectionCount(), 2U);
}

TEST_F(CollectorTest, FailsBodiesThatAreTooLarge) {
  ScriptedServer server({
      Script().readHead().send("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n"),
      Script().readHead().send("HTTP/1.1 200 OK\r\n\r\nhello world"),
      Script().readHead().send(answer("hello worl")),
  });
  Collector collector({}, {1, 10}, consumer_);
  for (const std::uint32_t id : {1, 2, 3}) {
    submit(collector, server, id);
  }
  ASSERT_TRUE(consumer_.take(collector, 3));
  EXPECT_EQ(consumer_.ended[0].failure, Errc::responseTooLarge);
  EXPECT_EQ(consumer_.ended[1].failure, Errc::responseTooLarge);
  EXPECT_EQ(consumer_.ended[2].body, "hello worl");
  EXPECT_TRUE(server.waitForClosed(2));
}

TEST_F(CollectorTest, LeavesBodiesOfRefusalsOut) {
  ScriptedServer server({
      Script()
          .readHead()
          .send(answer("SlowDown", "503 Busy"))
          .readHead()
          .send("HTTP/1.1 404 Not Found\r\n\r\n" + std::string(200'000, 'x')),
  });
  Collector collector({}, {1, 10}, consumer_);
  submit(collector, server, 1);
  submit(collector, server, 2);
  ASSERT_TRUE(consumer_.take(collector, 2));
  EXPECT_EQ(consumer_.ended[0].status, 503U);
  EXPECT_EQ(consumer_.ended[0].pieces, 0);
  EXPECT_EQ(consumer_.ended[1].status, 404U);
  EXPECT_EQ(consumer_.ended[1].failure, Errc{});
  EXPECT_TRUE(server.waitForClosed(1));
}

TEST_F(CollectorTest, PassesFailuresOn) {
  ScriptedServer server({
      Script().readHead().send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab").close(),
      Script().readHead().send(answer("whole")),
  });
  Collector collector({}, {1, 100}, consumer_);
  submit(collector, server, 1);
  ASSERT_TRUE(consumer_.take(collector, 1));
  EXPECT_EQ(consumer_.ended[0].failure, Errc::socketClosed);
  // The same id, without what came before.
  submit(collector, server, 1);
  ASSERT_TRUE(consumer_.take(collector, 2));
  EXPECT_EQ(consumer_.ended[1].body, "whole");
}

TEST_F(CollectorTest, EndsWhatRunsAndWhatWaitsWhenItIsDestroyed) {
  const Signal stalled;
  ScriptedServer server({Script().readHead().announce(stalled)});
  Collector collector({}, {1, 100}, consumer_);
  for (const std::uint32_t id : {1, 2, 3}) {
    submit(collector, server, id);
  }
  ASSERT_TRUE(stalled.wait());
  collector.destroy();
  ASSERT_TRUE(consumer_.take(collector, 3));
  for (const Whole& whole : consumer_.ended) {
    EXPECT_EQ(whole.failure, Errc::aborted);
  }
  EXPECT_TRUE(server.waitForClosed(1));
  EXPECT_EQ(server.connectionCount(), 1U);
}

TEST_F(CollectorTest, CanBeDeletedWhileItWorks) {
  ScriptedServer server({Script().readHead().send(answer(std::string(50'000, 'x'))).repeat()});
  for (int round = 0; round < 20; ++round) {
    Collector collector({}, {4, 100'000}, consumer_);
    for (std::uint32_t id = 1; id <= 50; ++id) {
      submit(collector, server, id);
    }
  }
}

}  // namespace
}  // namespace dodici::testing
