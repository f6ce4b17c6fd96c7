#include "support/test_client.h"

#include <stdexcept>
#include <string_view>

namespace dodici::testing {

namespace {

// Reads a batch's records in order; each takes its bytes from where the one before stopped.
class BatchCursor {
 public:
  explicit BatchCursor(const EventBatch& batch) : batch_(batch) {}

  bool atEnd() const { return word_ >= batch_.words.size(); }

  std::uint32_t word() { return batch_.words.at(word_++); }

  std::string text(std::size_t length) {
    const auto piece = batch_.text.substr(text_, length);
    text_ += length;
    return piece;
  }

  std::string slab(std::size_t length) {
    const std::string piece(reinterpret_cast<const char*>(batch_.slab.data()) + slab_, length);
    slab_ += length;
    return piece;
  }

  std::string block(std::size_t index, std::size_t offset, std::size_t length) const {
    return {reinterpret_cast<const char*>(batch_.blocks.at(index).data()) + offset, length};
  }

  std::vector<std::pair<std::string, std::string>> fields() {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> lengths(word());
    for (auto& [name, value] : lengths) {
      name = word();
      value = word();
    }
    std::vector<std::pair<std::string, std::string>> fields;
    for (const auto& [name, value] : lengths) {
      auto fieldName = text(name);
      fields.emplace_back(std::move(fieldName), text(value));
    }
    return fields;
  }

 private:
  const EventBatch& batch_;
  std::size_t word_ = 0;
  std::size_t text_ = 0;
  std::size_t slab_ = 0;
};

Head readHead(BatchCursor& cursor) {
  Head head;
  head.status = cursor.word();
  head.httpVersion = cursor.word();
  head.statusText = cursor.text(cursor.word());
  head.headers = cursor.fields();
  return head;
}

Error readError(BatchCursor& cursor) {
  Error error;
  error.code = static_cast<Errc>(cursor.word());
  error.detail = cursor.word();
  const auto messageLength = cursor.word();
  const auto socketLength = cursor.word();
  error.message = cursor.text(messageLength);
  error.socket = cursor.text(socketLength);
  return error;
}

}  // namespace

void TestClient::Bell::onBatchReady() noexcept {
  const std::lock_guard lock(mutex_);
  isRung_ = true;
  rung_.notify_one();
}

bool TestClient::Bell::wait(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  if (!rung_.wait_until(lock, deadline, [this] { return isRung_; })) {
    return false;
  }
  isRung_ = false;
  return true;
}

TestClient::TestClient(ClientOptions options) { client_.emplace(std::move(options), bell_); }

RequestId TestClient::submit(Request request) {
  request.id = RequestId{nextId_++};
  const auto id = request.id;
  controllers_[id] = client_->submit(std::move(request));
  client_->flush();
  return id;
}

RequestId TestClient::get(const std::string& origin, const std::string& target) {
  Request request;
  request.text = text(origin, "GET", target);
  request.idempotent = true;
  return submit(std::move(request));
}

std::string TestClient::text(
    const std::string& origin,
    const std::string& method,
    const std::string& target,
    const std::vector<std::string>& headerLines
) {
  std::string text;
  for (const auto& part : {origin, method, target, std::string()}) {
    text.append(part).push_back('\0');
  }
  for (const auto& line : headerLines) {
    text.append(line).push_back('\0');
  }
  return text;
}

// The condition is checked after each batch, so that no more batches are taken than necessary.
bool TestClient::until(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  EventBatch batch;
  while (!condition()) {
    if (client_->takeBatch(batch)) {
      read(batch);
    } else if (!bell_.wait(deadline)) {
      return condition();
    }
  }
  return true;
}

Outcome& TestClient::finish(RequestId id) {
  until([&] { return outcomes_[id].over(); });
  return outcomes_[id];
}

void TestClient::read(const EventBatch& batch) {
  BatchCursor cursor(batch);
  while (!cursor.atEnd()) {
    const auto type = static_cast<EventType>(cursor.word());
    auto& outcome = outcomes_[RequestId{cursor.word()}];
    switch (type) {
      case EventType::responseStart:
        outcome.heads.push_back(readHead(cursor));
        break;
      case EventType::data:
        outcome.body += cursor.slab(cursor.word());
        break;
      case EventType::dataBlock: {
        const auto index = cursor.word();
        const auto offset = cursor.word();
        outcome.body += cursor.block(index, offset, cursor.word());
        break;
      }
      case EventType::end:
        if (auto trailers = cursor.fields(); !outcome.answered) {
          outcome.trailers = std::move(trailers);
        }
        outcome.ended = true;
        ++outcome.terminals;
        break;
      case EventType::answered:
        outcome.trailers = cursor.fields();
        outcome.answered = true;
        break;
      case EventType::failed:
        outcome.error = readError(cursor);
        ++outcome.terminals;
        break;
      case EventType::requestSent:
        outcome.sent = true;
        break;
      case EventType::peerEnd:
        outcome.peerEnded = true;
        break;
      case EventType::connectionWanted:
        ++outcome.asked;
        break;
      case EventType::tunnelSocket: {
        const auto socketLength = cursor.word();
        const auto tlsLength = cursor.word();
        outcome.socket = cursor.text(socketLength);
        outcome.tls = cursor.text(tlsLength);
        break;
      }
      case EventType::bodyWanted:
        outcome.bodyAsked = true;
        outcome.consumed += cursor.word();
        break;
      case EventType::connected:
        cursor.text(cursor.word());
        ++connected_;
        break;
      case EventType::disconnected:
        cursor.word();
        cursor.word();
        cursor.text(cursor.word());
        ++disconnected_;
        break;
      case EventType::loopClosed:
        ++loopsClosed_;
        break;
      case EventType::decoding:
        break;
      case EventType::encodedSize:
        cursor.word();
        cursor.word();
        break;
    }
  }
}

}  // namespace dodici::testing
