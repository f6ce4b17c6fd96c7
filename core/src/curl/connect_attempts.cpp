#include "curl/connect_attempts.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace dodici {

namespace {

struct AddressFreer {
  void operator()(addrinfo* address) const { ::freeaddrinfo(address); }
};

// Parses an address, with its zone if it has one. Family 0 means that it is not an address.
sockaddr_storage parse(std::string_view text, std::string_view port) {
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
  }
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  sockaddr_storage address{};
  if (::getaddrinfo(std::string(text).c_str(), std::string(port).c_str(), &hints, &found) == 0) {
    const std::unique_ptr<addrinfo, AddressFreer> owner(found);
    std::memcpy(&address, found->ai_addr, std::min<std::size_t>(found->ai_addrlen, sizeof address));
  }
  return address;
}

socklen_t sizeOf(const sockaddr_storage& address) {
  return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

// curl_sockaddr ends with room for any kind of address, although its type does not show it.
char* roomOf(curl_sockaddr& address) {
  return reinterpret_cast<char*>(&address) + offsetof(curl_sockaddr, addr);
}

std::string textOf(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& ip4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &ip4.sin_addr, text.data(), text.size());
    return std::string(text.data()) + " " + std::to_string(ntohs(ip4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& ip6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &ip6.sin6_addr, text.data(), text.size());
    return std::string(text.data()) + " " + std::to_string(ntohs(ip6.sin6_port));
  }
  return {};
}

}  // namespace

void ConnectAttempts::clear() {
  destinations_.clear();
  attempts_.clear();
  failed_ = 0;
}

void ConnectAttempts::setDestinations(std::string_view addresses, std::string_view port) {
  destinations_.clear();
  while (!addresses.empty()) {
    const auto comma = std::min(addresses.find(','), addresses.size());
    const sockaddr_storage address = parse(addresses.substr(0, comma), port);
    if (address.ss_family == AF_UNSPEC) {
      destinations_.clear();
      return;
    }
    destinations_.push_back(address);
    addresses.remove_prefix(std::min(comma + 1, addresses.size()));
  }
}

void ConnectAttempts::choose(curl_sockaddr& address) const {
  if (attempts_.size() < destinations_.size()) {
    const sockaddr_storage& to = destinations_[attempts_.size()];
    address.family = to.ss_family;
    address.addrlen = sizeOf(to);
    std::memcpy(roomOf(address), &to, sizeOf(to));
  }
}

void ConnectAttempts::add(const curl_sockaddr& address, curl_socket_t socket, int error) {
  Attempt& attempt = attempts_.emplace_back();
  std::memcpy(
      &attempt.address,
      reinterpret_cast<const char*>(&address) + offsetof(curl_sockaddr, addr),
      std::min<std::size_t>(address.addrlen, sizeof attempt.address)
  );
  attempt.socket = socket;
  attempt.opened = socket != CURL_SOCKET_BAD;
  if (error != 0) {
    attempt.error = error;
    attempt.failedAs = ++failed_;
  }
}

void ConnectAttempts::onClosed(curl_socket_t socket, int error) noexcept {
  for (Attempt& attempt : attempts_) {
    if (attempt.socket == socket) {
      attempt.socket = CURL_SOCKET_BAD;
      attempt.error = error;
      attempt.failedAs = ++failed_;
    }
  }
}

int ConnectAttempts::openErrno() const {
  return attempts_.empty() || attempts_.back().opened ? 0 : attempts_.back().error;
}

std::string ConnectAttempts::last() const {
  return attempts_.empty() ? std::string() : textOf(attempts_.back().address);
}

std::string ConnectAttempts::all() const {
  std::vector<const Attempt*> inOrder;
  inOrder.reserve(attempts_.size());
  for (const Attempt& attempt : attempts_) {
    inOrder.push_back(&attempt);
  }
  std::stable_sort(inOrder.begin(), inOrder.end(), [](const Attempt* a, const Attempt* b) {
    // Those that have not failed come last.
    return a->failedAs - 1 < b->failedAs - 1;
  });
  std::string text;
  for (const Attempt* const attempt : inOrder) {
    text.append(textOf(attempt->address));
    if (attempt->error != 0) {
      text.append(" ").append(std::to_string(attempt->error));
    }
    text.append("\n");
  }
  return text;
}

bool isIpAddress(std::string_view host) {
  std::array<unsigned char, sizeof(in6_addr)> room{};
  const std::string text(host);
  return inet_pton(AF_INET, text.c_str(), room.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), room.data()) == 1;
}

}  // namespace dodici
