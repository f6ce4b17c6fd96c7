// An HTTP/3 server that does what tests tell it, right or wrong. It writes a line of JSON on stdout for each thing that
// it sees, beginning with its port, and reads commands from stdin (commands.h). It ends when stdin does.
#include "commands.h"
#include "report.h"
#include "server.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <string>

namespace {

using h3server::Server;

// Runs the complete lines of `input` and leaves the rest. Returns false at the end of stdin.
bool readCommands(Server& server, std::string& input) {
  std::array<char, 65536> buffer;
  const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (size <= 0) {
    return false;
  }
  input.append(buffer.data(), static_cast<std::size_t>(size));
  for (std::size_t end = input.find('\n'); end != std::string::npos; end = input.find('\n')) {
    runLine(server, std::string_view(input).substr(0, end));
    input.erase(0, end + 1);
    server.turn();
  }
  return true;
}

void serve(Server& server) {
  h3server::Report("listening").number("port", server.port()).write();
  std::string input;
  for (;;) {
    std::array<pollfd, 2> ready{{{server.socket(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
    ::poll(ready.data(), ready.size(), server.millisecondsToWait());
    if (ready[0].revents != 0) {
      server.receive();
    }
    if (ready[1].revents != 0 && !readCommands(server, input)) {
      return;
    }
    server.turn();
  }
}

}  // namespace

int main(int count, char** words) {
  try {
    Server server(h3server::optionsFrom(count, words));
    serve(server);
    return 0;
  } catch (const std::exception& error) {
    h3server::Report("error").text("message", error.what()).write();
    return 1;
  }
}
