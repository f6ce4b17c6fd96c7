#include "curl/easy_handle.h"

#include "curl/callback_guard.h"
#include "curl/easy_options.h"
#include "curl/proxy_options.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace dodici {

EasyHandle::EasyHandle(const ClientOptions& options, SocketWatchers& watchers, const TlsStores& tls)
    : handle_(curl_easy_init()), watchers_(watchers), newestTls_(tls) {
  if (handle_ == nullptr) {
    throw std::bad_alloc();
  }
  curl_easy_setopt(handle_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, errorText_.data());
  curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &EasyHandle::onWrite);
  curl_easy_setopt(handle_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, &EasyHandle::onHeader);
  curl_easy_setopt(handle_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle_, CURLOPT_READFUNCTION, &EasyHandle::onRead);
  curl_easy_setopt(handle_, CURLOPT_READDATA, this);
  curl_easy_setopt(handle_, CURLOPT_DEBUGFUNCTION, &EasyHandle::onDebug);
  curl_easy_setopt(handle_, CURLOPT_DEBUGDATA, this);
  curl_easy_setopt(handle_, CURLOPT_SEEKFUNCTION, &EasyHandle::onSeek);
  curl_easy_setopt(handle_, CURLOPT_SEEKDATA, this);
  curl_easy_setopt(handle_, CURLOPT_PREREQFUNCTION, &EasyHandle::onPreRequest);
  curl_easy_setopt(handle_, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETFUNCTION, &EasyHandle::onOpenSocket);
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETDATA, this);
  // Not `this`, as a kept connection may close its socket long after this handle's last transfer.
  curl_easy_setopt(handle_, CURLOPT_CLOSESOCKETFUNCTION, &EasyHandle::onCloseSocket);
  curl_easy_setopt(handle_, CURLOPT_CLOSESOCKETDATA, &watchers_);
  if (options.socketsAreGiven) {
    curl_easy_setopt(handle_, CURLOPT_SOCKOPTFUNCTION, &EasyHandle::onSocketOptions);
  }
  curl_easy_setopt(handle_, CURLOPT_SSL_CTX_FUNCTION, &EasyHandle::onSslContext);
  curl_easy_setopt(handle_, CURLOPT_SSL_CTX_DATA, nullptr);
#ifdef CURL_HAS_NO_RETRY
  curl_easy_setopt(handle_, CURLOPT_NO_RETRY, 1L);
#endif
  setClientOptions(handle_, options);
  if (!options.proxy.url.empty()) {
    setProxyOptions(handle_, options.proxy, proxyLines_);
  }
  takeNewestTls();
}

EasyHandle::~EasyHandle() {
  settleAttempts();
  curl_easy_cleanup(handle_);
}

EasyHandle& EasyHandle::of(CURL* handle) {
  EasyHandle* self = nullptr;
  curl_easy_getinfo(handle, CURLINFO_PRIVATE, &self);
  return *self;
}

void EasyHandle::bind(Receiver* receiver) {
  receiver_ = receiver;
  errorText_[0] = '\0';
  thrown_ = nullptr;
  tlsPeer_.reset();
  tlsPeerIsProxy_ = false;
  settleAttempts();
  attempts_.clear();
  result_ = CURLE_OK;
  opened_ = CURL_SOCKET_BAD;
  given_ = {};
  link_ = 0;
  isGivenHttp2_ = false;
  if (std::exchange(watchesRawBody_, false)) {
    curl_easy_setopt(handle_, CURLOPT_VERBOSE, 0L);
  }
}

void EasyHandle::forbidReuse() { curl_easy_setopt(handle_, CURLOPT_FORBID_REUSE, 1L); }

// In verbose mode libcurl shows the bytes as they came. Its messages are not compiled in, or are ignored.
void EasyHandle::watchRawBody() {
  watchesRawBody_ = true;
  curl_easy_setopt(handle_, CURLOPT_VERBOSE, 1L);
}

void EasyHandle::useConnection(const Connection& connection) {
  // libcurl refuses a transfer on a connection that was verified with other options, so the same ones are set.
  setVerification(connection.verified, connection.proxyVerified);
  link_ = connection.link;
  isGivenHttp2_ = link_ != 0 && connection.protocol == Protocol::http2;
  curl_easy_setopt(handle_, CURLOPT_FRESH_CONNECT, 0L);
#ifdef CURL_HAS_CONN_ID
  curl_easy_setopt(handle_, CURLOPT_CONN_ID, static_cast<curl_off_t>(connection.id));
#endif
}

// An open connection may close when this handle is used elsewhere, so it must not report here.
void EasyHandle::settleAttempts() {
  attempts_.releaseSockets([this](curl_socket_t socket) { watchers_.settled(socket); });
}

void EasyHandle::connectAfresh() {
  takeNewestTls();
  curl_easy_setopt(handle_, CURLOPT_FRESH_CONNECT, 1L);
}

void EasyHandle::takeNewestTls() {
  if (tls_.origin != newestTls_.origin || tls_.proxy != newestTls_.proxy) {
    tls_ = newestTls_;
    const long keepsSessions = tls_.origin->keepsSessions() ? 1 : 0;
    curl_easy_setopt(handle_, CURLOPT_SSL_SESSIONID_CACHE, keepsSessions);
  }
  setVerification(tls_.origin->verifies(), tls_.proxy->verifies());
}

void EasyHandle::setVerification(bool origin, bool proxy) {
  if (std::exchange(verifies_, origin) != origin) {
    curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYPEER, origin ? 1L : 0L);
    curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYHOST, origin ? 2L : 0L);
  }
  if (std::exchange(verifiesProxy_, proxy) != proxy) {
    curl_easy_setopt(handle_, CURLOPT_PROXY_SSL_VERIFYPEER, proxy ? 1L : 0L);
    curl_easy_setopt(handle_, CURLOPT_PROXY_SSL_VERIFYHOST, proxy ? 2L : 0L);
  }
}

void EasyHandle::giveSocket(GivenSocket socket) {
  given_ = std::move(socket);
  link_ = given_.link();
  isGivenHttp2_ = given_.isHttp2();
}

void EasyHandle::pause(bool receiving, bool sending) {
  curl_easy_pause(handle_, (receiving ? CURLPAUSE_RECV : 0) | (sending ? CURLPAUSE_SEND : 0));
}

std::int64_t EasyHandle::connectionId() const {
#if LIBCURL_VERSION_NUM >= 0x080200
  curl_off_t id = Connection::kNoId;
  curl_easy_getinfo(handle_, CURLINFO_CONN_ID, &id);
  return id;
#else
  return Connection::kNoId;
#endif
}

curl_socket_t EasyHandle::connectionSocket() const {
#ifdef CURL_HAS_CONN_ID
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(handle_, CURLINFO_ACTIVESOCKET, &socket);
  return socket;
#else
  // An older libcurl gives the socket of a transfer only after it has ended.
  return ends_.localPort > 0 ? watchers_.findBetween(ends_) : opened_;
#endif
}

SSL* EasyHandle::tls() const {
  curl_tlssessioninfo* session = nullptr;
  curl_easy_getinfo(handle_, CURLINFO_TLS_SSL_PTR, &session);
  const bool isOurs = session != nullptr && session->backend == CURLSSLBACKEND_OPENSSL;
  return isOurs ? static_cast<SSL*>(session->internals) : nullptr;
}

bool EasyHandle::hasUnreadTls() const {
  const SSL* const ssl = tls();
  return ssl != nullptr && SSL_has_pending(ssl) == 1;
}

std::optional<std::uint32_t> EasyHandle::streamError() const {
#ifdef CURL_HAS_NO_RETRY
  return static_cast<std::uint32_t>(infoLong(CURLINFO_STREAM_ERROR));
#else
  return std::nullopt;
#endif
}

bool EasyHandle::unprocessed() const {
#ifdef CURL_HAS_NO_RETRY
  return infoLong(CURLINFO_STREAM_UNPROCESSED) != 0;
#else
  return false;
#endif
}

bool EasyHandle::responseEnded() const {
#ifdef CURLCONN_ANSWERED
  return infoLong(CURLINFO_STREAM_ENDED) != 0;
#else
  return false;
#endif
}

void EasyHandle::setStreamWindow([[maybe_unused]] std::uint32_t bytes) {
#ifdef CURL_HAS_STREAM_WINDOW
  curl_easy_setopt(handle_, CURLOPT_STREAM_WINDOW, static_cast<long>(bytes));
#endif
}

void EasyHandle::closeAfterwards() {
  forbidReuse();
  for (curl_slist& line : headerLines) {
    if (std::string_view(line.data) == "connection: keep-alive") {
      line.data = const_cast<char*>("connection: close");
    }
  }
}

void EasyHandle::dropExpect() {
#ifdef CURL_HAS_HEAD_AS_GIVEN
  constexpr const char* kNothing = "";
#else
  constexpr const char* kNothing = "Expect:";
#endif
  for (curl_slist& line : headerLines) {
    if (line.data == kExpect) {
      line.data = const_cast<char*>(kNothing);
    }
  }
}

std::exception_ptr EasyHandle::takeThrown() { return std::exchange(thrown_, nullptr); }

long EasyHandle::infoLong(CURLINFO info) const {
  long value = 0;
  curl_easy_getinfo(handle_, info, &value);
  return value;
}

const char* EasyHandle::infoText(CURLINFO info) const {
  const char* text = nullptr;
  curl_easy_getinfo(handle_, info, &text);
  return text == nullptr ? "" : text;
}

bool EasyHandle::isOnHttp2() const {
  const SSL* const ssl = tls();
  if (ssl == nullptr) {
    return knowsHttp2;
  }
  const unsigned char* name = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(ssl, &name, &length);
  return length == 2 && name[0] == 'h' && name[1] == '2';
}

std::size_t EasyHandle::onWrite(char* data, std::size_t, std::size_t size, void* self) noexcept {
  auto& easy = *static_cast<EasyHandle*>(self);
  return guardCallback<std::size_t>(easy.thrown_, CURL_WRITEFUNC_ERROR, [&] {
    switch (easy.receiver_->onBody(std::as_bytes(std::span(data, size)))) {
      case Taken::all:
        return size;
      case Taken::later:
        return static_cast<std::size_t>(CURL_WRITEFUNC_PAUSE);
      case Taken::stop:
        break;
    }
    return static_cast<std::size_t>(CURL_WRITEFUNC_ERROR);
  });
}

std::size_t EasyHandle::onHeader(char* data, std::size_t, std::size_t size, void* self) noexcept {
  auto& easy = *static_cast<EasyHandle*>(self);
  return guardCallback<std::size_t>(easy.thrown_, CURL_WRITEFUNC_ERROR, [&]() -> std::size_t {
    return easy.receiver_->onHeaderLine(std::string_view(data, size)) ? size : CURL_WRITEFUNC_ERROR;
  });
}

std::size_t EasyHandle::onRead(
    char* data, std::size_t size, std::size_t count, void* self
) noexcept {
  auto& easy = *static_cast<EasyHandle*>(self);
  return guardCallback<std::size_t>(easy.thrown_, CURL_READFUNC_ABORT, [&] {
    const auto given =
        easy.receiver_->onBodyWanted(std::as_writable_bytes(std::span(data, size * count)));
    return given.value_or(CURL_READFUNC_PAUSE);
  });
}

int EasyHandle::onDebug(
    CURL*, curl_infotype type, char* data, std::size_t size, void* self
) noexcept {
  auto& easy = *static_cast<EasyHandle*>(self);
  if (type != CURLINFO_DATA_IN || easy.receiver_ == nullptr) {
    return 0;
  }
  return guardCallback<int>(easy.thrown_, 0, [&] {
    easy.receiver_->onRawBody(std::string_view(data, size));
    return 0;
  });
}

int EasyHandle::onSeek(void* self, curl_off_t offset, int origin) noexcept {
  auto& easy = *static_cast<EasyHandle*>(self);
  return guardCallback<int>(easy.thrown_, CURL_SEEKFUNC_FAIL, [&] {
    const bool done = origin == SEEK_SET && offset >= 0 &&
                      easy.receiver_->onRewind(static_cast<std::uint64_t>(offset));
    return done ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
  });
}

int EasyHandle::onPreRequest(
    void* self, char* remoteAddress, char* localAddress, int remotePort, int localPort
) noexcept {
  auto& easy = *static_cast<EasyHandle*>(self);
  easy.ends_ = {
      localAddress == nullptr ? "" : localAddress,
      remoteAddress == nullptr ? "" : remoteAddress,
      localPort,
      remotePort};
  easy.settleAttempts();
  if (easy.tlsPeer_.verifyError() != 0 &&
      (easy.tlsPeerIsProxy_ ? easy.verifiesProxy_ : easy.verifies_)) {
    return CURL_PREREQFUNC_ABORT;  // never reached with libcurl
  }
  return guardCallback<int>(easy.thrown_, CURL_PREREQFUNC_ABORT, [&] {
    return easy.receiver_->onStarted() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
  });
}

curl_socket_t EasyHandle::onOpenSocket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
  auto& easy = *static_cast<EasyHandle*>(self);
  return guardCallback<curl_socket_t>(easy.thrown_, CURL_SOCKET_BAD, [&easy, address] {
    if (easy.given_.descriptor() >= 0) {
      easy.opened_ = easy.watchers_.adopt(easy.given_);
      return easy.opened_;
    }
    easy.attempts_.choose(*address);
    const curl_socket_t socket = easy.watchers_.open(*address, [&easy](curl_socket_t closed) {
      easy.attempts_.onClosed(closed, static_cast<int>(easy.infoLong(CURLINFO_OS_ERRNO)));
    });
    easy.attempts_.add(*address, socket, socket == CURL_SOCKET_BAD ? errno : 0);
    easy.opened_ = socket;
    return socket;
  });
}

// For clients whose sockets are given.
int EasyHandle::onSocketOptions(void*, curl_socket_t, curlsocktype) noexcept {
  return CURL_SOCKOPT_ALREADY_CONNECTED;
}

int EasyHandle::onCloseSocket(void* watchers, curl_socket_t socket) noexcept {
  return static_cast<SocketWatchers*>(watchers)->close(socket);
}

CURLcode EasyHandle::onSslContext(CURL* handle, void* sslContext, void*) noexcept {
  auto& easy = EasyHandle::of(handle);
  auto* const context = static_cast<SSL_CTX*>(sslContext);
  return guardCallback<CURLcode>(easy.thrown_, CURLE_OUT_OF_MEMORY, [&easy, context] {
    easy.tlsPeer_.watch(context);
    easy.tlsPeerIsProxy_ = isProxyContext(context);
    const auto& store = easy.tlsPeerIsProxy_ ? easy.tls_.proxy : easy.tls_.origin;
    return store->apply(context) ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
  });
}

EasyHandlePool::EasyHandlePool(
    const ClientOptions& options, SocketWatchers& watchers, const TlsStores& tls
)
    : options_(options), watchers_(watchers), tls_(tls) {}

std::unique_ptr<EasyHandle> EasyHandlePool::take() {
  if (free_.empty()) {
    return std::make_unique<EasyHandle>(options_, watchers_, tls_);
  }
  auto handle = std::move(free_.back());
  free_.pop_back();
  return handle;
}

void EasyHandlePool::give(std::unique_ptr<EasyHandle> handle) {
  handle->bind(nullptr);
  if (free_.size() < kMostKept) {
    free_.push_back(std::move(handle));
  }
}

}  // namespace dodici
