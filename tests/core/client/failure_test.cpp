// Client when the system fails: epoll_ctl() is linked to a function of this file, see CMakeLists.txt.
#include "support/scripted_server.h"
#include "support/test_client.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <string_view>

namespace {

std::atomic<int> gAdditionsToFail{0};

// The server of a test calls epoll_ctl() as well.
bool onLoopThread() {
  std::array<char, 16> name{};
  pthread_getname_np(pthread_self(), name.data(), name.size());
  return std::string_view(name.data()) == "dodici-loop";
}

}  // namespace

extern "C" {

int __real_epoll_ctl(int epoll, int operation, int descriptor, epoll_event* event);  // NOLINT

int __wrap_epoll_ctl(int epoll, int operation, int descriptor, epoll_event* event) {  // NOLINT
  if (operation == EPOLL_CTL_ADD && gAdditionsToFail > 0 && onLoopThread()) {
    --gAdditionsToFail;
    errno = ENOMEM;
    return -1;
  }
  return __real_epoll_ctl(epoll, operation, descriptor, event);
}
}

namespace dodici::testing {
namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

TEST(ClientFailure, EndsTheRequestsThatRunAndNoneThatComesLater) {
  const Signal never;
  ScriptedServer server({Script().readHead().waitFor(never), Script().readHead().send(kOk).repeat()}
  );
  TestClient client;
  const auto running = client.get(server.origin());
  ASSERT_TRUE(server.waitForReceived(0, "\r\n\r\n"));

  gAdditionsToFail = 1;
  const auto failing = client.get(server.origin());
  for (const RequestId id : {failing, running}) {
    const auto& outcome = client.finish(id);
    ASSERT_TRUE(outcome.error.has_value());
    EXPECT_EQ(outcome.error->code, Errc::internal);
    EXPECT_EQ(outcome.terminals, 1);
  }
  EXPECT_EQ(gAdditionsToFail, 0);
  EXPECT_TRUE(client.until([&] { return client.disconnected() == client.connected(); }));

  for (int i = 0; i < 2; ++i) {
    const auto& outcome = client.finish(client.get(server.origin()));
    EXPECT_EQ(outcome.body, "hello");
    EXPECT_TRUE(outcome.ended);
  }
}

}  // namespace
}  // namespace dodici::testing
