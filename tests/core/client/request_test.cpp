// Client against a server on loopback: requests that are sent, held back, cancelled and limited.
#include "dodici/client.h"
#include "support/scripted_server.h"
#include "support/test_client.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace dodici::testing {
namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

// More than all buffers between a server and a consumer that does not read, kernel included.
constexpr std::size_t kHuge = 64 * 1024 * 1024;

std::string hugeAnswer() {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kHuge) + "\r\n\r\n" +
         std::string(kHuge, 'x');
}

Request upload(const std::string& origin, BodyKind kind, const std::vector<std::string>& lines) {
  Request request;
  request.text = TestClient::text(origin, "POST", "/", lines);
  request.bodyKind = kind;
  request.reportSent = true;
  return request;
}

TEST(ClientRequest, ABodyOfBytesIsSentWithItsLength) {
  ScriptedServer server({Script().readHead().read(3).send(kOk)});
  TestClient client;
  auto request = upload(server.origin(), BodyKind::bytes, {"content-length: 3"});
  request.body = "abc";
  const auto& outcome = client.finish(client.submit(std::move(request)));
  EXPECT_TRUE(outcome.ended);
  EXPECT_TRUE(outcome.sent);
  EXPECT_NE(server.received(0).find("content-length: 3\r\n\r\nabc"), std::string::npos);
  EXPECT_EQ(server.received(0).find("Expect"), std::string::npos);
}

TEST(ClientRequest, AStreamedBodyIsAskedForAndSentInChunks) {
  ScriptedServer server({Script().readHead().read(22).send(kOk)});
  TestClient client;
  const auto id =
      client.submit(upload(server.origin(), BodyKind::stream, {"transfer-encoding: chunked"}));
  ASSERT_TRUE(client.until([&] { return client.outcome(id).bodyAsked; }));
  client.client().writeBody(client.controller(id), "abc");
  client.client().flush();
  ASSERT_TRUE(server.waitForReceived(0, "abc"));
  client.client().writeBody(client.controller(id), "defg");
  client.client().endBody(client.controller(id));
  client.client().flush();
  EXPECT_TRUE(client.finish(id).ended);
  EXPECT_TRUE(client.outcome(id).sent);
  const auto received = server.received(0);
  EXPECT_EQ(received.substr(received.find("\r\n\r\n") + 4), "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
}

TEST(ClientRequest, AServerThatDoesNotReadHoldsTheUploadBack) {
  Signal go;
  ScriptedServer server({Script().readHead().waitFor(go).read(kHuge).send(kOk)});
  TestClient client;
  auto request =
      upload(server.origin(), BodyKind::stream, {"content-length: " + std::to_string(kHuge)});
  request.contentLength = kHuge;
  const auto id = client.submit(std::move(request));
  ASSERT_TRUE(client.until([&] { return client.outcome(id).bodyAsked; }));
  constexpr std::size_t kPiece = 256 * 1024;
  for (std::size_t written = 0; written < kHuge; written += kPiece) {
    client.client().writeBody(client.controller(id), std::string(kPiece, 'y'));
    client.client().flush();
  }
  client.client().endBody(client.controller(id));
  client.client().flush();
  // Requests for more stop well below the whole, because the kernel's buffers are full.
  EXPECT_FALSE(client.until(
      [&] { return client.outcome(id).consumed > kHuge / 2; }, std::chrono::milliseconds(300)
  ));
  go.set();
  EXPECT_TRUE(client.finish(id).ended);
  EXPECT_GT(client.outcome(id).consumed, kHuge - kHuge / 8);
}

TEST(ClientRequest, AnAnswerBeforeTheUploadEndsIsANormalEnd) {
  ScriptedServer server({Script().readHead().send(kOk)});
  TestClient client;
  const auto id =
      client.submit(upload(server.origin(), BodyKind::stream, {"transfer-encoding: chunked"}));
  const auto& outcome = client.finish(id);
  EXPECT_TRUE(outcome.ended);
  EXPECT_EQ(outcome.body, "hello");
  EXPECT_FALSE(outcome.sent);
  EXPECT_TRUE(server.waitForClosed(1));
}

TEST(ClientRequest, AConsumerThatDoesNotTakeHoldsTheServerBack) {
  Signal allSent;
  ScriptedServer server({Script().readHead().send(hugeAnswer()).announce(allSent)});
  TestClient client;
  const auto id = client.get(server.origin());
  EXPECT_FALSE(allSent.wait(std::chrono::milliseconds(300)));
  EXPECT_EQ(client.finish(id).body.size(), kHuge);
  EXPECT_TRUE(allSent.wait());
}

TEST(ClientRequest, APausedRequestReceivesWhatWasOnItsWayAndNoMore) {
  Signal allSent;
  ScriptedServer server({Script().readHead().send(hugeAnswer()).announce(allSent)});
  TestClient client;
  const auto id = client.get(server.origin());
  ASSERT_TRUE(client.until([&] { return !client.outcome(id).body.empty(); }));
  auto controller = client.controller(id);
  controller.requestPause();
  EXPECT_FALSE(client.until(
      [&] { return client.outcome(id).body.size() > kHuge / 4; }, std::chrono::milliseconds(300)
  ));
  EXPECT_FALSE(allSent.isSet());
  controller.requestResume();
  EXPECT_EQ(client.finish(id).body.size(), kHuge);
}

TEST(ClientRequest, APausedBodyDoesNotTimeOut) {
  Signal go;
  ScriptedServer server({Script()
                             .readHead()
                             .send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
                             .waitFor(go)
                             .send("world")});
  TestClient client;
  Request request;
  request.text = TestClient::text(server.origin(), "GET", "/");
  request.bodyTimeout = std::chrono::milliseconds(100);
  const auto id = client.submit(std::move(request));
  auto controller = client.controller(id);
  controller.requestPause();
  EXPECT_FALSE(
      client.until([&] { return client.outcome(id).over(); }, std::chrono::milliseconds(400))
  );
  go.set();
  controller.requestResume();
  EXPECT_EQ(client.finish(id).body, "helloworld");
}

TEST(ClientRequest, CancelEndsItWhereverItIs) {
  ScriptedServer silent({Script().readHead()});
  ScriptedServer stalled(
      {Script().readHead().send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")}
  );
  TestClient client;
  const auto atOnce = client.get(silent.origin());
  client.controller(atOnce).token().cancel();
  EXPECT_EQ(client.finish(atOnce).error->code, Errc::aborted);

  const auto beforeHead = client.get(silent.origin());
  const auto before = silent.connectionCount();
  ASSERT_TRUE(silent.waitForReceived(before == 0 ? 0 : before - 1, "GET /") || before > 0);
  client.controller(beforeHead).token().cancel();
  EXPECT_EQ(client.finish(beforeHead).error->code, Errc::aborted);

  const auto midBody = client.get(stalled.origin());
  ASSERT_TRUE(client.until([&] { return client.outcome(midBody).body == "hello"; }));
  client.controller(midBody).token().cancel();
  EXPECT_EQ(client.finish(midBody).error->code, Errc::aborted);
  EXPECT_TRUE(stalled.waitForClosed(1));
  EXPECT_EQ(client.outcome(midBody).terminals, 1);
}

TEST(ClientRequest, TheLimitOfConnectionsMakesRequestsWaitTheirTurn) {
  Signal go;
  ScriptedServer server(
      {Script().readHead().waitFor(go).send(kOk).readHead().send(kOk).readHead().send(kOk)}
  );
  ClientOptions options;
  options.connections = 1;
  TestClient client(options);
  const auto first = client.get(server.origin());
  const auto second = client.get(server.origin());
  const auto third = client.get(server.origin());
  ASSERT_TRUE(server.waitForReceived(0, "GET /"));
  client.controller(second).token().cancel();
  EXPECT_EQ(client.finish(second).error->code, Errc::aborted);
  go.set();
  EXPECT_TRUE(client.finish(first).ended);
  EXPECT_TRUE(client.finish(third).ended);
  EXPECT_EQ(server.connectionCount(), 1U);
}

TEST(ClientRequest, ABodyWrittenWhileItsRequestWaitsIsSentWhenItMayStart) {
  Signal go;
  ScriptedServer server({Script().readHead().waitFor(go).send(kOk).readHead().read(13).send(kOk)});
  ClientOptions options;
  options.connections = 1;
  TestClient client(options);
  const auto first = client.get(server.origin());
  ASSERT_TRUE(server.waitForReceived(0, "GET /"));
  const auto waiting =
      client.submit(upload(server.origin(), BodyKind::stream, {"transfer-encoding: chunked"}));
  client.client().writeBody(client.controller(waiting), "abc");
  client.client().endBody(client.controller(waiting));
  client.client().flush();
  go.set();
  EXPECT_TRUE(client.finish(first).ended);
  EXPECT_TRUE(client.finish(waiting).ended);
  EXPECT_TRUE(server.received(0).ends_with("3\r\nabc\r\n0\r\n\r\n"));
}

TEST(ClientRequest, AWaitingRequestMayBePausedAndEndsWithTheClient) {
  ScriptedServer server({Script().readHead()});
  ClientOptions options;
  options.connections = 1;
  TestClient client(options);
  const auto running = client.get(server.origin());
  const auto waiting = client.get(server.origin());
  const auto paused = client.get(server.origin());
  ASSERT_TRUE(server.waitForReceived(0, "GET /"));
  RequestController controller = client.controller(paused);
  controller.requestPause();
  client.client().destroy();
  for (const auto id : {running, waiting, paused}) {
    EXPECT_EQ(client.finish(id).error->code, Errc::aborted);
    EXPECT_EQ(client.outcome(id).terminals, 1);
  }
}

TEST(ClientRequest, TheTokenOfAClientCancelsThoseThatRunAndThoseThatComeLater) {
  ScriptedServer server({Script().readHead()});
  TestClient client;
  const auto running = client.get(server.origin());
  ASSERT_TRUE(server.waitForReceived(0, "GET /"));
  client.client().token().cancel();
  EXPECT_TRUE(client.controller(running).token().cancelled());
  const auto late = client.get(server.origin());
  for (const auto id : {running, late}) {
    EXPECT_EQ(client.finish(id).error->code, Errc::aborted);
    EXPECT_EQ(client.outcome(id).terminals, 1);
  }
}

TEST(ClientRequest, ATokenOutlivesItsRequestAndItsClient) {
  ScriptedServer server({Script().readHead().send(kOk)});
  std::optional<TestClient> client(std::in_place);
  const auto id = client->get(server.origin());
  const auto token = client->controller(id).token();
  const auto child = token.child();
  EXPECT_TRUE(client->finish(id).ended);
  client.reset();
  token.cancel();
  EXPECT_TRUE(child.cancelled());
}

TEST(ClientRequest, DestroyCancelsEverythingAndRefusesWhatComesAfter) {
  ScriptedServer server({Script().readHead()});
  TestClient client;
  const auto running = client.get(server.origin());
  ASSERT_TRUE(server.waitForReceived(0, "GET /"));
  client.client().destroy();
  const auto late = client.get(server.origin());
  EXPECT_EQ(client.finish(running).error->code, Errc::aborted);
  EXPECT_EQ(client.finish(late).error->code, Errc::aborted);
  const auto loops = static_cast<int>(client.client().loopCount());
  EXPECT_TRUE(client.until([&] { return client.loopsClosed() == loops; }));
  EXPECT_TRUE(server.waitForClosed(1));
}

TEST(ClientRequest, ManyRequestsEndOnceEach) {
  ScriptedServer server({Script().readHead().send(kOk).repeat()});
  TestClient client;
  constexpr int kCount = 2000;
  std::vector<RequestId> ids;
  for (int i = 0; i < kCount; ++i) {
    ids.push_back(client.get(server.origin()));
    if (i % 3 == 0) {
      client.controller(ids.back()).token().cancel();
    }
  }
  for (const auto id : ids) {
    client.finish(id);
  }
  for (const auto id : ids) {
    EXPECT_EQ(client.outcome(id).terminals, 1);
  }
}

}  // namespace
}  // namespace dodici::testing
