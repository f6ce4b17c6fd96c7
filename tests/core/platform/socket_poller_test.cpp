#include "platform/socket_poller.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

namespace dodici {
namespace {

constexpr std::uint64_t kKey = 7;

// A descriptor that is ready to be read.
class ReadyDescriptor {
 public:
  ReadyDescriptor() : descriptor_(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  ~ReadyDescriptor() { ::close(descriptor_); }

  ReadyDescriptor(const ReadyDescriptor&) = delete;
  ReadyDescriptor& operator=(const ReadyDescriptor&) = delete;

  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

TEST(SocketPoller, TellsWhatIsReadyAgainAndAgain) {
  boost::asio::io_context context;
  const ReadyDescriptor descriptor;
  int calls = 0;
  SocketPoller poller(
      context,
      [&calls](std::uint64_t key, std::uint32_t events) {
        EXPECT_EQ(key, kKey);
        EXPECT_EQ(events, SocketEvents::kReadable);
        ++calls;
      },
      [](std::exception_ptr) { FAIL() << "nothing has failed"; }
  );
  poller.change(descriptor.get(), kKey, 0, SocketEvents::kReadable);
  context.run_one();
  context.run_one();
  EXPECT_EQ(calls, 2);
}

TEST(SocketPoller, WhatItsHandlerThrowsGoesToItsOwner) {
  boost::asio::io_context context;
  const ReadyDescriptor descriptor;
  std::string thrown;
  std::unique_ptr<SocketPoller> poller;
  poller = std::make_unique<SocketPoller>(
      context,
      [](std::uint64_t, std::uint32_t) { throw std::runtime_error("out of luck"); },
      [&thrown, &poller](std::exception_ptr exception) {
        poller.reset();
        try {
          std::rethrow_exception(std::move(exception));
        } catch (const std::runtime_error& error) {
          thrown = error.what();
        }
      }
  );
  poller->change(descriptor.get(), kKey, 0, SocketEvents::kReadable);
  EXPECT_NO_THROW(context.run_one());
  EXPECT_EQ(thrown, "out of luck");
  EXPECT_EQ(poller, nullptr);
}

}  // namespace
}  // namespace dodici
