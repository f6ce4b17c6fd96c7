// One thread with an io_context. In each turn it handles what is ready, and then lets each touched listener finish.
//
// Listeners finish once per turn instead of after each event, so that all that has happened goes to JavaScript in one
// batch. Handlers call atTurnEnd() if they have something to finish.
//
// Threads: post() from any thread, the rest on the loop thread.
// Owner:   LoopPool, which joins it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace dodici {

class LoopThread {
 public:
  class TurnListener {
   public:
    // Must not throw.
    virtual void onTurnEnd() noexcept = 0;

   protected:
    ~TurnListener() = default;
  };

  LoopThread();
  ~LoopThread();

  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  template <typename F>
  void post(F&& work) {
    boost::asio::post(context_, std::forward<F>(work));
  }

  boost::asio::io_context& context() { return context_; }

  // Keeps the listener alive and calls its onTurnEnd() at the end of this turn, or of the next one if this is called
  // from an onTurnEnd().
  void atTurnEnd(std::shared_ptr<TurnListener> listener) {
    touched_.push_back(std::move(listener));
  }

 private:
  // A turn ends after this many handlers, so that a flood of socket events cannot delay its end.
  static constexpr int kMostHandlersPerTurn = 8;

  void run();
  void waitForOne();

  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::vector<std::shared_ptr<TurnListener>> touched_;
  std::vector<std::shared_ptr<TurnListener>> finishing_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;  // last, because it starts when the other members exist
};

}  // namespace dodici
