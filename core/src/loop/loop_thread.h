// One thread with an io_context, and the turn: handle what is ready, then let everybody who was touched finish.
//
// Finishing once a turn, and not after each event, is what makes batches: all that happened goes to JavaScript in one
// call. Handlers report with atTurnEnd() that they have something to finish.
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

  // The listener is kept alive until its onTurnEnd() was called, which is at the end of this turn; of the next one when
  // an onTurnEnd() calls this.
  void atTurnEnd(std::shared_ptr<TurnListener> listener) {
    touched_.push_back(std::move(listener));
  }

 private:
  // So that a flood of socket events cannot put off the end of the turn for ever.
  static constexpr int kMostHandlersPerTurn = 8;

  void run();
  void waitForOne();

  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::vector<std::shared_ptr<TurnListener>> touched_;
  std::vector<std::shared_ptr<TurnListener>> finishing_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;  // last: starts when the rest is there
};

}  // namespace dodici
