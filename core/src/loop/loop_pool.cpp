#include "loop/loop_pool.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

namespace dodici {

namespace {

constexpr std::uint32_t kDefaultThreads = 2;
constexpr std::uint32_t kMostThreads = 64;

// The only process-wide state besides libcurl's. Clients of different environments share the threads.
struct Process {
  std::mutex mutex;
  std::weak_ptr<LoopPool> pool;
  std::uint32_t wanted = 0;  // set by setThreadCount(); 0 if it was not called
};

Process& process() {
  static Process instance;
  return instance;
}

std::uint32_t countFromEnvironment() {
  const char* const text = std::getenv("DODICI_LOOP_THREADS");
  std::uint32_t count = 0;
  if (text != nullptr) {
    std::from_chars(text, text + std::strlen(text), count);
  }
  return count;
}

std::uint32_t threadCount(std::uint32_t wanted) {
  if (wanted == 0) {
    wanted = countFromEnvironment();
  }
  if (wanted == 0) {
    wanted = std::min(kDefaultThreads, std::max(1U, std::thread::hardware_concurrency()));
  }
  return std::min(wanted, kMostThreads);
}

}  // namespace

std::shared_ptr<LoopPool> LoopPool::shared() {
  auto& state = process();
  const std::lock_guard lock(state.mutex);
  auto pool = state.pool.lock();
  if (!pool) {
    pool = std::make_shared<LoopPool>(threadCount(state.wanted));
    state.pool = pool;
  }
  return pool;
}

bool LoopPool::setThreadCount(std::uint32_t count) {
  auto& state = process();
  const std::lock_guard lock(state.mutex);
  if (!state.pool.expired()) {
    return false;
  }
  state.wanted = count;
  return true;
}

LoopPool::LoopPool(std::uint32_t threadCount) {
  for (std::uint32_t i = 0; i < threadCount; ++i) {
    threads_.push_back(std::make_unique<LoopThread>());
  }
}

}  // namespace dodici
