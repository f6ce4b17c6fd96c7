#include "connections/socket_signs.h"

#include "platform/sockets.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

namespace dodici {

std::ostream& operator<<(std::ostream& out, const SocketFault& fault) {
  return out << static_cast<std::uint32_t>(fault.code) << " (" << fault.detail << ")";
}

namespace {

using std::chrono::milliseconds;

constexpr bool kMultiplexed = true;
constexpr bool kOneAtATime = false;

// Two ends of a connection, each closed once at most.
struct Pair {
  Pair(int ourEnd, int peersEnd) : ours(ourEnd), peers(peersEnd) {}

  ~Pair() {
    ::close(ours);
    closePeer();
  }

  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  void send(const std::string& bytes) const {
    EXPECT_EQ(::send(peers, bytes.data(), bytes.size(), MSG_NOSIGNAL), ssize_t(bytes.size()));
  }

  void closePeer() {
    if (peers >= 0) {
      ::close(peers);
      peers = -1;
    }
  }

  // RST instead of FIN.
  void resetPeer() {
    const linger now{1, 0};
    EXPECT_EQ(::setsockopt(peers, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    closePeer();
  }

  // Waits until the bytes from the other end have arrived.
  void waitForSomething() const {
    char byte = 0;
    EXPECT_GE(::recv(ours, &byte, 1, MSG_PEEK), 0);
  }

  const int ours;
  int peers;
};

struct Unix : Pair {
  Unix() : Unix(make()) {}

 private:
  struct Ends {
    int ends[2];
  };

  explicit Unix(Ends made) : Pair(made.ends[0], made.ends[1]) {}

  static Ends make() {
    Ends made{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, made.ends), 0);
    return made;
  }
};

struct Tcp : Pair {
  Tcp() : Tcp(make()) {}

 private:
  struct Ends {
    int ours;
    int peers;
  };

  explicit Tcp(Ends made) : Pair(made.ours, made.peers) {}

  static Ends make() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener, generic, length), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    EXPECT_EQ(::getsockname(listener, generic, &length), 0);
    const int ours = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(ours, generic, length), 0);
    const int peers = ::accept(listener, nullptr, nullptr);
    ::close(listener);
    return {ours, peers};
  }
};

template <typename Ends>
class SocketSigns : public testing::Test {};

using BothKinds = testing::Types<Unix, Tcp>;
TYPED_TEST_SUITE(SocketSigns, BothKinds);

TYPED_TEST(SocketSigns, AQuietConnectionHasNoFault) {
  const TypeParam pair;
  EXPECT_FALSE(faultOf(pair.ours, kOneAtATime));
  EXPECT_FALSE(faultOf(pair.ours, kMultiplexed));
}

TYPED_TEST(SocketSigns, BytesThatNobodyAskedForAreAFaultUnlessTheyMayBeFrames) {
  const TypeParam pair;
  pair.send("HTTP/1.1 408 Request Timeout\r\n\r\n");
  pair.waitForSomething();
  const auto fault = faultOf(pair.ours, kOneAtATime);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->code, Errc::unaskedBytes);
  EXPECT_EQ(fault->detail, 0U);
  EXPECT_FALSE(faultOf(pair.ours, kMultiplexed));
}

TYPED_TEST(SocketSigns, APeerThatHasClosedIsAFault) {
  for (const bool isMultiplexed : {kOneAtATime, kMultiplexed}) {
    TypeParam pair;
    pair.closePeer();
    pair.waitForSomething();
    const auto fault = faultOf(pair.ours, isMultiplexed);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->code, Errc::socketClosed);
    EXPECT_EQ(fault->detail, 0U);
  }
}

TYPED_TEST(SocketSigns, APeerThatHasClosedItsSideIsAFaultWhateverItSaidBefore) {
  const TypeParam pair;
  pair.send("bye");
  EXPECT_EQ(::shutdown(pair.peers, SHUT_WR), 0);
  pair.waitForSomething();
  for (const bool isMultiplexed : {kOneAtATime, kMultiplexed}) {
    const auto fault = faultOf(pair.ours, isMultiplexed);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->code, Errc::socketClosed);
  }
}

TEST(SocketSignsOfTcp, AResetTellsTheErrnoOnce) {
  Tcp pair;
  pair.resetPeer();
  std::optional<SocketFault> fault;
  for (int tries = 0; !fault && tries < 1000; ++tries) {
    std::this_thread::sleep_for(milliseconds(1));
    fault = faultOf(pair.ours, kMultiplexed);
  }
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->code, Errc::socketError);
  EXPECT_EQ(fault->detail, static_cast<std::uint32_t>(ECONNRESET));
  // The kernel forgets the error once it has been read.
  const auto later = faultOf(pair.ours, kMultiplexed);
  ASSERT_TRUE(later);
  EXPECT_EQ(later->code, Errc::socketClosed);
}

TEST(SocketSignsOfTcp, TheRoundTripOnLoopbackIsShortButKnown) {
  if (!knowsTcp()) {
    GTEST_SKIP() << "this platform does not tell";
  }
  const Tcp pair;
  pair.send("x");
  pair.waitForSomething();
  EXPECT_GT(roundTripOf(pair.ours).count(), 0);
  EXPECT_LT(roundTripOf(pair.ours), std::chrono::seconds(10));
}

TEST(SocketSignsOfTcp, TheSilenceLastsFromTheLastBytesOfThePeer) {
  if (!knowsTcp()) {
    GTEST_SKIP() << "this platform does not tell";
  }
  // The kernel counts in ticks.
  constexpr milliseconds kTick{10};
  const Tcp pair;
  std::this_thread::sleep_for(milliseconds(60));
  EXPECT_GE(silenceOf(pair.ours).silence, milliseconds(60) - kTick);
  const auto before = std::chrono::steady_clock::now();
  pair.send("x");
  pair.waitForSomething();
  const auto silence = silenceOf(pair.ours).silence;
  EXPECT_LE(silence, std::chrono::steady_clock::now() - before + kTick);
  EXPECT_FALSE(silenceOf(pair.ours).acknowledges) << "nothing is on its way to the peer";
}

TEST(SocketSignsOfUnix, OfWhatIsNoTcpThereAreNoSigns) {
  const Unix pair;
  EXPECT_EQ(roundTripOf(pair.ours).count(), 0);
  EXPECT_EQ(silenceOf(pair.ours).silence.count(), 0);
  EXPECT_FALSE(silenceOf(pair.ours).acknowledges);
}

TEST(SocketSignsOfNothing, ADescriptorThatIsNoneHasNoSigns) {
  EXPECT_EQ(roundTripOf(-1).count(), 0);
  EXPECT_EQ(silenceOf(-1).silence.count(), 0);
}

}  // namespace
}  // namespace dodici
