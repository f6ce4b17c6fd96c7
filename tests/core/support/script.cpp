#include "support/script.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace dodici::testing {

struct Signal::State {
  std::mutex mutex;
  std::condition_variable changed;
  bool isSet = false;
  std::vector<std::function<void()>> callbacks;
};

Signal::Signal() : state_(std::make_shared<State>()) {}

void Signal::set() const {
  std::vector<std::function<void()>> callbacks;
  {
    const std::lock_guard lock(state_->mutex);
    state_->isSet = true;
    callbacks.swap(state_->callbacks);
    state_->changed.notify_all();
  }
  for (const auto& callback : callbacks) {
    callback();
  }
}

bool Signal::isSet() const {
  const std::lock_guard lock(state_->mutex);
  return state_->isSet;
}

bool Signal::wait(std::chrono::milliseconds patience) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, patience, [this] { return state_->isSet; });
}

void Signal::onSet(std::function<void()> callback) const {
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->isSet) {
      state_->callbacks.push_back(std::move(callback));
      return;
    }
  }
  callback();
}

Script& Script::readHead() {
  steps_.emplace_back(ReadHead{});
  return *this;
}

Script& Script::read(std::size_t bytes) {
  steps_.emplace_back(Read{bytes});
  return *this;
}

Script& Script::send(std::string bytes) {
  steps_.emplace_back(Send{std::move(bytes)});
  return *this;
}

Script& Script::waitFor(Signal signal) {
  steps_.emplace_back(WaitFor{std::move(signal)});
  return *this;
}

Script& Script::announce(Signal signal) {
  steps_.emplace_back(Announce{std::move(signal)});
  return *this;
}

Script& Script::shutdownSend() {
  steps_.emplace_back(ShutdownSend{});
  return *this;
}

Script& Script::close() {
  steps_.emplace_back(Close{});
  return *this;
}

Script& Script::reset() {
  steps_.emplace_back(Reset{});
  return *this;
}

Script& Script::repeat() {
  steps_.emplace_back(Repeat{});
  return *this;
}

}  // namespace dodici::testing
