#include "curl/curl_error.h"

#include "curl/easy_handle.h"

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace dodici {

namespace {

// nghttp2's own numbers for faults in a head start here and go down. It sends the peer PROTOCOL_ERROR.
constexpr std::int32_t kFirstOfNghttp2 = -500;
constexpr std::int32_t kLastOfNghttp2 = -999;
constexpr std::uint32_t kProtocolError = 1;

// An older libcurl gives the stream's error code only in its text: "… (error 0x7 REFUSED_STREAM)", before 8.21 "… (err
// 7)". A newer one also does if nghttp2 itself has found the error.
std::uint32_t streamErrorIn(std::string_view text) {
  std::uint32_t code = 0;
  constexpr std::string_view kHex = "(error 0x";
  constexpr std::string_view kDecimal = "(err ";
  if (const auto at = text.rfind(kHex); at != std::string_view::npos) {
    std::from_chars(text.data() + at + kHex.size(), text.data() + text.size(), code, 16);
  } else if (const auto older = text.rfind(kDecimal); older != std::string_view::npos) {
    std::from_chars(text.data() + older + kDecimal.size(), text.data() + text.size(), code);
  }
  const auto own = static_cast<std::int32_t>(code);
  return own <= kFirstOfNghttp2 && own >= kLastOfNghttp2 ? kProtocolError : code;
}

std::uint32_t streamErrorOf(const EasyHandle& easy, std::string_view text) {
  const std::uint32_t told = easy.streamError().value_or(0);
  return told != 0 ? told : streamErrorIn(text);
}

constexpr std::uint32_t kRefusedStream = 7;

// Whether an older libcurl has tried many connections because the server refused the stream.
bool refusedTooOften(std::string_view text) { return text.starts_with("Connection died, tried "); }

// A stream that ended without an error of its own has ended with its connection; then libcurl's text is empty or this
// one.
bool endedWithConnection(const EasyHandle& easy) {
  const std::string_view text = easy.errorText();
  return text.empty() || text.find("(error 0x0 ") != std::string_view::npos;
}

// Whether all heads of a response have more header lines than libcurl accepts.
bool isHeaderFlood(std::string_view text) { return text.starts_with("Too many response headers"); }

bool isErrorOfNghttp2(std::string_view text) { return text.starts_with("nghttp2"); }

#if LIBCURL_VERSION_NUM >= 0x080600
// Whether the request's head is larger than libcurl allows, so that nothing was sent.
bool isRequestTooLarge(std::string_view text) { return text.starts_with("HTTP request too large"); }
#endif

// Codes of connecting. Once the request was sent, they come from the search for another connection after the first was
// lost.
bool isOfFinding(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_OPERATION_TIMEDOUT:  // the timeouts for headers and body are ours
      return true;
    default:
      return false;
  }
}

// A broken chunk has the same code as a broken connection; only the text differs.
bool isChunkError(std::string_view text) { return text.find("chunk") != std::string_view::npos; }

// A TLS 1.3 server refuses a client's certificate after the client has finished the handshake.
bool isTlsAlert(std::string_view text) {
  return text.find(":SSL routines:") != std::string_view::npos &&
         text.find(" alert ") != std::string_view::npos;
}

// CURLINFO_OS_ERRNO may be left over from an earlier address, so it counts only if the text mentions it.
Errc connectionLost(int osErrno, std::string_view text, const TransferFacts& facts) {
  const bool told =
      osErrno != 0 && text.find(std::generic_category().message(osErrno)) != std::string_view::npos;
  if (!facts.started && told) {
    return Errc::connectFailed;
  }
  return told ? Errc::socketError : Errc::socketClosed;
}

// The error of a body that ended too early with its connection.
Errc brokenOff(const TransferFacts& facts) {
  return facts.chunked ? Errc::malformedResponse : Errc::lengthMismatch;
}

std::uint32_t socksReply(long proxyError) {
  switch (proxyError) {
    case CURLPX_REPLY_GENERAL_SERVER_FAILURE:
      return 1;
    case CURLPX_REPLY_NOT_ALLOWED:
      return 2;
    case CURLPX_REPLY_NETWORK_UNREACHABLE:
      return 3;
    case CURLPX_REPLY_HOST_UNREACHABLE:
      return 4;
    case CURLPX_REPLY_CONNECTION_REFUSED:
      return 5;
    case CURLPX_REPLY_TTL_EXPIRED:
      return 6;
    case CURLPX_REPLY_COMMAND_NOT_SUPPORTED:
      return 7;
    case CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED:
      return 8;
    case CURLPX_USER_REJECTED:
      return 254;
    case CURLPX_NO_AUTH:
      return 255;
    default:
      return 0;
  }
}

// If the transfer failed before the proxy's tunnel was made, sets `error` and returns true.
bool isOfTheProxy(Error& error, CURLcode code, const EasyHandle& easy, const TransferFacts& facts) {
  if (code == CURLE_PROXY) {
    error.code = Errc::socksFailed;
    error.detail = socksReply(easy.infoLong(CURLINFO_PROXY_ERROR));
    return true;
  }
  if (facts.started || !facts.tunnels) {
    return false;
  }
  const long status = easy.infoLong(CURLINFO_HTTP_CONNECTCODE);
  if (status != 0 && status / 100 != 2 &&
      (code == CURLE_COULDNT_CONNECT || code == CURLE_RECV_ERROR)) {
    error.code = Errc::proxyRefused;
    error.detail = static_cast<std::uint32_t>(status);
    return true;
  }
  return false;
}

}  // namespace

Error toError(const EasyHandle& easy, const TransferFacts& facts) {
  const CURLcode code = easy.result();
  Error error;
  error.message = easy.errorText()[0] != '\0' ? easy.errorText() : curl_easy_strerror(code);
  error.socket = describeSocket(easy);
  const auto osErrno = static_cast<int>(easy.infoLong(CURLINFO_OS_ERRNO));
  const std::string_view text = error.message;

  if (isOfTheProxy(error, code, easy, facts)) {
    return error;
  }
  if (facts.started && isOfFinding(code)) {
    error.code = Errc::socketClosed;
    return error;
  }
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      error.code = Errc::resolveFailed;
      error.detail = text.find("emporary") != std::string_view::npos ? 1 : 0;
      break;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_QUIC_CONNECT_ERROR:
      error.code = Errc::connectFailed;
      error.detail = static_cast<std::uint32_t>(
          easy.attempts().openErrno() != 0 ? easy.attempts().openErrno() : osErrno
      );
      error.message = easy.attempts().several() ? easy.attempts().all() : std::string();
      break;
    case CURLE_OPERATION_TIMEDOUT:
      error.code = Errc::connectTimeout;
      error.detail = facts.connectTimeoutMs;
      error.message = easy.attempts().several() ? easy.attempts().all() : std::string();
      break;
    case CURLE_PEER_FAILED_VERIFICATION:
      error.detail = static_cast<std::uint32_t>(easy.tlsPeer().verifyError());
      error.code = Errc::tlsVerifyFailed;
      if (error.detail == 0) {
        error.code = easy.tlsPeerIsProxy() ? Errc::proxyNameMismatch : Errc::tlsNameMismatch;
        error.message = easy.tlsPeer().names();
      }
      break;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_USE_SSL_FAILED:
#if LIBCURL_VERSION_NUM >= 0x080800
    case CURLE_ECH_REQUIRED:
#endif
      error.code = Errc::tlsHandshakeFailed;
      error.detail = static_cast<std::uint32_t>(osErrno);
      break;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      if (facts.onHttp2 && refusedTooOften(text)) {
        error.code = Errc::streamReset;
        error.detail = kRefusedStream;
        break;
      }
      if (isTlsAlert(text)) {
        error.code = Errc::tlsHandshakeFailed;
        break;
      }
      error.code =
          isChunkError(text) ? Errc::malformedResponse : connectionLost(osErrno, text, facts);
      if (error.code == Errc::socketError && osErrno == ECONNRESET && facts.closesAnyway &&
          !facts.unframed) {
        error.code = brokenOff(facts);
      }
      error.detail = error.code == Errc::socketError || error.code == Errc::connectFailed
                         ? static_cast<std::uint32_t>(osErrno)
                         : 0;
      break;
    case CURLE_PARTIAL_FILE:
      error.code = facts.closesAnyway ? brokenOff(facts) : Errc::socketClosed;
      break;
    case CURLE_HTTP2_STREAM:
    case CURLE_HTTP3:
      error.code = Errc::streamReset;
      error.detail = streamErrorOf(easy, text);
      break;
    case CURLE_HTTP2:
      if (isHeaderFlood(text)) {
        error.code = Errc::headersOverflow;
        break;
      }
      error.code = endedWithConnection(easy) ? Errc::socketClosed
                   : isErrorOfNghttp2(text)  ? Errc::http2Error
                                             : Errc::malformedResponse;
      break;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
      error.code = Errc::malformedResponse;
      break;
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
      error.code = isRequestTooLarge(text) ? Errc::invalidRequest : Errc::headersOverflow;
      break;
    case CURLE_OUT_OF_MEMORY:
      error.code = facts.started ? Errc::socketError : Errc::connectFailed;
      error.detail = ENOMEM;
      break;
#else
    case CURLE_OUT_OF_MEMORY:  // an older libcurl's code for a request head of more than 1 MB
      error.code = Errc::invalidRequest;
      error.message = "HTTP request too large";
      break;
#endif
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_AGAIN:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_UNRECOVERABLE_POLL:
      error.code = Errc::socketClosed;
      break;
    case CURLE_FILESIZE_EXCEEDED:
      error.code = Errc::responseTooLarge;
      break;
    case CURLE_READ_ERROR:  // the body has ended before its declared length
      // An HTTP/2 server would report this as a fault of the stream, but libcurl notices it first.
      error.code = facts.onHttp2 ? Errc::streamReset : Errc::requestLengthMismatch;
      error.detail = facts.onHttp2 ? kProtocolError : 0;
      break;
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      error.code = Errc::invalidRequest;
      break;
    default:
      error.code = Errc::internal;
      error.detail = static_cast<std::uint32_t>(code);
      break;
  }
  if (error.code == Errc::socketClosed && facts.tunnels && !facts.started &&
      easy.infoLong(CURLINFO_HTTP_CONNECTCODE) == 0) {
    error.code = Errc::proxyClosed;
  }
  return error;
}

std::string describeSocket(const EasyHandle& easy) {
  if (easy.link() != 0) {
    return std::to_string(easy.link());
  }
  const std::string_view remote = easy.infoText(CURLINFO_PRIMARY_IP);
  if (remote.empty()) {
    const std::string tried = easy.attempts().last();
    return tried.empty() ? tried : " 0 " + tried + " 0 0";
  }
  curl_off_t sent = 0;
  curl_off_t received = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  curl_easy_getinfo(easy.get(), CURLINFO_SIZE_DOWNLOAD_T, &received);
  sent += easy.infoLong(CURLINFO_REQUEST_SIZE);
  received += easy.infoLong(CURLINFO_HEADER_SIZE);
  std::string text = easy.infoText(CURLINFO_LOCAL_IP);
  text.append(" ").append(std::to_string(easy.infoLong(CURLINFO_LOCAL_PORT)));
  text.append(" ").append(remote);
  text.append(" ").append(std::to_string(easy.infoLong(CURLINFO_PRIMARY_PORT)));
  text.append(" ").append(std::to_string(sent));
  text.append(" ").append(std::to_string(received));
  return text;
}

}  // namespace dodici
