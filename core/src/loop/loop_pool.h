// The process's loop threads: started with the first client, joined with the last.
//
// Threads: any.
// Owner:   shared by the clients; the last one to let go joins the threads.
#pragma once

#include "loop/loop_thread.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace dodici {

class LoopPool {
 public:
  // Returns the process's pool, which is made if no client holds one.
  static std::shared_ptr<LoopPool> shared();

  // See client.h.
  static bool setThreadCount(std::uint32_t count);

  explicit LoopPool(std::uint32_t threadCount);

  std::size_t size() const { return threads_.size(); }

  LoopThread& at(std::size_t index) { return *threads_[index]; }

 private:
  std::vector<std::unique_ptr<LoopThread>> threads_;
};

}  // namespace dodici
