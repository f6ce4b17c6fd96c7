#include "bulk/side_file.h"

#include "bulk/crc32c.h"
#include "http/header_syntax.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace dodici {
namespace {

constexpr std::string_view kStart = R"({"dodici":1,"source":)";
constexpr std::string_view kBoot = R"(,"boot":)";
constexpr std::string_view kSize = R"(,"size":)";
constexpr std::string_view kEtag = R"(,"etag":)";
constexpr std::string_view kLastModified = R"(,"lastModified":)";
constexpr std::string_view kValidator = R"(,"validator":)";
constexpr std::string_view kSpans = R"(,"spans":[)";
constexpr std::string_view kCrc = R"(,"crc32c":)";
constexpr std::string_view kEnd = "}\n";
constexpr std::string_view kDigits = "0123456789abcdef";

void addQuoted(std::string& text, std::string_view value) {
  text.push_back('"');
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      text.append("\\u00").push_back(kDigits[byte >> 4U]);
      text.push_back(kDigits[byte & 0xfU]);
      continue;
    }
    if (c == '"' || c == '\\') {
      text.push_back('\\');
    }
    text.push_back(c);
  }
  text.push_back('"');
}

std::uint32_t crcOf(std::string_view text) {
  return crc32c(0, std::as_bytes(std::span(text.data(), text.size())));
}

// Takes one part after the other from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool take(std::string_view part) {
    if (text_.substr(0, part.size()) != part) {
      return false;
    }
    text_.remove_prefix(part.size());
    return true;
  }

  bool takeNumber(std::uint64_t& number) {
    const std::size_t length = std::min(text_.find_first_not_of("0123456789"), text_.size());
    const auto parsed = parseNumber(text_.substr(0, length));
    if (!parsed) {
      return false;
    }
    number = *parsed;
    text_.remove_prefix(length);
    return true;
  }

  bool takeQuoted(std::string& value) {
    if (!take("\"")) {
      return false;
    }
    while (!text_.empty()) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"') {
        return true;
      }
      if (c != '\\') {
        value.push_back(c);
      } else if (!takeEscaped(value)) {
        return false;
      }
    }
    return false;
  }

  std::size_t left() const { return text_.size(); }

 private:
  bool takeEscaped(std::string& value) {
    if (take("u00")) {
      const std::size_t high = text_.empty() ? kDigits.npos : kDigits.find(text_[0]);
      const std::size_t low = text_.size() < 2 ? kDigits.npos : kDigits.find(text_[1]);
      if (high == kDigits.npos || low == kDigits.npos) {
        return false;
      }
      value.push_back(static_cast<char>(high * kDigits.size() + low));
      text_.remove_prefix(2);
      return true;
    }
    if (text_.empty() || (text_.front() != '"' && text_.front() != '\\')) {
      return false;
    }
    value.push_back(text_.front());
    text_.remove_prefix(1);
    return true;
  }

  std::string_view text_;
};

bool takeSpans(Reader& reader, std::vector<ByteSpan>& spans) {
  do {
    ByteSpan span;
    if (!reader.take("[") || !reader.takeNumber(span.begin) || !reader.take(",") ||
        !reader.takeNumber(span.end) || !reader.take("]")) {
      return false;
    }
    spans.push_back(span);
  } while (reader.take(","));
  return true;
}

bool isPossible(const PartialObject& object) {
  if (object.size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ||
      object.validator.empty() ||
      (object.validator != object.etag && object.validator != object.lastModified) ||
      hasControlCharacter(object.validator)) {
    return false;
  }
  const ByteSpan* last = nullptr;
  for (const ByteSpan& span : object.spans) {
    if (span.begin >= span.end || span.end > object.size ||
        (last != nullptr && span.begin <= last->end)) {
      return false;
    }
    last = &span;
  }
  return true;
}

}  // namespace

std::string toText(const SideFile& file) {
  const PartialObject& object = file.object;
  std::string text(kStart);
  addQuoted(text, file.source);
  addQuoted(text.append(kBoot), file.boot);
  text.append(kSize).append(std::to_string(object.size));
  addQuoted(text.append(kEtag), object.etag);
  addQuoted(text.append(kLastModified), object.lastModified);
  addQuoted(text.append(kValidator), object.validator);
  text.append(kSpans);
  for (const ByteSpan& span : object.spans) {
    text.append(&span == object.spans.data() ? "[" : ",[").append(std::to_string(span.begin));
    text.append(",").append(std::to_string(span.end)).append("]");
  }
  text.push_back(']');
  const std::uint32_t crc = crcOf(text);
  return text.append(kCrc).append(std::to_string(crc)).append(kEnd);
}

std::optional<SideFile> parseSideFile(std::string_view text) {
  Reader reader(text);
  SideFile file;
  PartialObject& object = file.object;
  if (!reader.take(kStart) || !reader.takeQuoted(file.source) || !reader.take(kBoot) ||
      !reader.takeQuoted(file.boot) || !reader.take(kSize) || !reader.takeNumber(object.size) ||
      !reader.take(kEtag) || !reader.takeQuoted(object.etag) || !reader.take(kLastModified) ||
      !reader.takeQuoted(object.lastModified) || !reader.take(kValidator) ||
      !reader.takeQuoted(object.validator) || !reader.take(kSpans) ||
      !takeSpans(reader, object.spans) || !reader.take("]")) {
    return std::nullopt;
  }
  const std::string_view summed = text.substr(0, text.size() - reader.left());
  std::uint64_t crc = 0;
  if (!reader.take(kCrc) || !reader.takeNumber(crc) || !reader.take(kEnd) || reader.left() != 0 ||
      crc != crcOf(summed) || !isPossible(object)) {
    return std::nullopt;
  }
  return file;
}

}  // namespace dodici
