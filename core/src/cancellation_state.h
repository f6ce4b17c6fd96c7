// A CancellationToken's place in its tree. Internal to core, where a request is one itself: it needs no callback then.
//
// Threads: any. One mutex for a whole tree; it is not held while anything runs that is called on cancellation, nor while a
//          shared_ptr<State> is given up.
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

  // Not in the tree yet: see join(). The root's has no parent.
  explicit State(std::shared_ptr<State> above);
  virtual ~State();

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // From here on it is cancelled with its parent: at once, if that is cancelled. Once, by whoever made it.
  void join();

  void cancel();

  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }

  // False when it is cancelled already.
  bool add(Node& node);
  void remove(Node& node);

 protected:
  State(std::shared_ptr<State> above, Mutex& treeMutex);

  // When it is cancelled, once, on the thread that does it; before the callbacks.
  virtual void onCancel() noexcept {}

 private:
  struct Below;

  // Marks this one; appends its children and callbacks, which are no longer its own. REQUIRES: the tree's mutex.
  void mark(
      std::vector<std::shared_ptr<State>>& states, std::vector<std::shared_ptr<Node>>& callbacks
  );
  Below& below();

  const std::shared_ptr<State> parent_;
  Mutex& mutex_;  // the root has it
  // Guarded by the mutex.
  Hook hook_;  // in the parent's children
  std::unique_ptr<Below> below_;
  std::atomic<bool> cancelled_{false};  // read anywhere
};

}  // namespace dodici
