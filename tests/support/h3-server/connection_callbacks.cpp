// What the client does on a connection.
#include "answers.h"
#include "connection.h"
#include "report.h"
#include "wire.h"

#include <cstdio>
#include <exception>
#include <utility>

namespace h3server {

namespace {

// Longer pieces of bodies are only counted.
constexpr std::size_t kLongestText = 1024;
// A control stream, and an empty SETTINGS frame.
constexpr std::string_view kSettings{"\0\x04\0", 3};

Connection& of(void* self) { return *static_cast<Connection*>(self); }

// libngtcp2 takes no exceptions.
template <typename Call>
int guarded(Call call) {
  try {
    call();
    return 0;
  } catch (const std::exception& error) {
    Report("error").text("message", error.what()).write();
    return NGTCP2_ERR_CALLBACK_FAILURE;
  }
}

}  // namespace

ngtcp2_callbacks Connection::callbacks() {
  ngtcp2_callbacks all{};
  all.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
  all.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
  all.encrypt = ngtcp2_crypto_encrypt_cb;
  all.decrypt = ngtcp2_crypto_decrypt_cb;
  all.hp_mask = ngtcp2_crypto_hp_mask_cb;
  all.update_key = ngtcp2_crypto_update_key_cb;
  all.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
  all.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
  all.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
  all.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
  all.rand = [](std::uint8_t* to, std::size_t count, const ngtcp2_rand_ctx*) {
    fillWithRandom(to, count);
  };
  all.get_new_connection_id = onNewId;
  all.remove_connection_id = [](ngtcp2_conn*, const ngtcp2_cid* id, void* self) {
    of(self).network_.removeId(*id);
    return 0;
  };
  all.handshake_completed = [](ngtcp2_conn*, void* self) {
    return guarded([self] { of(self).onHandshakeCompleted(); });
  };
  all.recv_stream_data = [](ngtcp2_conn*,
                            std::uint32_t flags,
                            std::int64_t id,
                            std::uint64_t,
                            const std::uint8_t* data,
                            std::size_t length,
                            void* self,
                            void*) {
    return guarded([=] {
      of(self).onStreamData(id, flags, {reinterpret_cast<const char*>(data), length});
    });
  };
  all.acked_stream_data_offset = [](ngtcp2_conn*,
                                    std::int64_t id,
                                    std::uint64_t offset,
                                    std::uint64_t length,
                                    void* self,
                                    void*) {
    if (Stream* found = of(self).find(id)) {
      found->out.onAcknowledged(offset + length);
    }
    return 0;
  };
  all.stream_close =
      [](ngtcp2_conn*, std::uint32_t, std::int64_t id, std::uint64_t, void* self, void*) {
        of(self).onStreamClosed(id);
        return 0;
      };
  all.stream_reset =
      [](ngtcp2_conn*, std::int64_t id, std::uint64_t, std::uint64_t code, void* self, void*) {
        of(self).reportOf("reset", id).number("code", code).write();
        return 0;
      };
  all.recv_stop_sending = [](ngtcp2_conn*, std::int64_t id, std::uint64_t code, void* self, void*) {
    of(self).reportOf("stop", id).number("code", code).write();
    return 0;
  };
  return all;
}

int Connection::onNewId(
    ngtcp2_conn*, ngtcp2_cid* id, std::uint8_t* token, std::size_t length, void* self
) {
  *id = randomId();
  id->datalen = length;
  of(self).network_.makeResetToken(*id, token);
  of(self).network_.addId(*id, of(self));
  return 0;
}

Report Connection::reportOf(std::string_view event, std::int64_t stream) const {
  Report report(event);
  report.number("connection", number_).number("stream", static_cast<std::uint64_t>(stream));
  return report;
}

void Connection::onHandshakeCompleted() {
  controlStream_ = openStreamOfOurs(control_.value_or(std::string(kSettings)));
  Report("handshake").number("connection", number_).write();
}

Connection::Stream& Connection::requestOf(std::int64_t id) {
  Stream& stream = streams_[id];
  if (!stream.reader) {
    RequestReader::Listener listener;
    listener.onHead = [this, id](const Headers& headers) { onRequestHead(id, headers); };
    listener.onBody = [this, id](std::string_view bytes) { onRequestBody(id, bytes); };
    stream.reader = std::make_unique<RequestReader>(id, std::move(listener));
  }
  return stream;
}

void Connection::onStreamData(std::int64_t id, std::uint32_t flags, std::string_view bytes) {
  if (!ngtcp2_is_bidi_stream(id)) {
    allowMore(id, bytes.size());
    return;
  }
  Stream& stream = requestOf(id);
  stream.reader->read(bytes);
  if (stream.isHeld) {
    stream.unreleased += bytes.size();
  } else {
    allowMore(id, bytes.size());
  }
  if ((flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0) {
    onRequestEnd(id);
  }
}

void Connection::allowMore(std::int64_t id, std::uint64_t count) {
  ngtcp2_conn_extend_max_stream_offset(conn_.get(), id, count);
  ngtcp2_conn_extend_max_offset(conn_.get(), count);
}

void Connection::onStreamClosed(std::int64_t id) {
  if (!ngtcp2_is_bidi_stream(id)) {
    return;
  }
  streams_.erase(id);
  reportOf("over", id).write();
  if (raise_ == Raise::perResponse) {
    raiseStreams(1);
  }
}

void Connection::onRequestHead(std::int64_t id, const Headers& headers) {
  Report report = reportOf("head", id);
  for (const auto& [name, value] : headers) {
    report.header(name, value);
  }
  report.write();
  if (answers_) {
    answerHead(*this, id, headers);
  }
}

void Connection::onRequestBody(std::int64_t id, std::string_view bytes) {
  Stream& stream = streams_.at(id);
  stream.bodyLength += bytes.size();
  Report report = reportOf("body", id);
  report.number("length", bytes.size());
  if (bytes.size() <= kLongestText) {
    report.text("text", bytes);
  }
  report.write();
  if (stream.echoes) {
    stream.out.append(frameHead(frame::kData, bytes.size()));
    stream.out.append(std::string(bytes));
  }
}

void Connection::onRequestEnd(std::int64_t id) {
  Stream& stream = streams_.at(id);
  reportOf("end", id).number("length", stream.bodyLength).write();
  if (stream.echoes) {
    stream.out.end();
  }
}

}  // namespace h3server
