// The one list of what can go wrong with a request. Errors are data: they cross threads and N-API, and are never thrown.
#pragma once

#include <cstdint>
#include <string>

namespace dodici {

// The comments describe `detail`; without a description it is 0. The numbers cross to JavaScript:
// lib/native/contract.ts lists them again, and tests/architecture compares the two.
enum class Errc : std::uint32_t {
  aborted = 1,  // the request's token was cancelled
  // no connection, with TLS, in time; detail: the milliseconds; message: if several addresses were tried, a line
  // "address port" for each
  connectTimeout = 2,
  // no response head in time; detail: the milliseconds; message: "HTTP/2" or empty
  headersTimeout = 3,
  bodyTimeout = 4,    // no body byte in time; detail and message: as for headersTimeout
  resolveFailed = 5,  // no address for the host; detail: 1 for EAI_AGAIN
  // no connection; detail: the OS errno; message: if several addresses were tried, a line "address port errno" for each
  connectFailed = 6,
  socketClosed = 7,     // the peer closed before the response was complete
  socketError = 8,      // reading or writing failed; detail: the OS errno
  tlsVerifyFailed = 9,  // the certificate is not trusted; detail: OpenSSL's X509_V_ERR_* number
  // The certificate is for another name. message: its alternative names as Node prints them
  // ("DNS:a, IP Address:1.2.3.4"), a line feed, its common name.
  tlsNameMismatch = 10,
  tlsHandshakeFailed = 11,  // TLS failed otherwise; message: OpenSSL's error line
  malformedResponse = 12,   // not HTTP, or ambiguous framing
  headersOverflow = 13,     // head or trailers larger than ClientOptions::maxHeaderSize
  responseTooLarge = 14,    // body larger than ClientOptions::maxResponseSize
  lengthMismatch = 15,  // body cut short on a connection that was to close anyway, or over HTTP/2
  streamReset = 16,     // detail: the protocol's error code; message: "unanswered" before the head
  unexpectedUpgrade = 17,  // 101 without an upgrade request
  invalidRequest = 18,     // libcurl refuses the request; message: why
  internal =
      19,  // a bug in dodici, or out of resources; message: what happened; detail: libcurl's code, or 0
  proxyRefused = 20,       // the proxy's response to CONNECT was not 2xx; detail: its status
  proxyClosed = 21,        // the proxy closed before the tunnel was made
  proxyNameMismatch = 22,  // as tlsNameMismatch, for the proxy's certificate
  // detail: the SOCKS server's reply (1 to 8); 254: wrong credentials; 255: no acceptable method; 0: anything else
  socksFailed = 23,
  // These say why a connection ended if no request failed with it (EventType::disconnected).
  notKept = 24,       // closed after a response, as its server or its request asked for
  idleTimeout = 25,   // idle for too long
  unaskedBytes = 26,  // idle, and the peer sent something
  switchedAway = 27,  // it became a tunnel
  goaway =
      28,  // the peer ended an HTTP/2 connection; requests on it get it too; detail: the peer's error code, or 0
  http2Error = 29,             // the peer broke HTTP/2's rules
  requestLengthMismatch = 30,  // the request's body is not as long as declared
  notConnected = 31,           // Client::refuse() was called; detail: the id of its request
  // The response's body does not have the content codings that its headers name; detail: Node's `errno`, negative ones in two's
  // complement; message: Node's `code`, a line feed, Node's message
  decodeFailed = 32,
  noStreams = 33,  // an HTTP/2 peer allowed no stream in time; detail: the milliseconds
};

struct Error {
  Errc code = Errc::internal;
  std::uint32_t detail = 0;
  std::string message;  // libcurl's or OpenSSL's own text
  std::string socket;   // see EventType::failed
};

// Describes each code in a sentence.
const char* describe(Errc code);

}  // namespace dodici
