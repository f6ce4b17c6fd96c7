// Takes the requests of a client on one loop from the waiting line through libcurl to their end.
//
// Threads: loop thread only.
// Owner:   ClientEngine.
#pragma once

#include "client/connection_keeper.h"
#include "connections/origin_queue.h"
#include "curl/easy_handle.h"
#include "curl/multi_handle.h"
#include "decode/decode_room.h"
#include "dodici/options.h"
#include "events/event_batcher.h"
#include "transfer/deadlines.h"
#include "transfer/transfer.h"
#include "transfer/transfer_table.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dodici {

class RequestRunner final : private Transfer::Host {
 public:
  struct Parts {
    const ClientOptions& options;
    EventBatcher& batcher;
    Deadlines& deadlines;
    OriginQueue& origins;
    ConnectionKeeper& keeper;
    MultiHandle& multi;
    EasyHandlePool& handles;
  };

  // `onEnded` is called for each request that has ended.
  RequestRunner(const Parts& parts, std::function<void()> onEnded);

  RequestRunner(const RequestRunner&) = delete;
  RequestRunner& operator=(const RequestRunner&) = delete;

  void admit(std::shared_ptr<RequestBlock> block);

  // Returns false if the request has ended.
  bool knows(RequestId id) const { return table_.find(id) != nullptr; }

  // Commands of the submitter. They have no effect if the request has ended.
  void cancel(RequestId id);
  void onPauseChanged(RequestId id);
  void onBodyBytes(RequestId id, std::string bytes);
  void onBodyEnd(RequestId id);

  // The answers to EventType::connectionWanted. They have no effect if the request does not wait for one.
  void connect(RequestId id, const ConnectionPlan& plan);
  void refuse(RequestId id);
  // The connection that EventType::connectionWanted asked for.
  void onSocket(RequestId id, GivenSocket socket);
  // A given socket that libcurl has not opened yet has broken.
  void onLinkBroken(std::uint32_t link);

  void endByDeadline(RequestId id, DeadlineKind kind);

  // libcurl is done with this transfer.
  void onDone(EasyHandle& easy);

  // Ends requests whose response was complete before they were sent completely. Returns true if there was one.
  bool endEarly();

  // Starts the requests that have got a place. Returns true if there was one.
  bool startReady();

  // Fails the requests on connections that are `broken`. REQUIRES: libcurl has no more work now, so that requests that
  // the peer did not process have already left these connections.
  void failBroken();

  // Fails the requests that have waited too long for a peer that allows no stream.
  void failStalled();

  // Whether some requests wait for room in the batch.
  bool hasHeld() const { return !held_.empty(); }

  std::vector<RequestId> takeHeld() { return std::exchange(held_, {}); }

  // Resumes the transfers that have let others go first.
  void goOn();

  bool wantsTurn() const { return !waiting_.empty(); }

  // The batch has room for this request again.
  void onRoom(RequestId id);

  bool empty() const { return table_.size() == 0; }

  // Ends all requests, because the client ends or has failed.
  void endAll(const Error& error);

 private:
  Connection* onSending(Transfer& transfer) override;
  void onMisdirected(Connection& connection) override;
  void onCompleteEarly(RequestId id) override;
  void onWaitsForRoom(RequestId id) override;
  void onWaitsForTurn(RequestId id) override;

  void enqueue(RequestBlock& block);
  std::string_view keyOf(const RequestText& text);
  Transfer& transferOf(RequestBlock& block);
  bool asksBefore(const RequestBlock& block) const;
  void run(RequestBlock& block);
  void runAgain(Transfer& transfer, TransferState::Next how);
  void end(RequestBlock& block, const Error& error);
  void retire(RequestBlock& block);
  void failWaiters(RequestBlock& block, const Error& error);
  void failWaiting(const Error& error);
  template <typename F>
  void leaveConnection(const OriginQueue::Ticket& ticket, F&& leave);

  const Parts parts_;
  const std::function<void()> onEnded_;
  TransferTable table_;
  DecodeRoom decodeRoom_;
  std::vector<RequestId> held_;  // requests that wait for room in the batch
  std::vector<RequestId>
      early_;  // requests whose response is complete before they were sent completely
  std::vector<RequestId> waiting_;  // requests that let others go first
  std::vector<RequestId> failed_;   // scratch
  std::string key_;                 // scratch
};

}  // namespace dodici
