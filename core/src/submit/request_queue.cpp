#include "submit/request_queue.h"

#include <utility>

namespace dodici {

bool RequestQueue::push(Command command) {
  const MutexLock lock(mutex_);
  waiting_.push_back(std::move(command));
  return waiting_.size() == 1;
}

void RequestQueue::drain(std::vector<Command>& into) {
  // Cleared before locking, as destroying its contents may take long.
  into.clear();
  const MutexLock lock(mutex_);
  waiting_.swap(into);
}

}  // namespace dodici
