#include "download_pump.h"

#include "marshal/download_to_js.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

namespace dodici {

class DownloadPump::Running final : public DownloadListener {
 public:
  Running(ClientOptions client, DownloadOptions options, Napi::Function onNews, Doorbell& doorbell)
      : doorbell_(doorbell),
        onNews_(Napi::Persistent(onNews)),
        download_(std::move(client), std::move(options), *this) {}

  void onDownloadNews() noexcept override {
    hasNews_.store(true, std::memory_order_release);
    doorbell_.ring();
  }

  bool takeNews() { return hasNews_.exchange(false, std::memory_order_acq_rel); }

  Download& download() { return download_; }

  napi_value onNews() { return onNews_.Value(); }

 private:
  Doorbell& doorbell_;
  Napi::FunctionReference onNews_;
  std::atomic<bool> hasNews_{false};

  // Last, so that it is destroyed first: its thread calls onDownloadNews() until then.
  Download download_;
};

DownloadPump::DownloadPump(Napi::Env env)
    : doorbell_(
          env,
          [](napi_env rungEnv, void* self) { static_cast<DownloadPump*>(self)->drain(rungEnv); },
          this
      ) {}

DownloadPump::~DownloadPump() = default;

std::uint32_t DownloadPump::start(
    ClientOptions client, DownloadOptions options, Napi::Function onNews
) {
  const std::uint32_t number = ++last_;
  running_.emplace(
      number, std::make_unique<Running>(std::move(client), std::move(options), onNews, doorbell_)
  );
  doorbell_.hold();
  return number;
}

void DownloadPump::cancel(std::uint32_t number) {
  if (const auto found = running_.find(number); found != running_.end()) {
    found->second->download().cancel();
  }
}

Napi::Value DownloadPump::read(Napi::Env env, std::uint32_t number) {
  constexpr std::size_t kMostPerRead = 256 * 1024;
  const auto found = running_.find(number);
  const std::size_t size = found == running_.end() ? 0 : found->second->download().readable();
  if (size == 0) {
    return env.Undefined();
  }
  const auto buffer = Napi::Buffer<std::byte>::New(env, std::min(size, kMostPerRead));
  found->second->download().read({buffer.Data(), buffer.Length()});
  return {env, buffer};
}

void DownloadPump::drain(napi_env env) {
  std::vector<std::uint32_t> numbers;
  for (const auto& [number, running] : running_) {
    if (running->takeNews()) {
      numbers.push_back(number);
    }
  }
  for (const std::uint32_t number : numbers) {
    const auto found = running_.find(number);
    if (found == running_.end()) {
      continue;  // a callback has run the event loop itself
    }
    Download& download = found->second->download();
    if (download.result() == nullptr) {
      progressToJs(env, found->second->onNews(), download.progress());
      continue;
    }
    // Its thread has nothing left to do, so joining it takes no time.
    const auto ended = running_.extract(found);
    doorbell_.letGo();
    resultToJs(env, ended.mapped()->onNews(), *ended.mapped()->download().result());
  }
}

void DownloadPump::shutDown() {
  // All are told first, so that they end at the same time; the destructors wait.
  for (const auto& [number, running] : running_) {
    running->download().cancel();
  }
  running_.clear();
  doorbell_.close();
}

}  // namespace dodici
