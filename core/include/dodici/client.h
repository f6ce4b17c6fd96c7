// The facade: a set of connections to any number of origins, served by the process's loop threads.
//
// Threads: constructed and destroyed on one thread; submit(), writeBody(), endBody(), setTls(), destroy() from any thread;
//          takeBatch() from one consumer thread.
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
  // Starts the process's loop threads when this is the first client.
  Client(ClientOptions options, EventSink& sink);

  // destroy(), then waits until no loop thread knows this client. Joins the loop threads when it was the last one.
  ~Client();

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Exactly one terminal event (end or failed) follows, whatever happens, until the client's destructor.
  // A loop thread that is busy with other requests of this client may not look at it before flush().
  RequestController submit(Request request);

  // A streamed body's next piece, and its end. Ignored when the request has ended. They too may wait for flush().
  void writeBody(const RequestController& request, std::string bytes);
  void endBody(const RequestController& request);

  // The answer to EventType::connectionWanted, once: the connection is made, or it is not, and the request fails with
  // Errc::notConnected, as do those that wait for that connection. Ignored when the request has ended.
  void connect(const RequestController& request, ConnectionPlan plan);
  void refuse(const RequestController& request);

  // What connections are made with for requests that are submitted from now on, instead of ClientOptions' `tls` and
  // `proxy.tls`. `servername` stays as it was, and sessions are resumed no more.
  void setTls(TlsOptions tls, TlsOptions proxyTls);

  // The answer to EventType::connectionWanted with ClientOptions::socketsAreGiven: the request's connection is one end of a new stream, whose other end is
  // returned; the caller closes it. -1, with errno set: no stream is to be had, and the request waits on. `link` is the caller's
  // name for the stream, and not 0. `isHttp2`: both sides speak HTTP/2 from the first byte on. When the request has ended, the
  // stream is closed at once. Cancelling the request is the other answer.
  int giveSocket(const RequestController& request, std::uint32_t link, bool isHttp2);

  // What the caller has written to the stream is all that comes, but not all that there was: a body that would end with the
  // connection is incomplete.
  void breakLink(std::uint32_t link);

  // Sets the socket of a tunnel; has no effect before that is connected. Keeps its order among writes and cancellation. May
  // wait for flush().
  void setSocket(const RequestController& request, SocketSetting setting, std::uint32_t value);

  // Wakes the loop threads for what was submitted and written. Waking a thread costs several times as much as submitting a
  // request, so the submitter calls this once for all requests of its turn.
  void flush();

  // The next batch, swapped with `batch` (which is cleared, its memory reused); false when none waits.
  // A loop thread stops reading when too much waits; taking a batch lets it continue.
  bool takeBatch(EventBatch& batch);

  // Cancels everything below token(), closes all connections; one loopClosed event per loop follows. Idempotent.
  void destroy();

  // How many loop threads serve this client: so many loopClosed events follow a destroy().
  std::uint32_t loopCount() const;

  // Parent of every request's token.
  const CancellationToken& token() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// How many loop threads the process uses: min(cores, 2), or the environment's DODICI_LOOP_THREADS, or this, which wins.
// False when the threads run already; they stop with the last client.
bool setLoopThreads(std::uint32_t count);

// libcurl's and its libraries' versions, in curl's words.
std::string versionText();

}  // namespace dodici
