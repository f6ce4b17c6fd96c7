#include "curl/stream_socket.h"

#include "platform/send_interception.h"

#include <sys/socket.h>

#include <cerrno>

namespace dodici {

namespace {

// About eight requests. Measured: with fewer the calls cost more, with more the peer waits too long.
constexpr std::size_t kEnough = 600;

// Indexed by descriptor.
thread_local std::vector<StreamSocket*> takenOver;

StreamSocket* find(int socket) {
  const auto index = static_cast<std::size_t>(socket);
  return index < takenOver.size() ? takenOver[index] : nullptr;
}

ssize_t fail(int error) {
  errno = error;
  return -1;
}

}  // namespace

StreamSocket::StreamSocket(int socket, std::vector<StreamSocket*>& used)
    : socket_(socket), used_(used) {}

StreamSocket::~StreamSocket() {
  if (takenOver_) {
    takenOver[static_cast<std::size_t>(socket_)] = nullptr;
    std::erase(used_, this);
  }
}

void StreamSocket::takeOver() {
  if (!interceptsSend()) {
    return;
  }
  const auto index = static_cast<std::size_t>(socket_);
  if (index >= takenOver.size()) {
    takenOver.resize(index + 1);
  }
  gathered_.reserve(kEnough);
  takenOver[index] = this;
  takenOver_ = true;
}

ssize_t StreamSocket::send(const void* data, std::size_t size, int flags) {
  const bool first = !usedThisTurn_;
  if (first) {
    used_.push_back(this);
    usedThisTurn_ = true;
  }
  if (gathered_.size() + size > kEnough) {
    flush();
  }
  if (error_ != 0) {
    return fail(error_);
  }
  if (blocked_) {
    return fail(EAGAIN);
  }
  if (gathered_.empty() && (first || size > kEnough)) {
    return sendNow(socket_, data, size, flags);
  }
  const auto* const bytes = static_cast<const char*>(data);
  gathered_.insert(gathered_.end(), bytes, bytes + size);
  return static_cast<ssize_t>(size);
}

void StreamSocket::flush() {
  blocked_ = false;
  if (gathered_.empty()) {
    return;
  }
  const ssize_t sent = sendNow(socket_, gathered_.data(), gathered_.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    gathered_.erase(gathered_.begin(), gathered_.begin() + sent);
    blocked_ = !gathered_.empty();
  } else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    blocked_ = true;
  } else {
    error_ = errno;
    gathered_.clear();
  }
}

void StreamSocket::endTurn() {
  usedThisTurn_ = false;
  flush();
}

ssize_t onSend(int socket, const void* data, std::size_t size, int flags) {
  auto* const stream = find(socket);
  return stream == nullptr ? sendNow(socket, data, size, flags) : stream->send(data, size, flags);
}

}  // namespace dodici
