// The facade: a set of connections to any number of origins, served by the process's loop threads.
//
// Threads: constructed and destroyed on one thread; submit(), prepare(), start(), writeBody(), endBody(), setTls(),
//          destroy() from any thread; takeBatch() from one consumer thread.
// Owner:   the embedder. The sink outlives the client.
#pragma once

#include "dodici/cancellation_token.h"
#include "dodici/event_batch.h"
#include "dodici/event_sink.h"
#include "dodici/options.h"
#include "dodici/request.h"
#include "dodici/request_controller.h"

#include <cstdint>
#include <memory>
#include <string>

namespace dodici {

class Client {
 public:
  // Starts the process's loop threads if this is the first client.
  Client(ClientOptions options, EventSink& sink);

  // Calls destroy() and waits until no loop thread uses this client. Joins the loop threads if it was the last client.
  ~Client();

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends a request. Exactly one terminal event (end or failed) follows, at the latest in the client's destructor. A
  // loop thread that is busy with other requests of this client may not see it before flush().
  RequestController submit(Request request);

  // The same in two steps: the request is sent by start(), which is called at most once.
  RequestController prepare(Request request);
  void start(const RequestController& request);

  // Send the next piece of a streamed body, and its end. Ignored if the request has ended. They may wait for flush(),
  // too.
  void writeBody(const RequestController& request, std::string bytes);
  void endBody(const RequestController& request);

  // Answer EventType::connectionWanted, once. After refuse() the request and those that wait for its connection fail
  // with Errc::notConnected. Ignored if the request has ended.
  void connect(const RequestController& request, ConnectionPlan plan);
  void refuse(const RequestController& request);

  // Sets the TLS options for requests that are submitted from now on, in place of `tls` and `proxy.tls` in
  // ClientOptions. `servername` does not change, and TLS sessions are no longer resumed.
  void setTls(TlsOptions tls, TlsOptions proxyTls);

  // Answers EventType::connectionWanted if ClientOptions::socketsAreGiven. The request's connection is one end of a new
  // stream; its other end is returned, and the caller must close it. Returns -1 and sets errno if there are no more
  // descriptors; the request goes on waiting. `link` is the caller's name for the stream; not 0. `isHttp2` says that
  // both sides speak HTTP/2 from the first byte. If the request has ended, the stream is closed at once. Cancelling the
  // request is the other answer.
  int giveSocket(const RequestController& request, std::uint32_t link, bool isHttp2);

  // Ends a given stream as broken: what the caller has written is not all that the peer had to send, so a body that
  // would end with the connection is incomplete.
  void breakLink(std::uint32_t link);

  // Sets an option of a tunnel's socket. It has no effect before the tunnel is connected, keeps its order among writes
  // and cancellation, and may wait for flush().
  void setSocket(const RequestController& request, SocketSetting setting, std::uint32_t value);

  // Wakes the loop threads for what was submitted and written. Waking a thread costs several times as much as
  // submitting a request, so call this once for all requests of a turn.
  void flush();

  // Swaps `batch` with the next batch; its old contents are cleared and its memory is reused. Returns false if no batch
  // waits. A loop thread stops reading if too much waits; taking a batch lets it continue.
  bool takeBatch(EventBatch& batch);

  // Cancels token() and closes all connections. One loopClosed event per loop follows. Idempotent.
  void destroy();

  // How many loop threads serve this client, and so how many loopClosed events follow destroy().
  std::uint32_t loopCount() const;

  // Parent of every request's token.
  const CancellationToken& token() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// Sets how many loop threads the process uses. Without it, DODICI_LOOP_THREADS in the environment does, or else it is
// min(cores, 2). Returns false if the threads already run; they stop with the last client.
bool setLoopThreads(std::uint32_t count);

// The versions of libcurl and its libraries, as curl writes them.
std::string versionText();

}  // namespace dodici
