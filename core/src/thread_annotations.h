// Thread contracts in a form that clang checks (-Wthread-safety); GCC ignores the attributes.
//
// libstdc++'s std::mutex carries no annotations, hence Mutex and MutexLock. A loop thread is a capability as a lock is:
// what only it may touch is DODICI_GUARDED_BY(onLoop_), and what only it may call DODICI_REQUIRES(onLoop_).
#pragma once

#include <atomic>
#include <cassert>
#include <mutex>
#include <thread>

#if defined(__clang__)
#define DODICI_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define DODICI_THREAD_ATTRIBUTE(x)
#endif

#define DODICI_CAPABILITY(name) DODICI_THREAD_ATTRIBUTE(capability(name))
#define DODICI_SCOPED_CAPABILITY DODICI_THREAD_ATTRIBUTE(scoped_lockable)
#define DODICI_GUARDED_BY(x) DODICI_THREAD_ATTRIBUTE(guarded_by(x))
#define DODICI_PT_GUARDED_BY(x) DODICI_THREAD_ATTRIBUTE(pt_guarded_by(x))
#define DODICI_REQUIRES(...) DODICI_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define DODICI_EXCLUDES(...) DODICI_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define DODICI_ACQUIRE(...) DODICI_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define DODICI_RELEASE(...) DODICI_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define DODICI_TRY_ACQUIRE(...) DODICI_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define DODICI_ASSERT_CAPABILITY(x) DODICI_THREAD_ATTRIBUTE(assert_capability(x))
#define DODICI_RETURN_CAPABILITY(x) DODICI_THREAD_ATTRIBUTE(lock_returned(x))
#define DODICI_NO_THREAD_SAFETY_ANALYSIS DODICI_THREAD_ATTRIBUTE(no_thread_safety_analysis)

namespace dodici {

// Meets Lockable, so std::condition_variable_any can wait on it.
class DODICI_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() DODICI_ACQUIRE() { mutex_.lock(); }

  void unlock() DODICI_RELEASE() { mutex_.unlock(); }

  bool try_lock() DODICI_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

class DODICI_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) DODICI_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }

  ~MutexLock() DODICI_RELEASE() { mutex_.unlock(); }

  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// "On the loop thread", as a capability. The loop adopts it when its thread starts and gives it up when it ends.
// Before adopt() and after release() any thread passes: construction and destruction happen while no loop runs.
//
// Threads: adopt() and release() on the loop thread; assertHeld() on any, that is its point.
class DODICI_CAPABILITY("role") LoopRole {
 public:
  LoopRole() = default;
  LoopRole(const LoopRole&) = delete;
  LoopRole& operator=(const LoopRole&) = delete;

  void adopt() { owner_.store(std::this_thread::get_id(), std::memory_order_relaxed); }

  void release() { owner_.store(std::thread::id{}, std::memory_order_relaxed); }

  // Callbacks start with this: it tells the analysis, and in debug builds it checks.
  void assertHeld() const DODICI_ASSERT_CAPABILITY(this) { assert(held()); }

  bool held() const {
    const auto owner = owner_.load(std::memory_order_relaxed);
    return owner == std::thread::id{} || owner == std::this_thread::get_id();
  }

 private:
  std::atomic<std::thread::id> owner_{};
};

}  // namespace dodici
