// Responses whose content codings are decoded here.
//
// Few bytes may decode to very many, so a body is decoded in steps, and only while its reader takes the result. Bytes that are not
// decoded yet stay in libcurl: the write callback says that a piece was taken only when all of it has been decoded and delivered.
// Otherwise libcurl delivers the piece again.
#include "transfer/transfer.h"

#include <algorithm>
#include <span>
#include <utility>

namespace dodici {

namespace {

constexpr std::uint32_t kResetContent = 205;

// fetch() may follow it, and then ignores its body.
bool isRedirect(std::uint32_t status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

void Transfer::startDecoding() {
  const auto status = head_.facts().status;
  if (!request_.decodesBody || bodiless() || status == kResetContent || isRedirect(status)) {
    return;
  }
  const Codings codings = Codings::of(head_.value("content-encoding"));
  if (!codings.empty()) {
    decoder_ = std::make_unique<ContentDecoder>(codings);
    services_.batcher.decoding(id());
  }
}

EasyHandle::Taken Transfer::decode(std::span<const std::byte> bytes) {
  auto rest = bytes.subspan(std::min(decodedAhead_, bytes.size()));
  for (;;) {
    if (const auto held = holdUnlessRoom(DecodeRoom::kSize)) {
      return *held;
    }
    const auto room = services_.decodeRoom.get();
    const auto step = decoder_->step(rest, room);
    rest = rest.subspan(step.read);
    decodedAhead_ = std::max(decodedAhead_, bytes.size() - rest.size());
    if (step.next == ContentDecoder::Next::fails) {
      return failDecoding();
    }
    if (step.written > 0) {
      deadline_.touch();
      services_.batcher.body(id(), share_, room.first(step.written));
    }
    if (step.next == ContentDecoder::Next::wantsInput) {
      decodedAhead_ -= bytes.size();
      return EasyHandle::Taken::all;
    }
    if (step.next == ContentDecoder::Next::wantsTurn) {
      state_.onBodyHeld();
      services_.host.onWaitsForTurn(id());
      return EasyHandle::Taken::later;
    }
  }
}

// Does not rely on libcurl to end the transfer: it may have no more to do for it.
EasyHandle::Taken Transfer::failDecoding() {
  const DecodeFault& fault = decoder_->fault();
  park(Error{
      Errc::decodeFailed,
      static_cast<std::uint32_t>(fault.number),
      fault.code + "\n" + fault.words,
      {}});
  services_.host.onCompleteEarly(id());
  return EasyHandle::Taken::stop;
}

// The body is complete. False, with parked_ set, if its coded data is not.
bool Transfer::finishDecoding() {
  if (!decoder_) {
    return true;
  }
  if (!decoder_->finish()) {
    failDecoding();
    return false;
  }
  decoder_.reset();
  services_.batcher.encodedSize(id(), received_);
  return true;
}

}  // namespace dodici
