#include "curl/multi_handle.h"

#include "curl/callback_guard.h"
#include "curl/curl_global.h"
#include "curl/easy_handle.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace dodici {

namespace {

// libcurl's own limit shrinks with the number of transfers, which would close the connections at the end of a burst.
// IdleConnections closes them when they have been idle for keepAliveTimeout.
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
    // It needs a descriptor to wake itself.
    throw std::system_error(errno, std::generic_category(), "curl_multi_init");
  }
  return multi;
}

}  // namespace

MultiHandle::MultiHandle(
    const ClientOptions& options,
    SocketWatchers& watchers,
    MultiTimer& timer,
    ConnectionListener& listener
)
    : watchers_(watchers), timer_(timer), listener_(listener), multi_(newMulti()) {
  if (multi_ == nullptr) {
    throw std::bad_alloc();
  }
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &MultiHandle::onSocketWanted);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &MultiHandle::onTimerWanted);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kMostKeptConnections);
  // OriginQueue keeps the limit. For a value that is not an int libcurl would use 100.
  const auto mostStreams = std::clamp<std::uint32_t>(
      options.maxConcurrentStreams, 1, std::numeric_limits<std::int32_t>::max()
  );
  curl_multi_setopt(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS, static_cast<long>(mostStreams));
#if LIBCURL_VERSION_NUM >= 0x081400
  // Closing must not wait for a name server that does not answer.
  curl_multi_setopt(multi_, CURLMOPT_QUICK_EXIT, 1L);
#endif
#ifdef CURL_HAS_CONN_EVENTS
  curl_multi_setopt(multi_, CURLMOPT_CONNFUNCTION, &MultiHandle::onConnectionEvent);
  curl_multi_setopt(multi_, CURLMOPT_CONNDATA, this);
#endif
#ifdef CURL_HAS_STREAM_WINDOW
  curl_multi_setopt(multi_, CURLMOPT_STREAM_WINDOW, static_cast<long>(options.streamWindow));
  curl_multi_setopt(multi_, CURLMOPT_CONN_WINDOW, static_cast<long>(options.connectionWindow));
#endif
}

MultiHandle::~MultiHandle() { curl_multi_cleanup(multi_); }

void MultiHandle::add(EasyHandle& easy) {
  dodici::check(curl_multi_add_handle(multi_, easy.get()));
}

void MultiHandle::remove(EasyHandle& easy) {
  dodici::check(curl_multi_remove_handle(multi_, easy.get()));
}

void MultiHandle::socketAction(curl_socket_t socket, int events) {
  int running = 0;
  dodici::check(curl_multi_socket_action(multi_, socket, events, &running));
  rethrowParked();
}

void MultiHandle::readFrom(const Connection& connection) {
  socketAction(connection.socket, CURL_CSELECT_IN);
}

void MultiHandle::timeoutAction() { socketAction(CURL_SOCKET_TIMEOUT, 0); }

void MultiHandle::readDone(const std::function<void(EasyHandle&)>& onDone) {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) {
      // Read before onDone() removes the handle, which destroys the message.
      EasyHandle& easy = EasyHandle::of(message->easy_handle);
      easy.setResult(message->data.result);
      onDone(easy);
    }
  }
}

void MultiHandle::close(const Connection& connection) {
#ifdef CURL_HAS_CONN_CONTROL
  curl_multi_setopt(multi_, CURLMOPT_CONN_CLOSE, static_cast<curl_off_t>(connection.id));
  rethrowParked();
#else
  watchers_.giveUp(connection.socket);
#endif
}

void MultiHandle::check([[maybe_unused]] const Connection& connection) {
#ifdef CURL_HAS_CONN_CONTROL
  curl_multi_setopt(multi_, CURLMOPT_CONN_CHECK, static_cast<curl_off_t>(connection.id));
  rethrowParked();
#endif
}

bool MultiHandle::ping([[maybe_unused]] const Connection& connection) {
#ifdef CURL_HAS_CONN_CONTROL
  curl_multi_setopt(multi_, CURLMOPT_CONN_PING, static_cast<curl_off_t>(connection.id));
  rethrowParked();
  return true;
#else
  return false;
#endif
}

void MultiHandle::closeIdleConnections() {
#if LIBCURL_VERSION_NUM >= 0x081000
  curl_multi_setopt(multi_, CURLMOPT_NETWORK_CHANGED, static_cast<long>(CURLMNWC_CLEAR_CONNS));
#endif
}

int MultiHandle::onSocketWanted(CURL*, curl_socket_t socket, int poll, void* self, void*) noexcept {
  auto& multi = *static_cast<MultiHandle*>(self);
  return guardCallback(multi.thrown_, -1, [&] {
    multi.watchers_.want(socket, poll);
    return 0;
  });
}

// Only records the time, as libcurl may call this inside socketAction().
int MultiHandle::onTimerWanted(CURLM*, long timeoutMs, void* self) noexcept {
  auto& multi = *static_cast<MultiHandle*>(self);
  return guardCallback(multi.thrown_, -1, [&] {
    multi.timer_.want(timeoutMs);
    return 0;
  });
}

#ifdef CURL_HAS_CONN_EVENTS
void MultiHandle::onConnectionEvent(
    CURLM*, curl_off_t id, int event, unsigned long value, unsigned long error, void* self
) noexcept {
  auto& multi = *static_cast<MultiHandle*>(self);
  const auto number = static_cast<std::uint32_t>(
      std::min<unsigned long>(value, std::numeric_limits<std::uint32_t>::max())
  );
  guardCallback(multi.thrown_, 0, [&] {
    switch (event) {
      case CURLCONN_REMOVED:
        multi.listener_.onConnectionRemoved(id);
        break;
      case CURLCONN_SETTINGS:
        multi.listener_.onStreamLimit(id, number);
        break;
      case CURLCONN_GOAWAY:
        multi.listener_.onGoaway(id, number, static_cast<std::uint32_t>(error));
        break;
      case CURLCONN_ENDED:
        multi.listener_.onSessionEnded(id);
        break;
#ifdef CURLCONN_ANSWERED
      case CURLCONN_ANSWERED:
        // libcurl's callback only passes a number, which is the address of the handle.
        // NOLINTNEXTLINE(performance-no-int-to-ptr)
        EasyHandle::of(reinterpret_cast<CURL*>(value)).receiver()->onAnswered();
        break;
#endif
      default:
        break;
    }
    return 0;
  });
}
#endif

void MultiHandle::rethrowParked() {
  if (thrown_) {
    std::rethrow_exception(std::exchange(thrown_, nullptr));
  }
}

}  // namespace dodici
