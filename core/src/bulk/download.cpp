#include "dodici/download.h"

#include "bulk/range_engine.h"

#include <thread>
#include <utility>

namespace dodici {

struct Download::Parts {
  Parts(ClientOptions client, DownloadOptions options, DownloadListener& listener)
      : engine(std::move(client), std::move(options), listener) {}

  // Destruction order: the thread has been joined.
  RangeEngine engine;
  std::thread thread;
};

Download::Download(ClientOptions client, DownloadOptions options, DownloadListener& listener)
    : parts_(std::make_unique<Parts>(std::move(client), std::move(options), listener)) {
  RangeEngine& engine = parts_->engine;
  parts_->thread = std::thread([&engine] { engine.run(); });
}

Download::~Download() {
  cancel();
  parts_->thread.join();
}

void Download::cancel() { parts_->engine.cancel(); }

DownloadProgress Download::progress() const { return parts_->engine.progress(); }

std::size_t Download::readable() { return parts_->engine.readable(); }

std::size_t Download::read(std::span<std::byte> into) { return parts_->engine.readStream(into); }

DownloadResult* Download::result() { return parts_->engine.result(); }

}  // namespace dodici
