#include "loop/loop_thread.h"

#include "loop/turn_clock.h"

#include <pthread.h>
#include <signal.h>

namespace dodici {

LoopThread::LoopThread() : guard_(context_.get_executor()) {
  // Signals are for the main thread: a new thread inherits the mask that stands while it is made.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LoopThread::~LoopThread() {
  post([this] { stopping_ = true; });
  thread_.join();
}

// Listeners that reported after the last turn had ended get a turn of their own at once.
void LoopThread::waitForOne() {
  if (touched_.empty()) {
    context_.run_one();
  } else {
    context_.poll_one();
  }
}

void LoopThread::run() {
  pthread_setname_np(pthread_self(), "dodici-loop");
  while (!stopping_) {
    try {
      waitForOne();
      for (int handled = 1; handled < kMostHandlersPerTurn && context_.poll_one() != 0; ++handled) {
      }
    } catch (...) {
      // ClientShard handles what its own handlers throw; nothing else runs here but asio itself, out of memory at
      // worst, and then going on is all that can be done for the other clients.
    }
    finishing_.swap(touched_);
    for (auto& listener : finishing_) {
      listener->onTurnEnd();
    }
    finishing_.clear();
    TurnClock::run();
  }
}

}  // namespace dodici
