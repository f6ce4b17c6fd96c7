#include "bulk/whole_response.h"

#include "http/header_syntax.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace dodici {
namespace {

constexpr std::uint32_t kFirstFinalStatus = 200;
constexpr std::uint32_t kFirstRedirect = 300;

// Up to this size bodies share memory, because a Buffer with memory of its own costs JavaScript as much as copying them.
constexpr std::size_t kSlabLimit = 16 * 1024;

// What is read of a body that nobody wants, to keep its connection. As much as undici's dump() reads.
constexpr std::size_t kMostDropped = 128 * 1024;

// What a server may claim before it has sent it.
constexpr std::size_t kMostReserved = 64 * 1024 * 1024;

std::uint32_t word(std::size_t n) { return static_cast<std::uint32_t>(n); }

// Returns 0 if there is none.
std::uint64_t contentLength(const BatchWalk& head) {
  const RecordWalk& record = head.record();
  std::string_view text = head.text().substr(record.word(2));
  for (std::uint32_t header = 0; header < record.word(3); ++header) {
    const std::size_t nameLength = record.word(4 + 2 * std::size_t{header});
    const std::size_t valueLength = record.word(5 + 2 * std::size_t{header});
    if (equalsIgnoringCase(text.substr(0, nameLength), "content-length")) {
      return parseNumber(strip(text.substr(nameLength, valueLength))).value_or(0);
    }
    text.remove_prefix(nameLength + valueLength);
  }
  return 0;
}

// Makes room, at least twice of what there was.
void grow(ByteBlock& block, std::size_t size) {
  ByteBlock larger(std::max(size, 2 * block.size()));
  larger.append({block.data(), block.size()});
  block = std::move(larger);
}

}  // namespace

WholeResponse::Verdict WholeResponse::onHead(const BatchWalk& head, std::uint32_t most) {
  const RecordWalk& record = head.record();
  const std::uint32_t status = record.word(0);
  if (status < kFirstFinalStatus || failure_) {
    return Verdict::goOn;
  }
  const auto words = record.words();
  headWords_.assign(words.begin(), words.end());
  headText_ = head.text();
  isWanted_ = status < kFirstRedirect;
  if (isWanted_) {
    const std::uint64_t length = contentLength(head);
    if (length > most) {
      return fail(Errc::responseTooLarge);
    }
    reserve(std::min<std::size_t>(length, kMostReserved), most);
  }
  return Verdict::goOn;
}

WholeResponse::Verdict WholeResponse::onBytes(
    std::span<const std::byte> bytes, std::uint32_t most
) {
  if (failure_) {
    return Verdict::goOn;
  }
  if (!isWanted_) {
    dropped_ += bytes.size();
    return dropped_ > kMostDropped ? Verdict::cancel : Verdict::goOn;
  }
  if (bytes.size() > most - body_.size()) {
    return fail(Errc::responseTooLarge);
  }
  reserve(body_.size() + bytes.size(), most);
  body_.append(bytes);
  return Verdict::goOn;
}

WholeResponse::Verdict WholeResponse::fail(Errc code) {
  failure_ = code;
  body_ = {};
  return Verdict::cancel;
}

void WholeResponse::reserve(std::size_t size, std::uint32_t most) {
  if (size > body_.size() + body_.room()) {
    grow(
        body_, body_.empty() ? size : std::min<std::size_t>(std::max(size, 2 * body_.size()), most)
    );
  }
}

bool WholeResponse::end(const BatchWalk& terminal, EventBatch& batch) {
  const RecordWalk& record = terminal.record();
  const auto id = static_cast<std::uint32_t>(record.id());
  const bool hasEnded = record.type() == EventType::end;
  const bool isRefused = !headWords_.empty() && !isWanted_;
  const bool isWhole = !failure_ && hasEnded && isWanted_;
  auto& words = batch.words;
  if (isWhole || (isRefused && !failure_)) {
    words.insert(words.end(), headWords_.begin(), headWords_.end());
    batch.text.append(headText_);
    if (isWhole) {
      appendBody(id, batch);
    }
    words.insert(words.end(), {word(static_cast<std::size_t>(EventType::end)), id, 0});
  } else if (failure_ || hasEnded) {
    const auto code = static_cast<std::uint32_t>(failure_.value_or(Errc::internal));
    words.insert(
        words.end(), {word(static_cast<std::size_t>(EventType::failed)), id, code, 0, 0, 0}
    );
  } else {
    const auto failed = record.words();
    words.insert(words.end(), failed.begin(), failed.end());
    batch.text.append(terminal.text());
  }
  reset();
  return isWhole;
}

void WholeResponse::appendBody(std::uint32_t id, EventBatch& batch) {
  const std::size_t size = body_.size();
  auto& words = batch.words;
  if (size == 0) {
    return;
  }
  if (size > kSlabLimit) {
    batch.blocks.push_back(std::move(body_));
    words.insert(
        words.end(),
        {word(static_cast<std::size_t>(EventType::dataBlock)),
         id,
         word(batch.blocks.size() - 1),
         0,
         word(size)}
    );
    return;
  }
  if (batch.slab.room() < size) {
    grow(batch.slab, std::max(batch.slab.size() + size, 4 * kSlabLimit));
  }
  batch.slab.append({body_.data(), size});
  words.insert(words.end(), {word(static_cast<std::size_t>(EventType::data)), id, word(size)});
}

void WholeResponse::reset() {
  headWords_.clear();
  headText_.clear();
  // Memory for a small body is used again.
  if (body_.size() + body_.room() > kSlabLimit) {
    body_ = {};
  } else {
    body_.clear();
  }
  dropped_ = 0;
  isWanted_ = false;
  failure_.reset();
}

}  // namespace dodici
