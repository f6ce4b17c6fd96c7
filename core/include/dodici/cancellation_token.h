// A tree of cancellation: cancelling a token cancels its children too, for good.
//
// Threads: any, all functions. Callbacks run on the thread that cancels. If the token is already cancelled, they run at
//          once on the registering thread. They must not throw.
// Owner:   shared by its copies. A parent does not keep its children alive; a child keeps its parent alive.
#pragma once

#include <functional>
#include <memory>

namespace dodici {

class CancellationToken {
 public:
  struct State;

  // Unregisters when destroyed. After reset() or the destructor has returned, the callback neither runs nor will run,
  // unless they were called inside the callback itself.
  class [[nodiscard]] Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept;
    Registration& operator=(Registration&& other) noexcept;
    ~Registration();
    void reset();

   private:
    friend class CancellationToken;
    struct Node;
    std::shared_ptr<Node> node_;
  };

  // Makes a root, which only its own cancel() cancels.
  static CancellationToken root();

  explicit CancellationToken(std::shared_ptr<State> state);

  const std::shared_ptr<State>& state() const { return state_; }

  // Makes a token that is cancelled with this one, or by itself. If this one is cancelled, so is the child from the
  // start.
  CancellationToken child() const;

  // Cancels this token and all below it, and then runs their callbacks. A second call does nothing.
  void cancel() const;

  bool cancelled() const;

  Registration onCancelled(std::function<void()> callback) const;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace dodici
