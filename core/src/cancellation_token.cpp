#include "dodici/cancellation_token.h"

#include "thread_annotations.h"

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace dodici {

namespace {

using Hook = boost::intrusive::list_member_hook<>;

}  // namespace

// One registered callback. Who moves `phase` on from `registered` owns the callback from there: the thread that
// cancels (to `running`, then `over`), or the registration's owner (to `over`).
struct CancellationToken::Registration::Node : std::enable_shared_from_this<Node> {
  enum class Phase : int { registered, running, over };

  Node(std::shared_ptr<State> owner, std::function<void()> function)
      : state(std::move(owner)), callback(std::move(function)) {}

  bool claim(Phase next) {
    Phase expected = Phase::registered;
    return phase.compare_exchange_strong(expected, next, std::memory_order_acq_rel);
  }

  void run() noexcept {
    if (!claim(Phase::running)) {
      return;
    }
    runner.store(std::this_thread::get_id(), std::memory_order_relaxed);
    callback();
    callback = nullptr;  // what it captured does not outlive a reset() that waits for us
    phase.store(Phase::over, std::memory_order_release);
    phase.notify_all();
  }

  void unregister();

  const std::shared_ptr<State> state;
  std::function<void()> callback;
  std::atomic<Phase> phase{Phase::registered};
  std::atomic<std::thread::id> runner{};
  Hook hook;  // in state->nodes, while `registered`; guarded by state->mutex
};

// Locks are taken one at a time, and none is held while a callback runs or while a shared_ptr<State> is given up.
struct CancellationToken::State : std::enable_shared_from_this<State> {
  using Node = Registration::Node;
  using NodeList = boost::intrusive::list<
      Node,
      boost::intrusive::member_hook<Node, Hook, &Node::hook>,
      boost::intrusive::constant_time_size<false>>;

  explicit State(std::shared_ptr<State> above) : parent(std::move(above)) {}

  ~State() {
    if (parent) {
      const MutexLock lock(parent->mutex);
      if (hook.is_linked()) {
        parent->children.erase(parent->children.iterator_to(*this));
      }
    }
  }

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Marks this one; appends its children and callbacks, which are no longer its own.
  void mark(
      std::vector<std::shared_ptr<State>>& below, std::vector<std::shared_ptr<Node>>& callbacks
  );

  const std::shared_ptr<State> parent;
  std::atomic<bool> cancelled{false};  // set under the mutex, read anywhere
  Mutex mutex;
  Hook hook;  // in parent->children; guarded by parent->mutex

  using ChildList = boost::intrusive::list<
      State,
      boost::intrusive::member_hook<State, Hook, &State::hook>,
      boost::intrusive::constant_time_size<false>>;
  ChildList children DODICI_GUARDED_BY(mutex);
  NodeList nodes DODICI_GUARDED_BY(mutex);
};

void CancellationToken::State::mark(
    std::vector<std::shared_ptr<State>>& below, std::vector<std::shared_ptr<Node>>& callbacks
) {
  const MutexLock lock(mutex);
  if (cancelled.load(std::memory_order_relaxed)) {
    return;
  }
  cancelled.store(true, std::memory_order_release);
  while (!children.empty()) {
    // A child whose last owner is just leaving cannot be had any more; its destructor waits for our mutex.
    if (auto child = children.front().weak_from_this().lock()) {
      below.push_back(std::move(child));
    }
    children.pop_front();
  }
  while (!nodes.empty()) {
    callbacks.push_back(nodes.front().shared_from_this());
    nodes.pop_front();
  }
}

void CancellationToken::Registration::Node::unregister() {
  if (claim(Phase::over)) {
    callback = nullptr;
    const MutexLock lock(state->mutex);
    if (hook.is_linked()) {
      state->nodes.erase(state->nodes.iterator_to(*this));
    }
    return;
  }
  if (runner.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
    return;  // called from within the callback, or after it ran here
  }
  phase.wait(Phase::running, std::memory_order_acquire);
}

CancellationToken::Registration::Registration(Registration&& other) noexcept = default;

CancellationToken::Registration& CancellationToken::Registration::operator=(Registration&& other
) noexcept {
  Registration taken(std::move(other));
  std::swap(node_, taken.node_);
  return *this;
}

CancellationToken::Registration::~Registration() { reset(); }

void CancellationToken::Registration::reset() {
  if (const auto node = std::exchange(node_, nullptr)) {
    node->unregister();
  }
}

CancellationToken::CancellationToken(std::shared_ptr<State> state) : state_(std::move(state)) {}

CancellationToken CancellationToken::root() {
  return CancellationToken(std::make_shared<State>(nullptr));
}

CancellationToken CancellationToken::child() const {
  auto child = std::make_shared<State>(state_);
  const MutexLock lock(state_->mutex);
  if (state_->cancelled.load(std::memory_order_relaxed)) {
    child->cancelled.store(true, std::memory_order_release);
  } else {
    state_->children.push_back(*child);
  }
  return CancellationToken(std::move(child));
}

void CancellationToken::cancel() const {
  if (cancelled()) {
    return;
  }
  // All are marked before the first callback runs. The tokens stay alive until the end, so that none of them is
  // destroyed, and takes its parent's lock, while a lock is held.
  std::vector<std::shared_ptr<State>> marked{state_};
  std::vector<std::shared_ptr<Registration::Node>> callbacks;
  for (std::size_t i = 0; i < marked.size(); ++i) {
    const std::shared_ptr<State> state = marked[i];
    state->mark(marked, callbacks);
  }
  for (const auto& node : callbacks) {
    node->run();
  }
}

bool CancellationToken::cancelled() const {
  return state_->cancelled.load(std::memory_order_acquire);
}

CancellationToken::Registration CancellationToken::onCancelled(std::function<void()> callback
) const {
  auto node = std::make_shared<Registration::Node>(state_, std::move(callback));
  {
    const MutexLock lock(state_->mutex);
    if (!cancelled()) {
      state_->nodes.push_back(*node);
      Registration registration;
      registration.node_ = std::move(node);
      return registration;
    }
  }
  node->run();
  return {};
}

}  // namespace dodici
