// Client against a server on loopback: what happens to unused connections.
#include "dodici/client.h"
#include "support/scripted_server.h"
#include "support/test_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace dodici::testing {
namespace {

using std::chrono::milliseconds;

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

Script answer(const std::string& bytes) { return Script().readHead().send(bytes); }

Outcome post(TestClient& client, const ScriptedServer& server) {
  Request request;
  request.text = TestClient::text(server.origin(), "POST", "/", {"content-length: 0"});
  return client.finish(client.submit(std::move(request)));
}

ClientOptions keeping(milliseconds time) {
  ClientOptions options;
  options.keepAliveTimeout = time;
  return options;
}

// Each of these ends the connection after the first response, so a request that must not be repeated uses another one.
TEST(ClientIdle, AConnectionThatTheServerHasEndedServesNoFurtherRequest) {
  for (const bool reset : {false, true}) {
    Signal idle;
    auto first = answer(kOk).waitFor(idle);
    ScriptedServer server({reset ? first.reset() : first.close(), answer(kOk)});
    TestClient client(keeping(milliseconds(60'000)));
    EXPECT_TRUE(post(client, server).ended);
    EXPECT_EQ(client.disconnected(), 0);
    idle.set();
    EXPECT_TRUE(client.until([&] { return client.disconnected() == 1; }));
    EXPECT_TRUE(post(client, server).ended);
    EXPECT_EQ(server.connectionCount(), 2U);
    EXPECT_EQ(client.connected(), 2);
  }
}

TEST(ClientIdle, WhatTheServerSaysUnaskedIsNobodysAnswer) {
  Signal idle;
  ScriptedServer server(
      {answer(kOk).waitFor(idle).send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"),
       answer(kOk)}
  );
  TestClient client;
  EXPECT_TRUE(post(client, server).ended);
  idle.set();
  EXPECT_TRUE(client.until([&] { return client.disconnected() == 1; }));
  EXPECT_EQ(post(client, server).body, "hello");
}

TEST(ClientIdle, AConnectionThatWasIdleForTooLongServesNoFurtherRequest) {
  ScriptedServer server({answer(kOk).repeat()});
  TestClient client(keeping(milliseconds(30)));
  for (int round = 1; round <= 3; ++round) {
    EXPECT_TRUE(post(client, server).ended);
    EXPECT_TRUE(client.until([&] { return client.disconnected() == round; }));
  }
  EXPECT_EQ(server.connectionCount(), 3U);
}

TEST(ClientIdle, TheServersHintCountsLessTheThresholdAndUpToTheMaximum) {
  ScriptedServer server(
      {answer("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=60\r\nContent-Length: 0\r\n\r\n").repeat()}
  );
  auto options = keeping(milliseconds(60'000));
  options.keepAliveMaxTimeout = milliseconds(30);
  TestClient client(options);
  EXPECT_TRUE(post(client, server).ended);
  EXPECT_TRUE(client.until([&] { return client.disconnected() == 1; }));

  options.keepAliveMaxTimeout = milliseconds(60'000);
  options.keepAliveTimeoutThreshold = milliseconds(60'000);
  TestClient strict(options);
  EXPECT_TRUE(post(strict, server).ended);
  EXPECT_TRUE(strict.until([&] { return strict.disconnected() == 1; }));
}

TEST(ClientIdle, AnOldConnectionIsReplaced) {
  ScriptedServer server({answer(kOk).repeat()});
  auto options = keeping(milliseconds(60'000));
  options.clientTtl = milliseconds(1);
  TestClient client(options);
  EXPECT_TRUE(post(client, server).ended);
  EXPECT_FALSE(client.until([&] { return client.disconnected() > 0; }, milliseconds(20)));
  EXPECT_TRUE(post(client, server).ended);
  EXPECT_EQ(server.connectionCount(), 2U);
}

TEST(ClientIdle, AnOldConnectionIsClosedWhenItIsReplaced) {
  ScriptedServer server({answer(kOk).repeat()});
  auto options = keeping(milliseconds(60'000));
  options.clientTtl = milliseconds(1);
  TestClient client(options);
  EXPECT_TRUE(post(client, server).ended);
  EXPECT_FALSE(client.until([&] { return client.disconnected() > 0; }, milliseconds(20)));
  EXPECT_TRUE(post(client, server).ended);
  EXPECT_TRUE(client.until([&] { return client.disconnected() == 1; }, milliseconds(1'000)));
}

TEST(ClientIdle, ManyThatEndAtOnceAreAllReplaced) {
  constexpr int kMany = 8;
  Signal all;
  Signal idle;
  std::vector<Script> scripts;
  scripts.reserve(kMany + 1);
  for (int i = 0; i < kMany; ++i) {
    scripts.push_back(Script().readHead().waitFor(all).send(kOk).waitFor(idle).close());
  }
  scripts.push_back(answer(kOk).repeat());
  ScriptedServer server(std::move(scripts));
  TestClient client(keeping(milliseconds(60'000)));
  std::vector<RequestId> ids;
  ids.reserve(kMany);
  for (int i = 0; i < kMany; ++i) {
    ids.push_back(client.get(server.origin()));
  }
  EXPECT_TRUE(server.waitForConnections(kMany));
  all.set();
  for (const RequestId id : ids) {
    EXPECT_TRUE(client.finish(id).ended);
  }
  idle.set();
  EXPECT_TRUE(client.until([&] { return client.disconnected() == kMany; }));
  for (int i = 0; i < kMany; ++i) {
    EXPECT_TRUE(post(client, server).ended);
  }
}

}  // namespace
}  // namespace dodici::testing
