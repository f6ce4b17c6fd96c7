// A client whose consumer gets whole responses, and many of them at a time: it is not told of each part that comes.
//
// Requests wait until less than `concurrency` others run. Their events are collected where they arise, on the loop
// threads; each response is one head, at most one piece of body, and an end, one after the other in a batch. The body of
// a response whose status is not of the 200s is left out, because nobody wants it.
//
// Threads: constructed and destroyed on one thread; submit(), want(), destroy() from any thread; takeBatch() from one
//          consumer thread. Of client(): connect(), refuse(), setTls(), flush(), loopCount().
// Owner:   the embedder. The sink outlives the collector.
#pragma once

#include "dodici/client.h"
#include "dodici/event_batch.h"
#include "dodici/event_sink.h"
#include "dodici/options.h"
#include "dodici/request.h"
#include "dodici/request_controller.h"

#include <cstdint>
#include <memory>

namespace dodici {

struct CollectorOptions {
  std::uint32_t concurrency = 1;  // how many requests run at a time
  std::uint32_t mostBytes = 0;    // a larger body fails its request with Errc::responseTooLarge
};

class Collector {
 public:
  Collector(ClientOptions client, CollectorOptions options, EventSink& sink);
  ~Collector();

  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  Client& client();

  // As Client::submit(). The request has no body and is no tunnel. REQUIRES: its id is small, and not in flight.
  RequestController submit(Request request);

  // Tells the sink when this many responses are whole that takeBatch() has not given yet; only once. Without this the
  // sink is told only if a request has failed, if a status is not of the 200s, if something must be answered, and if no
  // request is left. takeBatch() takes the wish back.
  void want(std::uint32_t count);

  // As Client::takeBatch().
  bool takeBatch(EventBatch& batch);

  // As Client::destroy(). Requests that wait fail with Errc::aborted, too.
  void destroy();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace dodici
