// RAII over CURL*. It is made once with the options that all requests of a client share, and reused without a reset.
//
// Threads: loop thread only.
// Owner:   the Transfer that runs on it; between transfers EasyHandlePool.
#pragma once

#include "connections/connection.h"
#include "connections/given_socket.h"
#include "curl/connect_attempts.h"
#include "curl/socket_watchers.h"
#include "curl/tls_peer.h"
#include "curl/tls_store.h"
#include "dodici/options.h"

#include <curl/curl.h>
#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dodici {

class EasyHandle {
 public:
  // What a Receiver has done with bytes.
  enum class Taken : std::uint8_t {
    all,
    later,  // libcurl keeps them, and gives them again after pause() allows it
    stop,   // the transfer ends
  };

  // Called by libcurl during a transfer. If a function throws, the transfer fails, and takeThrown() has the exception.
  class Receiver {
   public:
    // The transfer is about to be sent on a connection. Returning false ends it.
    virtual bool onStarted() = 0;

    // One line of a head or of trailers, with its ending. Returning false ends the transfer.
    virtual bool onHeaderLine(std::string_view line) = 0;
    virtual Taken onBody(std::span<const std::byte> bytes) = 0;

    // Bytes of the body before they are decoded, and what follows it. Only called after watchRawBody().
    virtual void onRawBody(std::string_view) {}

    // The response is complete and delivered, while the request's body is still being sent (HTTP/2). An older libcurl
    // does not report it. Must not call libcurl.
    virtual void onAnswered() {}

    // Fills `room` and returns the number of bytes, 0 at the end. Returns nullopt if there are none now; pause() makes
    // libcurl ask again.
    virtual std::optional<std::size_t> onBodyWanted(std::span<std::byte> room) = 0;
    // The body must be sent again from `offset`. Returns false if that is impossible.
    virtual bool onRewind(std::uint64_t offset) = 0;

   protected:
    ~Receiver() = default;
  };

  // New connections use `tls`, which may change.
  EasyHandle(const ClientOptions& options, SocketWatchers& watchers, const TlsStores& tls);
  ~EasyHandle();

  EasyHandle(const EasyHandle&) = delete;
  EasyHandle& operator=(const EasyHandle&) = delete;

  static EasyHandle& of(CURL* handle);

  CURL* get() const { return handle_; }

  Receiver* receiver() const { return receiver_; }

  // Call this before each transfer, and with null after it.
  void bind(Receiver* receiver);

  // The transfer must use this connection, or fails before it is sent. Call before the handle is given to libcurl.
  void useConnection(const Connection& connection);

  // The transfer must make a new connection. Call before the handle is given to libcurl.
  void connectAfresh();

  // The transfer makes its connection of this socket. Call before the handle is given to libcurl.
  void giveSocket(GivenSocket socket);

  // Whether the transfer's connection was given, and speaks HTTP/2.
  bool isGivenHttp2() const { return isGivenHttp2_; }

  // The embedder's name for the transfer's connection; 0 if libcurl makes it.
  std::uint32_t link() const { return link_; }

  // The given descriptor, if it was not used yet; else -1.
  int givenDescriptor() const { return given_.descriptor(); }

  // Sets how the transfer ended. Called by MultiHandle::readDone().
  void setResult(CURLcode result) { result_ = result; }

  CURLcode result() const { return result_; }

  bool succeeded() const { return result_ == CURLE_OK; }

  // Pauses these directions and resumes the others. libcurl may call the Receiver inside this call, which may pause
  // again.
  void pause(bool receiving, bool sending);

  // The transfer's connection. Only inside Receiver::onStarted().
  std::int64_t connectionId() const;
  curl_socket_t connectionSocket() const;

  // Whether OpenSSL has read bytes of the transfer's connection that libcurl has not. Inside onStarted() this means
  // that they came before the request was written.
  bool hasUnreadTls() const;

  // The TLS session with the origin, while the transfer has a connection; null without TLS.
  SSL* tls() const;

  // For an ended transfer over HTTP/2: the code with which its stream was reset, and whether the peer says that it did
  // not process the request, or it was not sent. An older libcurl knows neither.
  std::optional<std::uint32_t> streamError() const;
  bool unprocessed() const;

  // Whether the peer has sent all of the response of a transfer over HTTP/2, even if it was not delivered yet.
  bool responseEnded() const;

  // Sets how many unread bytes the peer of a transfer over HTTP/2 may send. Only inside a callback.
  void setStreamWindow(std::uint32_t bytes);

  // libcurl's text about the last error, or "".
  const char* errorText() const { return errorText_.data(); }

  std::exception_ptr takeThrown();

  bool threw() const { return thrown_ != nullptr; }

  // Reads a CURLINFO_* of type long, or of type string ("" if libcurl has none).
  long infoLong(CURLINFO info) const;
  const char* infoText(CURLINFO info) const;

  // The connection will not be kept, and the request tells the server so. Only inside Receiver::onStarted().
  void closeAfterwards();

  // Removes the line that asks for 100. Only inside Receiver::onStarted(). The line must be this very array, as a
  // literal may have another address in each file.
  void dropExpect();
  static constexpr char kExpect[] = "expect: 100-continue";

  // The connection will not be kept for another request. Only inside a callback.
  void forbidReuse();

  // Makes libcurl call onRawBody() for the body of this response. Only inside Receiver::onHeaderLine().
  void watchRawBody();

  // The peer in a TLS handshake of this transfer.
  const TlsPeer& tlsPeer() const { return tlsPeer_; }

  // The TLS stores for the connection of this transfer.
  const TlsStores& tlsStores() const { return tls_; }

  // Whether that peer was the proxy.
  bool tlsPeerIsProxy() const { return tlsPeerIsProxy_; }

  // The attempts to connect this transfer.
  const ConnectAttempts& attempts() const { return attempts_; }

  // Sets the addresses to try, in this order: "1.2.3.4,[::1]"; if empty, libcurl uses those it knows. Call before the
  // handle is given to libcurl.
  void setDestinations(std::string_view addresses, std::string_view port) {
    attempts_.setDestinations(addresses, port);
  }

  // Whether the transfer's connection speaks HTTP/2. Only inside a callback.
  bool isOnHttp2() const;

  // Memory that easy_options fills for one transfer, and that must live as long as the transfer.
  std::vector<curl_slist> headerLines;
  std::list<std::string> emptyHeaders;  // for an older libcurl
  std::string url;
  std::string tlsName;    // set while libcurl has a name
  std::string connectTo;  // for an older libcurl
  curl_slist connectToNode{};
  std::string resolve;
  curl_slist resolveNode{};

  // Whether easy_options has set HTTP/2 without asking the server.
  bool knowsHttp2 = false;
  // Whether easy_options has set a connect timeout for this transfer only.
  bool hasPlan = false;

 private:
  static std::size_t onWrite(char* data, std::size_t, std::size_t size, void* self) noexcept;
  static std::size_t onHeader(char* data, std::size_t, std::size_t size, void* self) noexcept;
  static std::size_t onRead(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static int onDebug(CURL*, curl_infotype type, char* data, std::size_t size, void* self) noexcept;
  static int onSeek(void* self, curl_off_t offset, int origin) noexcept;
  static int onPreRequest(
      void* self, char* remoteAddress, char* localAddress, int remotePort, int localPort
  ) noexcept;
  static curl_socket_t onOpenSocket(void* self, curlsocktype, curl_sockaddr* address) noexcept;
  static int onSocketOptions(void*, curl_socket_t, curlsocktype) noexcept;
  static int onCloseSocket(void* watchers, curl_socket_t socket) noexcept;
  void takeNewestTls();
  void settleAttempts();
  void setVerification(bool origin, bool proxy);
  static CURLcode onSslContext(CURL* handle, void* sslContext, void* tls) noexcept;

  CURL* handle_;
  SocketWatchers& watchers_;
  const TlsStores& newestTls_;
  TlsStores tls_;
  // The verification that was set in libcurl, which verifies by default.
  bool verifies_ = true;
  bool verifiesProxy_ = true;
  std::vector<curl_slist> proxyLines_;
  bool tlsPeerIsProxy_ = false;
  bool watchesRawBody_ = false;
  CURLcode result_ = CURLE_OK;
  curl_socket_t opened_ = CURL_SOCKET_BAD;  // the transfer's last socket
  SocketWatchers::Ends ends_;               // ends of its connection, set inside onStarted()
  ConnectAttempts attempts_;
  GivenSocket given_;
  std::uint32_t link_ = 0;
  bool isGivenHttp2_ = false;
  Receiver* receiver_ = nullptr;
  std::exception_ptr thrown_;
  TlsPeer tlsPeer_;
  std::array<char, CURL_ERROR_SIZE> errorText_{};
};

// Keeps handles for the next requests.
//
// Threads: loop thread only.
// Owner:   ClientShard.
class EasyHandlePool {
 public:
  EasyHandlePool(const ClientOptions& options, SocketWatchers& watchers, const TlsStores& tls);

  std::unique_ptr<EasyHandle> take();
  void give(std::unique_ptr<EasyHandle> handle);

 private:
  static constexpr std::size_t kMostKept = 1024;  // about 6 KB each

  const ClientOptions& options_;
  SocketWatchers& watchers_;
  const TlsStores& tls_;
  std::vector<std::unique_ptr<EasyHandle>> free_;
};

}  // namespace dodici
