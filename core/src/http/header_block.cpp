#include "http/header_block.h"

#include "http/header_syntax.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace dodici {

namespace {

constexpr std::size_t kUsualWords = 32;  // 16 headers
constexpr std::size_t kUsualText = 500;

void append(std::vector<std::uint32_t>& words, const std::vector<std::uint32_t>& more) {
  words.insert(words.end(), more.begin(), more.end());
}

// Removes the version from `line` and returns its number as in event_batch.h; 0 if we do not speak it.
std::uint32_t takeVersion(std::string_view& line) {
  struct Version {
    std::string_view text;
    std::uint32_t number;
  };

  static constexpr std::array<Version, 4> kVersions{
      {{"HTTP/1.1 ", 11}, {"HTTP/2 ", 20}, {"HTTP/1.0 ", 10}, {"HTTP/3 ", 30}}};
  for (const Version& version : kVersions) {
    if (line.starts_with(version.text)) {
      line.remove_prefix(version.text.size());
      return version.number;
    }
  }
  return 0;
}

// Reads "timeout=5", a parameter of Keep-Alive. Anything after the digits is ignored.
std::optional<std::chrono::seconds> keepAliveTimeout(std::string_view parameter) {
  constexpr std::string_view kName = "timeout=";
  if (!equalsIgnoringCase(parameter.substr(0, kName.size()), kName)) {
    return std::nullopt;
  }
  parameter.remove_prefix(kName.size());
  const std::size_t digits = std::min(parameter.find_first_not_of("0123456789"), parameter.size());
  if (digits == 0) {
    return std::nullopt;
  }
  const auto seconds = parseNumber(parameter.substr(0, digits));
  return std::chrono::seconds(std::min<std::uint64_t>(seconds.value_or(UINT32_MAX), UINT32_MAX));
}

}  // namespace

HeaderBlock::HeaderBlock(std::uint32_t maxHeaderSize) : maxHeaderSize_(maxHeaderSize) {}

HeaderProgress HeaderBlock::onLine(std::string_view line) {
  if (headComplete_) {
    clearFields();
  }
  if (!line.ends_with("\r\n")) {
    return fail(Errc::malformedResponse, "header line without CRLF");
  }
  line.remove_suffix(2);
  switch (phase_) {
    case Phase::statusLine:
      return onStatusLine(line);
    case Phase::headers:
      return line.empty() ? onHeadEnd() : onField(line);
    case Phase::trailers:
      return line.empty() ? HeaderProgress::none : onField(line);
  }
  return HeaderProgress::none;
}

HeaderProgress HeaderBlock::onStatusLine(std::string_view line) {
  // Most heads fit into this, so the buffers need not grow step by step.
  lengths_.reserve(kUsualWords);
  text_.reserve(kUsualText);
  facts_ = {};
  keepAliveSaid_ = false;

  facts_.httpVersion = takeVersion(line);
  const std::optional<std::uint64_t> status =
      parseNumber(line.substr(0, std::min<std::size_t>(line.size(), 3)));
  // libcurl writes HTTP/2's status line with the blank. Without it, this is an invalid line of HTTP/1.1 that libcurl
  // reads as HTTP/1.0.
  const bool ends = line.size() > 3 ? line[3] == ' ' : facts_.httpVersion < 20;
  if (facts_.httpVersion == 0 || !status || *status < 100 || !ends) {
    return fail(Errc::malformedResponse, "not a status line");
  }
  facts_.status = static_cast<std::uint32_t>(*status);
  // HTTP/2 and later have no status text; libcurl's line only has a place for one.
  if (facts_.httpVersion < 20 && line.size() > 4) {
    text_ = line.substr(4);
    if (hasControlCharacter(text_)) {
      return fail(Errc::malformedResponse, "control character in the status text");
    }
  }
  statusTextLength_ = static_cast<std::uint32_t>(text_.size());
  phase_ = Phase::headers;
  return HeaderProgress::none;
}

HeaderProgress HeaderBlock::onField(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    return fail(Errc::malformedResponse, "folded header line");
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return fail(Errc::malformedResponse, "header line without a colon");
  }
  const std::string_view name = line.substr(0, colon);
  if (name.empty() || !isToken(name)) {
    return fail(Errc::malformedResponse, "invalid header name");
  }
  // Blanks at the end are kept, as in undici's parser.
  const std::string_view value = stripLeft(line.substr(colon + 1));
  if (hasControlCharacter(value)) {
    return fail(Errc::malformedResponse, "control character in a header value");
  }
  bytes_ += name.size() + value.size();
  if (bytes_ >= maxHeaderSize_ && facts_.httpVersion < 20) {
    return fail(Errc::headersOverflow, describe(Errc::headersOverflow));
  }

  lengths_.push_back(static_cast<std::uint32_t>(name.size()));
  lengths_.push_back(static_cast<std::uint32_t>(value.size()));
  text_.append(name).append(value);
  if (phase_ == Phase::trailers) {
    const bool framing = facts_.httpVersion < 20 && equalsIgnoringCase(name, "content-length");
    return framing ? fail(Errc::malformedResponse, "content-length among the trailers")
                   : HeaderProgress::trailer;
  }
  if (const char* why = noteFraming(name, strip(value))) {
    return fail(Errc::malformedResponse, why);
  }
  return HeaderProgress::none;
}

// Returns what is wrong with the framing that the header gives, or nullptr.
const char* HeaderBlock::noteFraming(std::string_view name, std::string_view value) {
  switch (name.size()) {  // the length alone excludes most names
    case 7:
      facts_.upgradeNamed |= !value.empty() && equalsIgnoringCase(name, "upgrade");
      return nullptr;
    case 10:
      if (equalsIgnoringCase(name, "connection")) {
        while (!value.empty()) {
          const std::string_view option = takeElement(value);
          facts_.connectionClose |= equalsIgnoringCase(option, "close");
          facts_.connectionUpgrade |= equalsIgnoringCase(option, "upgrade");
          keepAliveSaid_ |= equalsIgnoringCase(option, "keep-alive");
        }
      } else if (equalsIgnoringCase(name, "keep-alive")) {
        while (!value.empty() && !facts_.keepAliveTimeoutHint) {
          facts_.keepAliveTimeoutHint = keepAliveTimeout(takeElement(value));
        }
      }
      return nullptr;
    case 14: {
      if (!equalsIgnoringCase(name, "content-length")) {
        return nullptr;
      }
      const std::optional<std::uint64_t> length = parseNumber(value);
      if (!length) {
        return "invalid content-length";
      }
      if (facts_.contentLength && *facts_.contentLength != *length) {
        return "differing content-length headers";
      }
      facts_.contentLength = length;
      break;
    }
    case 17:
      if (!equalsIgnoringCase(name, "transfer-encoding")) {
        return nullptr;
      }
      facts_.transferEncoding = true;
      while (!value.empty()) {
        facts_.chunked = equalsIgnoringCase(takeElement(value), "chunked");  // the last one decides
      }
      break;
    default:
      return nullptr;
  }
  return facts_.contentLength && facts_.transferEncoding
             ? "content-length together with transfer-encoding"
             : nullptr;
}

HeaderProgress HeaderBlock::onHeadEnd() {
  headComplete_ = true;
  facts_.connectionClose |= facts_.httpVersion == 10 && !keepAliveSaid_;
  if (facts_.status >= 200) {
    phase_ = Phase::trailers;
    return HeaderProgress::finalHead;
  }
  phase_ = Phase::statusLine;
  switch (facts_.status) {
    case 100:
      // Over HTTP/2 it is like any other, as undici passes it on.
      return facts_.httpVersion < 20 ? HeaderProgress::continueHead
                                     : HeaderProgress::informationalHead;
    case 101:
      return HeaderProgress::switchingHead;
    default:
      return HeaderProgress::informationalHead;
  }
}

std::string HeaderBlock::value(std::string_view name) const {
  assert(headComplete_);
  std::string found;
  std::string_view rest = text_;
  rest.remove_prefix(statusTextLength_);
  bool isFirst = true;
  for (std::size_t i = 0; i < lengths_.size(); i += 2) {
    const std::size_t nameLength = lengths_[i];
    const std::size_t valueLength = lengths_[i + 1];
    if (equalsIgnoringCase(rest.substr(0, nameLength), name)) {
      found.append(isFirst ? "" : ", ").append(rest.substr(nameLength, valueLength));
      isFirst = false;
    }
    rest.remove_prefix(nameLength + valueLength);
  }
  return found;
}

void HeaderBlock::appendHead(EventBatch& batch, RequestId id) const {
  assert(headComplete_);
  const auto count = static_cast<std::uint32_t>(lengths_.size() / 2);
  batch.words.insert(
      batch.words.end(),
      {static_cast<std::uint32_t>(EventType::responseStart),
       static_cast<std::uint32_t>(id),
       facts_.status,
       facts_.httpVersion,
       statusTextLength_,
       count}
  );
  append(batch.words, lengths_);
  batch.text.append(text_);
}

void HeaderBlock::appendEnd(EventBatch& batch, RequestId id, EventType type) const {
  // If no trailer has come, the fields are still those of the head.
  const auto count = headComplete_ ? 0 : static_cast<std::uint32_t>(lengths_.size() / 2);
  batch.words.insert(
      batch.words.end(), {static_cast<std::uint32_t>(type), static_cast<std::uint32_t>(id), count}
  );
  if (count > 0) {
    append(batch.words, lengths_);
    batch.text.append(text_);
  }
}

HeaderProgress HeaderBlock::fail(Errc code, const char* why) {
  error_.code = code;
  error_.message = why;
  return HeaderProgress::failed;
}

void HeaderBlock::clearFields() {
  headComplete_ = false;
  statusTextLength_ = 0;
  bytes_ = 0;
  lengths_.clear();
  text_.clear();
}

void HeaderBlock::reset() {
  clearFields();
  phase_ = Phase::statusLine;
  facts_ = {};
  error_ = {};
}

}  // namespace dodici
