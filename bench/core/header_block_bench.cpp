#include "header_lines.h"
#include "http/header_block.h"

#include <benchmark/benchmark.h>

namespace dodici {
namespace {

// A head with twelve fields, from its lines to the record.
void headerBlockHead(benchmark::State& state) {
  HeaderBlock block(kMaxHeaderSize);
  EventBatch batch;
  for ([[maybe_unused]] auto turn : state) {
    block.reset();
    for (const auto line : kHead) {
      benchmark::DoNotOptimize(block.onLine(line));
    }
    block.appendHead(batch, RequestId{1});
    batch.clear();
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(headerBlockHead);

}  // namespace
}  // namespace dodici
