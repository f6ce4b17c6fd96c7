// What a client is told once. Plain values; lib/options/agent-options.ts validates them and holds every default.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dodici {

// A secret of the client's, and what it is encrypted with.
struct TlsSecret {
  std::string bytes;
  std::string passphrase;
};

struct TlsOptions {
  std::string caPem;  // concatenated PEM certificates that are trusted; empty trusts nothing
  std::string
      caFile;  // more of them: a file, and a folder (or several, with colons between) of files that are
  std::string caPath;  // named by OpenSSL's hashes; empty: none
  std::string
      crlPem;  // concatenated PEM revocation lists; when there is one, each certificate needs one
  std::vector<std::string> certPems;  // client certificate chains, one for each kind of key
  std::vector<TlsSecret> keys;        // their private keys, PEM
  std::vector<TlsSecret> pfxs;        // PKCS #12: key, chain and trusted certificates in one
  std::string ciphers;       // OpenSSL cipher list up to TLS 1.2; empty: the library's default
  std::string cipherSuites;  // those of TLS 1.3
  std::string curves;        // as SSL_CTX_set1_curves_list() takes them
  std::string sigalgs;       // as SSL_CTX_set1_sigalgs_list() takes them
  std::uint64_t secureOptions = 0;  // SSL_OP_*
  std::string servername;  // SNI and verified name for every origin; empty: the origin's host
  long minVersion = 0;     // TLS1_2_VERSION, … ; 0: the library's default
  long maxVersion = 0;
  bool rejectUnauthorized = true;
  bool trustsPartialChains = false;  // a trusted certificate need not be a root
  bool keepsSessions = true;         // to resume them in later connections
};

struct ProxyOptions {
  std::string url;  // "http://host:port", https or socks5h, the port always there; empty: no proxy
  std::vector<std::string> headerLines;  // for the proxy alone, as libcurl takes them
  std::string username;                  // SOCKS only: HTTP's credentials are a header line
  std::string password;
  bool tunnel = true;  // CONNECT, also for plain http; without it targets are absolute URLs
  TlsOptions tls;      // of an https proxy
};

struct ClientOptions {
  std::uint32_t connections = 0;  // per origin; 0: no limit
  std::uint32_t maxConcurrentStreams = 100;
  std::uint32_t streamWindow =
      256 * 1024;  // how many bytes of an HTTP/2 stream may come before any is taken
  std::uint32_t connectionWindow = 0;  // the same for a whole connection; 0: no limit of its own
  std::uint32_t maxHeaderSize = 16 * 1024;
  std::uint32_t maxRequestsPerConnection = 0;        // 0: no limit
  std::int64_t maxResponseSize = -1;                 // -1: no limit
  std::chrono::milliseconds connectTimeout{10'000};  // 0: none
  // How long a connection may be idle; where its server says how long it keeps it: that, less the threshold, and at most
  // the maximum.
  std::chrono::milliseconds keepAliveTimeout{4'000};
  std::chrono::milliseconds keepAliveTimeoutThreshold{2'000};  // may be negative
  std::chrono::milliseconds keepAliveMaxTimeout{600'000};
  std::chrono::milliseconds clientTtl{0};  // age at which an idle connection is replaced; 0: none
  std::chrono::milliseconds pingInterval{0};  // of each HTTP/2 connection; 0: none
  std::chrono::milliseconds happyEyeballsTimeout{250};
  // Plain http speaks HTTP/2 from its first byte on, without asking (h2c with prior knowledge).
  bool http2PriorKnowledge = false;
  // Before each connection EventType::connectionWanted asks how it is to be made. Only plain http to an IP address, without a
  // proxy, is not worth asking. Tunnels do not ask.
  bool asksToConnect = false;
  // The embedder makes the connections: EventType::connectionWanted asks for each, and Client::giveSocket() answers. TLS is the
  // embedder's then, and so are name look-up, timeout, and what else is said here of how to connect.
  bool socketsAreGiven = false;
  bool ipv4Only = false;
  bool keepAlive = true;  // false: every connection serves one request
  bool tcpKeepAlive = true;
  std::chrono::milliseconds tcpKeepAliveDelay{60'000};
  std::string localAddress;     // empty: any
  std::uint16_t localPort = 0;  // 0: any
  // Unix socket that every origin is reached through; empty: TCP. With a NUL in front its name in the abstract namespace.
  std::string socketPath;
  TlsOptions tls;
  ProxyOptions proxy;
  std::uint32_t loopThreads = 0;  // how many of the process's serve this client; 0: all
};

// How a connection is made: what the embedder knows at that moment.
struct ConnectionPlan {
  // Where the host is, or the proxy in front of it: "1.2.3.4,[::1]", in the order in which they are tried. Empty: libcurl
  // finds that out, or need not, as its name is an address, or the connection is to a Unix socket.
  std::string addresses;
  std::chrono::milliseconds timeout{0};                 // for all of them, TLS included; 0: none
  std::chrono::milliseconds happyEyeballsTimeout{250};  // until the next address is tried as well
};

}  // namespace dodici
