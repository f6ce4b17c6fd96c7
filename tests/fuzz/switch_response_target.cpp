// The result of a response to an upgrade does not depend on where the network cuts its bytes.
#include "batch_records.h"
#include "input.h"
#include "tunnel/switch_response.h"

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace dodici::fuzz {

namespace {

constexpr RequestId kId{3};

struct Outcome {
  SwitchResponse::Progress progress = SwitchResponse::Progress::none;
  std::vector<Record> head;  // and those before it
  std::string rest;          // the tunnel's, or the body
  bool complete = false;

  bool operator==(const Outcome&) const = default;
};

// Feeds the text in pieces of the sizes that `next` gives, at least one byte each.
Outcome feed(
    std::string_view method,
    std::uint32_t maxHeaderSize,
    std::string_view text,
    const std::function<std::size_t()>& next
) {
  using Progress = SwitchResponse::Progress;
  SwitchResponse response(method, maxHeaderSize);
  Outcome outcome;
  EventBatch heads;
  const auto take = [&text, &next] {
    const std::string_view piece = text.substr(0, std::max<std::size_t>(next(), 1));
    text.remove_prefix(piece.size());
    return piece;
  };
  while (outcome.progress == Progress::none && !text.empty()) {
    const std::string_view piece = take();
    outcome.progress = response.onBytes(std::as_bytes(std::span(piece)));
    while (outcome.progress == Progress::alive || outcome.progress == Progress::informational) {
      if (outcome.progress == Progress::informational) {
        response.head().appendHead(heads, kId);
      }
      outcome.progress = response.onBytes({});
    }
  }
  if (outcome.progress == Progress::failed) {
    require(response.error().code != Errc{}, "a failure has a code");
    require(!response.error().message.empty(), "a failure has a reason");
  }
  if (outcome.progress == Progress::switched || outcome.progress == Progress::refused) {
    response.head().appendHead(heads, kId);
    outcome.head = readRecords(heads);
    require(!outcome.head.empty(), "a response has a head");
  }
  if (outcome.progress == Progress::switched) {
    outcome.rest = response.takeRest().append(text);
  }
  if (outcome.progress == Progress::refused) {
    bool good = response.readBody({}, outcome.rest);
    while (good && !text.empty() && !response.bodyComplete()) {
      good = response.readBody(take(), outcome.rest);
    }
    outcome.complete = good && (response.bodyComplete() || response.endsHere());
    if (!outcome.complete) {
      outcome.rest.clear();  // how much came out before the fault does not matter
    }
  }
  return outcome;
}

}  // namespace

void switchResponse(Bytes bytes) {
  Input input(bytes);
  static constexpr std::array<std::string_view, 3> kMethods{"GET", "CONNECT", "HEAD"};
  const std::string_view method = kMethods[input.below(kMethods.size())];
  const std::uint32_t maxHeaderSize = input.flag() ? 64 : 16 * 1024;
  std::vector<std::size_t> sizes(8);
  for (auto& size : sizes) {
    size = input.byte();
  }
  const std::string_view text = input.rest();
  const Outcome whole = feed(method, maxHeaderSize, text, [&text] { return text.size(); });
  const Outcome bytewise = feed(method, maxHeaderSize, text, [] { return 1; });
  require(bytewise == whole, "bytes that come one by one mean the same");
  std::size_t turn = 0;
  const Outcome pieces =
      feed(method, maxHeaderSize, text, [&] { return sizes[turn++ % sizes.size()]; });
  require(pieces == whole, "bytes that come in pieces mean the same");
}

}  // namespace dodici::fuzz
