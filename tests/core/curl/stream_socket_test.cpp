#include "curl/stream_socket.h"

#include "platform/send_interception.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

namespace dodici {
namespace {

constexpr const char* kNoInterception = "send() of this platform cannot be intercepted";

class StreamSocketTest : public ::testing::Test {
 protected:
  StreamSocketTest() {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    ours_ = pair[0];
    peers_ = pair[1];
  }

  ~StreamSocketTest() override {
    ::close(ours_);
    closePeer();
  }

  void closePeer() {
    if (peers_ >= 0) {
      ::close(peers_);
      peers_ = -1;
    }
  }

  // As libcurl would.
  ssize_t send(const std::string& text) const {
    return ::send(ours_, text.data(), text.size(), MSG_NOSIGNAL);
  }

  std::string received() const {
    std::string text(1 << 20, '\0');
    const ssize_t got = ::recv(peers_, text.data(), text.size(), MSG_DONTWAIT);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }

  // Leaves no room for even one byte.
  void fillUp() const {
    const std::string much(1 << 20, 'x');
    while (::send(ours_, much.data(), much.size(), MSG_NOSIGNAL) > 0) {
    }
  }

  int ours_ = -1;
  int peers_ = -1;
  std::vector<StreamSocket*> used_;
};

TEST_F(StreamSocketTest, SendsTheFirstWriteOfATurnAtOnceAndTheOthersAtItsEnd) {
  if (!interceptsSend()) {
    GTEST_SKIP() << kNoInterception;
  }
  StreamSocket stream(ours_, used_);
  stream.takeOver();
  EXPECT_EQ(send("a"), 1);
  EXPECT_EQ(send("b"), 1);
  EXPECT_EQ(send("c"), 1);
  EXPECT_EQ(received(), "a");
  ASSERT_EQ(used_.size(), 1U);
  stream.endTurn();
  EXPECT_EQ(received(), "bc");
}

TEST_F(StreamSocketTest, BeginsAnewWithEachTurn) {
  if (!interceptsSend()) {
    GTEST_SKIP() << kNoInterception;
  }
  StreamSocket stream(ours_, used_);
  stream.takeOver();
  send("a");
  stream.endTurn();
  used_.clear();
  EXPECT_EQ(send("b"), 1);
  EXPECT_EQ(received(), "ab");
  EXPECT_EQ(used_.size(), 1U);
}

TEST_F(StreamSocketTest, SendsWhatIsEnoughBeforeTheTurnEnds) {
  if (!interceptsSend()) {
    GTEST_SKIP() << kNoInterception;
  }
  StreamSocket stream(ours_, used_);
  stream.takeOver();
  send("a");
  const std::string some(500, 'b');
  send(some);
  EXPECT_EQ(received(), "a");
  send(some);
  EXPECT_EQ(received(), some);
}

TEST_F(StreamSocketTest, KeepsTheOrderAroundALargeWrite) {
  StreamSocket stream(ours_, used_);
  stream.takeOver();
  const std::string large(5000, 'c');
  send("a");
  send("b");
  EXPECT_EQ(send(large), 5000);
  send("d");
  stream.endTurn();
  EXPECT_EQ(received(), "ab" + large + "d");
}

TEST_F(StreamSocketTest, SaysThatItIsBlockedUntilThePeerHasRead) {
  if (!interceptsSend()) {
    GTEST_SKIP() << kNoInterception;
  }
  StreamSocket stream(ours_, used_);
  stream.takeOver();
  fillUp();
  stream.endTurn();
  fillUp();  // the first write of this turn, refused by the socket itself
  EXPECT_EQ(send("b"), 1);
  stream.endTurn();
  EXPECT_TRUE(stream.blocked());
  errno = 0;
  EXPECT_EQ(send("c"), -1);
  EXPECT_EQ(errno, EAGAIN);
  while (!received().empty()) {
  }
  stream.flush();
  EXPECT_FALSE(stream.blocked());
  EXPECT_EQ(received(), "b");
}

TEST_F(StreamSocketTest, ReportsAFailedFlushWithTheNextWrite) {
  StreamSocket stream(ours_, used_);
  stream.takeOver();
  send("a");
  send("b");
  closePeer();
  stream.endTurn();
  errno = 0;
  EXPECT_EQ(send("c"), -1);
  EXPECT_EQ(errno, EPIPE);
}

TEST_F(StreamSocketTest, LeavesSocketsAloneThatItHasNotTakenOver) {
  const StreamSocket stream(ours_, used_);
  send("a");
  send("b");
  EXPECT_EQ(received(), "ab");
  EXPECT_TRUE(used_.empty());
}

TEST_F(StreamSocketTest, LeavesOtherThreadsAlone) {
  StreamSocket stream(ours_, used_);
  stream.takeOver();
  std::thread([this] {
    send("a");
    send("b");
  }).join();
  EXPECT_EQ(received(), "ab");
}

TEST_F(StreamSocketTest, IsForgottenWithItsEnd) {
  {
    StreamSocket stream(ours_, used_);
    stream.takeOver();
    send("a");
  }
  EXPECT_TRUE(used_.empty());
  send("b");
  send("c");
  EXPECT_EQ(received(), "abc");
}

}  // namespace
}  // namespace dodici
