#include "dodici/client.h"

#include "client/shard.h"
#include "curl/curl_global.h"
#include "loop/loop_pool.h"
#include "platform/sockets.h"
#include "submit/request_block.h"
#include "transfer/request_text.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace dodici {

namespace {

// An origin's own loop may have this many more requests than the quietest loop, plus a quarter, before other loops help
// it: below that, kept connections save more than a second thread would.
constexpr std::uint32_t kSpillMargin = 64;

TlsStores storesOf(TlsOptions tls, TlsOptions proxyTls) {
  return {
      std::make_shared<TlsStore>(std::move(tls)), std::make_shared<TlsStore>(std::move(proxyTls))};
}

}  // namespace

struct Client::Parts {
  Parts(ClientOptions options, EventSink& sink)
      : config(std::make_shared<ClientConfig>(std::move(options))), pool(LoopPool::shared()) {
    const std::size_t wanted = config->options.loopThreads;
    const std::size_t count =
        wanted == 0 ? pool->size() : std::min<std::size_t>(wanted, pool->size());
    const TlsStores tls = storesOf(config->options.tls, config->options.proxy.tls);
    for (std::size_t loop = 0; loop < count; ++loop) {
      shards.push_back(std::make_shared<ClientShard>(config, tls, pool, loop, sink));
    }
  }

  // HTTP/2 origins and limited ones stay on one loop, because streams share a connection and each loop counts its own
  // limit.
  ClientShard& shardFor(const Request& request) {
    if (shards.size() == 1) {
      return *shards.front();
    }
    const RequestText text(request.text);
    auto& home = *shards[std::hash<std::string_view>{}(text.origin()) % shards.size()];
    const bool mayBeHttp2 =
        request.allowHttp2 && (text.isTls() || config->options.http2PriorKnowledge);
    if (mayBeHttp2 || config->options.connections > 0) {
      return home;
    }
    const auto& quietest =
        *std::min_element(shards.begin(), shards.end(), [](const auto& a, const auto& b) {
          return a->load() < b->load();
        });
    const std::uint32_t least = quietest->load();
    return home.load() > least + least / 4 + kSpillMargin ? *quietest : home;
  }

  const std::shared_ptr<ClientConfig> config;
  std::shared_ptr<LoopPool> pool;
  std::vector<std::shared_ptr<ClientShard>> shards;
  const CancellationToken token = CancellationToken::root();
  std::size_t nextToTake = 0;
};

Client::Client(ClientOptions options, EventSink& sink)
    : parts_(std::make_unique<Parts>(std::move(options), sink)) {}

Client::~Client() {
  destroy();
  for (const auto& shard : parts_->shards) {
    shard->detach();
  }
}

RequestController Client::submit(Request request) {
  RequestController controller = prepare(std::move(request));
  start(controller);
  return controller;
}

RequestController Client::prepare(Request request) {
  RequestController controller;
  controller.block_ = std::make_shared<RequestBlock>(
      parts_->token, std::move(request), parts_->shardFor(request).shared_from_this()
  );
  return controller;
}

void Client::start(const RequestController& request) {
  request.block_->shard->submit(SubmitCommand{request.block_});
  request.block_->join();
}

void Client::setSocket(
    const RequestController& request, SocketSetting setting, std::uint32_t value
) {
  const RequestId id = request.block_->id;
  request.block_->shard->sendLate(SocketSettingCommand{id, setting, value});
}

void Client::flush() {
  for (const auto& shard : parts_->shards) {
    shard->flush();
  }
}

void Client::writeBody(const RequestController& request, std::string bytes) {
  request.block_->shard->sendLate(BodyBytesCommand{request.block_->id, std::move(bytes)});
}

void Client::endBody(const RequestController& request) {
  request.block_->shard->sendLate(BodyEndCommand{request.block_->id});
}

void Client::connect(const RequestController& request, ConnectionPlan plan) {
  request.block_->shard->sendLate(ConnectCommand{request.block_->id, std::move(plan)});
}

void Client::refuse(const RequestController& request) {
  request.block_->shard->sendLate(ConnectCommand{request.block_->id, std::nullopt});
}

void Client::setTls(TlsOptions tls, TlsOptions proxyTls) {
  // An older TLS session would bring back the settings that it was made with.
  tls.keepsSessions = false;
  const TlsStores stores = storesOf(std::move(tls), std::move(proxyTls));
  for (const auto& shard : parts_->shards) {
    shard->sendLate(TlsCommand{stores});
  }
}

int Client::giveSocket(const RequestController& request, std::uint32_t link, bool isHttp2) {
  std::array<int, 2> ends{};
  if (!newSocketPair(ends)) {
    return -1;
  }
  GivenSocket socket(ends[0], link, isHttp2);
  request.block_->shard->sendLate(SocketCommand{request.block_->id, std::move(socket)});
  return ends[1];
}

void Client::breakLink(std::uint32_t link) {
  for (const auto& shard : parts_->shards) {
    shard->send(LinkBrokenCommand{link});
  }
}

bool Client::takeBatch(EventBatch& batch) {
  auto& shards = parts_->shards;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    auto& shard = *shards[parts_->nextToTake];
    parts_->nextToTake = (parts_->nextToTake + 1) % shards.size();
    if (shard.takeBatch(batch)) {
      return true;
    }
  }
  return false;
}

void Client::destroy() {
  parts_->token.cancel();
  for (const auto& shard : parts_->shards) {
    shard->send(DestroyCommand{});
  }
}

std::uint32_t Client::loopCount() const {
  return static_cast<std::uint32_t>(parts_->shards.size());
}

const CancellationToken& Client::token() const { return parts_->token; }

bool setLoopThreads(std::uint32_t count) { return LoopPool::setThreadCount(count); }

std::string versionText() { return curlVersionText(); }

}  // namespace dodici
