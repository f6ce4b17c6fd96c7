// The small writes of one turn on a connection that carries many streams, sent by few system calls.
//
// libcurl sends each HTTP/2 stream's request by a send() of its own, which at 100 streams in flight was a quarter of the
// loop. Whatever contains core is linked with --wrap=send, so those calls come here first: the first write of a turn goes
// straight to the socket, and the peer starts on it; the next ones are gathered until there are kEnough bytes, or the turn
// ends.
//
// Threads: the loop thread whose sockets these are. A send() on any other thread, or to any other socket, is just that.
// Owner:   SocketWatchers, with the socket.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

namespace dodici {

class StreamSocket {
 public:
  // What is used adds itself to `used`, once a turn, for the owner to call endTurn().
  StreamSocket(int socket, std::vector<StreamSocket*>& used);
  ~StreamSocket();

  StreamSocket(const StreamSocket&) = delete;
  StreamSocket& operator=(const StreamSocket&) = delete;

  // From now on this socket's send()s, on this thread, come here.
  void takeOver();

  // As send(2) to a socket that does not block. The error of an earlier write is reported by the next one.
  ssize_t send(const void* data, std::size_t size, int flags);

  // Sends what is gathered; what the socket does not take yet stays, see blocked().
  void flush();
  void endTurn();

  // The socket's buffer is full: flush() when it is writable. Until then send() says EAGAIN.
  bool blocked() const { return blocked_; }

  int socket() const { return socket_; }

 private:
  const int socket_;
  std::vector<StreamSocket*>& used_;
  std::vector<char> gathered_;
  int error_ = 0;
  bool takenOver_ = false;
  bool blocked_ = false;
  bool usedThisTurn_ = false;
};

}  // namespace dodici
