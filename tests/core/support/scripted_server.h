// A TCP server on loopback that does exactly what a test tells it to, byte by byte.
//
//   Signal go;
//   ScriptedServer server({Script().readHead().send("HTTP/1.1 200 OK\r\n").waitFor(go).send("\r\n").close()});
//   … connect to server.port() …
//   EXPECT_TRUE(server.waitForReceived(0, "GET / "));
//   go.set();
#pragma once

#include "support/script.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dodici::testing {

// Threads: all functions from the test's thread; the connections run on a thread of its own.
class ScriptedServer {
 public:
  enum class Address : std::uint8_t {
    one,  // 127.0.0.1
    all,  // 127.x.y.z, each of which is a host of its own for a client
  };

  // Connection n follows scripts[n]; those after the last follow the last.
  explicit ScriptedServer(std::vector<Script> scripts, Address address = Address::one);
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
