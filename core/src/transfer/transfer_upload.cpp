// The part of a Transfer that sends the request's body and reports to its writer.
#include "transfer/transfer.h"

#include <utility>

namespace dodici {

// The writer is asked only once, however often the request is sent.
void Transfer::askForBody() {
  if (!std::exchange(bodyAsked_, true)) {
    services_.batcher.bodyWanted(id(), 0);
  }
}

// Starts a body that waited for the server's answer.
void Transfer::startUpload() {
  if (!state_.onContinue()) {
    return;
  }
  if (request_.bodyKind == BodyKind::stream) {
    askForBody();
  }
  if (state_.onUploadWritten() == Action::letFlow) {
    letFlow();
  }
}

std::optional<std::size_t> Transfer::onBodyWanted(std::span<std::byte> room) {
  if (state_.awaitsContinue()) {
    state_.onUploadEmpty();
    return std::nullopt;
  }
  deadline_.touch();
  const auto read = upload_.read(room);
  if (const auto consumed = upload_.takeConsumed(); consumed > 0) {
    services_.batcher.bodyWanted(id(), consumed);
  }
  switch (read.got) {
    case UploadBody::Got::bytes:
      break;
    case UploadBody::Got::nothing:
      if (upload_.endedShort()) {
        reportSent();
        if (isOnHttp2()) {
          return 0;  // libcurl treats 0 bytes as a fault of the body
        }
      }
      onUploadEmpty();
      return std::nullopt;
    case UploadBody::Got::end:
      break;
  }
  if (upload_.finished()) {
    reportSent();
  }
  return read.size;
}

bool Transfer::onRewind(std::uint64_t offset) { return upload_.rewind(offset); }

void Transfer::onBodyBytes(std::string bytes) {
  upload_.append(std::move(bytes));
  onUploadWritten();
}

void Transfer::onBodyEnd() {
  upload_.end();
  onUploadWritten();
}

// As in undici, over HTTP/1.1 the headers timeout does not run while we wait for the body's source. A body that has
// ended too short will not get any longer, and its server may still answer.
void Transfer::onUploadEmpty() {
  state_.onUploadEmpty();
  if (!isOnHttp2() && state_.phase() == TransferState::Phase::sent && !upload_.endedShort()) {
    deadline_.stop();
  }
}

void Transfer::onUploadWritten() {
  if (state_.onUploadWritten() != Action::letFlow) {
    return;
  }
  if (!isOnHttp2() && state_.phase() == TransferState::Phase::sent) {
    armHeadersDeadline();
  }
  letFlow();
}

void Transfer::reportSent() {
  if (request_.reportSent && !sentReported_) {
    sentReported_ = true;
    services_.batcher.requestSent(id());
  }
}

}  // namespace dodici
