// The bytes of one stream that are to be sent. QUIC may send them again, so they stay until they are acknowledged.
//
// Owner: Connection.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace h3server {

class Outgoing {
 public:
  void append(std::string bytes);
  // `count` bytes 'x', which take no memory.
  void fill(std::uint64_t count);

  void end() { isEnded_ = true; }

  // Forgets all that is not sent; the stream has ended otherwise.
  void drop();

  // Whether bytes or the end are to be sent.
  bool hasMore() const { return sent_ < length_ || (isEnded_ && !isEndSent_); }

  // The next contiguous bytes to be sent.
  std::string_view next() const;

  // Whether the end of the stream comes right behind next().
  bool endsAfterNext() const { return isEnded_ && sent_ + next().size() == length_; }

  void onSent(std::uint64_t count, bool withEnd);
  void onAcknowledged(std::uint64_t upTo);

 private:
  struct Piece {
    std::uint64_t offset;
    std::uint64_t length;
    // Empty if it is a fill.
    std::string bytes;
  };

  std::deque<Piece> pieces_;
  std::uint64_t length_ = 0;
  std::uint64_t sent_ = 0;
  bool isEnded_ = false;
  bool isEndSent_ = false;
};

}  // namespace h3server
