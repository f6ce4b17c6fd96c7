// Any order of events, with a consumer that takes batches at any time: each request gets its events in order, and no
// batch exceeds its bounds.
#include "batch_records.h"
#include "events/event_batcher.h"
#include "input.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dodici::fuzz {

namespace {

constexpr std::uint32_t kIds = 5;
// Around the sizes where the batcher decides.
constexpr std::array<std::size_t, 8> kSizes{0, 1, 100, 8191, 8192, 16 * 1024, 64 * 1024, 131'073};

bool isBody(EventType type) { return type == EventType::data || type == EventType::dataBlock; }

// Consecutive pieces of a body count as one record here, because the batcher may cut them anywhere.
void append(std::vector<Record>& records, Record record) {
  if (isBody(record.type)) {
    record.type = EventType::data;
    if (record.bytes.empty()) {
      return;
    }
    if (!records.empty() && records.back().type == EventType::data) {
      records.back().bytes += record.bytes;
      return;
    }
  }
  records.push_back(std::move(record));
}

class Driver {
 public:
  void step(Input& input) {
    const std::uint32_t action = input.below(16);
    const std::uint32_t id = 1 + input.below(kIds);
    switch (action) {
      case 0:
        head(id, input);
        break;
      case 1:
        end(id, input);
        break;
      case 2:
        failed(id, input);
        break;
      case 3:
        batcher_.requestSent(RequestId{id});
        expect({EventType::requestSent, id, {}, {}});
        break;
      case 4: {
        const std::uint32_t bytes = input.byte();
        batcher_.bodyWanted(RequestId{id}, bytes);
        expect({EventType::bodyWanted, id, {bytes}, {}});
        break;
      }
      case 10:
        batcher_.connectionWanted(RequestId{id});
        expect({EventType::connectionWanted, id, {}, {}});
        break;
      case 5:
        batcher_.peerEnd(RequestId{id});
        expect({EventType::peerEnd, id, {}, {}});
        break;
      case 6:
        connection(input);
        break;
      case 9: {
        const std::string socket(input.text(9));
        const std::string tls(input.text(9));
        batcher_.tunnelSocket(RequestId{id}, socket, tls);
        expect({EventType::tunnelSocket, id, {}, {socket, tls}});
        break;
      }
      case 7:
        flush();
        break;
      case 8:
        take();
        break;
      default:
        body(id, input);
        break;
    }
  }

  void finish() {
    batcher_.loopClosed();
    expect({EventType::loopClosed, 0, {}, {}});
    take();
    flush();
    take();
    require(got_ == expected_, "each request gets what was put in, in order");
    require(puts_ == taken_, "each batch is announced once");
  }

 private:
  void expect(Record record) { append(expected_[record.id], std::move(record)); }

  void head(std::uint32_t id, Input& input) {
    HeaderBlock block(16 * 1024);
    Record record{EventType::responseStart, id, {200, 11}, {"fine"}};
    (void)block.onLine("HTTP/1.1 200 fine\r\n");
    addFields(block, record, input);
    (void)block.onLine("\r\n");
    batcher_.responseStart(RequestId{id}, block);
    expect(std::move(record));
  }

  void end(std::uint32_t id, Input& input) {
    HeaderBlock block(16 * 1024);
    Record record{EventType::end, id, {}, {}};
    (void)block.onLine("HTTP/1.1 200 fine\r\n");
    (void)block.onLine("a: b\r\n");
    (void)block.onLine("\r\n");
    addFields(block, record, input);
    batcher_.end(RequestId{id}, block);
    expect(std::move(record));
  }

  static void addFields(HeaderBlock& block, Record& record, Input& input) {
    for (std::uint32_t count = input.below(4); count > 0; --count) {
      const std::string name = "x-" + std::to_string(input.byte());
      const std::string value(input.below(200), 'v');
      (void)block.onLine(name + ": " + value + "\r\n");
      record.fields.emplace_back(name, value);
    }
  }

  void failed(std::uint32_t id, Input& input) {
    const Error error{
        Errc::socketError, input.byte(), std::string(input.text(9)), std::string(input.text(9))};
    batcher_.failed(RequestId{id}, error);
    expect(
        {EventType::failed,
         id,
         {static_cast<std::uint32_t>(error.code), error.detail},
         {error.message, error.socket}}
    );
  }

  void connection(Input& input) {
    const bool isOpen = input.flag();
    const std::string origin(input.text(20));
    if (isOpen) {
      batcher_.connected(origin);
      expect({EventType::connected, 0, {}, {origin}});
    } else {
      const Errc code{input.below(30)};
      batcher_.disconnected(origin, code, 7);
      expect({EventType::disconnected, 0, {static_cast<std::uint32_t>(code), 7}, {origin}});
    }
  }

  void body(std::uint32_t id, Input& input) {
    const std::size_t size = kSizes[input.below(kSizes.size())];
    if (!batcher_.hasRoom(shares_[id], size)) {
      return;
    }
    std::string bytes(size, static_cast<char>('a' + marks_ % 26));
    if (size > 0) {
      bytes.back() = static_cast<char>(marks_);  // tells one piece from the next
    }
    ++marks_;
    batcher_.body(RequestId{id}, shares_[id], std::as_bytes(std::span(bytes)));
    expect({EventType::data, id, {}, {}, {}, std::move(bytes)});
  }

  void flush() {
    const bool wasPut = !mailboxFull_ && batcher_.flush();
    if (wasPut) {
      mailboxFull_ = true;
      for (const EventBatcher::Share& share : shares_) {
        require(
            batcher_.hasRoom(share, kSizes.back()), "after a flush there is room for everybody"
        );
      }
    } else if (mailboxFull_) {
      require(!batcher_.flush(), "a batch that is not taken holds the next one back");
    }
  }

  void take() {
    const Mailbox::Taken taken = mailbox_.take(batch_);
    require((taken != Mailbox::Taken::nothing) == mailboxFull_, "what was put is there");
    if (taken == Mailbox::Taken::nothing) {
      return;
    }
    mailboxFull_ = false;
    ++taken_;
    std::map<std::uint32_t, std::size_t> bytes;
    std::size_t total = 0;
    for (Record& record : readRecords(batch_)) {
      bytes[record.id] += record.bytes.size();
      total += record.bytes.size();
      append(got_[record.id], std::move(record));
    }
    require(total <= EventBatcher::kMostPerBatch, "a batch is bounded");
    for (const auto& [id, count] : bytes) {
      require(count <= EventBatcher::kMostPerRequest, "a request's part of it is, too");
    }
  }

  Mailbox mailbox_;
  int puts_ = 0;
  int taken_ = 0;
  EventBatcher batcher_{mailbox_, std::make_shared<BlockPool>(), [this] { ++puts_; }};
  std::array<EventBatcher::Share, kIds + 1> shares_{};
  EventBatch batch_;
  bool mailboxFull_ = false;
  std::uint32_t marks_ = 0;
  std::map<std::uint32_t, std::vector<Record>> expected_;
  std::map<std::uint32_t, std::vector<Record>> got_;
};

}  // namespace

void eventBatcher(Bytes bytes) {
  Input input(bytes.first(std::min<std::size_t>(bytes.size(), 600)));  // copies megabytes otherwise
  Driver driver;
  while (!input.empty()) {
    driver.step(input);
  }
  driver.finish();
}

}  // namespace dodici::fuzz
