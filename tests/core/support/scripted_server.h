// A TCP server on loopback that does exactly what a test tells it to, byte by byte.
//
//   Signal go;
//   ScriptedServer server({Script().readHead().send("HTTP/1.1 200 OK\r\n").waitFor(go).send("\r\n").close()});
//   … connect to server.port() …
//   EXPECT_TRUE(server.waitForReceived(0, "GET / "));
//   go.set();
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dodici::testing {

// Long enough that reaching it means the test has failed, on a busy machine and under TSan too.
constexpr std::chrono::seconds kExpectNoTimeout{20};

class ScriptedConnection;

// An event that happens once. Copies are the same event.
//
// Threads: any.
class Signal {
 public:
  Signal();
  void set() const;
  bool isSet() const;

  // False when `patience` is over first.
  bool wait(std::chrono::milliseconds patience = kExpectNoTimeout) const;

 private:
  friend class ScriptedConnection;
  struct State;
  void onSet(std::function<void()> callback) const;
  std::shared_ptr<State> state_;
};

// What to do on one connection, step by step. When the steps are over, the server reads on until the peer closes.
// A peer that closes ends the script at its next read or send.
class Script {
 public:
  // Reads up to and including the next "\r\n\r\n".
  Script& readHead();
  Script& read(std::size_t bytes);
  Script& send(std::string bytes);
  // Reads nothing until then: the peer's send buffer fills up.
  Script& waitFor(Signal signal);
  // Tells the test that this step was reached.
  Script& announce(Signal signal);
  // FIN to the peer; what it still sends is read.
  Script& shutdownSend();
  // Closes the socket: FIN, or RST when bytes have come that no step has read.
  Script& close();
  // RST.
  Script& reset();
  // From the first step again.
  Script& repeat();

 private:
  friend class ScriptedServer;
  friend class ScriptedConnection;

  struct ReadHead {};

  struct Read {
    std::size_t bytes;
  };

  struct Send {
    std::string bytes;
  };

  struct WaitFor {
    Signal signal;
  };

  struct Announce {
    Signal signal;
  };

  struct ShutdownSend {};

  struct Close {};

  struct Reset {};

  struct Repeat {};

  using Step =
      std::variant<ReadHead, Read, Send, WaitFor, Announce, ShutdownSend, Close, Reset, Repeat>;
  std::vector<Step> steps_;
};

// Threads: all functions from the test's thread; the connections run on a thread of its own.
class ScriptedServer {
 public:
  // Connection n follows scripts[n]; those after the last follow the last.
  explicit ScriptedServer(std::vector<Script> scripts);
  // Closes all connections.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const;
  // "http://127.0.0.1:port"
  std::string origin() const;

  // Accepted so far, and how many of these are closed, by whichever side.
  std::size_t connectionCount() const;
  std::size_t closedCount() const;
  // All bytes that connection `index` has received.
  std::string received(std::size_t index) const;

  // Each false when `patience` is over first.
  bool waitForConnections(std::size_t count, std::chrono::milliseconds patience = kExpectNoTimeout)
      const;
  bool waitForClosed(std::size_t count, std::chrono::milliseconds patience = kExpectNoTimeout)
      const;
  bool waitForReceived(
      std::size_t index,
      std::string_view text,
      std::chrono::milliseconds patience = kExpectNoTimeout
  ) const;

 private:
  friend class ScriptedConnection;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace dodici::testing
