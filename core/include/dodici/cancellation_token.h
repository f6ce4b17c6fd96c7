// A tree of cancellation: cancelling a token cancels its children, once and for good.
//
// Threads: any, all functions. Callbacks run on the thread that cancels, or at once on the registering thread
//          when the token is already cancelled; they must not throw.
// Owner:   shared by its copies. A parent does not keep its children alive; a child keeps its parent alive.
#pragma once

#include <functional>
#include <memory>

namespace dodici {

class CancellationToken {
 public:
  struct State;

  // Unregisters when destroyed. After reset() or the destructor has returned the callback neither runs nor will run,
  // except when that is called from within the callback itself.
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

  // A root: cancelled only by its own cancel().
  static CancellationToken root();

  explicit CancellationToken(std::shared_ptr<State> state);

  const std::shared_ptr<State>& state() const { return state_; }

  // Cancelled with this token, or by itself. Of a cancelled token: cancelled from the start.
  CancellationToken child() const;

  // Marks this token and all below it, then runs their callbacks. The second call does nothing.
  void cancel() const;

  bool cancelled() const;

  Registration onCancelled(std::function<void()> callback) const;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace dodici
