// Client that asks before it makes a connection.
#include "support/scripted_server.h"
#include "support/test_client.h"

#include <gtest/gtest.h>

#include <string>

namespace dodici::testing {
namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

ClientOptions asking(std::uint32_t connections = 0) {
  ClientOptions options;
  options.asksToConnect = true;
  options.connections = connections;
  return options;
}

std::string portOf(const std::string& origin) { return origin.substr(origin.rfind(':')); }

std::string named(const ScriptedServer& server) {
  return "http://any.test" + portOf(server.origin());
}

void answer(TestClient& client, RequestId id, const std::string& addresses) {
  client.client().connect(client.controller(id), ConnectionPlan{addresses, {}, {}});
  client.client().flush();
}

bool isAsked(TestClient& client, RequestId id, int times = 1) {
  return client.until([&] { return client.outcome(id).asked == times; });
}

TEST(ClientConnect, MakesAConnectionWhereTheAnswerSays) {
  ScriptedServer server({Script().readHead().send(kOk).repeat()});
  TestClient client(asking());
  const auto id = client.get(named(server));
  ASSERT_TRUE(isAsked(client, id));
  EXPECT_EQ(server.connectionCount(), 0U);
  answer(client, id, "127.0.0.1");
  EXPECT_EQ(client.finish(id).status(), 200U);
}

TEST(ClientConnect, DoesNotAskForAKeptConnectionNorForAnAddress) {
  ScriptedServer server(
      {Script().readHead().send(kOk).readHead().send(kOk), Script().readHead().send(kOk)}
  );
  TestClient client(asking());
  const auto first = client.get(named(server));
  ASSERT_TRUE(isAsked(client, first));
  answer(client, first, "127.0.0.1");
  EXPECT_EQ(client.finish(first).status(), 200U);
  const auto second = client.get(named(server));
  EXPECT_EQ(client.finish(second).status(), 200U);
  EXPECT_EQ(client.outcome(second).asked, 0);
  const auto direct = client.get(server.origin());
  EXPECT_EQ(client.finish(direct).status(), 200U);
  EXPECT_EQ(client.outcome(direct).asked, 0);
}

TEST(ClientConnect, RefusedFailsTheRequestWithItsId) {
  TestClient client(asking());
  const auto id = client.get("http://any.test:1");
  ASSERT_TRUE(isAsked(client, id));
  client.client().refuse(client.controller(id));
  client.client().flush();
  const auto& outcome = client.finish(id);
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, Errc::notConnected);
  EXPECT_EQ(outcome.error->detail, static_cast<std::uint32_t>(id));
}

TEST(ClientConnect, CancelledWhileItAsksLetsTheNextOneAsk) {
  ScriptedServer server({Script().readHead().send(kOk)});
  TestClient client(asking(1));
  const auto first = client.get(named(server));
  ASSERT_TRUE(isAsked(client, first));
  const auto second = client.get(named(server));
  client.controller(first).token().cancel();
  EXPECT_EQ(client.finish(first).error->code, Errc::aborted);
  ASSERT_TRUE(isAsked(client, second));
  answer(client, second, "127.0.0.1");
  EXPECT_EQ(client.finish(second).status(), 200U);
  EXPECT_EQ(client.outcome(first).terminals, 1);
}

TEST(ClientConnect, AnAnswerThatCameTooLateOrTwiceIsIgnored) {
  ScriptedServer server({Script().readHead().send(kOk)});
  TestClient client(asking());
  const auto id = client.get(named(server));
  ASSERT_TRUE(isAsked(client, id));
  answer(client, id, "127.0.0.1");
  answer(client, id, "127.0.0.2");
  client.client().refuse(client.controller(id));
  EXPECT_EQ(client.finish(id).status(), 200U);
  answer(client, id, "127.0.0.1");
  EXPECT_EQ(client.outcome(id).terminals, 1);
}

TEST(ClientConnect, AllAddressesThatRefuseAreTold) {
  TestClient client(asking());
  const auto id = client.get("http://any.test:1");
  ASSERT_TRUE(isAsked(client, id));
  answer(client, id, "127.0.0.2,127.0.0.3");
  const auto& outcome = client.finish(id);
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, Errc::connectFailed);
  EXPECT_EQ(outcome.error->message, "127.0.0.2 1 111\n127.0.0.3 1 111\n");
}

}  // namespace
}  // namespace dodici::testing
