// The options of a client. Plain values; lib/options/agent-options.ts validates them and has all defaults.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dodici {

// A secret of the client, and the passphrase that it is encrypted with.
struct TlsSecret {
  std::string bytes;
  std::string passphrase;
};

struct TlsOptions {
  std::string caPem;  // concatenated PEM certificates that are trusted; empty trusts nothing
  std::string
      caFile;  // more of them: a file, and a folder (or several, with colons between) of files that are
  std::string caPath;  // named by OpenSSL's hashes; empty if there are none
  std::string
      crlPem;  // concatenated PEM revocation lists; if there is one, each certificate needs one
  std::vector<std::string> certPems;  // client certificate chains, one for each kind of key
  std::vector<TlsSecret> keys;        // their private keys, PEM
  std::vector<TlsSecret> pfxs;        // PKCS #12: key, chain and trusted certificates in one
  std::string ciphers;       // OpenSSL cipher list up to TLS 1.2; empty for the library's default
  std::string cipherSuites;  // cipher list of TLS 1.3
  std::string curves;        // in the form of SSL_CTX_set1_curves_list()
  std::string sigalgs;       // in the form of SSL_CTX_set1_sigalgs_list()
  std::uint64_t secureOptions = 0;  // SSL_OP_*
  std::string servername;  // SNI and verified name for every origin; empty for the origin's host
  long minVersion = 0;     // TLS1_2_VERSION and so on; 0 for the library's default
  long maxVersion = 0;
  bool rejectUnauthorized = true;
  bool trustsPartialChains = false;  // a trusted certificate need not be a root
  bool keepsSessions = true;         // so that later connections can resume them
};

struct ProxyOptions {
  std::string
      url;  // "http://host:port", also https: or socks5h:, always with the port; empty if there is no proxy
  std::vector<std::string> headerLines;  // for the proxy alone, in libcurl's form
  std::string username;                  // SOCKS only: HTTP's credentials are a header line
  std::string password;
  bool tunnel = true;  // use CONNECT, also for plain http; otherwise targets are absolute URLs
  TlsOptions tls;      // for TLS with an https proxy
};

struct ClientOptions {
  std::uint32_t connections = 0;  // per origin; 0 means no limit
  std::uint32_t maxConcurrentStreams = 100;
  std::uint32_t streamWindow = 256 * 1024;  // how many unread bytes may come on an HTTP/2 stream
  std::uint32_t connectionWindow = 0;       // the same for a whole connection; 0 means no limit
  std::uint32_t maxHeaderSize = 16 * 1024;
  std::uint32_t maxRequestsPerConnection = 0;        // 0: no limit
  std::int64_t maxResponseSize = -1;                 // -1: no limit
  std::chrono::milliseconds connectTimeout{10'000};  // 0 means no limit
  // How long requests wait for an HTTP/2 peer that allows no stream; 0 means no limit.
  std::chrono::milliseconds streamTimeout{300'000};
  // How long a connection may be idle. If its server says how long it keeps it, then that time minus the threshold, and
  // at most the maximum.
  std::chrono::milliseconds keepAliveTimeout{4'000};
  std::chrono::milliseconds keepAliveTimeoutThreshold{2'000};  // may be negative
  std::chrono::milliseconds keepAliveMaxTimeout{600'000};
  std::chrono::milliseconds clientTtl{
      0};  // age at which an idle connection is replaced; 0 means never
  std::chrono::milliseconds pingInterval{0};  // for each HTTP/2 connection; 0 means no PING
  std::chrono::milliseconds happyEyeballsTimeout{250};
  // Plain http speaks HTTP/2 from its first byte, without asking (h2c with prior knowledge).
  bool http2PriorKnowledge = false;
  // EventType::connectionWanted asks how to make each connection, except for plain http to an IP address without a
  // proxy, and for tunnels.
  bool asksToConnect = false;
  // The embedder makes the connections: EventType::connectionWanted asks for each, and Client::giveSocket() answers.
  // Then the embedder does TLS and name look-up, and applies the connect timeout and all other options for connecting.
  bool socketsAreGiven = false;
  bool ipv4Only = false;
  bool keepAlive = true;  // false closes each connection after one request
  bool tcpKeepAlive = true;
  std::chrono::milliseconds tcpKeepAliveDelay{60'000};
  std::string localAddress;     // empty: any
  std::uint16_t localPort = 0;  // 0: any
  // Unix socket that leads to every origin; empty for TCP. A NUL at the start makes it a name in the abstract
  // namespace.
  std::string socketPath;
  TlsOptions tls;
  ProxyOptions proxy;
  std::uint32_t loopThreads =
      0;  // how many of the process's threads serve this client; 0 means all
};

// How to make one connection, as the embedder knows it at that moment.
struct ConnectionPlan {
  // Addresses of the host, or of its proxy: "1.2.3.4,[::1]", in the order in which they are tried. If it is empty,
  // libcurl looks them up, unless the name is an address or the connection is to a Unix socket.
  std::string addresses;
  std::chrono::milliseconds timeout{0};  // for the whole connection, TLS included; 0 means no limit
  std::chrono::milliseconds happyEyeballsTimeout{250};  // until the next address is tried as well
};

}  // namespace dodici
