// One upgrade or CONNECT request. It has a connection of its own; after the switch, bytes go both ways until it is
// cancelled.
//
// Threads: loop thread only.
// Owner:   TunnelTable.
#pragma once

#include "curl/easy_handle.h"
#include "curl/raw_connection.h"
#include "dodici/options.h"
#include "dodici/request.h"
#include "dodici/request_controller.h"
#include "events/event_batcher.h"
#include "transfer/deadlines.h"
#include "transfer/request_text.h"
#include "tunnel/outbox.h"
#include "tunnel/switch_response.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace dodici {

class Tunnel final : public EasyHandle::Receiver {
 public:
  struct Services {
    const ClientOptions& options;
    EventBatcher& batcher;
    Deadlines& deadlines;
    SocketWatchers& watchers;
  };

  Tunnel(
      const Services& services,
      Request request,
      std::shared_ptr<const PauseState> pause,
      std::unique_ptr<EasyHandle> easy
  );
  ~Tunnel();

  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  RequestId id() const { return request_.id; }

  EasyHandle& handle() const { return *easy_; }

  // kNoSocket while connecting.
  int socket() const { return connection_ ? connection_->socket() : kNoSocket; }

  static constexpr int kNoSocket = -1;

  // libcurl has connected or failed.
  void onConnected();

  // Moves bytes both ways. Call it when the socket is ready, the batcher has room, or the reader resumes.
  void move();

  // Add the bytes that moveUp() sends, and their end: first those of the streamed body, then the user's.
  void onBodyBytes(std::string bytes) { outbox_.append(std::move(bytes)); }

  void onBodyEnd() { outbox_.end(); }

  // Has no effect before the tunnel is connected.
  void set(SocketSetting setting, std::uint32_t value);

  // Sends as much as possible. Reading waits until the socket announces data.
  void moveUp();

  void endByDeadline(DeadlineKind kind);

  // Sends what was written before, as far as the socket takes it, and then ends the tunnel. As with a Node socket, the
  // writer may take it as sent.
  void cancel();

  // Sends the terminal record, once. The owner then destroys the tunnel.
  void endBy(const Error& error);

  bool ended() const { return phase_ == Phase::ended; }

  // Whether the tunnel has stopped reading until the batcher has room.
  bool waitsForRoom() const { return waitsForRoom_; }

  // Whether the tunnel has read enough in this turn, so that goOn() must be called in a later one. Returns true only
  // once for each such call.
  bool wantsTurn() { return readsOn_ && !std::exchange(turnAsked_, true); }

  void goOn();

 private:
  enum class Phase : std::uint8_t { connecting, head, open, refused, ended };

  bool onStarted() override { return true; }

  bool onHeaderLine(std::string_view) override { return true; }

  EasyHandle::Taken onBody(std::span<const std::byte>) override { return EasyHandle::Taken::all; }

  std::optional<std::size_t> onBodyWanted(std::span<std::byte>) override { return 0; }

  bool onRewind(std::uint64_t) override { return false; }

  std::string requestHead() const;
  void readSome();
  bool onBytes(std::span<const std::byte> bytes);
  void onPeerEnd();
  void onHeadBytes(std::span<const std::byte> bytes);
  void endWell();
  void leavePool(Errc code, std::uint32_t detail = 0);
  void onRefusedBytes(std::string_view bytes);
  void deliver(std::span<const std::byte> bytes);
  void writeSome();
  void onWritten();
  void tellWanted(std::uint32_t bytes);
  void setHeadersDeadline();
  void listen();
  void onReadFailed();
  void fail();
  Error lastError() const;

  Services services_;
  Request request_;
  RequestText text_;  // views into request_.text
  std::shared_ptr<const PauseState> pause_;
  std::unique_ptr<EasyHandle> easy_;
  std::optional<RawConnection> connection_;
  SwitchResponse response_;
  Deadline deadline_;
  EventBatcher::Share share_;
  Phase phase_ = Phase::connecting;
  bool inPool_ = false;  // connected, and neither switched nor closed
  const bool isPlain_;   // no TLS on any part of the path
  Outbox outbox_;
  bool endSent_ = false;
  bool peerEnded_ = false;
  bool waitsForRoom_ = false;
  bool readsOn_ = false;    // there may be more to read that the socket does not announce
  bool turnAsked_ = false;  // goOn() will be called
};

}  // namespace dodici
