#include "dodici/cancellation_token.h"

#include "cancellation_state.h"

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace dodici {

// One registered callback. Whoever changes `phase` from `registered` owns the callback from then on: the thread that
// cancels (it sets `running`, then `over`), or the owner of the registration (it sets `over`).
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
    callback = nullptr;  // a reset() that waits for us must find the captured objects destroyed
    phase.store(Phase::over, std::memory_order_release);
    phase.notify_all();
  }

  void unregister();

  const std::shared_ptr<State> state;
  std::function<void()> callback;
  std::atomic<Phase> phase{Phase::registered};
  std::atomic<std::thread::id> runner{};
  State::Hook
      hook;  // links this into the state's nodes while `registered`; guarded by the tree's mutex
};

struct CancellationToken::State::Below {
  using Children = boost::intrusive::list<
      State,
      boost::intrusive::member_hook<State, Hook, &State::hook_>,
      boost::intrusive::constant_time_size<false>>;
  using Nodes = boost::intrusive::list<
      Node,
      boost::intrusive::member_hook<Node, Hook, &Node::hook>,
      boost::intrusive::constant_time_size<false>>;

  Children children;
  Nodes nodes;
};

namespace {

struct Root : CancellationToken::State {
  Root() : State(nullptr, mutex) {}

  Mutex mutex;
};

}  // namespace

CancellationToken::State::State(std::shared_ptr<State> above)
    : parent_(std::move(above)), mutex_(parent_->mutex_) {}

CancellationToken::State::State(std::shared_ptr<State> above, Mutex& treeMutex)
    : parent_(std::move(above)), mutex_(treeMutex) {}

CancellationToken::State::~State() {
  if (parent_) {
    const MutexLock lock(mutex_);
    if (hook_.is_linked()) {
      parent_->below().children.erase(Below::Children::s_iterator_to(*this));
    }
  }
}

void CancellationToken::State::join() {
  {
    const MutexLock lock(mutex_);
    if (!parent_->cancelled()) {
      parent_->below().children.push_back(*this);
      return;
    }
    cancelled_.store(true, std::memory_order_release);
  }
  onCancel();
}

CancellationToken::State::Below& CancellationToken::State::below() {
  if (!below_) {
    below_ = std::make_unique<Below>();
  }
  return *below_;
}

void CancellationToken::State::mark(
    std::vector<std::shared_ptr<State>>& states, std::vector<std::shared_ptr<Node>>& callbacks
) {
  cancelled_.store(true, std::memory_order_release);
  if (!below_) {
    return;
  }
  auto& [children, nodes] = *below_;
  while (!children.empty()) {
    // If a child's last owner is just releasing it, lock() fails; its destructor waits for our mutex.
    if (auto child = children.front().weak_from_this().lock()) {
      states.push_back(std::move(child));
    }
    children.pop_front();
  }
  while (!nodes.empty()) {
    callbacks.push_back(nodes.front().shared_from_this());
    nodes.pop_front();
  }
}

void CancellationToken::State::cancel() {
  // All states are marked before the first callback runs. They are kept alive until the end, because a destructor takes
  // the mutex, which is held here.
  std::vector<std::shared_ptr<State>> marked;
  std::vector<std::shared_ptr<Node>> callbacks;
  {
    const MutexLock lock(mutex_);
    if (cancelled()) {
      return;
    }
    marked.push_back(shared_from_this());
    for (std::size_t i = 0; i < marked.size(); ++i) {
      State& state = *marked[i];
      state.mark(marked, callbacks);
    }
  }
  for (const auto& state : marked) {
    state->onCancel();
  }
  for (const auto& node : callbacks) {
    node->run();
  }
}

bool CancellationToken::State::add(Node& node) {
  const MutexLock lock(mutex_);
  if (cancelled()) {
    return false;
  }
  below().nodes.push_back(node);
  return true;
}

void CancellationToken::State::remove(Node& node) {
  const MutexLock lock(mutex_);
  if (node.hook.is_linked()) {
    below().nodes.erase(Below::Nodes::s_iterator_to(node));
  }
}

void CancellationToken::Registration::Node::unregister() {
  if (claim(Phase::over)) {
    callback = nullptr;
    state->remove(*this);
    return;
  }
  if (runner.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
    return;  // called inside the callback, or after it ran on this thread
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

CancellationToken CancellationToken::root() { return CancellationToken(std::make_shared<Root>()); }

CancellationToken CancellationToken::child() const {
  auto child = std::make_shared<State>(state_);
  child->join();
  return CancellationToken(std::move(child));
}

void CancellationToken::cancel() const { state_->cancel(); }

bool CancellationToken::cancelled() const { return state_->cancelled(); }

CancellationToken::Registration CancellationToken::onCancelled(std::function<void()> callback
) const {
  auto node = std::make_shared<Registration::Node>(state_, std::move(callback));
  Registration registration;
  if (state_->add(*node)) {
    registration.node_ = std::move(node);
  } else {
    node->run();
  }
  return registration;
}

}  // namespace dodici
