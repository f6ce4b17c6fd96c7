// A client whose connections are given: the other end of each is the test's own.
#include "support/test_client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

namespace dodici {
namespace {

using testing::TestClient;

constexpr char kOrigin[] = "https://given.test:443";

ClientOptions options(std::uint32_t connections = 0) {
  ClientOptions options;
  options.socketsAreGiven = true;
  options.connections = connections;
  return options;
}

// The peer's end.
class FarEnd {
 public:
  explicit FarEnd(int descriptor) : descriptor_(descriptor) {}

  ~FarEnd() { close(); }

  FarEnd(FarEnd&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

  FarEnd(const FarEnd&) = delete;
  FarEnd& operator=(const FarEnd&) = delete;
  FarEnd& operator=(FarEnd&&) = delete;

  void write(std::string_view text) {
    ASSERT_EQ(
        ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL),
        static_cast<ssize_t>(text.size())
    );
  }

  // All bytes up to `mark`, or until the other side ends.
  std::string readTo(std::string_view mark) {
    std::string all;
    std::array<char, 1024> room{};
    while (all.find(mark) == std::string::npos) {
      pollfd ready{descriptor_, POLLIN, 0};
      if (::poll(&ready, 1, 10'000) != 1) {
        return all + " (no more came)";
      }
      const ssize_t got = ::recv(descriptor_, room.data(), room.size(), 0);
      if (got <= 0) {
        return all;
      }
      all.append(room.data(), static_cast<std::size_t>(got));
    }
    return all;
  }

  bool ends() { return readTo("\n never").empty(); }

  void close() {
    if (descriptor_ >= 0) {
      ::close(std::exchange(descriptor_, -1));
    }
  }

 private:
  int descriptor_;
};

FarEnd give(TestClient& client, RequestId id, std::uint32_t link, bool isHttp2 = false) {
  EXPECT_TRUE(client.until([&] { return client.outcome(id).asked > 0; }));
  FarEnd end(client.client().giveSocket(client.controller(id), link, isHttp2));
  client.client().flush();
  return end;
}

TEST(GivenSocket, CarriesRequestsOneAfterTheOther) {
  TestClient client(options());
  const RequestId first = client.get(kOrigin, "/1");
  FarEnd end = give(client, first, 7);
  EXPECT_TRUE(end.readTo("\r\n\r\n").starts_with("GET /1 HTTP/1.1\r\n"));
  end.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  EXPECT_EQ(client.finish(first).body, "ok");
  const RequestId second = client.get(kOrigin, "/2");
  EXPECT_TRUE(end.readTo("\r\n\r\n").starts_with("GET /2 HTTP/1.1\r\n"));
  end.write("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes");
  EXPECT_EQ(client.finish(second).body, "yes");
  EXPECT_EQ(client.outcome(second).asked, 0);
  EXPECT_EQ(client.connected(), 1);
}

TEST(GivenSocket, IsNamedInAnError) {
  TestClient client(options());
  const RequestId id = client.get(kOrigin);
  FarEnd end = give(client, id, 42);
  end.readTo("\r\n\r\n");
  end.close();
  const auto& outcome = client.finish(id);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Errc::socketClosed);
  EXPECT_EQ(outcome.error->socket, "42");
}

TEST(GivenSocket, OfACancelledRequestIsClosed) {
  TestClient client(options());
  const RequestId id = client.get(kOrigin);
  ASSERT_TRUE(client.until([&] { return client.outcome(id).asked > 0; }));
  RequestController controller = client.controller(id);
  controller.requestCancel();
  EXPECT_EQ(client.finish(id).error->code, Errc::aborted);
  FarEnd end(client.client().giveSocket(controller, 1, false));
  client.client().flush();
  EXPECT_TRUE(end.ends());
}

TEST(GivenSocket, IsWantedByTheNextOneWhenTheFirstIsCancelled) {
  TestClient client(options(1));
  const RequestId first = client.get("http://given.test:80");
  ASSERT_TRUE(client.until([&] { return client.outcome(first).asked > 0; }));
  const RequestId second = client.get("http://given.test:80");
  RequestController controller = client.controller(first);
  controller.requestCancel();
  FarEnd end = give(client, second, 1);
  end.readTo("\r\n\r\n");
  end.write("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(client.finish(second).status(), 204U);
}

TEST(GivenSocket, SpeaksHttp2FromTheFirstByte) {
  TestClient client(options());
  const RequestId id = client.get(kOrigin);
  FarEnd end = give(client, id, 1, true);
  EXPECT_TRUE(end.readTo("SM\r\n\r\n").starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
}

TEST(GivenSocket, EndsABodyWithoutLengthOnlyWhenItIsWhole) {
  for (const bool isWhole : {true, false}) {
    TestClient client(options());
    const RequestId id = client.get(kOrigin);
    FarEnd end = give(client, id, 3);
    end.readTo("\r\n\r\n");
    end.write("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nsome");
    if (isWhole) {
      end.close();
    } else {
      client.client().breakLink(3);
    }
    const auto& outcome = client.finish(id);
    EXPECT_EQ(outcome.body, "some");
    EXPECT_EQ(outcome.ended, isWhole);
    EXPECT_EQ(outcome.error.has_value(), !isWhole);
  }
}

TEST(GivenSocket, ThatBreaksBeforeItIsUsedFailsItsRequest) {
  TestClient client(options());
  const RequestId id = client.get(kOrigin);
  ASSERT_TRUE(client.until([&] { return client.outcome(id).asked > 0; }));
  FarEnd end(client.client().giveSocket(client.controller(id), 9, false));
  client.client().breakLink(9);
  EXPECT_EQ(client.finish(id).error->code, Errc::socketClosed);
}

TEST(GivenSocket, CarriesATunnel) {
  TestClient client(options());
  Request request;
  request.text = TestClient::text(
      kOrigin, "GET", "/", {"host: given.test", "connection: upgrade", "upgrade: chat"}
  );
  request.tunnel = true;
  const RequestId id = client.submit(std::move(request));
  FarEnd end = give(client, id, 5);
  end.readTo("\r\n\r\n");
  end.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\nhello"
  );
  ASSERT_TRUE(client.until([&] { return client.outcome(id).body == "hello"; }));
  EXPECT_EQ(client.outcome(id).socket, "5");
  client.client().writeBody(client.controller(id), "answer\n");
  client.client().endBody(client.controller(id));
  client.client().flush();
  EXPECT_EQ(end.readTo("\n"), "answer\n");
  EXPECT_TRUE(end.ends());
}

}  // namespace
}  // namespace dodici
