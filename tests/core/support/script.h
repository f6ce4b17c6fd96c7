// The steps of ScriptedServer on a connection, and the signals by which it and the test wait for each other.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace dodici::testing {

// So long that reaching it means failure, even on a busy machine and under TSan.
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

  // Returns false if `patience` ends first.
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
  // Reads nothing until then, so that the peer's send buffer fills up.
  Script& waitFor(Signal signal);
  // Signals to the test that this step was reached.
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

}  // namespace dodici::testing
