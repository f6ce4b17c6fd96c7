#include "events/event_batcher.h"

#include <algorithm>
#include <utility>

namespace dodici {

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// Chunks of this size or more get blocks of their own, which JavaScript receives without a copy. Smaller ones share the
// slab, as an external buffer costs about as much as copying this many bytes.
constexpr std::size_t kSlabLimit = 8 * 1024;

std::uint32_t word(std::size_t n) { return static_cast<std::uint32_t>(n); }

}  // namespace

EventBatcher::EventBatcher(
    Mailbox& mailbox, std::shared_ptr<BlockPool> pool, std::function<void()> onPut
)
    : mailbox_(mailbox), pool_(std::move(pool)), onPut_(std::move(onPut)), openRecord_(kNone) {}

void EventBatcher::record(
    EventType type, RequestId id, std::initializer_list<std::uint32_t> words
) {
  batch_.words.push_back(static_cast<std::uint32_t>(type));
  batch_.words.push_back(static_cast<std::uint32_t>(id));
  batch_.words.insert(batch_.words.end(), words);
  news_ = news_ || (type != EventType::data && type != EventType::dataBlock);
  openRecord_ = kNone;
}

void EventBatcher::responseStart(RequestId id, HeaderBlock& head) {
  head.appendHead(batch_, id);
  news_ = true;
  openRecord_ = kNone;
}

void EventBatcher::end(RequestId id, HeaderBlock& head) {
  head.appendEnd(batch_, id);
  news_ = true;
  openRecord_ = kNone;
}

void EventBatcher::answered(RequestId id, HeaderBlock& head) {
  head.appendEnd(batch_, id, EventType::answered);
  news_ = true;
  openRecord_ = kNone;
}

void EventBatcher::endAnswered(RequestId id) { record(EventType::end, id, {0}); }

bool EventBatcher::hasRoom(const Share& share, std::size_t bytes, std::size_t most) const {
  const std::size_t mine = share.batch == batchNumber_ ? share.bytes : 0;
  const bool isMine = mine == 0 || mine + bytes <= most;
  return isMine && mine + bytes <= kMostPerRequest && bodyBytes_ + bytes <= kMostPerBatch;
}

bool EventBatcher::isOpen(EventType type, RequestId id) const {
  return openRecord_ != kNone && batch_.words[openRecord_] == static_cast<std::uint32_t>(type) &&
         batch_.words[openRecord_ + 1] == static_cast<std::uint32_t>(id);
}

void EventBatcher::body(RequestId id, Share& share, std::span<const std::byte> bytes) {
  if (share.batch != batchNumber_) {
    share = Share{batchNumber_, 0};
  }
  share.bytes += bytes.size();
  bodyBytes_ += bytes.size();
  if (bytes.size() < kSlabLimit && batch_.slab.data() == nullptr) {
    batch_.slab = ByteBlock(pool_);
  }
  const bool small = bytes.size() < kSlabLimit && bytes.size() <= batch_.slab.room();
  if (small && !isOpen(EventType::dataBlock, id)) {
    toSlab(id, bytes);
  } else {
    toBlocks(id, bytes);
  }
}

void EventBatcher::toSlab(RequestId id, std::span<const std::byte> bytes) {
  batch_.slab.append(bytes);
  if (isOpen(EventType::data, id)) {
    batch_.words[openRecord_ + 2] += word(bytes.size());
    return;
  }
  record(EventType::data, id, {word(bytes.size())});
  openRecord_ = batch_.words.size() - 3;
}

void EventBatcher::toBlocks(RequestId id, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (batch_.blocks.empty() || batch_.blocks.back().room() == 0) {
      batch_.blocks.emplace_back(pool_);
      openRecord_ = kNone;
    }
    auto& block = batch_.blocks.back();
    const std::size_t offset = block.size();
    const std::size_t taken = block.append(bytes);
    bytes = bytes.subspan(taken);
    if (isOpen(EventType::dataBlock, id)) {
      batch_.words[openRecord_ + 4] += word(taken);
    } else {
      record(EventType::dataBlock, id, {word(batch_.blocks.size() - 1), word(offset), word(taken)});
      openRecord_ = batch_.words.size() - 5;
    }
  }
}

void EventBatcher::failed(RequestId id, const Error& error) {
  record(
      EventType::failed,
      id,
      {static_cast<std::uint32_t>(error.code),
       error.detail,
       word(error.message.size()),
       word(error.socket.size())}
  );
  batch_.text.append(error.message).append(error.socket);
}

void EventBatcher::decoding(RequestId id) { record(EventType::decoding, id, {}); }

void EventBatcher::encodedSize(RequestId id, std::uint64_t bytes) {
  constexpr unsigned kHighWord = 32;
  record(
      EventType::encodedSize,
      id,
      {static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(bytes >> kHighWord)}
  );
}

void EventBatcher::requestSent(RequestId id) { record(EventType::requestSent, id, {}); }

void EventBatcher::bodyWanted(RequestId id, std::uint32_t bytes) {
  record(EventType::bodyWanted, id, {bytes});
}

void EventBatcher::connectionWanted(RequestId id) { record(EventType::connectionWanted, id, {}); }

void EventBatcher::peerEnd(RequestId id) { record(EventType::peerEnd, id, {}); }

void EventBatcher::tunnelSocket(RequestId id, std::string_view socket, std::string_view tls) {
  record(EventType::tunnelSocket, id, {word(socket.size()), word(tls.size())});
  batch_.text.append(socket).append(tls);
}

void EventBatcher::connected(std::string_view origin) {
  record(EventType::connected, RequestId{0}, {word(origin.size())});
  batch_.text.append(origin);
}

void EventBatcher::disconnected(std::string_view origin, Errc code, std::uint32_t detail) {
  record(
      EventType::disconnected,
      RequestId{0},
      {static_cast<std::uint32_t>(code), detail, word(origin.size())}
  );
  batch_.text.append(origin);
}

void EventBatcher::loopClosed() { record(EventType::loopClosed, RequestId{0}, {}); }

bool EventBatcher::flush() {
  if (batch_.empty() || !mailbox_.put(batch_)) {
    return false;
  }
  batch_.clear();
  bodyBytes_ = 0;
  news_ = false;
  ++batchNumber_;
  openRecord_ = kNone;
  onPut_();
  return true;
}

}  // namespace dodici
