#include "dodici/error.h"

namespace dodici {

const char* describe(Errc code) {
  // There is no default, so that -Wswitch reports a missing code.
  switch (code) {
    case Errc::aborted:
      return "the request was cancelled";
    case Errc::connectTimeout:
      return "no connection was made in time";
    case Errc::headersTimeout:
      return "no response head came in time";
    case Errc::bodyTimeout:
      return "no piece of the response body came in time";
    case Errc::resolveFailed:
      return "the host name could not be resolved";
    case Errc::connectFailed:
      return "the connection could not be made";
    case Errc::socketClosed:
      return "the peer closed the connection before the response was complete";
    case Errc::socketError:
      return "reading from or writing to the connection failed";
    case Errc::tlsVerifyFailed:
      return "the peer's certificate is not trusted";
    case Errc::tlsNameMismatch:
      return "the peer's certificate is for another name";
    case Errc::tlsHandshakeFailed:
      return "the TLS handshake failed";
    case Errc::malformedResponse:
      return "the response is not valid HTTP";
    case Errc::headersOverflow:
      return "the response head or its trailers are too large";
    case Errc::responseTooLarge:
      return "the response body is too large";
    case Errc::lengthMismatch:
      return "the response body is shorter than its content-length";
    case Errc::streamReset:
      return "the peer reset the stream";
    case Errc::unexpectedUpgrade:
      return "the peer switched protocols without being asked to";
    case Errc::invalidRequest:
      return "the request cannot be sent as it is";
    case Errc::internal:
      return "an internal error, or out of resources";
    case Errc::proxyRefused:
      return "the proxy refused the tunnel";
    case Errc::proxyClosed:
      return "the proxy closed the connection before there was a tunnel";
    case Errc::proxyNameMismatch:
      return "the proxy's certificate is for another name";
    case Errc::socksFailed:
      return "the SOCKS proxy made no connection";
    case Errc::notKept:
      return "the connection is not kept";
    case Errc::idleTimeout:
      return "the connection was idle for too long";
    case Errc::unaskedBytes:
      return "the peer sent something on an idle connection";
    case Errc::switchedAway:
      return "the connection has become a tunnel";
    case Errc::goaway:
      return "the peer has ended the HTTP/2 connection";
    case Errc::notConnected:
      return "the connection may not be made";
    case Errc::noStreams:
      return "the peer allowed no stream in time";
    case Errc::http2Error:
      return "the peer broke the rules of HTTP/2";
    case Errc::decodeFailed:
      return "the response body does not have the content codings that its headers name";
    case Errc::requestLengthMismatch:
      return "the request body is not as long as its content-length";
  }
  return "an unknown error";
}

}  // namespace dodici
