#include "client/request_runner.h"

#include "curl/easy_options.h"

#include <sys/socket.h>

#include <exception>
#include <utility>

namespace dodici {

namespace {

using Clock = Connection::Clock;

Negotiation negotiationOf(
    const Request& request, const RequestText& text, const ClientOptions& options
) {
  const bool mayBeHttp2 = request.allowHttp2 && (text.isTls() || options.http2PriorKnowledge);
  return mayBeHttp2 ? Negotiation::http2 : Negotiation::none;
}

}  // namespace

RequestRunner::RequestRunner(const Parts& parts, std::function<void()> onEnded)
    : parts_(parts), onEnded_(std::move(onEnded)) {}

// Calls leave(), after which the connection may have no requests any more. It may also be gone, if libcurl has closed
// it.
template <typename F>
void RequestRunner::leaveConnection(const OriginQueue::Ticket& ticket, F&& leave) {
  Connection* const connection = ticket.connection();
  const bool stays = connection != nullptr && (connection->state == Connection::State::open ||
                                               connection->state == Connection::State::draining);
  leave();
  if (stays) {
    parts_.keeper.onLeft(*connection);
  }
}

void RequestRunner::admit(std::shared_ptr<RequestBlock> submitted) {
  enqueue(table_.add(std::move(submitted)));
}

// Starts the request if it gets a place at once.
void RequestRunner::enqueue(RequestBlock& block) {
  const RequestText text(block.request.text);
  const Decision decision = parts_.origins.admit(
      keyOf(text),
      negotiationOf(block.request, text, parts_.options),
      block.id,
      block.ticket,
      Clock::now()
  );
  if (decision == Decision::run) {
    run(block);
  }
}

// Returns the key of connections that may serve this request. A TLS name of its own needs its own connections; a proxy
// that forwards serves all origins on the same ones.
std::string_view RequestRunner::keyOf(const RequestText& text) {
  const auto& proxy = parts_.options.proxy;
  if (!proxy.url.empty() && !proxy.tunnel && !text.isTls()) {
    return proxy.url;
  }
  if (text.servername().empty()) {
    return text.origin();
  }
  key_.assign(text.origin()).append(" ").append(text.servername());
  return key_;
}

Transfer& RequestRunner::transferOf(RequestBlock& block) {
  if (Transfer* const transfer = table_.findTransfer(block.id)) {
    return *transfer;
  }
  const Transfer::Services services{
      parts_.options, parts_.batcher, parts_.deadlines, decodeRoom_, *this};
  return table_.start(block, std::make_unique<Transfer>(services, block));
}

// Whether JavaScript must be asked before the connection is made.
bool RequestRunner::asksBefore(const RequestBlock& block) const {
  if (!parts_.options.asksToConnect || !block.ticket.opens()) {
    return false;
  }
  const RequestText text(block.request.text);
  return text.isTls() || !parts_.options.proxy.url.empty() || !isIpAddress(text.host());
}

// REQUIRES: the request has a place on a connection.
void RequestRunner::run(RequestBlock& block) {
  block.asks = parts_.options.socketsAreGiven ? block.ticket.opens() : asksBefore(block);
  if (block.asks) {
    parts_.batcher.connectionWanted(block.id);
  } else {
    parts_.multi.add(transferOf(block).prepare(parts_.handles.take(), {}));
  }
}

void RequestRunner::connect(RequestId id, const ConnectionPlan& plan) {
  RequestBlock* const block = table_.find(id);
  if (block == nullptr || !std::exchange(block->asks, false)) {
    return;
  }
  EasyHandle& easy = transferOf(*block).prepare(parts_.handles.take(), {});
  setConnectionPlan(easy, RequestText(block->request.text), parts_.options, plan);
  parts_.multi.add(easy);
}

void RequestRunner::refuse(RequestId id) {
  RequestBlock* const block = table_.find(id);
  if (block == nullptr || !std::exchange(block->asks, false)) {
    return;
  }
  const Error error{Errc::notConnected, static_cast<std::uint32_t>(id), {}, {}};
  end(*block, error);
  failWaiters(*block, error);
  retire(*block);
}

void RequestRunner::onSocket(RequestId id, GivenSocket socket) {
  RequestBlock* const block = table_.find(id);
  if (block != nullptr && std::exchange(block->asks, false)) {
    parts_.multi.add(transferOf(*block).prepare(parts_.handles.take(), std::move(socket)));
  }
}

void RequestRunner::onLinkBroken(std::uint32_t link) {
  for (const RequestId id : table_.ids()) {
    const Transfer* const transfer = table_.findTransfer(id);
    const EasyHandle* const easy = transfer == nullptr ? nullptr : transfer->handle();
    if (easy != nullptr && easy->link() == link && easy->givenDescriptor() >= 0) {
      ::shutdown(easy->givenDescriptor(), SHUT_RD);
    }
  }
}

bool RequestRunner::startReady() {
  bool any = false;
  while (const auto id = parts_.origins.takeReady()) {
    if (RequestBlock* const block = table_.find(*id)) {
      run(*block);
      any = true;
    }
  }
  return any;
}

void RequestRunner::onDone(EasyHandle& easy) {
  auto& transfer = static_cast<Transfer&>(*easy.receiver());
  const auto next = transfer.onDone();
  if (transfer.ended()) {
    retire(transfer.block());
  } else {
    runAgain(transfer, next);
  }
}

void RequestRunner::runAgain(Transfer& transfer, TransferState::Next how) {
  parts_.multi.remove(*transfer.handle());
  parts_.handles.give(transfer.takeHandle());
  RequestBlock& block = transfer.block();
  const bool overHttp1 = how == TransferState::Next::againOverHttp1;
  leaveConnection(block.ticket, [&] {
    if (overHttp1) {
      parts_.origins.release(block.ticket, Clock::now());
    } else {
      const bool elsewhere = how == TransferState::Next::againElsewhere;
      parts_.origins.again(block.ticket, elsewhere, Clock::now());
    }
  });
  if (overHttp1) {
    enqueue(block);
  }
}

bool RequestRunner::endEarly() {
  if (early_.empty()) {
    return false;
  }
  for (const RequestId id : std::exchange(early_, {})) {
    if (Transfer* const transfer = table_.findTransfer(id)) {
      transfer->endEarly();
      retire(transfer->block());
    }
  }
  return true;
}

void RequestRunner::failBroken() {
  if (!parts_.keeper.hasBroken()) {
    return;
  }
  for (const RequestId id : table_.ids()) {
    RequestBlock& block = *table_.find(id);
    const Connection* const connection = block.ticket.connection();
    const Transfer* const transfer = table_.findTransfer(id);
    if (transfer != nullptr && transfer->responseEnded()) {
      continue;  // libcurl still delivers what it has
    }
    if (connection != nullptr && connection->broken) {
      const Error error = *connection->broken;
      end(block, error);
      retire(block);
    }
  }
  parts_.keeper.forgetBroken();
}

void RequestRunner::cancel(RequestId id) {
  RequestBlock* const block = table_.find(id);
  if (block == nullptr) {
    return;
  }
  const Transfer* const transfer = table_.findTransfer(id);
  if (transfer != nullptr && transfer->streamStalls()) {
    parts_.keeper.askWhetherAlive(*block->ticket.connection());
  }
  end(*block, Error{Errc::aborted, 0, {}, {}});
  retire(*block);
}

void RequestRunner::endByDeadline(RequestId id, DeadlineKind kind) {
  Transfer* const transfer = table_.findTransfer(id);
  if (transfer == nullptr) {
    return;
  }
  if (transfer->streamStalls()) {
    parts_.keeper.askWhetherAlive(*transfer->block().ticket.connection());
  }
  transfer->endByDeadline(kind);
  retire(transfer->block());
}

void RequestRunner::onPauseChanged(RequestId id) {
  if (Transfer* const transfer = table_.findTransfer(id)) {
    transfer->onPauseChanged();
  }
}

void RequestRunner::onBodyBytes(RequestId id, std::string bytes) {
  if (RequestBlock* const block = table_.find(id)) {
    transferOf(*block).onBodyBytes(std::move(bytes));
  }
}

void RequestRunner::onBodyEnd(RequestId id) {
  if (RequestBlock* const block = table_.find(id)) {
    transferOf(*block).onBodyEnd();
  }
}

void RequestRunner::onRoom(RequestId id) {
  if (Transfer* const transfer = table_.findTransfer(id)) {
    transfer->onRoom();
  }
}

void RequestRunner::goOn() {
  for (const RequestId id : std::exchange(waiting_, {})) {
    onRoom(id);
  }
}

// retire() must follow, when libcurl can let go of the handle.
void RequestRunner::end(RequestBlock& block, const Error& error) {
  if (Transfer* const transfer = table_.findTransfer(block.id)) {
    transfer->endBy(error);
  } else {
    parts_.batcher.failed(block.id, error);
  }
}

// Forgets the request. REQUIRES: it has ended.
void RequestRunner::retire(RequestBlock& block) {
  Transfer* const transfer = table_.findTransfer(block.id);
  if (transfer != nullptr && transfer->handle() != nullptr) {
    parts_.multi.remove(*transfer->handle());
    if (transfer->connectFailure()) {
      failWaiters(block, *transfer->connectFailure());
    }
    parts_.handles.give(transfer->takeHandle());
  }
  leaveConnection(block.ticket, [&] { parts_.origins.release(block.ticket, Clock::now()); });
  table_.remove(block.id);
  onEnded_();
}

// Fails the requests that waited for this request's connection.
void RequestRunner::failWaiters(RequestBlock& block, const Error& error) {
  failed_.clear();
  parts_.origins.onConnectFailed(block.ticket, failed_, Clock::now());
  failWaiting(error);
}

void RequestRunner::failStalled() {
  const auto now = Clock::now();
  if (now < parts_.origins.nextStall()) {
    return;
  }
  failed_.clear();
  parts_.origins.expireStalls(failed_, now);
  const auto limit = static_cast<std::uint32_t>(parts_.options.streamTimeout.count());
  failWaiting(Error{Errc::noStreams, limit, {}, {}});
}

void RequestRunner::failWaiting(const Error& error) {
  for (const RequestId id : failed_) {
    if (RequestBlock* const waiter = table_.find(id)) {
      end(*waiter, error);
      table_.remove(id);
      onEnded_();
    }
  }
}

void RequestRunner::endAll(const Error& error) {
  for (const RequestId id : table_.ids()) {
    RequestBlock& block = *table_.find(id);
    end(block, error);
    const Transfer* const transfer = table_.findTransfer(id);
    if (transfer != nullptr && transfer->handle() != nullptr) {
      try {
        parts_.multi.remove(*transfer->handle());
      } catch (const std::exception&) {
        // The handle is destroyed with the multi handle.
      }
    }
    parts_.origins.release(block.ticket, Clock::now());
    table_.remove(id);
    onEnded_();
  }
  held_.clear();
  waiting_.clear();
  early_.clear();
}

Connection* RequestRunner::onSending(Transfer& transfer) {
  return parts_.keeper.onSending(
      transfer.block().ticket, *transfer.handle(), transfer.text().isTls(), transfer.text().origin()
  );
}

void RequestRunner::onMisdirected(Connection& connection) { parts_.keeper.drain(connection); }

void RequestRunner::onCompleteEarly(RequestId id) { early_.push_back(id); }

void RequestRunner::onWaitsForRoom(RequestId id) { held_.push_back(id); }

void RequestRunner::onWaitsForTurn(RequestId id) { waiting_.push_back(id); }

}  // namespace dodici
