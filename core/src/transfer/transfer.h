// One request's life on the loop thread: owns what libcurl works on, and turns its callbacks into events.
//
// Threads: loop thread only.
// Owner:   TransferTable.
#pragma once

#include "curl/curl_error.h"
#include "curl/easy_handle.h"
#include "dodici/error.h"
#include "dodici/options.h"
#include "dodici/request.h"
#include "dodici/request_controller.h"
#include "events/event_batcher.h"
#include "connections/origin_queue.h"
#include "submit/request_block.h"
#include "http/chunk_check.h"
#include "transfer/deadlines.h"
#include "http/header_block.h"
#include "transfer/request_text.h"
#include "transfer/transfer_state.h"
#include "transfer/upload_body.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace dodici {

class Transfer final : public EasyHandle::Receiver {
 public:
  // Whom a transfer tells what concerns others than itself. Called from inside libcurl callbacks.
  class Host {
   public:
    // Its connection is ready. REQUIRES of the callee: no call into libcurl.
    // Returns how many requests the connection has been used for, this one included.
    virtual std::uint32_t onConnectionReady(Transfer& transfer, Protocol protocol, Ports ports) = 0;
    // Its response is whole, but libcurl goes on sending the request: end it when this callback has returned.
    virtual void onCompleteEarly(RequestId id) = 0;
    // It holds its body back until the batcher has room.
    virtual void onWaitsForRoom(RequestId id) = 0;

   protected:
    ~Host() = default;
  };

  struct Services {
    const ClientOptions& options;
    EventBatcher& batcher;
    Deadlines& deadlines;
    SocketWatchers& watchers;
    Host& host;
  };

  // The block outlives it.
  Transfer(const Services& services, RequestBlock& block);
  ~Transfer();

  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  RequestId id() const { return block_.id; }

  const RequestText& text() const { return text_; }

  RequestBlock& block() const { return block_; }

  // Prepares a handle, which libcurl may then be given.
  EasyHandle& prepare(std::unique_ptr<EasyHandle> easy);

  // Gives the handle back, after libcurl has let go of it; null when it never ran.
  std::unique_ptr<EasyHandle> takeHandle();

  EasyHandle* handle() const { return easy_.get(); }

  // Wishes and body pieces from the submitter.
  void onPauseChanged();
  void onBodyBytes(std::string bytes);
  void onBodyEnd();

  // The batcher has room again.
  void onRoom();

  // The three ways to end; the first wins and sends the terminal event. After it, libcurl must let go of the handle.
  void endByLibcurl(CURLcode code);
  void endByDeadline(DeadlineKind kind);
  void endBy(const Error& error);

  bool ended() const { return state_.phase() == TransferState::Phase::ended; }

  // Why it failed, if it did before it was sent on a connection.
  const std::optional<Error>& connectFailure() const { return connectFailure_; }

  // libcurl has ended it because the connection that it picked is not to be used. startAgain() gets it another.
  bool turnedAway() const { return turnedAway_; }

  EasyHandle& startAgain();

  // Of the connection that it is on, or was on last.
  Ports ports() const { return ports_; }

  // It is a stream of HTTP/2, on which the server has more to say.
  bool streamStalls() const;

 private:
  bool onStarted(Ports ports) override;
  void onConnecting() override;

  bool onHeaderLine(std::string_view line) override;
  std::size_t onBody(std::span<const std::byte> bytes) override;
  void onRawBody(std::string_view bytes) override;
  std::size_t onBodyWanted(std::span<std::byte> room) override;
  bool onRewind(std::uint64_t offset) override;

  bool onFinalHead();
  void checkWhetherComplete();
  void noteKeepAlive();
  bool bodiless() const;
  bool isCutShort() const;
  void startUpload();
  bool park(Error error);
  void reportSent();
  void letFlow();
  void armBodyDeadline();
  TransferFacts facts() const;
  void sendEnd();

  Services services_;
  RequestBlock& block_;
  const Request& request_;  // block_.request
  RequestText text_;        // views into request_.text
  TransferState state_;
  UploadBody upload_;
  HeaderBlock head_;
  ChunkCheck chunks_;
  Deadline deadline_;
  EventBatcher::Share share_;
  std::uint64_t received_ = 0;
  std::optional<Error> parked_;  // why a callback ended the transfer
  std::optional<Error> connectFailure_;
  bool headWithBody_ =
      false;               // a HEAD request that sends a body: libcurl would wait for one in return
  bool complete_ = false;  // the response is whole although libcurl does not say so
  bool sentReported_ = false;
  bool awaitsContinue_ = false;
  bool turnedAway_ = false;
  bool wasTurnedAway_ = false;
  bool onHttp2_ = false;  // the connection it was last written on
  Ports ports_;
  std::optional<bool> lostByPeer_;  // that connection, when libcurl began to make another
  std::unique_ptr<EasyHandle> easy_;
};

}  // namespace dodici
