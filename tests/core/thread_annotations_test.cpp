#include "thread_annotations.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>

namespace dodici {
namespace {

bool heldOnAnotherThread(const LoopRole& role) {
  bool held = false;
  std::thread([&] { held = role.held(); }).join();
  return held;
}

TEST(LoopRole, IsHeldByEveryThreadBeforeALoopAdoptsIt) {
  const LoopRole role;
  EXPECT_TRUE(role.held());
  EXPECT_TRUE(heldOnAnotherThread(role));
}

TEST(LoopRole, IsHeldByTheAdoptingThreadOnly) {
  LoopRole role;
  role.adopt();
  EXPECT_TRUE(role.held());
  EXPECT_FALSE(heldOnAnotherThread(role));
}

TEST(LoopRole, IsHeldByEveryThreadAgainAfterItsLoopHasEnded) {
  LoopRole role;
  std::thread([&] {
    role.adopt();
    role.assertHeld();
    role.release();
  }).join();
  EXPECT_TRUE(role.held());
  EXPECT_TRUE(heldOnAnotherThread(role));
}

#ifndef NDEBUG
TEST(LoopRoleDeathTest, AssertHeldEndsADebugBuildOnTheWrongThread) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  LoopRole role;
  std::thread([&] { role.adopt(); }).join();
  EXPECT_DEATH(role.assertHeld(), "held");
}
#endif

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
