#include "support/scripted_server.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>

namespace dodici::testing {
namespace {

namespace asio = boost::asio;

class Peer {
 public:
  explicit Peer(const ScriptedServer& server) {
    socket_.connect({asio::ip::address_v4::loopback(), server.port()});
  }

  void send(const std::string& bytes) { asio::write(socket_, asio::buffer(bytes)); }

  std::string read(std::size_t bytes) {
    std::string result(bytes, '\0');
    asio::read(socket_, asio::buffer(result));
    return result;
  }

  // What ends the connection, after all bytes that come before.
  boost::system::error_code readToEnd(std::string& bytes) {
    boost::system::error_code error;
    asio::read(socket_, asio::dynamic_buffer(bytes), error);
    return error;
  }

  void close() { socket_.close(); }

 private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_{io_};
};

TEST(ScriptedServer, FollowsItsScriptStepByStep) {
  const Signal headRead;
  const Signal go;
  ScriptedServer server({Script()
                             .readHead()
                             .announce(headRead)
                             .waitFor(go)
                             .send("first")
                             .read(3)
                             .send("second")
                             .close()});
  Peer peer(server);
  peer.send("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(server.waitForReceived(0, "HTTP/1.1\r\n"));
  EXPECT_FALSE(headRead.isSet());
  peer.send("\r\n");
  EXPECT_TRUE(headRead.wait());
  go.set();
  EXPECT_EQ(peer.read(5), "first");
  peer.send("abc");
  std::string rest;
  EXPECT_EQ(peer.readToEnd(rest), asio::error::eof);
  EXPECT_EQ(rest, "second");
  EXPECT_EQ(server.received(0), "GET / HTTP/1.1\r\n\r\nabc");
  EXPECT_TRUE(server.waitForClosed(1));
}

TEST(ScriptedServer, ResetsAConnection) {
  ScriptedServer server({Script().read(1).reset()});
  Peer peer(server);
  peer.send("x");
  std::string rest;
  EXPECT_EQ(peer.readToEnd(rest), asio::error::connection_reset);
}

TEST(ScriptedServer, ReadsOnAfterItsSideIsShutDown) {
  ScriptedServer server({Script().send("bye").shutdownSend()});
  Peer peer(server);
  std::string rest;
  EXPECT_EQ(peer.readToEnd(rest), asio::error::eof);
  EXPECT_EQ(rest, "bye");
  peer.send("still here");
  EXPECT_TRUE(server.waitForReceived(0, "still here"));
  EXPECT_EQ(server.closedCount(), 0U);
  peer.close();
  EXPECT_TRUE(server.waitForClosed(1));
}

TEST(ScriptedServer, RepeatsForKeptConnections) {
  ScriptedServer server({Script().readHead().send("again").repeat()});
  Peer peer(server);
  peer.send("1\r\n\r\n2\r\n\r\n");
  EXPECT_EQ(peer.read(10), "againagain");
  peer.send("3\r\n\r\n");
  EXPECT_EQ(peer.read(5), "again");
  EXPECT_EQ(server.connectionCount(), 1U);
}

TEST(ScriptedServer, TheLastScriptServesAllFurtherConnections) {
  ScriptedServer server({Script().send("a"), Script().send("b")});
  Peer first(server);
  EXPECT_TRUE(server.waitForConnections(1));
  Peer second(server);
  EXPECT_TRUE(server.waitForConnections(2));
  Peer third(server);
  EXPECT_EQ(first.read(1), "a");
  EXPECT_EQ(second.read(1), "b");
  EXPECT_EQ(third.read(1), "b");
  EXPECT_TRUE(server.waitForConnections(3));
}

TEST(ScriptedServer, WaitingGivesUpInTheEnd) {
  ScriptedServer server({Script()});
  constexpr std::chrono::milliseconds kExpectTimeout{1};
  EXPECT_FALSE(server.waitForConnections(1, kExpectTimeout));
  EXPECT_FALSE(server.waitForReceived(0, "x", kExpectTimeout));
  EXPECT_FALSE(server.waitForClosed(1, kExpectTimeout));
  EXPECT_FALSE(Signal().wait(kExpectTimeout));
}

TEST(ScriptedServer, StopsWithConnectionsInEveryState) {
  constexpr std::size_t kMoreThanSocketsHold = 8'000'000;
  const Signal never;
  const Signal waits;
  {
    ScriptedServer server(
        {Script().announce(waits).waitFor(never),
         Script().send(std::string(kMoreThanSocketsHold, 'x')),
         Script().readHead()}
    );
    Peer waiting(server);
    EXPECT_TRUE(waits.wait());
    Peer flooded(server);
    EXPECT_TRUE(server.waitForConnections(2));
    Peer silent(server);
    EXPECT_TRUE(server.waitForConnections(3));
  }
  never.set();
}

}  // namespace
}  // namespace dodici::testing
