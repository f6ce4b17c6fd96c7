// What to send: a value, made on any thread, consumed by the loop thread that runs it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace dodici {

// Chosen by the submitter; must not be used again before the request's terminal event was taken.
enum class RequestId : std::uint32_t {};

// What the user of a tunnel sets of its socket. The numbers cross from JavaScript, as those of Errc do.
enum class SocketSetting : std::uint32_t {
  noDelay = 1,       // small writes go at once, as at first
  delay = 2,         // they wait for the answer to those before them
  keepAlive = 3,     // value: seconds to the first probe, 0: the system's
  noKeepAlive = 4,   // no probes
  resetOnClose = 5,  // the peer gets a reset instead of an end
};

enum class BodyKind : std::uint8_t {
  none,
  bytes,   // Request::body
  stream,  // Client::writeBody() and endBody(), as EventType::bodyWanted asks for
};

struct Request {
  RequestId id{};

  // NUL-terminated strings, latin1, one after the other:
  //   origin ("https://host:port", the port always there), method, target (verbatim), servername (may be empty;
  //   a line feed and the host's addresses, "1.2.3.4,[::1]", may follow: then they are not looked up),
  //   then the header lines as they are to be sent, "name: value", all of them: host, connection and those of the framing
  //   (content-length, transfer-encoding) too.
  std::string text;

  std::string body;
  std::optional<std::uint64_t> contentLength;   // of a streamed body; none: chunked
  std::chrono::milliseconds headersTimeout{0};  // 0: none
  std::chrono::milliseconds bodyTimeout{0};     // 0: none
  BodyKind bodyKind = BodyKind::none;
  bool allowHttp2 = true;
  bool closeConnection = false;  // do not keep the connection for another request
  bool keepConnection = false;   // keep it even behind a HEAD request
  bool idempotent = false;       // may be sent again when a kept connection turns out dead
  bool tunnel = false;           // upgrade or CONNECT; all headers, host too, are in text
  bool reportSent = false;       // wants EventType::requestSent
  bool expectContinue = false;   // over HTTP/2 the body waits for 100, or another head
};

}  // namespace dodici
