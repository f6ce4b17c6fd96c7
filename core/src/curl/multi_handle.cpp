#include "curl/multi_handle.h"

#include "curl/callback_guard.h"
#include "curl/curl_global.h"
#include "curl/easy_handle.h"

#include <cerrno>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace dodici {

namespace {

// libcurl's own default shrinks with the number of transfers, and would close the connections of a burst as it ends;
// SocketWatchers closes them when they have been idle for keepAliveTimeout.
constexpr long kMostKeptConnections = 100'000;

void check(CURLMcode code) {
  if (code != CURLM_OK) {
    throw std::runtime_error(curl_multi_strerror(code));
  }
}

CURLM* newMulti() {
  ensureCurlGlobal();
  errno = 0;
  CURLM* const multi = curl_multi_init();
  if (multi == nullptr && errno != 0) {
    // It wants a descriptor, to wake itself.
    throw std::system_error(errno, std::generic_category(), "curl_multi_init");
  }
  return multi;
}

struct CleanUp {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

using Probe = std::unique_ptr<CURL, CleanUp>;

// A handle that never gets a connection of its own.
Probe makeProbe() {
  Probe probe(curl_easy_init());
  if (probe) {
    curl_easy_setopt(probe.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(probe.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(probe.get(), CURLOPT_URL, "http://127.0.0.1:9/");
    curl_easy_setopt(
        probe.get(),
        CURLOPT_OPENSOCKETFUNCTION,
        +[](void*, curlsocktype, curl_sockaddr*) -> curl_socket_t { return CURL_SOCKET_BAD; }
    );
  }
  return probe;
}

}  // namespace

MultiHandle::MultiHandle(const ClientOptions& options, SocketWatchers& watchers, MultiTimer& timer)
    : watchers_(watchers), timer_(timer), multi_(newMulti()) {
  if (multi_ == nullptr) {
    throw std::bad_alloc();
  }
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &MultiHandle::onSocketWanted);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &MultiHandle::onTimerWanted);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kMostKeptConnections);
  curl_multi_setopt(
      multi_, CURLMOPT_MAX_CONCURRENT_STREAMS, static_cast<long>(options.maxConcurrentStreams)
  );
#if LIBCURL_VERSION_NUM >= 0x081400
  // A name server that does not answer must not hold up a close.
  curl_multi_setopt(multi_, CURLMOPT_QUICK_EXIT, 1L);
#endif
  // OriginQueue counts requests; this bounds the connections when a server allows fewer streams than we asked for.
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options.connections));
}

MultiHandle::~MultiHandle() { curl_multi_cleanup(multi_); }

void MultiHandle::add(EasyHandle& easy) { check(curl_multi_add_handle(multi_, easy.get())); }

void MultiHandle::remove(EasyHandle& easy) { check(curl_multi_remove_handle(multi_, easy.get())); }

void MultiHandle::socketAction(curl_socket_t socket, int events) {
  int running = 0;
  check(curl_multi_socket_action(multi_, socket, events, &running));
  rethrowParked();
}

void MultiHandle::timeoutAction() { socketAction(CURL_SOCKET_TIMEOUT, 0); }

void MultiHandle::readDone(const std::function<void(EasyHandle&, CURLcode)>& onDone) {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) {
      // Read before onDone() removes the handle: the message dies with that.
      CURL* const handle = message->easy_handle;
      const CURLcode code = message->data.result;
      onDone(EasyHandle::of(handle), code);
    }
  }
}

void MultiHandle::closeIdleConnections() {
#if LIBCURL_VERSION_NUM >= 0x081000
  curl_multi_setopt(multi_, CURLMOPT_NETWORK_CHANGED, static_cast<long>(CURLMNWC_CLEAR_CONNS));
#endif
}

// libcurl looks when a transfer asks for a connection: here is one that asks, and is refused a socket.
void MultiHandle::closeBrokenConnections() {
  const Probe probe = makeProbe();
  if (!probe) {
    return;
  }
  check(curl_multi_add_handle(multi_, probe.get()));
  int running = 0;
  const CURLMcode code = curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  check(curl_multi_remove_handle(multi_, probe.get()));
  check(code);
  rethrowParked();
}

// libcurl pings all that it keeps, and for no transfer that has a connection.
void MultiHandle::ping() {
  const Probe probe = makeProbe();
  if (!probe) {
    return;
  }
  curl_easy_setopt(probe.get(), CURLOPT_UPKEEP_INTERVAL_MS, 0L);
  check(curl_multi_add_handle(multi_, probe.get()));
  curl_easy_upkeep(probe.get());
  check(curl_multi_remove_handle(multi_, probe.get()));
  rethrowParked();
}

int MultiHandle::onSocketWanted(CURL*, curl_socket_t socket, int poll, void* self, void*) noexcept {
  auto& multi = *static_cast<MultiHandle*>(self);
  return guardCallback(multi.thrown_, -1, [&] {
    multi.watchers_.want(socket, poll);
    return 0;
  });
}

// Only records the wish: libcurl may call this from inside socketAction().
int MultiHandle::onTimerWanted(CURLM*, long timeoutMs, void* self) noexcept {
  auto& multi = *static_cast<MultiHandle*>(self);
  return guardCallback(multi.thrown_, -1, [&] {
    multi.timer_.want(timeoutMs);
    return 0;
  });
}

void MultiHandle::rethrowParked() {
  if (thrown_) {
    std::rethrow_exception(std::exchange(thrown_, nullptr));
  }
}

}  // namespace dodici
