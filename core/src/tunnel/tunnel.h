// One upgrade or CONNECT request: a connection of its own, the switch, and then bytes both ways until it is cancelled.
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
#include "transfer/upload_body.h"
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

  // CURL_SOCKET_BAD while connecting.
  curl_socket_t socket() const { return connection_ ? connection_->socket() : CURL_SOCKET_BAD; }

  // libcurl has connected, or could not.
  void onConnected();

  // Moves what can be moved: the socket is ready, the batcher has room, or the reader goes on.
  void move();

  // To be sent by moveUp().
  void onBodyBytes(std::string bytes);
  void onBodyEnd();

  // Moves what can be sent; what can be read announces itself.
  void moveUp();

  void endByDeadline(DeadlineKind kind);
  // Sends the terminal record, once. After it the tunnel must go.
  void endBy(const Error& error);

  bool ended() const { return phase_ == Phase::ended; }

  // It reads no more until the batcher has room.
  bool waitsForRoom() const { return waitsForRoom_; }

  // It has read for long enough in this turn, and goOn() is to be called in another one. True once for each such call.
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
  bool refill();
  void listen();
  void fail(CURLcode code);

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
  const bool isPlain_;   // no TLS on any part of the way
  const std::string noBytes_;
  UploadBody upload_;
  std::string sending_;
  std::size_t sent_ = 0;  // of sending_
  bool writesEnded_ = false;
  bool endSent_ = false;
  bool peerEnded_ = false;
  bool waitsForRoom_ = false;
  bool readsOn_ = false;    // there may be more to read, of which the socket says nothing
  bool turnAsked_ = false;  // goOn() will come
};

}  // namespace dodici
