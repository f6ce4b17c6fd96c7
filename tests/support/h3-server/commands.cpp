#include "commands.h"

#include "report.h"
#include "server.h"
#include "wire.h"

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace h3server {

namespace {

class Words {
 public:
  explicit Words(std::string_view text) {
    while (!text.empty()) {
      const std::size_t blank = text.find(' ');
      if (blank != 0) {
        words_.push_back(text.substr(0, blank));
      }
      text = blank == std::string_view::npos ? "" : text.substr(blank + 1);
    }
  }

  bool isOver() const { return at_ == words_.size(); }

  std::string_view text() {
    if (isOver()) {
      throw std::invalid_argument("a word is missing");
    }
    return words_[at_++];
  }

  std::uint64_t number() { return numberFrom(text()); }

  std::int64_t stream() { return static_cast<std::int64_t>(number()); }

  std::string bytes() { return bytesFromHex(text()); }

 private:
  std::vector<std::string_view> words_;
  std::size_t at_ = 0;
};

CloseKind kindFrom(std::string_view name) {
  if (name == "application") {
    return CloseKind::application;
  }
  if (name == "transport") {
    return CloseKind::transport;
  }
  throw std::invalid_argument("no kind: " + std::string(name));
}

// Returns false if there is no such command.
bool runForStream(Connection& connection, std::string_view name, Words& words) {
  if (name == "send") {
    const std::int64_t stream = words.stream();
    connection.send(stream, words.bytes());
  } else if (name == "fill") {
    const std::int64_t stream = words.stream();
    connection.fill(stream, words.number());
  } else if (name == "end") {
    connection.end(words.stream());
  } else if (name == "reset") {
    const std::int64_t stream = words.stream();
    connection.reset(stream, words.number());
  } else if (name == "stop") {
    const std::int64_t stream = words.stream();
    connection.stopSending(stream, words.number());
  } else if (name == "hold") {
    connection.hold(words.stream());
  } else if (name == "release") {
    connection.release(words.stream());
  } else {
    return false;
  }
  return true;
}

bool runForConnection(Connection& connection, std::string_view name, Words& words) {
  if (name == "control") {
    connection.sendControl(words.bytes());
  } else if (name == "open") {
    connection.openStream(words.bytes());
  } else if (name == "max-streams") {
    connection.raiseStreams(words.number());
  } else if (name == "close") {
    const CloseKind kind = kindFrom(words.text());
    const std::uint64_t code = words.number();
    connection.close(kind, code, words.isOver() ? "" : words.bytes());
  } else if (name == "drop") {
    connection.drop();
  } else if (name == "reset-connection") {
    connection.resetStatelessly();
  } else {
    return false;
  }
  return true;
}

void runCommand(Server& server, Words words) {
  const std::string_view name = words.text();
  if (name == "set") {
    const std::string_view option = words.text();
    setOption(server.options(), option, words.text());
    return;
  }
  Connection& connection = server.connection(words.number());
  if (!connection.isOpen()) {
    return;
  }
  if (!runForStream(connection, name, words) && !runForConnection(connection, name, words)) {
    throw std::invalid_argument("no command: " + std::string(name));
  }
}

}  // namespace

void runLine(Server& server, std::string_view line) {
  try {
    while (!line.empty()) {
      const std::size_t mark = line.find(';');
      runCommand(server, Words(line.substr(0, mark)));
      line = mark == std::string_view::npos ? "" : line.substr(mark + 1);
    }
  } catch (const std::exception& error) {
    Report("error").text("message", error.what()).write();
  }
}

}  // namespace h3server
