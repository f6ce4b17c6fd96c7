// Tunnels of a Client, against a server on loopback.
#include "dodici/client.h"
#include "support/scripted_server.h"
#include "support/test_client.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace dodici::testing {
namespace {

const std::string kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

Request tunnel(const std::string& origin, const std::string& method = "GET") {
  Request request;
  request.text = TestClient::text(
      origin, method, "/chat", {"host: a.test", "connection: upgrade", "upgrade: echo"}
  );
  request.tunnel = true;
  return request;
}

// The text of its head, and that it is open.
RequestId open(TestClient& client, const std::string& origin) {
  const auto id = client.submit(tunnel(origin));
  EXPECT_TRUE(client.until([&] { return client.outcome(id).status() == 101; }));
  return id;
}

TEST(Tunnel, SendsExactlyItsHeadersAndTellsTheConnection) {
  ScriptedServer server({Script().readHead().send(kSwitch)});
  TestClient client;
  const auto id = open(client, server.origin());
  EXPECT_EQ(
      server.received(0),
      "GET /chat HTTP/1.1\r\nhost: a.test\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n"
  );
  const std::string port = std::to_string(server.port());
  EXPECT_NE(client.outcome(id).socket.find(" 127.0.0.1 " + port + " "), std::string::npos)
      << client.outcome(id).socket;
  EXPECT_FALSE(client.outcome(id).over());
  EXPECT_EQ(client.connected(), 1);
  EXPECT_EQ(client.disconnected(), 1) << "what has switched is no connection of the pool";
}

TEST(Tunnel, ABodyFollowsTheHead) {
  ScriptedServer server({Script().readHead().read(3).send(kSwitch)});
  TestClient client;
  auto request = tunnel(server.origin());
  request.bodyKind = BodyKind::bytes;
  request.body = "abc";
  const auto id = client.submit(std::move(request));
  EXPECT_TRUE(client.until([&] { return client.outcome(id).status() == 101; }));
  EXPECT_TRUE(server.received(0).ends_with("\r\n\r\nabc"));
}

Request streamed(const std::string& origin, std::optional<std::uint64_t> length = {}) {
  auto request = tunnel(origin, "POST");
  request.bodyKind = BodyKind::stream;
  request.contentLength = length;
  request.reportSent = true;
  return request;
}

TEST(Tunnel, AStreamedBodyGoesInChunksAndWhatIsWrittenAfterItDoesNot) {
  ScriptedServer server({Script().readHead().send(kSwitch)});
  TestClient client;
  const auto id = client.submit(streamed(server.origin()));
  EXPECT_TRUE(client.until([&] { return client.outcome(id).bodyAsked; }));
  auto& controller = client.controller(id);
  client.client().writeBody(controller, "first");
  client.client().writeBody(controller, std::string(26, 'x'));
  client.client().endBody(controller);
  client.client().writeBody(controller, "the tunnel's");
  client.client().flush();
  const std::string body =
      "\r\n\r\n5\r\nfirst\r\n1a\r\n" + std::string(26, 'x') + "\r\n0\r\n\r\nthe tunnel's";
  EXPECT_TRUE(server.waitForReceived(0, body)) << server.received(0);
  client.client().endBody(controller);
  client.client().flush();
  EXPECT_TRUE(client.until([&] { return client.outcome(id).consumed == 5 + 26 + 12; }))
      << "frames of chunks are not the writer's: " << client.outcome(id).consumed;
}

TEST(Tunnel, AStreamedBodyOfKnownLengthGoesAsItIs) {
  Signal received;
  ScriptedServer server({Script().readHead().read(5).announce(received).send(kSwitch).read(4)});
  TestClient client;
  const auto id = client.submit(streamed(server.origin(), 5));
  EXPECT_TRUE(client.until([&] { return client.outcome(id).bodyAsked; }));
  EXPECT_FALSE(client.outcome(id).sent);
  client.client().writeBody(client.controller(id), "first");
  client.client().endBody(client.controller(id));
  client.client().flush();
  EXPECT_TRUE(client.until([&] { return client.outcome(id).status() == 101; }));
  EXPECT_TRUE(client.outcome(id).sent);
  client.client().writeBody(client.controller(id), "more");
  client.client().flush();
  EXPECT_TRUE(server.waitForReceived(0, "\r\n\r\nfirstmore"));
}

// As in undici: the server is not late while the request is not complete.
TEST(Tunnel, TheHeadersTimeoutBeginsWhenTheBodyIsSent) {
  ScriptedServer server({Script().readHead().waitFor(Signal())});
  TestClient client;
  auto request = streamed(server.origin());
  request.headersTimeout = std::chrono::milliseconds(50);
  const auto id = client.submit(std::move(request));
  EXPECT_TRUE(client.until([&] { return client.outcome(id).bodyAsked; }));
  EXPECT_FALSE(
      client.until([&] { return client.outcome(id).over(); }, std::chrono::milliseconds(300))
  );
  client.client().endBody(client.controller(id));
  client.client().flush();
  const auto& outcome = client.finish(id);
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, Errc::headersTimeout);
}

TEST(Tunnel, WhatIsWrittenBeforeItIsCancelledIsSent) {
  for (int round = 0; round < 20; ++round) {
    ScriptedServer server({Script().readHead().send(kSwitch)});
    TestClient client;
    const auto id = open(client, server.origin());
    client.client().writeBody(client.controller(id), "last ");
    client.client().writeBody(client.controller(id), "words");
    client.controller(id).token().cancel();
    EXPECT_TRUE(server.waitForReceived(0, "last words"));
    EXPECT_EQ(client.finish(id).error->code, Errc::aborted);
  }
}

TEST(Tunnel, WhatIsWrittenBeforeTheClientIsDestroyedIsSent) {
  ScriptedServer server({Script().readHead().send(kSwitch)});
  TestClient client;
  const auto id = open(client, server.origin());
  client.client().writeBody(client.controller(id), "last words");
  client.client().destroy();
  EXPECT_TRUE(server.waitForReceived(0, "last words"));
  EXPECT_EQ(client.finish(id).terminals, 1);
}

TEST(Tunnel, InformationalHeadsAreTold) {
  ScriptedServer server({Script().readHead().send("HTTP/1.1 103 Early\r\n\r\n" + kSwitch)});
  TestClient client;
  const auto id = open(client, server.origin());
  ASSERT_EQ(client.outcome(id).heads.size(), 2U);
  EXPECT_EQ(client.outcome(id).heads.front().status, 103U);
}

TEST(Tunnel, BytesGoBothWaysAndEachEndIsTold) {
  ScriptedServer server(
      {Script().readHead().send(kSwitch + "hi ").read(5).send("there").shutdownSend()}
  );
  TestClient client;
  const auto id = open(client, server.origin());
  client.client().writeBody(client.controller(id), "hello");
  client.client().flush();
  EXPECT_TRUE(client.until([&] { return client.outcome(id).peerEnded; }));
  EXPECT_EQ(client.outcome(id).body, "hi there");
  client.client().writeBody(client.controller(id), "after the peer's end");
  client.client().flush();
  EXPECT_TRUE(server.waitForReceived(0, "after the peer's end"));
  client.client().endBody(client.controller(id));
  client.client().flush();
  EXPECT_TRUE(server.waitForClosed(1));
  EXPECT_FALSE(client.outcome(id).over()) << "it lasts until it is cancelled";
  client.controller(id).token().cancel();
  EXPECT_EQ(client.finish(id).error->code, Errc::aborted);
}

TEST(Tunnel, CancellingClosesTheConnection) {
  ScriptedServer server({Script().readHead().send(kSwitch)});
  TestClient client;
  const auto id = open(client, server.origin());
  client.controller(id).token().cancel();
  EXPECT_EQ(client.finish(id).terminals, 1);
  EXPECT_TRUE(server.waitForClosed(1));
}

TEST(Tunnel, AResetIsAnErrorOfThisTunnelOnly) {
  ScriptedServer server({
      Script().readHead().send(kSwitch).read(1).reset(),
      Script().readHead().send(kSwitch).read(1).send("well").waitFor(Signal()),
  });
  TestClient client;
  const auto first = open(client, server.origin());
  const auto second = open(client, server.origin());
  client.client().writeBody(client.controller(first), "x");
  client.client().flush();
  client.client().writeBody(client.controller(second), "x");
  client.client().flush();
  EXPECT_TRUE(client.finish(first).error.has_value());
  EXPECT_TRUE(client.until([&] { return client.outcome(second).body == "well"; }));
  EXPECT_FALSE(client.outcome(second).over());
}

TEST(Tunnel, ARefusalIsAnOrdinaryResponse) {
  ScriptedServer server(
      {Script().readHead().send("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno")}
  );
  TestClient client;
  const auto& outcome = client.finish(client.submit(tunnel(server.origin())));
  EXPECT_TRUE(outcome.ended);
  EXPECT_EQ(outcome.status(), 404U);
  EXPECT_EQ(outcome.body, "no");
  EXPECT_EQ(client.disconnected(), 1);
}

TEST(Tunnel, ARefusalOfHeadHasNoBodyToWaitFor) {
  ScriptedServer server(
      {Script().readHead().send("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n")}
  );
  TestClient client;
  const auto& outcome = client.finish(client.submit(tunnel(server.origin(), "HEAD")));
  EXPECT_TRUE(outcome.ended);
  EXPECT_EQ(outcome.status(), 404U);
}

TEST(Tunnel, APeerThatJustClosesIsAnError) {
  ScriptedServer server({Script().readHead().close()});
  TestClient client;
  const auto& outcome = client.finish(client.submit(tunnel(server.origin())));
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, Errc::socketClosed);
}

TEST(Tunnel, ASilentPeerMeetsTheHeadersTimeout) {
  ScriptedServer server({Script().readHead().waitFor(Signal())});
  TestClient client;
  auto request = tunnel(server.origin());
  request.headersTimeout = std::chrono::milliseconds(50);
  const auto& outcome = client.finish(client.submit(std::move(request)));
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, Errc::headersTimeout);
}

TEST(Tunnel, APausedReaderHoldsThePeerBack) {
  constexpr std::size_t kHuge = 64 * 1024 * 1024;
  Signal sent;
  ScriptedServer server({Script().readHead().send(kSwitch + std::string(kHuge, 'x')).announce(sent)}
  );
  TestClient client;
  const auto id = open(client, server.origin());
  RequestController controller = client.controller(id);
  controller.requestPause();
  EXPECT_FALSE(sent.wait(std::chrono::milliseconds(300)));
  controller.requestResume();
  EXPECT_TRUE(client.until([&] { return client.outcome(id).body.size() == kHuge; }));
}

TEST(Tunnel, DestroyingTheClientEndsIt) {
  ScriptedServer server({Script().readHead().send(kSwitch)});
  TestClient client;
  const auto id = open(client, server.origin());
  client.client().destroy();
  EXPECT_EQ(client.finish(id).terminals, 1);
  EXPECT_TRUE(server.waitForClosed(1));
}

TEST(Tunnel, ManyAtOnceKeepTheirBytesApart) {
  constexpr int kMany = 50;
  std::vector<Script> scripts;
  scripts.reserve(kMany);
  for (int i = 0; i < kMany; ++i) {
    scripts.push_back(Script().readHead().send(kSwitch).read(2).send("ab").shutdownSend());
  }
  ScriptedServer server(scripts);
  TestClient client;
  std::vector<RequestId> ids;
  ids.reserve(kMany);
  for (int i = 0; i < kMany; ++i) {
    ids.push_back(client.submit(tunnel(server.origin())));
  }
  for (const RequestId id : ids) {
    ASSERT_TRUE(client.until([&] { return client.outcome(id).status() == 101; }));
    client.client().writeBody(client.controller(id), "xy");
    client.client().flush();
  }
  for (const RequestId id : ids) {
    ASSERT_TRUE(client.until([&] { return client.outcome(id).peerEnded; }));
    EXPECT_EQ(client.outcome(id).body, "ab");
    client.controller(id).token().cancel();
    EXPECT_EQ(client.finish(id).terminals, 1);
  }
}

}  // namespace
}  // namespace dodici::testing
