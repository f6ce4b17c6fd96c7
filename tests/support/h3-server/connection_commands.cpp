// What a connection is told to do.
#include "connection.h"
#include "wire.h"

#include <array>
#include <utility>

namespace h3server {

Connection::Stream* Connection::find(std::int64_t id) {
  const auto at = streams_.find(id);
  return at == streams_.end() ? nullptr : &at->second;
}

void Connection::send(std::int64_t stream, std::string bytes) {
  if (Stream* found = find(stream)) {
    found->out.append(std::move(bytes));
  }
}

void Connection::fill(std::int64_t stream, std::uint64_t count) {
  if (Stream* found = find(stream)) {
    found->out.fill(count);
  }
}

void Connection::end(std::int64_t stream) {
  if (Stream* found = find(stream)) {
    found->out.end();
  }
}

void Connection::reset(std::int64_t stream, std::uint64_t code) {
  if (Stream* found = find(stream)) {
    ngtcp2_conn_shutdown_stream_write(conn_.get(), 0, stream, code);
    found->out.drop();
  }
}

void Connection::stopSending(std::int64_t stream, std::uint64_t code) {
  ngtcp2_conn_shutdown_stream_read(conn_.get(), 0, stream, code);
}

void Connection::sendControl(std::string bytes) {
  if (Stream* found = find(controlStream_)) {
    found->out.append(std::move(bytes));
  }
}

void Connection::openStream(std::string bytes) { openStreamOfOurs(std::move(bytes)); }

std::int64_t Connection::openStreamOfOurs(std::string bytes) {
  std::int64_t id = -1;
  if (ngtcp2_conn_open_uni_stream(conn_.get(), &id, nullptr) == 0) {
    streams_[id].out.append(std::move(bytes));
  }
  return id;
}

void Connection::raiseStreams(std::uint64_t by) {
  ngtcp2_conn_extend_max_streams_bidi(conn_.get(), by);
}

void Connection::hold(std::int64_t stream) {
  if (Stream* found = find(stream)) {
    found->isHeld = true;
  }
}

void Connection::release(std::int64_t stream) {
  if (Stream* found = find(stream)) {
    found->isHeld = false;
    allowMore(stream, std::exchange(found->unreleased, 0));
  }
}

void Connection::echo(std::int64_t stream) {
  if (Stream* found = find(stream)) {
    found->echoes = true;
  }
}

void Connection::close(CloseKind kind, std::uint64_t code, std::string reason) {
  reason_ = std::move(reason);
  ngtcp2_ccerr error;
  ngtcp2_ccerr_default(&error);
  const auto set = kind == CloseKind::application ? ngtcp2_ccerr_set_application_error
                                                  : ngtcp2_ccerr_set_transport_error;
  set(&error, code, reinterpret_cast<const std::uint8_t*>(reason_.data()), reason_.size());
  closing_ = error;
}

void Connection::resetStatelessly() {
  if (!isOpen()) {
    return;
  }
  drop();
  ngtcp2_stateless_reset_token token{};
  network_.makeResetToken(addressed_, token.data);
  std::array<std::uint8_t, 64> packet;
  std::array<std::uint8_t, 40> random;
  fillWithRandom(random.data(), random.size());
  const ngtcp2_ssize written = ngtcp2_pkt_write_stateless_reset2(
      packet.data(), packet.size(), &token, random.data(), random.size()
  );
  if (written > 0) {
    network_.sendDatagram(
        client_.view(),
        {reinterpret_cast<const char*>(packet.data()), static_cast<std::size_t>(written)}
    );
  }
}

}  // namespace h3server
