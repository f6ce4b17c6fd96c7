#include "curl/connect_attempts.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace dodici {
namespace {

// As libcurl passes it to the function that opens its sockets, with room for any address after it.
struct Room {
  curl_sockaddr address{};
  std::array<char, sizeof(sockaddr_storage)> more{};

  explicit Room(const char* ip4) {
    address.family = AF_INET;
    address.socktype = SOCK_STREAM;
    address.addrlen = sizeof(sockaddr_in);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(99);
    inet_pton(AF_INET, ip4, &to.sin_addr);
    std::memcpy(&address.addr, &to, sizeof to);
  }
};

std::string triedBy(ConnectAttempts& attempts, curl_socket_t socket, int error = 0) {
  Room room("127.0.0.9");
  attempts.choose(room.address);
  attempts.add(room.address, socket, error);
  return attempts.last();
}

TEST(ConnectAttempts, LeadToTheDestinationsInTheirOrder) {
  ConnectAttempts attempts;
  attempts.setDestinations("127.0.0.2,[::1],127.0.0.3", "80");
  EXPECT_EQ(triedBy(attempts, 5), "127.0.0.2 80");
  EXPECT_EQ(triedBy(attempts, 6), "::1 80");
  EXPECT_EQ(triedBy(attempts, 7), "127.0.0.3 80");
  EXPECT_EQ(triedBy(attempts, 8), "127.0.0.9 99")
      << "one more than there are is libcurl's to choose";
}

TEST(ConnectAttempts, AreLibcurlsToChooseWithoutDestinations) {
  ConnectAttempts attempts;
  EXPECT_EQ(triedBy(attempts, 5), "127.0.0.9 99");
  attempts.clear();
  attempts.setDestinations("127.0.0.2,nonsense", "80");
  EXPECT_EQ(triedBy(attempts, 5), "127.0.0.9 99") << "half a list would shift the others";
}

TEST(ConnectAttempts, TellInWhichOrderTheyFailedAndWhy) {
  ConnectAttempts attempts;
  attempts.setDestinations("127.0.0.2,127.0.0.3,[::1]", "80");
  triedBy(attempts, 5);
  triedBy(attempts, 6);
  EXPECT_TRUE(attempts.several());
  attempts.onClosed(6, ECONNREFUSED);
  attempts.onClosed(5, EHOSTUNREACH);
  attempts.onClosed(5, EIO);  // somebody else's by then
  triedBy(attempts, CURL_SOCKET_BAD, EMFILE);
  EXPECT_EQ(attempts.openErrno(), EMFILE);
  EXPECT_EQ(
      attempts.all(),
      "127.0.0.3 80 " + std::to_string(ECONNREFUSED) + "\n127.0.0.2 80 " +
          std::to_string(EHOSTUNREACH) + "\n::1 80 " + std::to_string(EMFILE) + "\n"
  );
}

TEST(ConnectAttempts, NameThoseThatHaveNotFailedLast) {
  ConnectAttempts attempts;
  attempts.setDestinations("127.0.0.2,127.0.0.3", "80");
  triedBy(attempts, 5);
  triedBy(attempts, 6);
  attempts.onClosed(6, ECONNREFUSED);
  EXPECT_EQ(attempts.all(), "127.0.0.3 80 " + std::to_string(ECONNREFUSED) + "\n127.0.0.2 80\n");
  EXPECT_EQ(attempts.openErrno(), 0);
}

TEST(ConnectAttempts, ReleaseTheSocketsThatAreOpen) {
  ConnectAttempts attempts;
  triedBy(attempts, 5);
  triedBy(attempts, 6);
  attempts.onClosed(5, ECONNREFUSED);
  std::vector<curl_socket_t> open;
  attempts.releaseSockets([&open](curl_socket_t socket) { open.push_back(socket); });
  attempts.releaseSockets([&open](curl_socket_t socket) { open.push_back(socket); });
  EXPECT_EQ(open, (std::vector<curl_socket_t>{6}));
}

TEST(IsIpAddress, KnowsBothFamilies) {
  EXPECT_TRUE(isIpAddress("127.0.0.1"));
  EXPECT_TRUE(isIpAddress("::1"));
  EXPECT_FALSE(isIpAddress("localhost"));
  EXPECT_FALSE(isIpAddress("127.0.0.1.nip.io"));
  EXPECT_FALSE(isIpAddress(""));
}

}  // namespace
}  // namespace dodici
