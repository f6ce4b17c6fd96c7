// One request's life on the loop thread: owns what libcurl works on, and turns its callbacks into events.
//
// Threads: loop thread only.
// Owner:   TransferTable.
#pragma once

#include "connections/connection.h"
#include "curl/curl_error.h"
#include "curl/easy_handle.h"
#include "dodici/error.h"
#include "dodici/options.h"
#include "dodici/request.h"
#include "dodici/request_controller.h"
#include "events/event_batcher.h"
#include "http/chunk_check.h"
#include "http/header_block.h"
#include "submit/request_block.h"
#include "transfer/deadlines.h"
#include "transfer/request_text.h"
#include "transfer/stream_window.h"
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
    // It is about to be sent. Returns its connection; null when the one that libcurl has picked is not to be used: then
    // nothing is sent, and readDone() reports it. REQUIRES of the callee: no call that runs libcurl.
    virtual Connection* onSending(Transfer& transfer) = 0;
    // Its server does not want to be asked on this connection (421).
    virtual void onMisdirected(Connection& connection) = 0;
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

  // Prepares the handle for the connection that the request has its place on; `given`, if there is something in it, is what that
  // connection is made of. libcurl may then be given the handle.
  EasyHandle& prepare(std::unique_ptr<EasyHandle> easy, GivenSocket given);

  // Gives the handle back, after libcurl has let go of it.
  std::unique_ptr<EasyHandle> takeHandle();

  // What libcurl works on; null while the request waits.
  EasyHandle* handle() const { return easy_.get(); }

  // Wishes and body pieces from the submitter.
  void onPauseChanged();
  void onBodyBytes(std::string bytes);
  void onBodyEnd();

  // The batcher has room again.
  void onRoom();

  // libcurl is done with it. What is to be sent again has not ended; else the terminal event is out. libcurl must let go of
  // the handle in any case.
  TransferState::Next onDone();

  // The other ways to end; the first wins and sends the terminal event. After it, libcurl must let go of the handle.
  void endEarly();  // the response is whole, or there is no use in waiting for the rest of it
  void endByDeadline(DeadlineKind kind);
  void endBy(const Error& error);

  bool ended() const { return state_.phase() == TransferState::Phase::ended; }

  // Why it failed, if it did before it was sent on a connection.
  const std::optional<Error>& connectFailure() const { return connectFailure_; }

  // It is a stream of HTTP/2, on which the server has more to say.
  bool streamStalls() const;

  // All of its response has come, and will be delivered whatever becomes of its connection.
  bool responseEnded() const;

 private:
  bool onStarted() override;
  bool onHeaderLine(std::string_view line) override;
  EasyHandle::Taken onBody(std::span<const std::byte> bytes) override;
  void onRawBody(std::string_view bytes) override;
  void onAnswered() override;
  std::optional<std::size_t> onBodyWanted(std::span<std::byte> room) override;
  bool onRewind(std::uint64_t offset) override;

  bool onFinalHead();
  void checkWhetherComplete();
  void noteKeepAlive();
  bool bodiless() const;
  bool isCutShort() const;
  bool isOnHttp2() const;
  bool endsWithBrokenLink() const;
  bool isWhole() const;
  bool lastsAsLongAsConnection() const;
  bool endsByReset() const;
  TransferState::Result result() const;
  Error takeError();
  void startAnew();
  void askForBody();
  void startUpload();
  void onUploadEmpty();
  void onUploadWritten();
  void growWindow(std::size_t taken);
  bool park(Error error);
  void reportSent();
  void letFlow();
  void armHeadersDeadline();
  void armBodyDeadline();
  TransferFacts facts() const;
  void sendEnd();

  Services services_;
  RequestBlock& block_;
  Request& request_;  // block_.request
  RequestText text_;  // views into request_.text
  TransferState state_;
  UploadBody upload_;
  HeaderBlock head_;
  ChunkCheck chunks_;
  Deadline deadline_;
  EventBatcher::Share share_;
  std::uint64_t received_ = 0;
  std::optional<Error> parked_;  // why a callback ended the transfer
  std::optional<Error> connectFailure_;
  StreamWindow window_;
  bool sentReported_ = false;
  bool bodyAsked_ = false;  // its writer knows that it may begin
  std::unique_ptr<EasyHandle> easy_;
};

}  // namespace dodici
