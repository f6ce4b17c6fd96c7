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
