// One QUIC connection: it reports what its client does, and does what it is told.
//
// Threads: one. Owner: Server, until the process ends, so that commands for a lost connection find it.
#pragma once

#include "network.h"
#include "options.h"
#include "outgoing.h"
#include "report.h"
#include "request_reader.h"
#include "tls.h"

#include <map>
#include <memory>
#include <optional>

namespace h3server {

// The first packet of a connection.
struct Arrival {
  ngtcp2_pkt_hd head{};
  // What the client addressed before the Retry, if there was one.
  std::optional<ngtcp2_cid> beforeRetry;
  Address from;
};

enum class CloseKind : std::uint8_t { application, transport };

class Connection {
 public:
  Connection(
      std::uint64_t number,
      Network& network,
      const Tls& tls,
      const Options& options,
      Arrival& arrival
  );
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read(std::string_view packet, Address& from);
  // Sends what can be sent now.
  void flush();
  // When onExpired() is due.
  ngtcp2_tstamp expiry() const;
  void onExpired();

  bool isOpen() const { return state_ == State::open; }

  // Those below are sent by the next flush().
  void send(std::int64_t stream, std::string bytes);
  void fill(std::int64_t stream, std::uint64_t count);
  void end(std::int64_t stream);
  // What is not sent yet is not sent.
  void reset(std::int64_t stream, std::uint64_t code);
  void stopSending(std::int64_t stream, std::uint64_t code);
  void sendControl(std::string bytes);
  // Opens a further stream of the server.
  void openStream(std::string bytes);
  void raiseStreams(std::uint64_t by);
  // The client may send no more than the window of the stream until release().
  void hold(std::int64_t stream);
  void release(std::int64_t stream);
  // Sends the body of the request back as it comes.
  void echo(std::int64_t stream);
  // Once all else is sent.
  void close(CloseKind kind, std::uint64_t code, std::string reason);

  // From now on it is silent.
  void drop() { state_ = State::dropped; }

  // As a server that has lost its state. Silent from then on.
  void resetStatelessly();

 private:
  enum class State : std::uint8_t { open, closed, dropped };

  struct Stream {
    Outgoing out;
    std::unique_ptr<RequestReader> reader;
    std::uint64_t bodyLength = 0;
    std::uint64_t unreleased = 0;
    bool isHeld = false;
    bool echoes = false;
  };

  // connection_callbacks.cpp
  static ngtcp2_callbacks callbacks();
  void onHandshakeCompleted();
  void onStreamData(std::int64_t id, std::uint32_t flags, std::string_view bytes);
  void onStreamClosed(std::int64_t id);
  void onRequestHead(std::int64_t id, const Headers& headers);
  void onRequestBody(std::int64_t id, std::string_view bytes);
  void onRequestEnd(std::int64_t id);
  static int onNewId(
      ngtcp2_conn* conn, ngtcp2_cid* id, std::uint8_t* token, std::size_t length, void* self
  );

  // An event of a stream.
  Report reportOf(std::string_view event, std::int64_t stream) const;
  void makeSession(const Options& options, Arrival& arrival);
  Stream& requestOf(std::int64_t id);
  Stream* find(std::int64_t id);
  std::int64_t openStreamOfOurs(std::string bytes);
  // The next stream that has bytes to be sent and is not in `blocked`.
  std::int64_t nextToSend(const std::map<std::int64_t, bool>& blocked) const;
  // Returns false when nothing more can be sent now.
  bool writePacket(std::map<std::int64_t, bool>& blocked);
  void onReadError(int error);
  void writeClose();
  void allowMore(std::int64_t id, std::uint64_t count);

  // Constant after construction.
  const std::uint64_t number_;
  Network& network_;
  const Raise raise_;
  const bool answers_;
  const std::optional<std::string> control_;
  ngtcp2_crypto_conn_ref reference_{};
  // The session's destructor does not ask for conn_, which uses it.
  std::unique_ptr<TlsSession> tls_;
  std::unique_ptr<ngtcp2_conn, decltype(&ngtcp2_conn_del)> conn_{nullptr, ngtcp2_conn_del};

  State state_ = State::open;
  std::uint16_t clientPort_ = 0;
  std::map<std::int64_t, Stream> streams_;
  std::int64_t controlStream_ = -1;
  std::int64_t lastSent_ = -1;
  // What the client has addressed last.
  ngtcp2_cid addressed_{};
  Address client_;
  std::optional<ngtcp2_ccerr> closing_;
  std::string reason_;
  // Sent again for each packet that comes after it.
  std::string closePacket_;
};

}  // namespace h3server
