// Client against a server on loopback: responses and errors.
#include "dodici/client.h"
#include "support/scripted_server.h"
#include "support/test_client.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace dodici::testing {
namespace {

using std::chrono::milliseconds;

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

Script answer(const std::string& bytes) { return Script().readHead().send(bytes); }

// The one request against a server that sends these bytes and then closes.
Outcome outcomeOf(const std::string& bytes, ClientOptions options = {}) {
  ScriptedServer server({answer(bytes).close()});
  TestClient client(std::move(options));
  return client.finish(client.get(server.origin()));
}

Errc errorOf(const std::string& bytes, ClientOptions options = {}) {
  const auto outcome = outcomeOf(bytes, std::move(options));
  EXPECT_EQ(outcome.terminals, 1);
  return outcome.error ? outcome.error->code : Errc{};
}

TEST(ClientResponse, AGetHasHeadBodyAndEnd) {
  ScriptedServer server({answer(kOk)});
  TestClient client;
  const auto& outcome = client.finish(client.get(server.origin(), "/a/../b?c#d"));
  EXPECT_TRUE(outcome.ended);
  ASSERT_EQ(outcome.heads.size(), 1U);
  EXPECT_EQ(outcome.heads[0].status, 200U);
  EXPECT_EQ(outcome.heads[0].httpVersion, 11U);
  EXPECT_EQ(outcome.heads[0].statusText, "OK");
  EXPECT_EQ(outcome.heads[0].headers.at(0).first, "Content-Length");
  EXPECT_EQ(outcome.body, "hello");
  EXPECT_TRUE(server.waitForReceived(0, "GET /a/../b?c#d HTTP/1.1\r\n"));
}

TEST(ClientResponse, LibcurlAddsNoHeadersOfItsOwn) {
  ScriptedServer server({answer(kOk)});
  TestClient client;
  client.finish(client.get(server.origin()));
  EXPECT_EQ(server.received(0), "GET / HTTP/1.1\r\n\r\n");
}

TEST(ClientResponse, SequentialRequestsShareAConnection) {
  ScriptedServer server({answer(kOk).repeat()});
  TestClient client;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(client.finish(client.get(server.origin())).ended);
  }
  EXPECT_EQ(server.connectionCount(), 1U);
  EXPECT_EQ(client.connected(), 1);
}

TEST(ClientResponse, InformationalHeadsComeBeforeTheFinalOne) {
  const auto outcome =
      outcomeOf("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + kOk);
  ASSERT_EQ(outcome.heads.size(), 2U);
  EXPECT_EQ(outcome.heads[0].status, 103U);
  EXPECT_EQ(outcome.heads[1].status, 200U);
  EXPECT_EQ(outcome.body, "hello");
}

TEST(ClientResponse, TrailersComeWithTheEnd) {
  const auto outcome = outcomeOf(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n"
  );
  EXPECT_TRUE(outcome.ended);
  EXPECT_EQ(outcome.body, "abc");
  ASSERT_EQ(outcome.trailers.size(), 1U);
  EXPECT_EQ(outcome.trailers[0].second, "7");
}

TEST(ClientResponse, ABodyWithoutLengthEndsWithTheConnection) {
  const auto outcome = outcomeOf("HTTP/1.1 200 OK\r\n\r\nall of it");
  EXPECT_TRUE(outcome.ended);
  EXPECT_EQ(outcome.body, "all of it");
}

TEST(ClientResponse, ARefusedConnectionTellsTheErrno) {
  std::uint16_t port = 0;
  {
    ScriptedServer server({Script()});
    port = server.port();
  }
  TestClient client;
  const auto& outcome = client.finish(client.get("http://127.0.0.1:" + std::to_string(port)));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Errc::connectFailed);
  EXPECT_EQ(outcome.error->detail, static_cast<std::uint32_t>(ECONNREFUSED));
}

TEST(ClientResponse, AClosedConnectionBeforeTheHeadIsSocketClosed) {
  EXPECT_EQ(errorOf(""), Errc::socketClosed);
  EXPECT_EQ(errorOf("HTTP/1.1 200 OK\r\nContent-"), Errc::socketClosed);
}

TEST(ClientResponse, AResetTellsTheErrno) {
  ScriptedServer server({Script().readHead().reset()});
  TestClient client;
  const auto& outcome = client.finish(client.get(server.origin()));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Errc::socketError);
  EXPECT_EQ(outcome.error->detail, static_cast<std::uint32_t>(ECONNRESET));
}

TEST(ClientResponse, ACutBodyIsAnErrorAfterTheBytesThatCame) {
  const auto outcome = outcomeOf("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
  EXPECT_EQ(outcome.body, "hello");
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Errc::socketClosed);
  EXPECT_EQ(
      errorOf("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 50\r\n\r\nhello"),
      Errc::lengthMismatch
  );
  EXPECT_EQ(
      errorOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"), Errc::socketClosed
  );
}

TEST(ClientResponse, WhatIsNotHttpIsMalformed) {
  EXPECT_EQ(errorOf("SSH-2.0-nonsense\r\n"), Errc::malformedResponse);
  EXPECT_EQ(
      errorOf("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
      Errc::malformedResponse
  );
  EXPECT_EQ(
      errorOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"),
      Errc::malformedResponse
  );
}

TEST(ClientResponse, SwitchingProtocolsUnaskedIsAnError) {
  EXPECT_EQ(
      errorOf("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), Errc::unexpectedUpgrade
  );
}

TEST(ClientResponse, SizesAreLimited) {
  ClientOptions small;
  small.maxHeaderSize = 20;
  EXPECT_EQ(
      errorOf("HTTP/1.1 200 OK\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n", small),
      Errc::headersOverflow
  );
  ClientOptions shortBody;
  shortBody.maxResponseSize = 4;
  EXPECT_EQ(errorOf(kOk, shortBody), Errc::responseTooLarge);
  shortBody.maxResponseSize = 5;
  EXPECT_TRUE(outcomeOf(kOk, shortBody).ended);
}

TEST(ClientResponse, ASilentServerMeetsTheHeadersTimeout) {
  ScriptedServer server({Script().readHead()});
  TestClient client;
  Request request;
  request.text = TestClient::text(server.origin(), "GET", "/");
  request.headersTimeout = milliseconds(50);
  const auto& outcome = client.finish(client.submit(std::move(request)));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Errc::headersTimeout);
  EXPECT_EQ(outcome.error->detail, 50U);
  EXPECT_TRUE(server.waitForClosed(1));
}

TEST(ClientResponse, AStalledBodyMeetsTheBodyTimeout) {
  ScriptedServer server({answer("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")});
  TestClient client;
  Request request;
  request.text = TestClient::text(server.origin(), "GET", "/");
  request.bodyTimeout = milliseconds(50);
  const auto& outcome = client.finish(client.submit(std::move(request)));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Errc::bodyTimeout);
  EXPECT_EQ(outcome.body, "hello");
}

TEST(ClientResponse, OnlyAnIdempotentRequestIsRepeatedWhenTheKeptConnectionDies) {
  // The first connection answers once and dies under the second request; the next one answers.
  ScriptedServer server({answer(kOk).readHead().close(), answer(kOk)});
  TestClient client;
  client.finish(client.get(server.origin()));
  EXPECT_TRUE(client.finish(client.get(server.origin())).ended);
  EXPECT_EQ(server.connectionCount(), 2U);

  ScriptedServer other({answer(kOk).readHead().close(), answer(kOk)});
  client.finish(client.get(other.origin()));
  Request post;
  post.text = TestClient::text(other.origin(), "POST", "/", {"content-length: 0"});
  const auto& outcome = client.finish(client.submit(std::move(post)));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Errc::socketClosed);
}

TEST(ClientResponse, ARequestIsRepeatedOnceAndOnANewConnectionOnly) {
  ScriptedServer server({answer(kOk).readHead().close(), Script().readHead().close()});
  TestClient client;
  client.finish(client.get(server.origin()));
  const auto& outcome = client.finish(client.get(server.origin()));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Errc::socketClosed);
  EXPECT_EQ(server.connectionCount(), 2U);

  ScriptedServer other({Script().readHead().close()});
  EXPECT_TRUE(client.finish(client.get(other.origin())).error);
  EXPECT_EQ(other.connectionCount(), 1U) << "a new connection is nobody's leftover";
}

TEST(ClientResponse, NothingIsRepeatedOnceSomethingOfAResponseHasCome) {
  ScriptedServer server({answer(kOk).readHead().send("HTTP/1.1 200 OK\r\nContent-").close()});
  TestClient client;
  client.finish(client.get(server.origin()));
  const auto& outcome = client.finish(client.get(server.origin()));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Errc::socketClosed);
  EXPECT_EQ(server.connectionCount(), 1U);
}

TEST(ClientResponse, TheConnectionOfAHeadRequestIsKeptOnlyWhenTheRequestSaysSo) {
  const auto head = [](TestClient& client, const ScriptedServer& server, bool keepsConnection) {
    Request request;
    request.text = TestClient::text(server.origin(), "HEAD", "/");
    request.idempotent = true;
    request.keepConnection = keepsConnection;
    return client.finish(client.submit(std::move(request)));
  };
  for (const bool keepsConnection : {false, true}) {
    ScriptedServer server({answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").repeat()});
    ClientOptions options;
    options.keepAliveTimeout = milliseconds(60'000);
    TestClient client(options);
    for (int i = 0; i < 2; ++i) {
      const auto outcome = head(client, server, keepsConnection);
      EXPECT_TRUE(outcome.ended);
      EXPECT_EQ(outcome.status(), 200U);
      EXPECT_EQ(outcome.body, "");
    }
    EXPECT_EQ(server.connectionCount(), keepsConnection ? 1U : 2U);
  }
}

// The kernel sometimes gives connections to different hosts the same local port. Of so many, two almost certainly share
// one.
TEST(ClientResponse, ConnectionsToDifferentHostsAreToldApartWhateverTheirPorts) {
  constexpr std::size_t kHosts = 300;
  Signal end;
  std::vector<Script> scripts;
  scripts.reserve(kHosts);
  for (std::size_t i = 0; i < kHosts; ++i) {
    const std::string own = "connection " + std::to_string(i);
    const auto bytes =
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(own.size()) + "\r\n\r\n" + own;
    auto script = answer(bytes).readHead().send(bytes);
    if (i % 2 == 0) {
      script.waitFor(end).close();
    } else {
      script.readHead().send(bytes);
    }
    scripts.push_back(std::move(script));
  }
  ScriptedServer server(std::move(scripts), ScriptedServer::Address::all);
  ClientOptions options;
  options.keepAliveTimeout = milliseconds(60'000);
  TestClient client(options);
  const auto origin = [&](std::size_t host) {
    return "http://127.1." + std::to_string(host / 100) + "." + std::to_string(host % 100 + 1) +
           ":" + std::to_string(server.port());
  };
  std::vector<std::string> bodies(kHosts);
  // A few at a time: a loop that is far behind leaves new requests to the other one, which has connections of its own.
  constexpr std::size_t kAtATime = 50;
  const auto ask = [&](std::size_t first) {
    std::vector<RequestId> ids;
    for (std::size_t host = first; host < first + kAtATime; ++host) {
      ids.push_back(client.get(origin(host)));
    }
    for (std::size_t host = first; host < first + kAtATime; ++host) {
      const auto& outcome = client.finish(ids[host - first]);
      EXPECT_TRUE(outcome.ended);
      if (bodies[host].empty()) {
        bodies[host] = outcome.body;
      }
      EXPECT_EQ(outcome.body, bodies[host]);
    }
  };
  const auto askAll = [&] {
    for (std::size_t first = 0; first < kHosts; first += kAtATime) {
      ask(first);
    }
  };
  askAll();
  askAll();
  EXPECT_EQ(server.connectionCount(), kHosts);
  EXPECT_EQ(client.connected(), static_cast<int>(kHosts));

  end.set();
  EXPECT_TRUE(client.until([&] { return client.disconnected() == static_cast<int>(kHosts / 2); }));
  for (std::size_t host = 0; host < kHosts; ++host) {
    const bool isClosed = std::stoul(bodies[host].substr(bodies[host].find(' '))) % 2 == 0;
    if (!isClosed) {
      EXPECT_EQ(client.finish(client.get(origin(host))).body, bodies[host]);
    }
  }
  EXPECT_EQ(server.connectionCount(), kHosts) << "those that stayed serve on";
}

TEST(ClientResponse, AnIdleConnectionIsClosedAfterTheKeepAliveTimeout) {
  ScriptedServer server({answer(kOk).repeat()});
  ClientOptions options;
  options.keepAliveTimeout = milliseconds(100);
  TestClient client(options);
  client.finish(client.get(server.origin()));
  EXPECT_TRUE(server.waitForClosed(1));
  EXPECT_TRUE(client.until([&] { return client.disconnected() == 1; }));
  EXPECT_TRUE(client.finish(client.get(server.origin())).ended);
  EXPECT_EQ(server.connectionCount(), 2U);
}

}  // namespace
}  // namespace dodici::testing
