// A Client whose events are collected per request, on the test's own thread.
//
// Threads: the test's thread; the client's loop threads only ring.
#pragma once

#include "dodici/client.h"
#include "dodici/error.h"
#include "support/scripted_server.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dodici::testing {

struct Head {
  std::uint32_t status = 0;
  std::uint32_t httpVersion = 0;
  std::string statusText;
  std::vector<std::pair<std::string, std::string>> headers;
};

// The events of one request so far.
struct Outcome {
  std::vector<Head> heads;
  std::string body;
  std::vector<std::pair<std::string, std::string>> trailers;
  std::optional<Error> error;
  bool ended = false;          // by EventType::end
  bool answered = false;       // EventType::answered
  int terminals = 0;           // must never be more than 1
  bool sent = false;           // EventType::requestSent
  bool peerEnded = false;      // EventType::peerEnd
  int asked = 0;               // EventType::connectionWanted
  std::string socket;          // EventType::tunnelSocket
  std::string tls;             // the same
  bool bodyAsked = false;      // the first bodyWanted
  std::uint64_t consumed = 0;  // of a streamed body

  bool over() const { return terminals > 0; }

  std::uint32_t status() const { return heads.empty() ? 0 : heads.back().status; }
};

class TestClient {
 public:
  explicit TestClient(ClientOptions options = {});

  // Submits with the next id, which it returns.
  RequestId submit(Request request);
  RequestId get(const std::string& origin, const std::string& target = "/");

  // A request's text in the form of Request::text.
  static std::string text(
      const std::string& origin,
      const std::string& method,
      const std::string& target,
      const std::vector<std::string>& headerLines = {}
  );

  Outcome& outcome(RequestId id) { return outcomes_[id]; }

  const RequestController& controller(RequestId id) { return controllers_[id]; }

  Client& client() { return *client_; }

  // Takes batches until the condition holds. Returns false if the deadline comes first.
  bool until(
      const std::function<bool()>& condition, std::chrono::milliseconds patience = kExpectNoTimeout
  );

  // Takes batches until that request has ended. Returns its outcome so far if the deadline comes first.
  Outcome& finish(RequestId id);

  int loopsClosed() const { return loopsClosed_; }

  int connected() const { return connected_; }

  int disconnected() const { return disconnected_; }

 private:
  class Bell final : public EventSink {
   public:
    void onBatchReady() noexcept override;
    bool wait(std::chrono::steady_clock::time_point deadline);

   private:
    std::mutex mutex_;
    std::condition_variable rung_;
    bool isRung_ = false;
  };

  void read(const EventBatch& batch);

  Bell bell_;
  std::map<RequestId, Outcome> outcomes_;
  std::map<RequestId, RequestController> controllers_;
  std::uint32_t nextId_ = 0;
  int loopsClosed_ = 0;
  int connected_ = 0;
  int disconnected_ = 0;
  std::optional<Client>
      client_;  // last, so that it is destroyed before the sink that its threads call
};

}  // namespace dodici::testing
