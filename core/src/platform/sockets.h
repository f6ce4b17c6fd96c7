// What systems do differently about sockets and their connections.
//
// Threads: any; each function asks the system about one socket.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dodici {

// Returns a socket that does not block and that other programs do not inherit; -1 with errno if there is none.
int newSocket(int family, int type, int protocol);

// Sets two such sockets, which are connected to each other. Returns whether it did; if not, errno says why.
bool newSocketPair(std::array<int, 2>& ends);

// What is so at the socket now, as bits of SocketEvents.
std::uint32_t eventsOf(int socket);

// As send(), without a signal if the connection has broken.
std::ptrdiff_t sendQuietly(int socket, const void* data, std::size_t size);

// When a connection on which nothing is sent is probed. A socket that is not TCP's does not change.
struct KeepAlive {
  int delaySeconds;
  int intervalSeconds;
  int probes;
};

void setKeepAlive(int socket, const KeepAlive& keepAlive);

// Whether the next two functions know anything.
bool knowsTcp();

// The round-trip time of a TCP connection; 0 if it is not known.
std::chrono::microseconds roundTripOf(int socket);

struct SilenceSigns {
  std::chrono::milliseconds silence{0};  // time since the peer last sent something
  // Whether bytes are on their way to the peer, which has acknowledged some recently.
  bool acknowledges = false;
};

// A socket of which the system does not tell it, such as one that is not TCP's, counts as never silent.
SilenceSigns silenceOf(int socket);

}  // namespace dodici
