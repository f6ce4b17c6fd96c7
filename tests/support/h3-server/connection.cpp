#include "connection.h"

#include "report.h"

#include <array>
#include <stdexcept>
#include <utility>

namespace h3server {

Connection::Connection(
    std::uint64_t number, Network& network, const Tls& tls, const Options& options, Arrival& arrival
)
    : number_(number),
      network_(network),
      raise_(options.raise),
      answers_(options.answers),
      control_(options.control),
      reference_{
          [](ngtcp2_crypto_conn_ref* self) {
            return static_cast<Connection*>(self->user_data)->conn_.get();
          },
          this},
      tls_(std::make_unique<TlsSession>(tls, reference_)),
      clientPort_(portOf(arrival.from)),
      client_(arrival.from) {
  makeSession(options, arrival);
  Report("connection")
      .number("connection", number_)
      .number("port", clientPort_)
      .number("retried", arrival.beforeRetry ? 1 : 0)
      .write();
}

void Connection::makeSession(const Options& options, Arrival& arrival) {
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = now();
  settings.no_pmtud = 1;
  settings.token = arrival.head.token;
  settings.tokenlen = arrival.beforeRetry ? arrival.head.tokenlen : 0;
  settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;

  const ngtcp2_cid id = randomId();
  ngtcp2_transport_params params;
  ngtcp2_transport_params_default(&params);
  params.initial_max_streams_bidi = options.maxStreams;
  params.initial_max_streams_uni = 16;
  params.initial_max_data = options.connectionWindow;
  params.initial_max_stream_data_bidi_remote = options.streamWindow;
  params.initial_max_stream_data_uni = options.streamWindow;
  params.max_idle_timeout =
      static_cast<ngtcp2_duration>(options.idle.count()) * NGTCP2_MILLISECONDS;
  params.original_dcid = arrival.beforeRetry.value_or(arrival.head.dcid);
  params.original_dcid_present = 1;
  params.retry_scid = arrival.head.dcid;
  params.retry_scid_present = arrival.beforeRetry ? 1 : 0;
  params.stateless_reset_token_present = 1;
  network_.makeResetToken(id, params.stateless_reset_token);

  const ngtcp2_path path{network_.local(), client_.view(), nullptr};
  const ngtcp2_callbacks callbacks = Connection::callbacks();
  ngtcp2_conn* conn = nullptr;
  const int error = ngtcp2_conn_server_new(
      &conn,
      &arrival.head.scid,
      &id,
      &path,
      arrival.head.version,
      &callbacks,
      &settings,
      &params,
      nullptr,
      this
  );
  if (error != 0) {
    throw std::runtime_error(ngtcp2_strerror(error));
  }
  conn_.reset(conn);
  ngtcp2_conn_set_tls_native_handle(conn, tls_->handle());
  network_.addId(id, *this);
  network_.addId(arrival.head.dcid, *this);
}

void Connection::read(std::string_view packet, Address& from) {
  if (state_ == State::closed && !closePacket_.empty()) {
    network_.sendDatagram(from.view(), closePacket_);
  }
  if (state_ != State::open) {
    return;
  }
  client_ = from;
  if (portOf(from) != clientPort_) {
    clientPort_ = portOf(from);
    Report("moved").number("connection", number_).number("port", clientPort_).write();
  }
  ngtcp2_version_cid ids{};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(packet.data());
  if (ngtcp2_pkt_decode_version_cid(&ids, bytes, packet.size(), randomId().datalen) == 0) {
    ngtcp2_cid_init(&addressed_, ids.dcid, ids.dcidlen);
  }
  const ngtcp2_path path{network_.local(), from.view(), nullptr};
  const ngtcp2_pkt_info info{};
  const int error = ngtcp2_conn_read_pkt(conn_.get(), &path, &info, bytes, packet.size(), now());
  if (error != 0) {
    onReadError(error);
  }
}

void Connection::onReadError(int error) {
  if (error == NGTCP2_ERR_DRAINING) {
    const ngtcp2_ccerr* reason = ngtcp2_conn_get_ccerr2(conn_.get());
    state_ = State::closed;
    Report("closed")
        .number("connection", number_)
        .text("by", "client")
        .text("kind", reason->type == NGTCP2_CCERR_TYPE_APPLICATION ? "application" : "transport")
        .number("code", reason->error_code)
        .text("reason", {reinterpret_cast<const char*>(reason->reason), reason->reasonlen})
        .write();
    return;
  }
  if (error == NGTCP2_ERR_DROP_CONN) {
    drop();
    return;
  }
  ngtcp2_ccerr reason;
  ngtcp2_ccerr_default(&reason);
  if (error == NGTCP2_ERR_CRYPTO) {
    ngtcp2_ccerr_set_tls_alert(&reason, ngtcp2_conn_get_tls_alert2(conn_.get()), nullptr, 0);
  } else {
    ngtcp2_ccerr_set_liberr(&reason, error, nullptr, 0);
  }
  closing_ = reason;
  writeClose();
}

ngtcp2_tstamp Connection::expiry() const {
  return isOpen() ? ngtcp2_conn_get_expiry2(conn_.get()) : UINT64_MAX;
}

void Connection::onExpired() {
  if (ngtcp2_conn_handle_expiry(conn_.get(), now()) != 0) {
    // Silently, as QUIC has it.
    drop();
    Report("closed").number("connection", number_).text("by", "silence").write();
  }
}

void Connection::flush() {
  std::map<std::int64_t, bool> blocked;
  while (isOpen() && writePacket(blocked)) {
  }
  if (isOpen()) {
    ngtcp2_conn_update_pkt_tx_time(conn_.get(), now());
    if (closing_ && nextToSend({}) == -1) {
      writeClose();
    }
  }
}

std::int64_t Connection::nextToSend(const std::map<std::int64_t, bool>& blocked) const {
  const auto isReady = [&blocked](const auto& entry) {
    return entry.second.out.hasMore() && !blocked.contains(entry.first);
  };
  // Streams take turns; what the server itself has opened comes first.
  for (const auto& entry : streams_) {
    if (!ngtcp2_is_bidi_stream(entry.first) && isReady(entry)) {
      return entry.first;
    }
  }
  for (auto at = streams_.upper_bound(lastSent_); at != streams_.end(); ++at) {
    if (isReady(*at)) {
      return at->first;
    }
  }
  for (const auto& entry : streams_) {
    if (isReady(entry)) {
      return entry.first;
    }
  }
  return -1;
}

bool Connection::writePacket(std::map<std::int64_t, bool>& blocked) {
  std::array<std::uint8_t, kMostPerDatagram> packet;
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info info{};
  for (;;) {
    const std::int64_t id = nextToSend(blocked);
    Outgoing* out = id == -1 ? nullptr : &streams_.at(id).out;
    const std::string_view bytes = out ? out->next() : std::string_view{};
    const bool withEnd = out && out->endsAfterNext();
    const ngtcp2_vec piece{
        const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(bytes.data())),
        bytes.size()};
    std::uint32_t flags = out ? NGTCP2_WRITE_STREAM_FLAG_MORE : NGTCP2_WRITE_STREAM_FLAG_NONE;
    flags |= withEnd ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0U;
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize written = ngtcp2_conn_writev_stream(
        conn_.get(),
        &path.path,
        &info,
        packet.data(),
        packet.size(),
        &taken,
        flags,
        id,
        &piece,
        bytes.empty() ? 0 : 1,
        now()
    );
    if (out && taken >= 0) {
      const auto count = static_cast<std::uint64_t>(taken);
      out->onSent(count, withEnd && count == bytes.size());
      lastSent_ = id;
    }
    if (written == NGTCP2_ERR_WRITE_MORE) {
      continue;
    }
    if (out && written == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
      blocked[id] = true;
      continue;
    }
    if (out && (written == NGTCP2_ERR_STREAM_SHUT_WR || written == NGTCP2_ERR_STREAM_NOT_FOUND)) {
      out->drop();
      continue;
    }
    if (written < 0) {
      onReadError(static_cast<int>(written));
      return false;
    }
    if (written == 0) {
      return false;
    }
    network_.sendDatagram(
        path.path.remote,
        {reinterpret_cast<const char*>(packet.data()), static_cast<std::size_t>(written)}
    );
    return true;
  }
}

void Connection::writeClose() {
  std::array<std::uint8_t, kMostPerDatagram> packet;
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info info{};
  const ngtcp2_ssize written = ngtcp2_conn_write_connection_close(
      conn_.get(), &path.path, &info, packet.data(), packet.size(), &*closing_, now()
  );
  state_ = State::closed;
  if (written > 0) {
    closePacket_.assign(
        reinterpret_cast<const char*>(packet.data()), static_cast<std::size_t>(written)
    );
    network_.sendDatagram(path.path.remote, closePacket_);
  }
  Report("closed")
      .number("connection", number_)
      .text("by", "server")
      .number("code", closing_->error_code)
      .write();
}

}  // namespace h3server
