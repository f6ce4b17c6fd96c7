// For any lines HeaderBlock either fails, once and with a reason, or its records match the lines.
#include "batch_records.h"
#include "http/header_block.h"
#include "input.h"

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dodici::fuzz {

namespace {

constexpr RequestId kId{7};
constexpr std::string_view kBreaks{" \t\r\n\0", 5};

bool isClean(std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
      return false;
    }
  }
  return true;
}

std::string_view withoutBlanksInFront(std::string_view value) {
  const auto first = value.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{} : value.substr(first);
}

// See HeaderBlock's constructor.
std::uint32_t limitOf(const ResponseFacts& facts, std::uint32_t maxHeaderSize) {
  return facts.httpVersion < 20 ? maxHeaderSize : std::numeric_limits<std::uint32_t>::max();
}

void checkFields(
    const std::vector<std::pair<std::string, std::string>>& fields,
    const std::vector<std::string_view>& lines,
    std::uint32_t limit
) {
  require(fields.size() == lines.size(), "each line is one field");
  std::size_t total = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& [name, value] = fields[i];
    const std::string_view line = lines[i];
    const auto colon = line.find(':');
    require(name == line.substr(0, colon), "a name is what stands before the colon");
    require(
        value == withoutBlanksInFront(line.substr(colon + 1)), "a value is what stands behind it"
    );
    require(!name.empty() && name.find_first_of(kBreaks) == name.npos, "a name is a word");
    require(isClean(value), "a value has no control character");
    total += name.size() + value.size();
  }
  require(fields.empty() || total < limit, "a head is smaller than its limit");
}

// What reading the lines gave, for comparing one reading with another.
struct Reading {
  std::vector<HeaderProgress> progress;
  std::vector<Record> records;
  std::string error;

  bool operator==(const Reading&) const = default;
};

Reading readLines(HeaderBlock& block, std::string_view text, std::uint32_t maxHeaderSize) {
  Reading reading;
  EventBatch batch;
  std::vector<std::string_view> fields;  // of the head, or the trailers, being read
  bool atStatusLine = true;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n') + 1);
    const bool whole = !line.empty();
    const HeaderProgress progress = block.onLine(whole ? line : text);
    text.remove_prefix(whole ? line.size() : text.size());
    reading.progress.push_back(progress);
    if (progress == HeaderProgress::failed) {
      const Error& error = block.error();
      require(
          error.code == Errc::malformedResponse || error.code == Errc::headersOverflow,
          "a head fails for what it holds"
      );
      require(!error.message.empty(), "a failure has a reason");
      reading.error = error.message;
      return reading;
    }
    const bool trailers = block.finalHeadSeen() && progress != HeaderProgress::finalHead;
    if (trailers ? line.size() > 2 : progress == HeaderProgress::none && !atStatusLine) {
      fields.push_back(line.substr(0, line.size() - 2));
    }
    atStatusLine = false;
    if (trailers || progress == HeaderProgress::none) {
      continue;
    }
    const ResponseFacts& facts = block.facts();
    require(facts.status >= 100 && facts.status <= 999, "a status has three digits");
    require(
        (facts.status < 200) == (progress != HeaderProgress::finalHead),
        "a head is final when its status says so"
    );
    require(!(facts.chunked && facts.contentLength), "the framing is not ambiguous");
    block.appendHead(batch, kId);
    reading.records = readRecords(batch);
    const Record& head = reading.records.back();
    require(head.type == EventType::responseStart && head.id == 7, "a head is a responseStart");
    require(head.numbers[0] == facts.status, "the record has the status");
    require(isClean(head.texts[0]), "the status text has no control character");
    checkFields(head.fields, fields, limitOf(facts, maxHeaderSize));
    fields.clear();
    atStatusLine = true;
  }
  if (block.finalHeadSeen()) {
    block.appendEnd(batch, kId);
    reading.records = readRecords(batch);
    checkFields(reading.records.back().fields, fields, limitOf(block.facts(), maxHeaderSize));
  }
  return reading;
}

}  // namespace

void headerBlock(Bytes bytes) {
  Input input(bytes);
  const std::uint32_t maxHeaderSize = input.flag() ? 64 : 16 * 1024;
  const std::string_view text = input.rest();
  HeaderBlock block(maxHeaderSize);
  const Reading first = readLines(block, text, maxHeaderSize);
  block.reset();
  require(readLines(block, text, maxHeaderSize) == first, "reset() leaves nothing of what was");
}

}  // namespace dodici::fuzz
