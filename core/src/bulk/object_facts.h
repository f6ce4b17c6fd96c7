// What the head of a response says about a range.
//
// Threads: plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dodici {

// "bytes 0-9/20", "bytes 0-9/*", "bytes */20".
struct ContentRange {
  struct Span {
    std::uint64_t begin = 0;
    std::uint64_t last = 0;
  };

  std::optional<Span> span;
  std::optional<std::uint64_t> total;
};

// Returns nothing if `text` is malformed or contradicts itself.
std::optional<ContentRange> parseContentRange(std::string_view text);

// Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT"; nothing if `text` has another form.
std::optional<std::int64_t> parseHttpDate(std::string_view text);

struct ObjectFacts {
  std::uint32_t status = 0;
  std::optional<std::uint64_t> contentLength;
  std::string contentRange;
  std::string etag;
  std::string lastModified;
  std::string date;
  std::string contentEncoding;
  std::string retryAfter;
  std::string location;

  // Keeps the header if it is one of these.
  void add(std::string_view name, std::string_view value);

  // What `If-Range` may name: a strong ETag, or a Last-Modified that is at least a second older than the response, so
  // that it is strong as well (RFC 9110, 8.8.2.2). Empty if there is neither.
  std::string validator() const;

  // How long to wait before the next request. `now` is in seconds since 1970, for a server that names a date and has not
  // said what time it has.
  std::optional<std::chrono::milliseconds> retryDelay(std::int64_t now) const;
};

}  // namespace dodici
