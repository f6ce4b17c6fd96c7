#include "events/event_batcher.h"
#include "header_lines.h"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace dodici {
namespace {

// A turn with many small responses: their records, and handing over and taking the batch.
void eventBatcherTurn(benchmark::State& state) {
  Mailbox mailbox;
  EventBatcher batcher(mailbox, std::make_shared<BlockPool>(), [] {});
  HeaderBlock head(kMaxHeaderSize);
  for (const auto line : kHead) {
    head.onLine(line);
  }
  const std::vector<std::byte> body(100);
  EventBatch taken;
  for ([[maybe_unused]] auto turn : state) {
    for (std::uint32_t id = 0; id < state.range(0); ++id) {
      EventBatcher::Share share;
      batcher.responseStart(RequestId{id}, head);
      batcher.body(RequestId{id}, share, body);
      batcher.end(RequestId{id}, head);
    }
    batcher.flush();
    taken.clear();
    mailbox.take(taken);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(eventBatcherTurn)->Arg(1)->Arg(100);

// A turn with many bytes of one large body, in pieces of 16 KB as from libcurl.
void eventBatcherLargeBody(benchmark::State& state) {
  Mailbox mailbox;
  EventBatcher batcher(mailbox, std::make_shared<BlockPool>(), [] {});
  const std::vector<std::byte> chunk(std::size_t{16} * 1024);
  EventBatch taken;
  for ([[maybe_unused]] auto turn : state) {
    EventBatcher::Share share;
    for (std::int64_t bytes = 0; bytes < state.range(0); bytes += std::ssize(chunk)) {
      batcher.body(RequestId{1}, share, chunk);
    }
    batcher.flush();
    taken.clear();
    mailbox.take(taken);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK(eventBatcherLargeBody)->Arg(16 * 1024)->Arg(256 * 1024);

}  // namespace
}  // namespace dodici
