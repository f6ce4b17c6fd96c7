#include "support/scripted_server.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace dodici::testing {

namespace asio = boost::asio;
using boost::system::error_code;

// In the order of construction: connections and acceptor go before the io_context, all after the thread has ended.
struct ScriptedServer::Parts {
  Parts(std::vector<Script> theScripts, const asio::ip::address_v4& address)
      : scripts(std::move(theScripts)),
        io(std::make_shared<asio::io_context>()),
        acceptor(*io, {address, 0}),
        port(acceptor.local_endpoint().port()) {}

  template <typename Condition>
  bool wait(std::chrono::milliseconds patience, Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, patience, condition);
  }

  void accept();

  // Constant after construction.
  const std::vector<Script> scripts;
  const std::shared_ptr<asio::io_context>
      io;  // shared so that a signal set after the end finds it gone

  // Server thread only, once that runs.
  asio::ip::tcp::acceptor acceptor;
  std::vector<std::shared_ptr<ScriptedConnection>> connections;

  const std::uint16_t port;

  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex.
  std::vector<std::string> received;
  std::size_t closed = 0;

  std::thread thread;
};

// One connection on its way through its script.
//
// Threads: the server's thread.
// Owner:   ScriptedServer::Parts.
class ScriptedConnection : public std::enable_shared_from_this<ScriptedConnection> {
 public:
  ScriptedConnection(ScriptedServer::Parts& server, asio::ip::tcp::socket socket, std::size_t index)
      : server_(server),
        script_(server.scripts[std::min(index, server.scripts.size() - 1)]),
        index_(index),
        socket_(std::move(socket)) {
    error_code ignored;  // the peer may be gone already
    socket_.set_option(
        asio::ip::tcp::no_delay(true), ignored
    );  // each send is a segment of its own
  }

  // Goes on until a step has to wait.
  void next() {
    while (socket_.is_open()) {
      if (step_ == script_.steps_.size()) {
        readMore();
        return;
      }
      const Script::Step& step = script_.steps_[step_++];
      if (!std::visit([this](const auto& which) { return take(which); }, step)) {
        return;
      }
    }
  }

  void finish() {
    if (!socket_.is_open()) {
      return;
    }
    error_code ignored;
    socket_.close(ignored);
    const std::lock_guard lock(server_.mutex);
    ++server_.closed;
    server_.changed.notify_all();
  }

 private:
  // Each returns whether the next step may follow at once.
  bool take(const Script::ReadHead&) {
    const std::size_t end = unread_.find("\r\n\r\n");
    return end == std::string::npos ? readAndRetry() : consume(end + 4);
  }

  bool take(const Script::Read& read) {
    return unread_.size() < read.bytes ? readAndRetry() : consume(read.bytes);
  }

  bool take(const Script::Send& send) {
    auto onSent = [self = shared_from_this()](const error_code& error, std::size_t) {
      error ? self->finish() : self->next();
    };
    asio::async_write(socket_, asio::buffer(send.bytes), std::move(onSent));
    return false;
  }

  bool take(const Script::WaitFor& wait) {
    // The signal may be set when the server is gone, or never.
    wait.signal.onSet([connection = weak_from_this(), io = std::weak_ptr(server_.io)] {
      if (const auto context = io.lock()) {
        asio::post(*context, [connection] {
          if (const auto self = connection.lock()) {
            self->next();
          }
        });
      }
    });
    return false;
  }

  bool take(const Script::Announce& announce) {
    announce.signal.set();
    return true;
  }

  bool take(const Script::ShutdownSend&) {
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    return true;
  }

  bool take(const Script::Close&) {
    finish();
    return false;
  }

  bool take(const Script::Reset&) {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    finish();
    return false;
  }

  bool take(const Script::Repeat&) {
    step_ = 0;
    return true;
  }

  bool consume(std::size_t bytes) {
    unread_.erase(0, bytes);
    return true;
  }

  bool readAndRetry() {
    --step_;
    readMore();
    return false;
  }

  void readMore() {
    auto onRead = [self = shared_from_this()](const error_code& error, std::size_t size) {
      self->onRead(error, size);
    };
    socket_.async_read_some(asio::buffer(room_), std::move(onRead));
  }

  void onRead(const error_code& error, std::size_t size) {
    if (error) {
      finish();
      return;
    }
    unread_.append(room_.data(), size);
    {
      const std::lock_guard lock(server_.mutex);
      server_.received[index_].append(room_.data(), size);
      server_.changed.notify_all();
    }
    next();
  }

  ScriptedServer::Parts& server_;
  const Script& script_;
  const std::size_t index_;
  asio::ip::tcp::socket socket_;
  std::size_t step_ = 0;
  std::string unread_;
  std::array<char, 16 * 1024> room_{};
};

void ScriptedServer::Parts::accept() {
  acceptor.async_accept([this](const error_code& error, asio::ip::tcp::socket socket) {
    if (error) {
      return;
    }
    const std::size_t index = connections.size();
    const auto connection = std::make_shared<ScriptedConnection>(*this, std::move(socket), index);
    connections.push_back(connection);
    {
      const std::lock_guard lock(mutex);
      received.emplace_back();
      changed.notify_all();
    }
    connection->next();
    accept();
  });
}

ScriptedServer::ScriptedServer(std::vector<Script> scripts, Address address)
    : parts_(std::make_unique<Parts>(
          std::move(scripts),
          address == Address::one ? asio::ip::address_v4::loopback() : asio::ip::address_v4::any()
      )) {
  parts_->accept();
  parts_->thread = std::thread([parts = parts_.get()] { parts->io->run(); });
}

ScriptedServer::~ScriptedServer() {
  asio::post(*parts_->io, [parts = parts_.get()] {
    parts->acceptor.close();
    for (const auto& connection : parts->connections) {
      connection->finish();
    }
  });
  parts_->thread.join();
}

std::uint16_t ScriptedServer::port() const { return parts_->port; }

std::string ScriptedServer::origin() const {
  return "http://127.0.0.1:" + std::to_string(parts_->port);
}

std::size_t ScriptedServer::connectionCount() const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->received.size();
}

std::size_t ScriptedServer::closedCount() const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->closed;
}

std::string ScriptedServer::received(std::size_t index) const {
  const std::lock_guard lock(parts_->mutex);
  return index < parts_->received.size() ? parts_->received[index] : std::string();
}

bool ScriptedServer::waitForConnections(std::size_t count, std::chrono::milliseconds patience)
    const {
  return parts_->wait(patience, [&] { return parts_->received.size() >= count; });
}

bool ScriptedServer::waitForClosed(std::size_t count, std::chrono::milliseconds patience) const {
  return parts_->wait(patience, [&] { return parts_->closed >= count; });
}

bool ScriptedServer::waitForReceived(
    std::size_t index, std::string_view text, std::chrono::milliseconds patience
) const {
  return parts_->wait(patience, [&] {
    return index < parts_->received.size() &&
           parts_->received[index].find(text) != std::string::npos;
  });
}

}  // namespace dodici::testing
