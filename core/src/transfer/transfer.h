// One request's life on the loop thread: owns its libcurl handle, and turns libcurl's callbacks into events.
//
// Threads: loop thread only.
// Owner:   TransferTable.
#pragma once

#include "connections/connection.h"
#include "curl/curl_error.h"
#include "curl/easy_handle.h"
#include "decode/content_decoder.h"
#include "decode/decode_room.h"
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
  // Receives what concerns more than one transfer. Called from inside libcurl's callbacks.
  class Host {
   public:
    // The transfer is about to be sent. Returns its connection, or null if it must not use the one that libcurl has
    // chosen: then nothing is sent, and readDone() reports it. The implementation must not call anything that runs
    // libcurl.
    virtual Connection* onSending(Transfer& transfer) = 0;
    // The server has refused the request on this connection (421).
    virtual void onMisdirected(Connection& connection) = 0;
    // The response is whole, but libcurl goes on sending the request: end the request when this callback has returned.
    virtual void onCompleteEarly(RequestId id) = 0;
    // The transfer holds its body back until the batcher has room.
    virtual void onWaitsForRoom(RequestId id) = 0;
    // The same, until others have had their turn.
    virtual void onWaitsForTurn(RequestId id) = 0;

   protected:
    ~Host() = default;
  };

  struct Services {
    const ClientOptions& options;
    EventBatcher& batcher;
    Deadlines& deadlines;
    DecodeRoom& decodeRoom;
    Host& host;
  };

  // The block outlives the transfer.
  Transfer(const Services& services, RequestBlock& block);
  ~Transfer();

  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  RequestId id() const { return block_.id; }

  const RequestText& text() const { return text_; }

  RequestBlock& block() const { return block_; }

  // Prepares the handle for the connection on which the request has its place. If `given` is not empty, the connection
  // is made of it. Afterwards libcurl may be given the handle.
  EasyHandle& prepare(std::unique_ptr<EasyHandle> easy, GivenSocket given);

  // Gives the handle back. REQUIRES: libcurl has let go of it.
  std::unique_ptr<EasyHandle> takeHandle();

  // The libcurl handle; null while the request waits.
  EasyHandle* handle() const { return easy_.get(); }

  // Commands and pieces of the body from the submitter.
  void onPauseChanged();
  void onBodyBytes(std::string bytes);
  void onBodyEnd();

  // The batcher has room again, or others have had their turn.
  void onRoom();

  // libcurl is done with the transfer. It either must be sent again, or its terminal event has been sent. In both cases
  // libcurl must let go of the handle.
  TransferState::Next onDone();

  // The other ways to end. The first call wins and sends the terminal event. Then libcurl must let go of the handle.
  void endEarly();  // the response is whole, or the rest of it is not needed
  void endByDeadline(DeadlineKind kind);
  void endBy(const Error& error);

  bool ended() const { return state_.phase() == TransferState::Phase::ended; }

  // Why the transfer failed, if that was before it was sent on a connection.
  const std::optional<Error>& connectFailure() const { return connectFailure_; }

  // Whether it is an HTTP/2 stream whose response is not complete.
  bool streamStalls() const;

  // Whether all of the response has come; then it is delivered even if the connection ends.
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
  void startDecoding();
  EasyHandle::Taken decode(std::span<const std::byte> bytes);
  EasyHandle::Taken failDecoding();
  bool finishDecoding();
  std::optional<EasyHandle::Taken> holdUnlessRoom(std::size_t bytes);
  void checkWhetherComplete();
  void noteKeepAlive();
  bool bodiless() const;
  bool isCutShort() const;
  bool isOnHttp2() const;
  bool endsWithBrokenLink() const;
  bool isWhole(const std::optional<Error>& fault) const;
  bool lastsAsLongAsConnection() const;
  bool endsByReset(const Error& fault) const;
  TransferState::Result result(bool whole, const std::optional<Error>& fault) const;
  std::optional<Error> libcurlsFault() const;
  Error takeError(std::optional<Error> fault);
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
  std::unique_ptr<ContentDecoder> decoder_;  // null: the body is not decoded here
  // Decoded bytes that libcurl will deliver again, because it was told that they were not taken.
  std::size_t decodedAhead_ = 0;
  std::optional<Error> parked_;  // error of the callback that ended the transfer
  std::optional<Error> connectFailure_;
  StreamWindow window_;
  bool sentReported_ = false;
  bool bodyAsked_ = false;  // the writer was told to begin
  std::unique_ptr<EasyHandle> easy_;
};

}  // namespace dodici
