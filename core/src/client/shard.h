// One client's part on one loop thread: its connections, its live transfers, its batch.
//
// Threads: submit(), send(), sendLate(), flush() and takeBatch() from any thread; everything else on the loop thread.
// Owner:   shared by Client, the controllers and the handlers that are posted to the loop. Its libcurl parts live from
//          the first command to the destroy command, and are made and destroyed on the loop thread.
#pragma once

#include "client/engine.h"
#include "curl/socket_watchers.h"
#include "dodici/event_sink.h"
#include "events/event_batcher.h"
#include "events/mailbox.h"
#include "loop/loop_pool.h"
#include "submit/request_queue.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace dodici {

class ClientShard final : public std::enable_shared_from_this<ClientShard>,
                          private LoopThread::TurnListener,
                          private SocketWatchers::Listener {
 public:
  ClientShard(
      std::shared_ptr<ClientConfig> config,
      TlsStores tls,
      const std::shared_ptr<LoopPool>& pool,
      std::size_t loop,
      EventSink& sink
  );
  ~ClientShard();

  // Any thread. Commands given to submit() and sendLate() wait for flush(), or until something else wakes the loop.
  void submit(SubmitCommand command);
  void send(Command command);
  void sendLate(Command command);
  void flush();
  bool takeBatch(EventBatch& batch);

  // The number of requests on this shard that have not ended.
  std::uint32_t load() const { return load_.load(std::memory_order_relaxed); }

  // Any thread except the loop's. Waits until the loop thread has carried out the destroy command and will not use the
  // sink again.
  void detach();

 private:
  void onCommands();
  void onCommand(SubmitCommand& command);
  void onCommand(CancelCommand& command);
  void onCommand(PauseChangedCommand& command);
  void onCommand(BodyBytesCommand& command);
  void onCommand(BodyEndCommand& command);
  void onCommand(ConnectCommand& command);
  void onCommand(TlsCommand& command);
  void onCommand(SocketCommand& command);
  void onCommand(LinkBrokenCommand& command);
  void onCommand(SocketSettingCommand& command);
  void onCommand(BatchTakenCommand& command);
  void onCommand(DestroyCommand& command);

  void onTurnEnd() noexcept override;
  void onSocketReady(int socket, int events) override;
  SocketWatchers::Unread onUnread(int socket) override;
  void onSocketClosed(int socket) noexcept override;
  void onWatchingFailed(std::exception_ptr exception) override;

  void wake();
  void touch();
  bool waitsForMore();
  void start(const std::shared_ptr<RequestBlock>& block);

  void onEnded() { load_.fetch_sub(1, std::memory_order_relaxed); }

  void refuse(RequestId id, const Error& error);
  bool knows(RequestId id) const;
  void onCommandWhileBroken(Command& command) noexcept;
  void destroyBroken() noexcept;
  void resumeHeld();
  void onDeadlines();
  void makeEngine();
  void destroyEngine(const Error& error);
  template <typename F>
  void guarded(F&& work) noexcept;
  template <typename F>
  void onTimer(F&& work);

  // Constant after construction.
  const std::shared_ptr<ClientConfig> config_;
  const std::weak_ptr<LoopPool>
      pool_;  // held by Client; a controller may send() after that has gone
  LoopThread& loop_;

  // Any thread.
  RequestQueue queue_;
  Mailbox mailbox_;
  std::atomic<std::uint32_t> load_{0};
  std::atomic<bool> wakeOwed_{
      false};  // whether the queue has commands for which the loop was not woken

  // Loop thread only, until detached.
  EventSink* sink_;
  EventBatcher batcher_;
  TlsStores tls_;
  std::vector<Command> commands_;
  std::unique_ptr<ClientEngine> engine_;
  std::chrono::steady_clock::time_point lastFlush_;
  bool touched_ = false;
  bool destroyed_ = false;
  std::optional<Error> broken_;  // the exception of this turn: a bug of ours, or out of memory

  std::mutex detachMutex_;
  std::condition_variable detached_;
  bool isDetached_ = false;
};

// Everything that runs on the loop thread goes through here. An exception is a bug of ours, or out of memory. It fails
// the requests of this client at the end of the turn, and the client starts anew; the process and other clients go on.
template <typename F>
void ClientShard::guarded(F&& work) noexcept {
  if (broken_) {
    return;
  }
  try {
    work();
    return;
  } catch (const std::exception& exception) {
    broken_ = Error{Errc::internal, 0, exception.what(), {}};
  } catch (...) {
    broken_ = Error{Errc::internal, 0, "unknown exception", {}};
  }
  touch();
}

template <typename F>
void ClientShard::onTimer(F&& work) {
  const auto self = shared_from_this();
  guarded(work);
  touch();
}

}  // namespace dodici
