// Each of libcurl's codes becomes an error for which lib/ has a class.
#include "curl/curl_error.h"

#include "curl/easy_handle.h"
#include "curl/socket_watchers.h"
#include "curl/tls_store.h"
#include "dodici/options.h"

#include <boost/asio/io_context.hpp>
#include <curl/curl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <exception>
#include <memory>
#include <set>

namespace dodici::testing {
namespace {

struct NoListener final : SocketWatchers::Listener {
  void onSocketReady(curl_socket_t, int) override {}

  SocketWatchers::Unread onUnread(curl_socket_t) override { return SocketWatchers::Unread::left; }

  void onSocketClosed(curl_socket_t) noexcept override {}

  void onWatchingFailed(std::exception_ptr) override {}
};

class CurlError : public ::testing::Test {
 protected:
  Error errorOf(int code, const TransferFacts& facts) {
    easy_.setResult(static_cast<CURLcode>(code));
    return toError(easy_, facts);
  }

 private:
  ClientOptions options_;
  const std::shared_ptr<TlsStore> tls_ = std::make_shared<TlsStore>(options_.tls);
  boost::asio::io_context context_;
  NoListener listener_;
  SocketWatchers watchers_{context_, listener_};
  EasyHandle easy_{options_, watchers_, TlsStores{tls_, tls_}};
};

TransferFacts started(bool onHttp2) {
  TransferFacts facts;
  facts.started = true;
  facts.onHttp2 = onHttp2;
  return facts;
}

// Codes of options, functions and protocols that we do not use: they would be a bug of ours.
const std::set<int> kNeverMet{
    CURLE_FAILED_INIT,
    CURLE_NOT_BUILT_IN,
    CURLE_REMOTE_ACCESS_DENIED,
    CURLE_FTP_ACCEPT_FAILED,
    CURLE_FTP_WEIRD_PASS_REPLY,
    CURLE_FTP_ACCEPT_TIMEOUT,
    CURLE_FTP_WEIRD_PASV_REPLY,
    CURLE_FTP_WEIRD_227_FORMAT,
    CURLE_FTP_CANT_GET_HOST,
    CURLE_FTP_COULDNT_SET_TYPE,
    CURLE_FTP_COULDNT_RETR_FILE,
    CURLE_QUOTE_ERROR,
    CURLE_HTTP_RETURNED_ERROR,
    CURLE_WRITE_ERROR,
    CURLE_UPLOAD_FAILED,
    CURLE_FTP_PORT_FAILED,
    CURLE_FTP_COULDNT_USE_REST,
    CURLE_RANGE_ERROR,
    CURLE_BAD_DOWNLOAD_RESUME,
    CURLE_FILE_COULDNT_READ_FILE,
    CURLE_LDAP_CANNOT_BIND,
    CURLE_LDAP_SEARCH_FAILED,
    CURLE_TOO_MANY_REDIRECTS,
    CURLE_UNKNOWN_OPTION,
    CURLE_SETOPT_OPTION_SYNTAX,
    CURLE_LOGIN_DENIED,
    CURLE_TFTP_NOTFOUND,
    CURLE_TFTP_PERM,
    CURLE_REMOTE_DISK_FULL,
    CURLE_TFTP_ILLEGAL,
    CURLE_TFTP_UNKNOWNID,
    CURLE_REMOTE_FILE_EXISTS,
    CURLE_TFTP_NOSUCHUSER,
    CURLE_REMOTE_FILE_NOT_FOUND,
    CURLE_SSH,
    CURLE_FTP_PRET_FAILED,
    CURLE_RTSP_CSEQ_ERROR,
    CURLE_RTSP_SESSION_ERROR,
    CURLE_FTP_BAD_FILE_LIST,
    CURLE_CHUNK_FAILED,
    CURLE_NO_CONNECTION_AVAILABLE,
    CURLE_RECURSIVE_API_CALL,
    CURLE_AUTH_ERROR,
};

// Unused numbers: their names are obsolete, and differ between versions of libcurl.
bool isUnused(int code) {
  const std::set<int> unused{20, 24, 29, 32, 34, 40, 41, 44, 46, 50, 51, 57, 62, 75, 76};
  return unused.contains(code);
}

TEST_F(CurlError, EachCodeThatMayComeHasAMeaning) {
  for (int code = 1; code < CURL_LAST; ++code) {
    for (const auto& facts : {TransferFacts{}, started(false), started(true)}) {
      const Error error = errorOf(code, facts);
      const bool unknown = kNeverMet.contains(code) || isUnused(code);
      EXPECT_EQ(error.code == Errc::internal, unknown)
          << code << " " << curl_easy_strerror(static_cast<CURLcode>(code));
      if (unknown) {
        EXPECT_FALSE(error.message.empty()) << code;
        EXPECT_EQ(error.detail, static_cast<std::uint32_t>(code));
      }
    }
  }
}

TEST_F(CurlError, ABodyThatIsTooShortIsTheRequestsFault) {
  EXPECT_EQ(errorOf(CURLE_READ_ERROR, started(false)).code, Errc::requestLengthMismatch);
  const Error error = errorOf(CURLE_READ_ERROR, started(true));
  EXPECT_EQ(error.code, Errc::streamReset);
  EXPECT_EQ(error.detail, 1U);  // PROTOCOL_ERROR, as a server says
}

#if LIBCURL_VERSION_NUM >= 0x080600
TEST_F(CurlError, NoMemoryIsTheSystemsError) {
  EXPECT_EQ(errorOf(CURLE_OUT_OF_MEMORY, {}).code, Errc::connectFailed);
  const Error error = errorOf(CURLE_OUT_OF_MEMORY, started(false));
  EXPECT_EQ(error.code, Errc::socketError);
  EXPECT_EQ(error.detail, static_cast<std::uint32_t>(ENOMEM));
}
#endif

TEST_F(CurlError, OnceItIsSentNothingIsAFaultOfConnecting) {
  for (const int code :
       {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT}) {
    EXPECT_EQ(errorOf(code, started(false)).code, Errc::socketClosed);
  }
  EXPECT_EQ(errorOf(CURLE_COULDNT_CONNECT, {}).code, Errc::connectFailed);
}

}  // namespace
}  // namespace dodici::testing
