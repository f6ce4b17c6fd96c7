#include "bulk/object_facts.h"

#include "http/header_syntax.h"

#include <algorithm>
#include <array>
#include <limits>

namespace dodici {
namespace {

constexpr std::int64_t kMostSeconds = 365L * 24 * 3600;

// Days since 1970 of a date in the Gregorian calendar, by Howard Hinnant's algorithm.
std::int64_t daysSinceEpoch(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = year / 400;
  const std::int64_t yearOfEra = year - era * 400;
  const std::int64_t dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

std::optional<std::int64_t> numberIn(std::string_view text, std::int64_t least, std::int64_t most) {
  const auto number = parseNumber(text);
  if (!number || *number > static_cast<std::uint64_t>(most) ||
      static_cast<std::int64_t>(*number) < least) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*number);
}

}  // namespace

std::optional<ContentRange> parseContentRange(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  const auto slash = text.find('/');
  if (text.size() < kUnit.size() || !equalsIgnoringCase(text.substr(0, kUnit.size()), kUnit) ||
      slash == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view span = strip(text.substr(kUnit.size(), slash - kUnit.size()));
  const std::string_view total = strip(text.substr(slash + 1));
  ContentRange range;
  if (total != "*") {
    range.total = parseNumber(total);
    if (!range.total) {
      return std::nullopt;
    }
  }
  if (span == "*") {
    return range.total ? std::optional(range) : std::nullopt;
  }
  const auto dash = span.find('-');
  if (dash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto begin = parseNumber(span.substr(0, dash));
  const auto last = parseNumber(span.substr(dash + 1));
  if (!begin || !last || *begin > *last || (range.total && *last >= *range.total) ||
      *last == std::numeric_limits<std::uint64_t>::max()) {
    return std::nullopt;
  }
  range.span = ContentRange::Span{*begin, *last};
  return range;
}

std::optional<std::int64_t> parseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::size_t kLength = 29;
  if (text.size() != kLength || text.substr(3, 2) != ", " || text.substr(25) != " GMT" ||
      text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') {
    return std::nullopt;
  }
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const auto day = numberIn(text.substr(5, 2), 1, 31);
  const auto year = numberIn(text.substr(12, 4), 1970, 9999);
  const auto hour = numberIn(text.substr(17, 2), 0, 23);
  const auto minute = numberIn(text.substr(20, 2), 0, 59);
  const auto second = numberIn(text.substr(23, 2), 0, 60);
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) {
    return std::nullopt;
  }
  const std::int64_t days = daysSinceEpoch(*year, month - kMonths.begin() + 1, *day);
  return ((days * 24 + *hour) * 60 + *minute) * 60 + *second;
}

void ObjectFacts::add(std::string_view name, std::string_view value) {
  const auto is = [name](std::string_view known) { return equalsIgnoringCase(name, known); };
  if (is("content-length")) {
    contentLength = parseNumber(strip(value));
  } else if (is("content-range")) {
    contentRange = strip(value);
  } else if (is("etag")) {
    etag = strip(value);
  } else if (is("last-modified")) {
    lastModified = strip(value);
  } else if (is("date")) {
    date = strip(value);
  } else if (is("content-encoding")) {
    contentEncoding = strip(value);
  } else if (is("retry-after")) {
    retryAfter = strip(value);
  } else if (is("location")) {
    location = strip(value);
  }
}

std::string ObjectFacts::validator() const {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    return etag;
  }
  const auto modified = parseHttpDate(lastModified);
  const auto sent = parseHttpDate(date);
  return modified && sent && *modified < *sent ? lastModified : std::string();
}

std::optional<std::chrono::milliseconds> ObjectFacts::retryDelay(std::int64_t now) const {
  const auto seconds = parseNumber(retryAfter);
  if (seconds) {
    const auto bounded = std::min<std::uint64_t>(*seconds, kMostSeconds);
    return std::chrono::seconds(static_cast<std::int64_t>(bounded));
  }
  const auto at = parseHttpDate(retryAfter);
  if (!at) {
    return std::nullopt;
  }
  const std::int64_t wait = *at - parseHttpDate(date).value_or(now);
  return std::chrono::seconds(std::clamp<std::int64_t>(wait, 0, kMostSeconds));
}

}  // namespace dodici
