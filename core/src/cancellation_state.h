// A CancellationToken's place in its tree. Internal to core, where a request derives from it, so that it needs no
// callback.
//
// Threads: any. A whole tree has one mutex. It is not held while callbacks run, nor while a shared_ptr<State> is
//          released.
// Owner:   shared by the tokens, by the registrations and by the states below it.
#pragma once

#include "dodici/cancellation_token.h"
#include "thread_annotations.h"

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <memory>
#include <vector>

namespace dodici {

struct CancellationToken::State : std::enable_shared_from_this<State> {
  using Hook = boost::intrusive::list_member_hook<>;
  using Node = Registration::Node;

  // The state is not in the tree before join(). A root has no parent.
  explicit State(std::shared_ptr<State> above);
  virtual ~State();

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // From here on the state is cancelled with its parent, at once if that is already cancelled. Its maker must call this
  // once.
  void join();

  void cancel();

  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }

  // Returns false if the state is already cancelled.
  bool add(Node& node);
  void remove(Node& node);

 protected:
  State(std::shared_ptr<State> above, Mutex& treeMutex);

  // Called once on cancellation, on the cancelling thread, before the callbacks.
  virtual void onCancel() noexcept {}

 private:
  struct Below;

  // Marks this state as cancelled, and moves its children and callbacks to the vectors. REQUIRES: the tree's mutex is
  // held.
  void mark(
      std::vector<std::shared_ptr<State>>& states, std::vector<std::shared_ptr<Node>>& callbacks
  );
  Below& below();

  const std::shared_ptr<State> parent_;
  Mutex& mutex_;  // the root's mutex
  // Guarded by the mutex.
  Hook hook_;  // links this into the parent's children
  std::unique_ptr<Below> below_;
  std::atomic<bool> cancelled_{false};  // may be read without the mutex
};

}  // namespace dodici
