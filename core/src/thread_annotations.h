// Locks that clang can check (-Wthread-safety); GCC ignores the attributes. std::mutex of libstdc++ has no annotations,
// so Mutex and MutexLock replace it.
#pragma once

#include <mutex>

#if defined(__clang__)
#define DODICI_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define DODICI_THREAD_ATTRIBUTE(x)
#endif

#define DODICI_CAPABILITY(name) DODICI_THREAD_ATTRIBUTE(capability(name))
#define DODICI_SCOPED_CAPABILITY DODICI_THREAD_ATTRIBUTE(scoped_lockable)
#define DODICI_GUARDED_BY(x) DODICI_THREAD_ATTRIBUTE(guarded_by(x))
#define DODICI_REQUIRES(...) DODICI_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define DODICI_EXCLUDES(...) DODICI_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define DODICI_ACQUIRE(...) DODICI_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define DODICI_RELEASE(...) DODICI_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define DODICI_TRY_ACQUIRE(...) DODICI_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))

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

}  // namespace dodici
