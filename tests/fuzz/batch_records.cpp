#include "batch_records.h"

#include "dodici/record_walk.h"
#include "targets.h"

namespace dodici::fuzz {

namespace {

class Reader {
 public:
  explicit Reader(const EventBatch& batch) : batch_(batch) {}

  std::vector<Record> readAll() {
    std::vector<Record> records;
    RecordWalk walk(batch_.words);
    while (at_ < batch_.words.size()) {
      require(walk.more(), "RecordWalk stops before the last record");
      const auto type = walk.type();
      const auto id = static_cast<std::uint32_t>(walk.id());
      records.push_back(read());
      require(type == records.back().type, "RecordWalk steps from record to record");
      require(id == records.back().id, "RecordWalk knows whose record it is");
      walk.step();
    }
    require(!walk.more(), "RecordWalk ends with the last record");
    require(textAt_ == batch_.text.size(), "all text is some record's");
    require(slabAt_ == batch_.slab.size(), "all bytes of the slab are some record's");
    return records;
  }

 private:
  std::uint32_t word() {
    require(at_ < batch_.words.size(), "a record is whole");
    return batch_.words[at_++];
  }

  std::string text(std::size_t length) {
    require(length <= batch_.text.size() - textAt_, "a text is inside the batch's");
    textAt_ += length;
    return batch_.text.substr(textAt_ - length, length);
  }

  std::string bytesOf(const ByteBlock& block, std::size_t offset, std::size_t length) {
    require(offset <= block.size() && length <= block.size() - offset, "bytes are inside a block");
    return {reinterpret_cast<const char*>(block.data()) + offset, length};
  }

  void readFields(Record& record, std::size_t count) {
    require(count <= (batch_.words.size() - at_) / 2, "the lengths of all fields are there");
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t nameLength = word();
      const std::uint32_t valueLength = word();
      std::string name = text(nameLength);
      record.fields.emplace_back(std::move(name), text(valueLength));
    }
  }

  Record read() {
    Record record{static_cast<EventType>(word()), word(), {}, {}};
    switch (record.type) {
      case EventType::responseStart: {
        record.numbers = {word(), word()};
        const std::uint32_t statusTextLength = word();
        const std::uint32_t count = word();
        record.texts = {text(statusTextLength)};
        readFields(record, count);
        break;
      }
      case EventType::data: {
        const std::uint32_t length = word();
        record.bytes = bytesOf(batch_.slab, slabAt_, length);
        slabAt_ += length;
        break;
      }
      case EventType::dataBlock: {
        const std::uint32_t block = word();
        const std::uint32_t offset = word();
        const std::uint32_t length = word();
        require(block < batch_.blocks.size(), "a block is there");
        record.bytes = bytesOf(batch_.blocks[block], offset, length);
        break;
      }
      case EventType::end:
      case EventType::answered:
        readFields(record, word());
        break;
      case EventType::failed: {
        record.numbers = {word(), word()};
        const std::uint32_t messageLength = word();
        const std::uint32_t socketLength = word();
        record.texts = {text(messageLength)};
        record.texts.push_back(text(socketLength));
        break;
      }
      case EventType::bodyWanted:
        record.numbers = {word()};
        break;
      case EventType::disconnected:
        record.numbers = {word(), word()};
        record.texts = {text(word())};
        break;
      case EventType::connected:
        record.texts = {text(word())};
        break;
      case EventType::tunnelSocket: {
        const std::uint32_t socketLength = word();
        const std::uint32_t tlsLength = word();
        record.texts = {text(socketLength)};
        record.texts.push_back(text(tlsLength));
        break;
      }
      case EventType::encodedSize:
        record.numbers = {word(), word()};
        break;
      case EventType::decoding:
      case EventType::requestSent:
      case EventType::peerEnd:
      case EventType::connectionWanted:
      case EventType::loopClosed:
        break;
      default:
        throw Violation("a record is of a known type");
    }
    return record;
  }

  const EventBatch& batch_;
  std::size_t at_ = 0;
  std::size_t textAt_ = 0;
  std::size_t slabAt_ = 0;
};

}  // namespace

std::vector<Record> readRecords(const EventBatch& batch) { return Reader(batch).readAll(); }

}  // namespace dodici::fuzz
