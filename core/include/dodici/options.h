// What a client is told once. Plain values; lib/agent-options.ts validates them and holds every default.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace dodici {

struct TlsOptions {
  std::string caPem;    // concatenated PEM certificates that are trusted; empty trusts nothing
  std::string certPem;  // client certificate chain
  std::string keyPem;   // its private key
  std::string passphrase;
  std::string ciphers;     // OpenSSL cipher list; empty: the library's default
  std::string servername;  // SNI and verified name for every origin; empty: the origin's host
  long minVersion = 0;     // TLS1_2_VERSION, … ; 0: the library's default
  long maxVersion = 0;
  bool rejectUnauthorized = true;
};

struct ClientOptions {
  std::uint32_t connections = 0;  // per origin; 0: no limit
  std::uint32_t maxConcurrentStreams = 100;
  std::uint32_t maxHeaderSize = 16 * 1024;
  std::uint32_t maxRequestsPerConnection = 0;        // 0: no limit
  std::int64_t maxResponseSize = -1;                 // -1: no limit
  std::chrono::milliseconds connectTimeout{10'000};  // 0: none
  std::chrono::milliseconds keepAliveTimeout{4'000};
  std::chrono::milliseconds happyEyeballsTimeout{250};
  bool keepAlive = true;  // false: every connection serves one request
  bool ipv4Only = false;
  std::string localAddress;  // empty: any
  std::string socketPath;    // Unix socket that every origin is reached through; empty: TCP
  TlsOptions tls;
  std::uint32_t loopThreads = 0;  // how many of the process's serve this client; 0: all
};

}  // namespace dodici
