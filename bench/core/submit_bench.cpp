#include "connections/origin_queue.h"
#include "submit/request_block.h"
#include "submit/request_queue.h"
#include "transfer/request_text.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dodici {
namespace {

using std::string_view_literals::operator""sv;

constexpr auto kText =
    "http://127.0.0.1:8080\0GET\0/small\0\0host: 127.0.0.1:8080\0accept: */*\0"
    "user-agent: a client\0connection: keep-alive\0"sv;

// Pushes and drains the requests between two turns of the loop.
void requestQueuePushAndDrain(benchmark::State& state) {
  RequestQueue queue;
  std::vector<Command> commands;
  const auto token = CancellationToken::root();
  for ([[maybe_unused]] auto turn : state) {
    for (std::uint32_t id = 0; id < state.range(0); ++id) {
      Request request;
      request.id = RequestId{id};
      request.text = kText;
      benchmark::DoNotOptimize(queue.push(SubmitCommand{
          std::make_shared<RequestBlock>(token, std::move(request), nullptr)}));
    }
    queue.drain(commands);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(requestQueuePushAndDrain)->Arg(1)->Arg(50);

void requestTextParts(benchmark::State& state) {
  const std::string text(kText);
  for ([[maybe_unused]] auto turn : state) {
    const RequestText parts(text);
    std::size_t lines = 0;
    parts.forEachHeaderLine([&](const char* line) { lines += *line != '\0' ? 1U : 0U; });
    benchmark::DoNotOptimize(lines);
    benchmark::DoNotOptimize(parts.origin());
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(requestTextParts);

// The queue with its connections, each of which opens at once.
struct Line {
  explicit Line(OriginLimits limits) : queue(limits, connections) {}

  Decision admit(std::size_t index, OriginQueue::Ticket& ticket) {
    const RequestId id{static_cast<std::uint32_t>(index)};
    const Decision decision =
        queue.admit("http://127.0.0.1:8080", Negotiation::none, id, ticket, now);
    if (decision == Decision::run && ticket.opens()) {
      const int number = nextNumber++;
      connections.opened(*ticket.connection(), number, number, Protocol::http1, "http://a:80", now);
      queue.onOpened(ticket, now);
    }
    return decision;
  }

  const Connection::Clock::time_point now = Connection::Clock::now();
  Connections connections{std::chrono::milliseconds{4000}};
  OriginQueue queue;
  int nextNumber = 0;
};

// A request is admitted and released on a kept connection while another one runs.
void originQueueAdmitAndRelease(benchmark::State& state) {
  Line line({});
  OriginQueue::Ticket other;
  OriginQueue::Ticket ticket;
  line.admit(0, other);
  for ([[maybe_unused]] auto turn : state) {
    benchmark::DoNotOptimize(line.admit(1, ticket));
    line.queue.release(ticket, line.now);
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(originQueueAdmitAndRelease);

// One connection with as many waiting requests as the argument says: each that ends lets the next one run and joins the
// line.
void originQueueWaitingLine(benchmark::State& state) {
  Line line({.connections = 1});
  std::vector<OriginQueue::Ticket> tickets(static_cast<std::size_t>(state.range(0)) + 1);
  for (std::size_t index = 0; index < tickets.size(); ++index) {
    benchmark::DoNotOptimize(line.admit(index, tickets[index]));
  }
  std::size_t running = 0;
  for ([[maybe_unused]] auto turn : state) {
    line.queue.release(tickets[running], line.now);
    const auto next = line.queue.takeReady();
    benchmark::DoNotOptimize(line.admit(running, tickets[running]));
    running = static_cast<std::size_t>(*next);
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(originQueueWaitingLine)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace dodici
