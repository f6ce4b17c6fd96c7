// A request to send: a value that is made on any thread and consumed by the loop thread that runs it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace dodici {

// Chosen by the submitter, who must not use it again before taking the request's terminal event.
enum class RequestId : std::uint32_t {};

// Options that a tunnel's user can set on its socket. Like those of Errc, the numbers cross to JavaScript.
enum class SocketSetting : std::uint32_t {
  noDelay = 1,       // small writes are sent at once; the default
  delay = 2,         // they wait for the acknowledgement of earlier ones
  keepAlive = 3,     // value: seconds to the first probe; 0 for the system's default
  noKeepAlive = 4,   // no probes
  resetOnClose = 5,  // closing sends a reset instead of an end
};

enum class BodyKind : std::uint8_t {
  none,
  bytes,   // Request::body
  stream,  // comes by Client::writeBody() and endBody(), at the pace of EventType::bodyWanted
};

struct Request {
  RequestId id{};
  // Here, where alignment leaves room: thousands of requests may wait.
  bool decodesBody = false;  // decode the content codings of the response, if all are known

  // NUL-terminated strings, latin1, one after the other:
  //   origin ("https://host:port", the port always there), method, target (verbatim), servername (may be empty;
  //   a line feed and the host's addresses, "1.2.3.4,[::1]", may follow: then they are not looked up),
  //   then the header lines as they are to be sent, "name: value", all of them: host, connection and those of the framing
  //   (content-length, transfer-encoding) too.
  std::string text;

  std::string body;
  std::optional<std::uint64_t> contentLength;   // of a streamed body; none if it is chunked
  std::chrono::milliseconds headersTimeout{0};  // 0 means no limit
  std::chrono::milliseconds bodyTimeout{0};     // 0 means no limit
  BodyKind bodyKind = BodyKind::none;
  bool allowHttp2 = true;
  bool closeConnection = false;  // do not keep the connection for another request
  bool keepConnection = false;   // keep it even after a HEAD request
  bool idempotent = false;       // may be sent again if a kept connection was dead
  bool tunnel = false;           // upgrade or CONNECT
  bool reportSent = false;       // wants EventType::requestSent
  bool expectContinue = false;   // over HTTP/2 the body waits for 100 or another head
};

}  // namespace dodici
