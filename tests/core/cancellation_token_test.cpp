#include "dodici/cancellation_token.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace dodici {
namespace {

TEST(CancellationToken, StartsUncancelled) {
  const auto root = CancellationToken::root();
  EXPECT_FALSE(root.cancelled());
  EXPECT_FALSE(root.child().cancelled());
}

TEST(CancellationToken, CancellingMarksEverythingBelowAndNothingAboveOrBeside) {
  const auto root = CancellationToken::root();
  const auto left = root.child();
  const auto right = root.child();
  const auto below = left.child().child();
  left.cancel();
  EXPECT_TRUE(left.cancelled());
  EXPECT_TRUE(below.cancelled());
  EXPECT_FALSE(right.cancelled());
  EXPECT_FALSE(root.cancelled());
}

TEST(CancellationToken, CopiesAreTheSameToken) {
  const auto token = CancellationToken::root();
  std::optional<CancellationToken> copy = token;
  copy->cancel();
  copy.reset();
  EXPECT_TRUE(token.cancelled());
}

TEST(CancellationToken, AChildOfACancelledTokenIsCancelledFromTheStart) {
  const auto root = CancellationToken::root();
  root.cancel();
  const auto child = root.child();
  EXPECT_TRUE(child.cancelled());
  bool called = false;
  const auto registration = child.onCancelled([&] { called = true; });
  EXPECT_TRUE(called);
}

TEST(CancellationToken, AllAreMarkedBeforeTheFirstCallbackRuns) {
  const auto root = CancellationToken::root();
  const auto first = root.child();
  const auto second = root.child();
  std::vector<bool> seen;
  const auto look = [&] {
    seen.insert(seen.end(), {root.cancelled(), first.cancelled(), second.cancelled()});
  };
  const auto a = root.onCancelled(look);
  const auto b = first.onCancelled(look);
  const auto c = second.onCancelled(look);
  root.cancel();
  EXPECT_EQ(seen, std::vector<bool>(9, true));
}

TEST(CancellationToken, EachCallbackRunsOnce) {
  const auto root = CancellationToken::root();
  const auto child = root.child();
  int calls = 0;
  const auto registration = child.onCancelled([&] { ++calls; });
  child.cancel();
  child.cancel();
  root.cancel();
  EXPECT_EQ(calls, 1);
}

TEST(CancellationToken, CallbacksOfOneTokenRunInTheOrderOfTheirRegistration) {
  const auto token = CancellationToken::root();
  std::string order;
  const auto a = token.onCancelled([&] { order += 'a'; });
  const auto b = token.onCancelled([&] { order += 'b'; });
  const auto c = token.onCancelled([&] { order += 'c'; });
  token.cancel();
  EXPECT_EQ(order, "abc");
}

TEST(CancellationToken, AResetRegistrationIsNotCalled) {
  const auto token = CancellationToken::root();
  bool called = false;
  auto registration = token.onCancelled([&] { called = true; });
  registration.reset();
  registration.reset();
  token.cancel();
  EXPECT_FALSE(called);
}

TEST(CancellationToken, AMovedRegistrationStaysRegistered) {
  const auto token = CancellationToken::root();
  int calls = 0;
  CancellationToken::Registration kept;
  {
    auto registration = token.onCancelled([&] { ++calls; });
    kept = std::move(registration);
  }
  auto dropped = token.onCancelled([&] { calls += 100; });
  dropped = {};
  token.cancel();
  EXPECT_EQ(calls, 1);
}

TEST(CancellationToken, ARegistrationAloneKeepsItsTokenInTheTree) {
  const auto root = CancellationToken::root();
  bool called = false;
  const auto registration = root.child().child().onCancelled([&] { called = true; });
  root.cancel();
  EXPECT_TRUE(called);
}

TEST(CancellationToken, AChildKeepsItsParentAlive) {
  std::optional<CancellationToken> root = CancellationToken::root();
  const auto grandchild = root->child().child();
  root.reset();
  grandchild.cancel();
  EXPECT_TRUE(grandchild.cancelled());
}

TEST(CancellationToken, WhatACallbackCapturedIsFreedWithItsRegistration) {
  const auto token = CancellationToken::root();
  auto captured = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = captured;
  auto registration = token.onCancelled([captured = std::move(captured)] {});
  EXPECT_FALSE(watch.expired());
  registration.reset();
  EXPECT_TRUE(watch.expired());
}

TEST(CancellationToken, WhatACallbackCapturedIsFreedOnceItRan) {
  const auto token = CancellationToken::root();
  auto captured = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = captured;
  const auto registration = token.onCancelled([captured = std::move(captured)] {});
  token.cancel();
  EXPECT_TRUE(watch.expired());
}

TEST(CancellationToken, ACallbackMayResetItsOwnRegistration) {
  const auto token = CancellationToken::root();
  CancellationToken::Registration registration;
  bool called = false;
  registration = token.onCancelled([&] {
    registration.reset();
    called = true;
  });
  token.cancel();
  EXPECT_TRUE(called);
}

TEST(CancellationToken, ACallbackMayUnregisterTheOnesAfterIt) {
  const auto token = CancellationToken::root();
  CancellationToken::Registration second;
  bool called = false;
  const auto first = token.onCancelled([&] { second.reset(); });
  second = token.onCancelled([&] { called = true; });
  token.cancel();
  EXPECT_FALSE(called);
}

TEST(CancellationToken, ACallbackMayDropTheLastTokenAndCancelAndRegisterAnew) {
  std::optional<CancellationToken> root = CancellationToken::root();
  std::optional<CancellationToken> child = root->child();
  int calls = 0;
  auto registration = child->onCancelled([&] {
    root->cancel();
    const auto again = child->onCancelled([&] { ++calls; });
    child.reset();
    root.reset();
    ++calls;
  });
  const auto token = *root;
  token.cancel();
  EXPECT_EQ(calls, 2);
}

TEST(CancellationToken, ADeadChildLeavesNothingInItsParent) {
  const auto root = CancellationToken::root();
  int calls = 0;
  std::vector<CancellationToken> alive;
  std::vector<CancellationToken::Registration> registrations;
  for (int i = 0; i < 1000; ++i) {
    const auto child = root.child();
    if (i % 100 == 0) {
      alive.push_back(child);
      registrations.push_back(child.onCancelled([&] { ++calls; }));
    }
  }
  root.cancel();
  EXPECT_EQ(calls, 10);
}

TEST(CancellationToken, CancelsADeepTreeWithoutRecursion) {
  const auto root = CancellationToken::root();
  std::vector<CancellationToken> chain{root};
  for (int i = 0; i < 20'000; ++i) {
    chain.push_back(chain.back().child());
  }
  root.cancel();
  EXPECT_TRUE(chain.back().cancelled());
  while (!chain.empty()) {
    chain.pop_back();
  }
}

TEST(CancellationToken, ResetWaitsForACallbackThatRunsOnAnotherThread) {
  const auto token = CancellationToken::root();
  std::atomic<bool> entered = false;
  std::atomic<bool> left = false;
  auto registration = token.onCancelled([&] {
    entered = true;
    entered.notify_one();
    for (int i = 0; i < 1000; ++i) {
      std::this_thread::yield();
    }
    left = true;
  });
  std::thread canceller([&] { token.cancel(); });
  entered.wait(false);
  registration.reset();
  EXPECT_TRUE(left);
  canceller.join();
}

}  // namespace
}  // namespace dodici
