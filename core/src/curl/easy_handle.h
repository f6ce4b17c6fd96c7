// RAII over CURL*, made once with everything that is the same for all requests of a client, and reused without a reset.
//
// Threads: loop thread only.
// Owner:   the Transfer that runs on it; between two of them EasyHandlePool.
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
  // What becomes of bytes that a Receiver is given.
  enum class Taken : std::uint8_t {
    all,
    later,  // libcurl keeps them, and gives them again after pause() has said so
    stop,   // the transfer ends
  };

  // What libcurl calls during a transfer. May throw: the transfer then fails and takeThrown() has it.
  class Receiver {
   public:
    // About to be sent on a connection. False ends the transfer.
    virtual bool onStarted() = 0;

    // One line of a head or of trailers, line end included. False ends the transfer.
    virtual bool onHeaderLine(std::string_view line) = 0;
    virtual Taken onBody(std::span<const std::byte> bytes) = 0;

    // Bytes of the body before they are decoded, and what follows it: for those who asked by watchRawBody().
    virtual void onRawBody(std::string_view) {}

    // The response is complete and delivered, while the request's body is still being sent, which goes on (HTTP/2). An older
    // libcurl does not tell. Must not call libcurl.
    virtual void onAnswered() {}

    // Fills `room`; returns how many bytes, 0 at the end. Nothing: there are none now; pause() has libcurl ask again.
    virtual std::optional<std::size_t> onBodyWanted(std::span<std::byte> room) = 0;
    // The body must be sent again from `offset`. False when that cannot be.
    virtual bool onRewind(std::uint64_t offset) = 0;

   protected:
    ~Receiver() = default;
  };

  // `tls` is what connections are made with from now on; it may change.
  EasyHandle(const ClientOptions& options, SocketWatchers& watchers, const TlsStores& tls);
  ~EasyHandle();

  EasyHandle(const EasyHandle&) = delete;
  EasyHandle& operator=(const EasyHandle&) = delete;

  static EasyHandle& of(CURL* handle);

  CURL* get() const { return handle_; }

  Receiver* receiver() const { return receiver_; }

  // Before each transfer; null after it.
  void bind(Receiver* receiver);

  // Before libcurl is given the handle: the transfer takes this connection, or fails before it is sent.
  void useConnection(const Connection& connection);

  // Before libcurl is given the handle: the transfer takes no connection that exists.
  void connectAfresh();

  // Before libcurl is given the handle: this is the connection that the transfer is to make.
  void giveSocket(GivenSocket socket);

  // Whether the transfer's connection was given, and speaks HTTP/2.
  bool isGivenHttp2() const { return isGivenHttp2_; }

  // The embedder's name for the connection that the transfer is on, or is to make; 0: it is libcurl's own.
  std::uint32_t link() const { return link_; }

  // What was given and not used yet; -1: nothing.
  int givenDescriptor() const { return given_.descriptor(); }

  // How the transfer ended: MultiHandle::readDone() says so.
  void setResult(CURLcode result) { result_ = result; }

  CURLcode result() const { return result_; }

  bool succeeded() const { return result_ == CURLE_OK; }

  // Which directions are held back: libcurl goes on with the other ones. It may call the Receiver from inside, which may
  // hold back again.
  void pause(bool receiving, bool sending);

  // The connection that the transfer is on. Only from inside Receiver::onStarted().
  std::int64_t connectionId() const;
  curl_socket_t connectionSocket() const;

  // OpenSSL has read bytes of the transfer's connection that libcurl has not asked for. From inside onStarted(): they came
  // before the request was written.
  bool hasUnreadTls() const;

  // The TLS session with the origin of the transfer's connection, while there is one; null without TLS.
  SSL* tls() const;

  // Of a transfer over HTTP/2 that has ended: the code with which its stream was reset, and whether the peer has said that it
  // did not process the request, or nobody has sent it. An older libcurl knows neither.
  std::optional<std::uint32_t> streamError() const;
  bool unprocessed() const;

  // The peer has sent all of the response of a transfer over HTTP/2, whether it was delivered or not.
  bool responseEnded() const;

  // Of a transfer over HTTP/2, from inside a callback: how many bytes its peer may send before they are taken.
  void setStreamWindow(std::uint32_t bytes);

  // libcurl's words on the last error, "" if it had none.
  const char* errorText() const { return errorText_.data(); }

  std::exception_ptr takeThrown();

  bool threw() const { return thrown_ != nullptr; }

  // Reads a CURLINFO_* of type long, or of type string ("" when libcurl has none).
  long infoLong(CURLINFO info) const;
  const char* infoText(CURLINFO info) const;

  // From inside Receiver::onStarted(): the connection is not to be kept for another request, and the server is told so.
  void closeAfterwards();

  // From inside Receiver::onStarted(): takes back the line that asks for 100, which must be this very array: a literal
  // may have another address in each file.
  void dropExpect();
  static constexpr char kExpect[] = "expect: 100-continue";

  // From inside a callback: the connection is not to be kept for another request.
  void forbidReuse();

  // From inside Receiver::onHeaderLine(): onRawBody() is called for the body of this response.
  void watchRawBody();

  // What the peer showed in a TLS handshake of this transfer.
  const TlsPeer& tlsPeer() const { return tlsPeer_; }

  // What the connection of this transfer is made with.
  const TlsStores& tlsStores() const { return tls_; }

  // Whether that peer was the proxy.
  bool tlsPeerIsProxy() const { return tlsPeerIsProxy_; }

  // The addresses that the transfer's connection was tried with.
  const ConnectAttempts& attempts() const { return attempts_; }

  // Before libcurl is given the handle: "1.2.3.4,[::1]", tried in this order; empty: those that libcurl knows.
  void setDestinations(std::string_view addresses, std::string_view port) {
    attempts_.setDestinations(addresses, port);
  }

  // Whether the transfer's connection speaks HTTP/2. Only while it runs, from inside a callback.
  bool isOnHttp2() const;

  // Memory that easy_options fills for one transfer; it must live as long as that.
  std::vector<curl_slist> headerLines;
  std::list<std::string> emptyHeaders;  // an older libcurl's
  std::string url;
  std::string tlsName;    // while libcurl has one
  std::string connectTo;  // an older libcurl's
  curl_slist connectToNode{};
  std::string resolve;
  curl_slist resolveNode{};

  // easy_options has told libcurl to speak HTTP/2 without asking the server.
  bool knowsHttp2 = false;
  // easy_options has told libcurl for this one transfer how long it may take to connect.
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
  // What libcurl was told; its own default is to verify.
  bool verifies_ = true;
  bool verifiesProxy_ = true;
  std::vector<curl_slist> proxyLines_;
  bool tlsPeerIsProxy_ = false;
  bool watchesRawBody_ = false;
  CURLcode result_ = CURLE_OK;
  curl_socket_t opened_ = CURL_SOCKET_BAD;  // the last one of this transfer's
  SocketWatchers::Ends ends_;               // of its connection, from inside onStarted()
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
