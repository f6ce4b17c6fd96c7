// Several threads create, cancel, listen to and drop tokens at the same time.
#include "dodici/cancellation_token.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace dodici {
namespace {

constexpr int kRounds = 2000;

// Runs both at the same moment, `kRounds` times; `before` and `after` run alone.
template <typename Before, typename Left, typename Right, typename After>
void race(Before before, Left left, Right right, After after) {
  std::barrier sync(2);
  std::thread other([&] {
    for (int i = 0; i < kRounds; ++i) {
      sync.arrive_and_wait();
      right();
      sync.arrive_and_wait();
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    before();
    sync.arrive_and_wait();
    left();
    sync.arrive_and_wait();
    after();
  }
  other.join();
}

TEST(CancellationTokenThreads, NoCallbackRunsAfterResetReturned) {
  // The object that the callback uses is destroyed right after reset(), as by a request's owner.
  std::optional<CancellationToken> token;
  std::unique_ptr<int> touched;
  CancellationToken::Registration registration;
  race(
      [&] {
        token = CancellationToken::root();
        touched = std::make_unique<int>(0);
        registration = token->child().onCancelled([&] { ++*touched; });
      },
      [&] {
        registration.reset();
        EXPECT_LE(*touched, 1);
        touched.reset();
      },
      [&] { token->cancel(); },
      [&] { EXPECT_TRUE(token->cancelled()); }
  );
}

TEST(CancellationTokenThreads, TwoWhoCancelRunEachCallbackOnce) {
  std::optional<CancellationToken> root;
  std::optional<CancellationToken> child;
  std::atomic<int> calls = 0;
  std::vector<CancellationToken::Registration> registrations;
  race(
      [&] {
        calls = 0;
        root = CancellationToken::root();
        child = root->child();
        for (int i = 0; i < 4; ++i) {
          registrations.push_back(child->onCancelled([&] { ++calls; }));
        }
      },
      [&] { root->cancel(); },
      [&] { child->cancel(); },
      [&] {
        EXPECT_EQ(calls, 4);
        registrations.clear();
      }
  );
}

TEST(CancellationTokenThreads, AChildBornDuringACancellationIsCancelled) {
  std::optional<CancellationToken> root;
  std::optional<CancellationToken> child;
  std::atomic<int> calls = 0;
  CancellationToken::Registration registration;
  race(
      [&] {
        calls = 0;
        root = CancellationToken::root();
      },
      [&] { root->cancel(); },
      [&] {
        child = root->child();
        registration = child->onCancelled([&] { ++calls; });
      },
      [&] {
        EXPECT_TRUE(child->cancelled());
        EXPECT_EQ(calls, 1);
        registration.reset();
      }
  );
}

TEST(CancellationTokenThreads, ChildrenMayDieWhileTheirParentIsCancelled) {
  std::optional<CancellationToken> root;
  std::vector<CancellationToken> children;
  race(
      [&] {
        root = CancellationToken::root();
        for (int i = 0; i < 8; ++i) {
          children.push_back(root->child().child());
        }
      },
      [&] { children.clear(); },
      [&] { root->cancel(); },
      [] {}
  );
}

// As a client does: one thread makes requests, another ends them, a third destroys the client.
TEST(CancellationTokenThreads, ALongLivedParentServesManyThreads) {
  constexpr int kThreads = 3;
  constexpr int kChildren = 3000;
  const auto root = CancellationToken::root();
  std::atomic<int> calls = 0;
  std::atomic<int> registered = 0;
  std::atomic<int> unregistered = 0;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      std::array<CancellationToken::Registration, 16> slots;
      std::array<std::unique_ptr<bool>, 16> called;
      for (int i = 0; i < kChildren; ++i) {
        auto& slot = slots[static_cast<std::size_t>(i) % slots.size()];
        auto& flag = called[static_cast<std::size_t>(i) % slots.size()];
        slot.reset();
        if (flag && !*flag) {
          ++unregistered;
        }
        flag = std::make_unique<bool>(false);
        const auto child = root.child();
        ++registered;
        slot = child.onCancelled([&calls, raw = flag.get()] {
          *raw = true;
          ++calls;
        });
        if (i % 7 == 0) {
          child.cancel();
        }
      }
      for (std::size_t i = 0; i < slots.size(); ++i) {
        slots[i].reset();
        if (called[i] && !*called[i]) {
          ++unregistered;
        }
      }
    });
  }
  while (registered < kChildren) {
    std::this_thread::yield();
  }
  root.cancel();
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(registered, kThreads * kChildren);
  EXPECT_EQ(calls + unregistered, registered);
}

TEST(CancellationTokenThreads, ACallbackMayUnregisterItselfWhileOthersWaitForIt) {
  std::optional<CancellationToken> token;
  auto registration = std::make_shared<CancellationToken::Registration>();
  std::atomic<int> calls = 0;
  CancellationToken::Registration second;
  race(
      [&] {
        token = CancellationToken::root();
        *registration = token->onCancelled([&calls, registration = registration.get()] {
          registration->reset();
          ++calls;
        });
        second = token->onCancelled([&calls] { ++calls; });
      },
      [&] { second.reset(); },
      [&] { token->cancel(); },
      [&] { EXPECT_GE(calls.exchange(0), 1); }
  );
}

}  // namespace
}  // namespace dodici
