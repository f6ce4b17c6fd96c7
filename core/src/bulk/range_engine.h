// Runs one download: sends what the RangePlan asks for, and writes what comes into the target.
//
// Threads: run() on the download's thread, which makes the client and consumes its batches; onBatchReady() on loop
//          threads; cancel(), progress(), result(), readable(), readStream() any.
// Owner:   Download, which joins the thread before it destroys the engine.
#pragma once

#include "bulk/checksum.h"
#include "bulk/download_target.h"
#include "bulk/range_plan.h"
#include "dodici/client.h"
#include "dodici/download.h"
#include "dodici/event_batch.h"
#include "dodici/event_sink.h"
#include "dodici/request_controller.h"
#include "events/batch_walk.h"
#include "thread_annotations.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace dodici {

class RangeEngine final : public EventSink {
 public:
  RangeEngine(ClientOptions client, DownloadOptions options, DownloadListener& listener);

  // Returns when the download has ended and the listener has been told.
  void run() noexcept;

  void cancel();
  DownloadProgress progress() const;
  DownloadResult* result();

  std::size_t readable() { return readAhead_.readable(); }

  std::size_t readStream(std::span<std::byte> into);

  void onBatchReady() noexcept override;

 private:
  using Time = RangePlan::Time;

  void download();
  void transfer();
  void sendRequests(Client& client);
  void cancelDropped();
  void read(const EventBatch& batch);
  void readRecord(const BatchWalk& walk);
  void readHead(std::uint32_t slot, const BatchWalk& walk);
  void readBytes(std::uint32_t slot, std::span<const std::byte> bytes);
  void readFailure(std::uint32_t slot, const BatchWalk& walk);
  void conclude();
  bool checkSum();
  void fail(const PlanFault& fault);
  // Remembers the first fault; returns whether there was none.
  bool isFine(const MaybeFault& fault);
  void reportProgress();
  void notePlan();

  bool isStream() const { return options_.window > 0; }

  // Whether the reader has taken enough for another batch.
  bool hasRoom() const;
  void boundPlan();
  void releasePrefix();
  // Returns when the reader has taken everything.
  void awaitReader();
  void savePart();
  void keepPart();
  std::optional<Time> wakesAt() const;
  // Waits for a batch, a cancellation, or the time.
  void waitForBatch(std::optional<Time> until);
  static Time now();

  bool isCancelled() const { return cancelled_.load(std::memory_order_acquire); }

  // Constant after construction.
  ClientOptions clientOptions_;
  DownloadOptions options_;
  DownloadListener& listener_;

  ReadAhead readAhead_;

  // The download's thread only.
  std::unique_ptr<DownloadTarget> target_;
  RangePlan plan_;
  std::vector<RequestController> controllers_;  // by slot; empty if its request has ended
  std::optional<std::uint64_t> reserved_;
  std::optional<SystemFault> systemFault_;
  std::unique_ptr<Checksum> streamed_;  // of what the reader of a stream was given
  Time reportedAt_{0};
  std::uint64_t reported_ = 0;
  Time savedAt_{0};
  std::uint64_t saved_ = 0;
  std::uint32_t seenRestarts_ = 0;

  // Any thread.
  std::atomic<bool> cancelled_{false};
  std::atomic<std::uint64_t> received_{0};
  std::atomic<std::int64_t> total_{-1};
  std::atomic<std::uint64_t> resumed_{0};
  std::atomic<bool> ended_{false};

  // The download's thread until `ended_`, then the embedder's.
  DownloadResult result_;

  Mutex mutex_;
  bool batchWaits_ DODICI_GUARDED_BY(mutex_) = false;
  bool readerHasTaken_ DODICI_GUARDED_BY(mutex_) = false;
  std::condition_variable_any wake_;
};

}  // namespace dodici
