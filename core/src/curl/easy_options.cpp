#include "curl/easy_options.h"

#include "curl/easy_handle.h"

#include <algorithm>
#include <cctype>
#include <climits>
#include <cstring>
#include <string>
#include <utility>

namespace dodici {

namespace {

// How much libcurl reads at once: enough to fill a body block.
constexpr long kReceiveBuffer = 128 * 1024;
constexpr long kUploadBuffer = 64 * 1024;

void setText(CURL* handle, CURLoption option, const std::string& text) {
  if (!text.empty()) {
    curl_easy_setopt(handle, option, text.c_str());
  }
}

[[maybe_unused]] long wholeSeconds(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  return static_cast<long>(std::max<std::int64_t>(1, seconds));
}

// TlsStore sets the rest, and EasyHandle sets what changes with the store.
void setTlsOptions(CURL* handle) {
  curl_easy_setopt(handle, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
}

#ifndef CURL_HAS_HEAD_AS_GIVEN
// An older libcurl changes heads: lines without a value need another form, and some more lines keep it from adding
// headers that undici does not send.
void adaptHeaderLines(EasyHandle& easy, const Request& request) {
  easy.emptyHeaders.clear();
  bool isChunked = false;
  for (curl_slist& node : easy.headerLines) {
    const std::string_view line = node.data;
    const auto colon = line.find(':');
    isChunked = isChunked || line == "transfer-encoding: chunked";
    if (line.find_first_not_of(" \t", colon + 1) == std::string_view::npos) {
      easy.emptyHeaders.push_back(std::string(line.substr(0, colon)) + ";");
      node.data = easy.emptyHeaders.back().data();
    }
  }
  for (const char* line : {"Expect:", "Accept:"}) {
    easy.headerLines.push_back(curl_slist{const_cast<char*>(line), nullptr});
  }
  if (isChunked && request.bodyKind == BodyKind::bytes) {
    easy.headerLines.push_back(curl_slist{const_cast<char*>("Content-Length:"), nullptr});
  }
}
#endif

// libcurl neither copies nor changes the list, so its nodes can point into the request's text.
curl_slist* makeHeaderList(EasyHandle& easy, const Request& request, const RequestText& text) {
  auto& nodes = easy.headerLines;
  nodes.clear();
  const auto add = [&nodes](const char* line) {
    nodes.push_back(curl_slist{const_cast<char*>(line), nullptr});
  };
  text.forEachHeaderLine(add);
  if (easy.isGivenHttp2() && text.isTls()) {
    add(":scheme: https");
  }
  if (request.expectContinue) {
    add(EasyHandle::kExpect);
  }
#ifndef CURL_HAS_HEAD_AS_GIVEN
  adaptHeaderLines(easy, request);
#endif
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) {
    nodes[i].next = &nodes[i + 1];
  }
  return nodes.empty() ? nullptr : nodes.data();
}

CURLcode setMethod(CURL* handle, const Request& request, const char* method) {
  const bool isHead = std::strcmp(method, "HEAD") == 0;
  if (request.bodyKind != BodyKind::none) {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_off_t size = -1;
    if (request.bodyKind == BodyKind::bytes) {
      size = static_cast<curl_off_t>(request.body.size());
    } else if (request.contentLength) {
      size = static_cast<curl_off_t>(*request.contentLength);
    }
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, size);
  } else if (isHead) {
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 0L);
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 0L);
    curl_easy_setopt(handle, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
  }
  // Sets the method as it is spelled. The options above tell libcurl how to send and receive.
  return curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method);
}

#ifndef CURL_HAS_TLS_NAME
// Whether `name` is only the host of a URL: a host name, or an IP address without brackets.
bool isUrlHost(std::string_view name) {
  const bool isIpv6 = name.find(':') != std::string_view::npos;
  return !name.empty() && std::all_of(name.begin(), name.end(), [isIpv6](unsigned char byte) {
    const bool isAlphanumeric = byte < 0x80 && std::isalnum(byte) != 0;
    return isAlphanumeric || byte == '.' || (isIpv6 ? byte == ':' : byte == '-' || byte == '_');
  });
}

void appendHost(std::string& url, std::string_view name) {
  const bool isIpv6 = name.find(':') != std::string_view::npos;
  url.append(isIpv6 ? "[" : "").append(name).append(isIpv6 ? "]" : "");
}
#endif

#ifdef CURL_HAS_TLS_NAME
// libcurl has an option for the TLS name that is separate from the URL, so TLS can ask for any `servername` and verify
// it.
void setUrl(EasyHandle& easy, const RequestText& text, std::string_view servername, bool isGiven) {
  if (isGiven) {
    easy.url.assign("http://").append(text.hostInUrl()).append(":").append(text.port());
  } else {
    easy.url.assign(text.origin());
  }
  easy.url += '/';
  curl_easy_setopt(easy.get(), CURLOPT_URL, easy.url.c_str());
  if (text.isTls() && (!servername.empty() || !easy.tlsName.empty())) {
    easy.tlsName.assign(servername);
    curl_easy_setopt(
        easy.get(), CURLOPT_TLS_NAME, servername.empty() ? nullptr : easy.tlsName.c_str()
    );
  }
}
#else
// An older libcurl uses the URL's host as the TLS name. If that is not the origin's host, CONNECT_TO leads to the
// origin. A name that cannot be a URL's host is impossible.
void setUrl(EasyHandle& easy, const RequestText& text, std::string_view servername, bool isGiven) {
  easy.url.assign(text.origin());
  easy.connectTo.clear();
  if (isGiven) {
    easy.url.assign("http://").append(text.hostInUrl()).append(":").append(text.port());
  } else if (text.isTls() && isUrlHost(servername) && servername != text.host()) {
    easy.url.assign("https://");
    appendHost(easy.url, servername);
    easy.url.append(":").append(text.port());
    easy.connectTo.assign("::").append(text.hostInUrl()).append(":").append(text.port());
    easy.connectToNode = curl_slist{easy.connectTo.data(), nullptr};
  }
  easy.url += '/';
  curl_easy_setopt(easy.get(), CURLOPT_URL, easy.url.c_str());
  curl_easy_setopt(
      easy.get(), CURLOPT_CONNECT_TO, easy.connectTo.empty() ? nullptr : &easy.connectToNode
  );
}
#endif

// REQUIRES: knowsHttp2 is set.
long httpVersion(
    const EasyHandle& easy,
    const Request& request,
    const RequestText& text,
    const ClientOptions& options
) {
  if (easy.knowsHttp2) {
    return CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
  }
  const bool asks = text.isTls() && request.allowHttp2 && !options.socketsAreGiven;
  return asks ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
}

// "host:port" that the connection is made to: the proxy's if there is one. An IPv6 address has brackets.
std::string_view connectsTo(const RequestText& text, const ClientOptions& options) {
  const std::string_view url = options.proxy.url.empty() ? text.origin() : options.proxy.url;
  const auto start = url.find("://");
  return start == std::string_view::npos ? url : url.substr(start + 3);
}

// Puts the addresses into the client's DNS cache, in place of earlier ones; "+" lets them expire there. EasyHandle
// keeps their order.
void setAddresses(EasyHandle& easy, std::string_view hostAndPort, std::string_view addresses) {
  easy.resolve.clear();
  easy.setDestinations(addresses, hostAndPort.substr(hostAndPort.rfind(':') + 1));
  if (!addresses.empty()) {
    easy.resolve.append("+").append(hostAndPort).append(":");
    bool inZone = false;  // inside the zone of an IPv6 address, which libcurl does not accept
    for (const char c : addresses) {
      inZone = c == '%' || (inZone && c != ']');
      easy.resolve.append(inZone ? 0 : 1, c);
    }
    easy.resolveNode = curl_slist{easy.resolve.data(), nullptr};
  }
  curl_easy_setopt(easy.get(), CURLOPT_RESOLVE, easy.resolve.empty() ? nullptr : &easy.resolveNode);
}

void setConnectTimeouts(
    CURL* handle, std::chrono::milliseconds all, std::chrono::milliseconds nextAddress
) {
  const auto most = all.count() == 0 ? INT_MAX : all.count();
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(most));
  curl_easy_setopt(
      handle, CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, static_cast<long>(nextAddress.count())
  );
}

}  // namespace

void setClientOptions(CURL* handle, const ClientOptions& options) {
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_PROXY, "");  // ignores the environment's proxy too
  curl_easy_setopt(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
#ifdef CURL_HAS_HEAD_AS_GIVEN
  curl_easy_setopt(handle, CURLOPT_HEAD_AS_GIVEN, 1L);
#endif
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, kReceiveBuffer);
  curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
  curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(handle, CURLOPT_EXPECT_100_TIMEOUT_MS, 0L);  // Transfer waits instead
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, options.tcpKeepAlive ? 1L : 0L);
  const auto keepIdle = std::chrono::floor<std::chrono::seconds>(options.tcpKeepAliveDelay).count();
  if (keepIdle > 0) {  // otherwise the system's default, as in Node
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPIDLE, static_cast<long>(keepIdle));
  }
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPINTVL, 1L);
#if LIBCURL_VERSION_NUM >= 0x080900
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPCNT, 10L);
#endif
  // Closing must not wait for a name server that does not answer.
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);

  setConnectTimeouts(handle, options.connectTimeout, options.happyEyeballsTimeout);
#ifdef CURL_HAS_CONN_ID
  // IdleConnections and OriginQueue limit the age of connections.
  curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, 0L);
#else
  // In whole seconds, and only checked when a connection is chosen. A server may allow more than keepAliveTimeout.
  const auto longest = std::max(options.keepAliveTimeout, options.keepAliveMaxTimeout);
  curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, wholeSeconds(longest));
  if (options.clientTtl.count() > 0) {
    curl_easy_setopt(handle, CURLOPT_MAXLIFETIME_CONN, wholeSeconds(options.clientTtl));
  }
#endif
  curl_easy_setopt(
      handle,
      CURLOPT_IPRESOLVE,
      static_cast<long>(options.ipv4Only ? CURL_IPRESOLVE_V4 : CURL_IPRESOLVE_WHATEVER)
  );
  if (!options.localAddress.empty()) {
    curl_easy_setopt(handle, CURLOPT_INTERFACE, ("host!" + options.localAddress).c_str());
  }
  if (options.localPort != 0) {
    curl_easy_setopt(handle, CURLOPT_LOCALPORT, static_cast<long>(options.localPort));
  }
  if (options.socketsAreGiven) {
    // Keeps libcurl from looking up the host.
    curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, "given");
  } else if (options.socketPath.starts_with('\0')) {
    curl_easy_setopt(handle, CURLOPT_ABSTRACT_UNIX_SOCKET, options.socketPath.c_str() + 1);
  } else {
    setText(handle, CURLOPT_UNIX_SOCKET_PATH, options.socketPath);
  }
  setTlsOptions(handle);
}

void setConnectionPlan(
    EasyHandle& easy,
    const RequestText& text,
    const ClientOptions& options,
    const ConnectionPlan& plan
) {
  easy.hasPlan = true;
  setConnectTimeouts(easy.get(), plan.timeout, plan.happyEyeballsTimeout);
  setAddresses(easy, connectsTo(text, options), plan.addresses);
}

void setRequestOptions(
    EasyHandle& easy, const Request& request, const RequestText& text, const ClientOptions& options
) {
  CURL* const handle = easy.get();
  const std::string_view servername =
      text.servername().empty() ? options.tls.servername : text.servername();
  setUrl(easy, text, servername, options.socketsAreGiven);
  if (!text.addresses().empty() || !easy.resolve.empty()) {
    setAddresses(easy, connectsTo(text, options), text.addresses());
  }
  if (std::exchange(easy.hasPlan, false)) {
    setConnectTimeouts(handle, options.connectTimeout, options.happyEyeballsTimeout);
  }
  const bool isTaken =
      curl_easy_setopt(handle, CURLOPT_REQUEST_TARGET, text.target()) == CURLE_OK &&
      setMethod(handle, request, text.method()) == CURLE_OK;
  if (!isTaken) {
    // The URL is too long for libcurl, which would keep that of the handle's last request.
    curl_easy_setopt(handle, CURLOPT_URL, "");
  }
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, makeHeaderList(easy, request, text));

  // An upload goes on after any response. But if it waits for 100, another head ends it before it begins.
  curl_easy_setopt(handle, CURLOPT_KEEP_SENDING_ON_ERROR, request.expectContinue ? 0L : 1L);

  easy.knowsHttp2 = options.socketsAreGiven
                        ? easy.isGivenHttp2()
                        : request.allowHttp2 && !text.isTls() && options.http2PriorKnowledge;
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, httpVersion(easy, request, text, options));
  curl_easy_setopt(
      handle, CURLOPT_FORBID_REUSE, request.closeConnection || !options.keepAlive ? 1L : 0L
  );
}

}  // namespace dodici
