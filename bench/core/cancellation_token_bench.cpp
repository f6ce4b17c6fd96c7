#include <dodici/cancellation_token.h>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

namespace dodici {
namespace {

// A request's use of a token: a child of the client's token, with a callback, is destroyed without being cancelled.
void tokenOfARequest(benchmark::State& state) {
  const auto client = CancellationToken::root();
  for ([[maybe_unused]] auto turn : state) {
    const auto request = client.child();
    const auto registration = request.onCancelled([] {});
    benchmark::DoNotOptimize(request.cancelled());
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(tokenOfARequest);

// Destroys a client with many requests.
void tokenOfAClientCancelled(benchmark::State& state) {
  for ([[maybe_unused]] auto turn : state) {
    const auto client = CancellationToken::root();
    std::vector<CancellationToken> requests;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      requests.push_back(client.child());
    }
    client.cancel();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(tokenOfAClientCancelled)->Arg(1000);

}  // namespace
}  // namespace dodici
