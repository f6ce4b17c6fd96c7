// Turns the lines from libcurl's header callback into the records of event_batch.h.
//
//   "HTTP/1.1 103 Early Hints\r\n" "Link: …\r\n" "\r\n"        -> informationalHead: appendHead()
//   "HTTP/1.1 200 OK\r\n" "Content-Length: 5\r\n" … "\r\n"     -> finalHead: appendHead()
//   "Expires: 0\r\n" …                                         -> trailer; appendEnd() when the transfer is complete
#pragma once

#include "dodici/error.h"
#include "dodici/event_batch.h"
#include "dodici/request.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dodici {

// What a line has completed.
enum class HeaderProgress : std::uint8_t {
  none,               // within a head
  continueHead,       // 100 over HTTP/1: not reported, but a sign of life
  informationalHead,  // another 1xx: appendHead(), another head follows
  switchingHead,      // 101: appendHead() if an upgrade was requested, else Errc::unexpectedUpgrade
  finalHead,          // appendHead(), body and trailers follow
  trailer,            // one more trailer, kept for appendEnd()
  failed,             // see error(); the transfer cannot go on
};

// Facts of the head that is being read; complete at finalHead.
struct ResponseFacts {
  std::uint32_t status = 0;
  std::uint32_t httpVersion = 0;  // 10, 11, 20, 30
  std::optional<std::uint64_t> contentLength;
  bool transferEncoding = false;  // whether there is one
  bool chunked = false;
  bool connectionClose = false;    // as the header says, or by HTTP/1.0's default
  bool connectionUpgrade = false;  // "upgrade" in Connection
  bool upgradeNamed = false;       // Upgrade names any protocol
  std::optional<std::chrono::seconds> keepAliveTimeoutHint;  // Keep-Alive: timeout=N
};

// As strict as undici's parser, and stricter than libcurl: no line folding, no bare LF, no control characters, no
// ambiguous framing.
//
// Owner: Transfer. reset() makes it ready for another request and keeps the memory.
class HeaderBlock {
 public:
  // Names and values of one head, or of the trailers, must together be below `maxHeaderSize` bytes. Over HTTP/2
  // nghttp2's own limit of 64 KB applies instead.
  explicit HeaderBlock(std::uint32_t maxHeaderSize);

  // `line` is a whole line with its ending, as from libcurl. Must not be called after `failed`.
  HeaderProgress onLine(std::string_view line);

  // The value of a header in the head that the last onLine() completed; the values of several headers with that name are joined by
  // commas. `name` must be in lower case.
  std::string value(std::string_view name) const;

  // Appends a responseStart record for the head that the last onLine() completed.
  void appendHead(EventBatch& batch, RequestId id) const;

  // Appends the end record with the trailers.
  void appendEnd(EventBatch& batch, RequestId id, EventType type = EventType::end) const;

  const ResponseFacts& facts() const { return facts_; }

  bool finalHeadSeen() const { return phase_ == Phase::trailers; }

  // REQUIRES: onLine() returned failed.
  const Error& error() const { return error_; }

  void reset();

 private:
  enum class Phase : std::uint8_t { statusLine, headers, trailers };

  HeaderProgress onStatusLine(std::string_view line);
  HeaderProgress onField(std::string_view line);
  HeaderProgress onHeadEnd();
  const char* noteFraming(std::string_view name, std::string_view value);
  HeaderProgress fail(Errc code, const char* why);
  void clearFields();

  const std::uint32_t maxHeaderSize_;
  Phase phase_ = Phase::statusLine;
  ResponseFacts facts_;
  bool keepAliveSaid_ = false;
  bool headComplete_ =
      false;  // the fields below are those of a whole head, which the next line replaces
  std::uint32_t statusTextLength_ = 0;
  std::size_t bytes_ = 0;               // length of names and values so far
  std::vector<std::uint32_t> lengths_;  // nameLength, valueLength, …
  std::string text_;                    // status text, then name, value, …
  Error error_;
};

}  // namespace dodici
