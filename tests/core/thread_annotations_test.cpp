#include "thread_annotations.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>

namespace dodici {
namespace {

TEST(Mutex, WorksWithAConditionVariable) {
  Mutex mutex;
  std::condition_variable_any changed;
  bool ready = false;
  std::thread setter([&] {
    const MutexLock lock(mutex);
    ready = true;
    changed.notify_one();
  });
  mutex.lock();
  changed.wait(mutex, [&] { return ready; });
  mutex.unlock();
  setter.join();
  EXPECT_TRUE(ready);
}

TEST(Mutex, TryLockFailsWhileAnotherThreadHoldsIt) {
  Mutex mutex;
  const MutexLock lock(mutex);
  bool got = true;
  std::thread([&] { got = mutex.try_lock(); }).join();
  EXPECT_FALSE(got);
}

}  // namespace
}  // namespace dodici
