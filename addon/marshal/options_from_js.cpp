#include "options_from_js.h"

#include "fields.h"

#include <chrono>
#include <cstdint>

namespace dodici {
namespace {

constexpr double kMostPort = 0xffff;

}  // namespace

TlsOptions tlsFromJs(Napi::Value value, std::string& complaint) {
  constexpr double kMostVersion = 0xffff;
  Fields fields(value, complaint);
  TlsOptions tls;
  tls.caPem = fields.text("ca");
  tls.caFile = fields.text("caFile");
  tls.caPath = fields.text("caPath");
  tls.crlPem = fields.text("crl");
  tls.certPems = fields.texts("certs");
  tls.keys = fields.secrets("keys");
  tls.pfxs = fields.secrets("pfxs");
  tls.ciphers = fields.text("ciphers");
  tls.cipherSuites = fields.text("cipherSuites");
  tls.curves = fields.text("curves");
  tls.sigalgs = fields.text("sigalgs");
  tls.secureOptions =
      static_cast<std::uint64_t>(fields.integer("secureOptions", 0, kMostSafeInteger));
  tls.servername = fields.text("servername");
  tls.minVersion = fields.integer("minVersion", 0, kMostVersion);
  tls.maxVersion = fields.integer("maxVersion", 0, kMostVersion);
  tls.rejectUnauthorized = fields.flag("rejectUnauthorized");
  tls.trustsPartialChains = fields.flag("trustsPartialChains");
  tls.keepsSessions = fields.flag("keepsSessions");
  return tls;
}

namespace {

ProxyOptions proxyFromJs(Napi::Value value, std::string& complaint) {
  Fields fields(value, complaint);
  ProxyOptions proxy;
  proxy.url = fields.text("url");
  proxy.headerLines = fields.texts("headers");
  proxy.username = fields.text("username");
  proxy.password = fields.text("password");
  proxy.tunnel = fields.flag("tunnel");
  proxy.tls = tlsFromJs(fields.object("tls"), complaint);
  return proxy;
}

}  // namespace

ConnectionPlan planFromJs(Napi::Value value, std::string& complaint) {
  Fields fields(value, complaint);
  ConnectionPlan plan;
  plan.addresses = fields.text("addresses");
  plan.timeout = fields.time("timeout");
  plan.happyEyeballsTimeout = fields.time("happyEyeballsTimeout");
  return plan;
}

ClientOptions optionsFromJs(Napi::Value value, std::string& complaint) {
  Fields fields(value, complaint);
  ClientOptions options;
  options.connections = fields.count("connections");
  options.maxConcurrentStreams = fields.count("maxConcurrentStreams");
  options.streamWindow = fields.count("streamWindow");
  options.connectionWindow = fields.count("connectionWindow");
  options.pingInterval = fields.time("pingInterval");
  options.maxHeaderSize = fields.count("maxHeaderSize");
  options.maxRequestsPerConnection = fields.count("maxRequestsPerConnection");
  options.maxResponseSize = fields.integer("maxResponseSize", -1, kMostSafeInteger);
  options.connectTimeout = fields.time("connectTimeout");
  options.streamTimeout = fields.time("streamTimeout");
  options.keepAliveTimeout = fields.time("keepAliveTimeout");
  options.keepAliveTimeoutThreshold =
      std::chrono::milliseconds(fields.integer("keepAliveTimeoutThreshold", -kMostCount, kMostCount)
      );
  options.keepAliveMaxTimeout = fields.time("keepAliveMaxTimeout");
  options.clientTtl = fields.time("clientTtl");
  options.happyEyeballsTimeout = fields.time("happyEyeballsTimeout");
  options.http2PriorKnowledge = fields.flag("http2PriorKnowledge");
  options.socketsAreGiven = fields.flag("socketsAreGiven");
  options.keepAlive = fields.flag("keepAlive");
  options.ipv4Only = fields.flag("ipv4Only");
  options.asksToConnect = true;
  options.tcpKeepAlive = fields.flag("tcpKeepAlive");
  options.tcpKeepAliveDelay = fields.time("tcpKeepAliveDelay");
  options.localPort = static_cast<std::uint16_t>(fields.integer("localPort", 0, kMostPort));
  options.localAddress = fields.text("localAddress");
  options.socketPath = fields.text("socketPath");
  options.loopThreads = fields.count("loopThreads");
  options.tls = tlsFromJs(fields.object("tls"), complaint);
  options.proxy = proxyFromJs(fields.object("proxy"), complaint);
  return options;
}

CollectorOptions collectorFromJs(Napi::Value value, std::string& complaint) {
  Fields fields(value, complaint);
  CollectorOptions options;
  options.concurrency = static_cast<std::uint32_t>(fields.integer("concurrency", 1, kMostCount));
  options.mostBytes = fields.count("mostBytes");
  return options;
}

}  // namespace dodici
