#include "options_from_js.h"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace dodici {
namespace {

constexpr double kMostCount = std::numeric_limits<std::uint32_t>::max();
constexpr double kMostSafeInteger = 9'007'199'254'740'991;  // Number.MAX_SAFE_INTEGER
constexpr double kMostPort = 0xffff;

// Reads fields one after the other, and remembers the first invalid one.
class Fields {
 public:
  Fields(Napi::Value value, std::string& complaint)
      : object_(value.IsObject() ? value.As<Napi::Object>() : Napi::Object::New(value.Env())),
        complaint_(complaint) {}

  std::int64_t integer(const char* name, double least, double most) {
    const Napi::Value value = object_.Get(name);
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
    if (number >= least && number <= most && std::trunc(number) == number) {
      return static_cast<std::int64_t>(number);
    }
    complain(name, "an integer in range");
    return 0;
  }

  std::uint32_t count(const char* name) {
    return static_cast<std::uint32_t>(integer(name, 0, kMostCount));
  }

  std::chrono::milliseconds time(const char* name) {
    return std::chrono::milliseconds(integer(name, 0, kMostCount));
  }

  bool flag(const char* name) {
    const Napi::Value value = object_.Get(name);
    if (value.IsBoolean()) {
      return value.As<Napi::Boolean>().Value();
    }
    complain(name, "a boolean");
    return false;
  }

  std::string text(const char* name) {
    const Napi::Value value = object_.Get(name);
    if (value.IsString()) {
      return value.As<Napi::String>().Utf8Value();
    }
    complain(name, "a string");
    return {};
  }

  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> texts;
    forEach(name, [&texts](Fields& item) { texts.push_back(item.text("text")); });
    return texts;
  }

  std::vector<TlsSecret> secrets(const char* name) {
    std::vector<TlsSecret> secrets;
    forEach(name, [&secrets](Fields& item) {
      secrets.push_back(TlsSecret{item.bytes("bytes"), item.text("passphrase")});
    });
    return secrets;
  }

  std::string bytes(const char* name) {
    const Napi::Value value = object_.Get(name);
    if (value.IsBuffer()) {
      const auto buffer = value.As<Napi::Buffer<char>>();
      return {buffer.Data(), buffer.Length()};
    }
    complain(name, "a Buffer");
    return {};
  }

  Napi::Value object(const char* name) {
    const Napi::Value value = object_.Get(name);
    if (!value.IsObject()) {
      complain(name, "an object");
    }
    return value;
  }

 private:
  template <typename F>
  void forEach(const char* name, F&& onItem) {
    const Napi::Value value = object_.Get(name);
    if (!value.IsArray()) {
      complain(name, "an array");
      return;
    }
    const auto array = value.As<Napi::Array>();
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      Fields item(array.Get(i), complaint_);
      onItem(item);
    }
  }

  void complain(const char* name, const char* expected) {
    if (complaint_.empty()) {
      complaint_ = std::string(name) + " must be " + expected;
    }
  }

  Napi::Object object_;
  std::string& complaint_;
};

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

}  // namespace dodici
