#include "loop/loop_thread.h"

#include "platform/thread_name.h"
#include "platform/turn_clock.h"

#include <pthread.h>
#include <signal.h>

namespace dodici {

LoopThread::LoopThread() : guard_(context_.get_executor()) {
  // Signals belong to the main thread. A new thread inherits the current mask, so all are blocked while it is made.
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

// Listeners that reported after the end of the last turn get another turn at once.
void LoopThread::waitForOne() {
  if (touched_.empty()) {
    context_.run_one();
  } else {
    context_.poll_one();
  }
}

void LoopThread::run() {
  nameThisThread("dodici-loop");
  while (!stopping_) {
    try {
      waitForOne();
      for (int handled = 1; handled < kMostHandlersPerTurn && context_.poll_one() != 0; ++handled) {
      }
    } catch (...) {
      // ClientShard catches the exceptions of its own handlers. Everything else here is asio, which may run out of
      // memory; then we can only go on for the other clients.
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
