#include "loop/loop_thread.h"

#include "support/script.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace dodici {
namespace {

using testing::Signal;

// Asks for another turn at the end of each, until it has had `turns`.
class Restless final : public LoopThread::TurnListener,
                       public std::enable_shared_from_this<Restless> {
 public:
  Restless(LoopThread& loop, int turns, Signal done) : loop_(loop), left_(turns), done_(done) {}

  void onTurnEnd() noexcept override {
    if (--left_ == 0) {
      done_.set();
    } else {
      loop_.atTurnEnd(shared_from_this());
    }
  }

 private:
  LoopThread& loop_;
  int left_;
  Signal done_;
};

TEST(LoopThread, WhoIsTouchedAtTheEndOfATurnNeedsNothingElseToHappen) {
  const Signal done;
  LoopThread loop;
  const auto listener = std::make_shared<Restless>(loop, 3, done);
  loop.post([&loop, listener] { loop.atTurnEnd(listener); });
  EXPECT_TRUE(done.wait());
}

TEST(LoopThread, AHandlerThatThrowsEndsNeitherTheTurnNorTheLoop) {
  const Signal done;
  const Signal after;
  LoopThread loop;
  const auto listener = std::make_shared<Restless>(loop, 1, done);
  loop.post([&loop, listener] {
    loop.atTurnEnd(listener);
    throw std::runtime_error("thrown by a handler");
  });
  EXPECT_TRUE(done.wait());
  loop.post([after] { after.set(); });
  EXPECT_TRUE(after.wait());
}

}  // namespace
}  // namespace dodici
