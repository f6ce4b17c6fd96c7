// Sends the small writes of one turn on a connection with many streams by few system calls.
//
// libcurl sends each HTTP/2 stream's request by its own send(), which at 100 streams in flight took a quarter of the
// loop's time. Where the platform can, those calls come here first. The first write of a
// turn goes straight to the socket, so that the peer can start. The next ones are gathered until there are kEnough
// bytes, or the turn ends.
//
// Threads: the loop thread whose sockets these are. A send() on any other thread, or to any other socket, is not
//          changed.
// Owner:   SocketWatchers, with the socket.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

namespace dodici {

class StreamSocket {
 public:
  // A socket that is used adds itself to `used`, once per turn; the owner must call its endTurn().
  StreamSocket(int socket, std::vector<StreamSocket*>& used);
  ~StreamSocket();

  StreamSocket(const StreamSocket&) = delete;
  StreamSocket& operator=(const StreamSocket&) = delete;

  // From now on send() calls for this socket, on this thread, come here, if the platform can intercept them.
  void takeOver();

  // Like send(2) to a non-blocking socket. The error of an earlier write is reported by the next call.
  ssize_t send(const void* data, std::size_t size, int flags);

  // Sends the gathered bytes. Those that the socket does not take yet are kept, see blocked().
  void flush();
  void endTurn();

  // Whether the socket's buffer is full. Then call flush() when it is writable; until then send() returns EAGAIN.
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
