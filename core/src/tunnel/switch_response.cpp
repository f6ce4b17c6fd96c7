#include "tunnel/switch_response.h"

#include <boost/asio/buffer.hpp>

#include <array>
#include <limits>
#include <utility>

namespace dodici {

namespace {

namespace http = boost::beast::http;

}  // namespace

SwitchResponse::SwitchResponse(bool isConnect, std::uint32_t maxHeaderSize)
    : isConnect_(isConnect), maxHeaderSize_(maxHeaderSize), head_(maxHeaderSize) {
  newParser();
}

void SwitchResponse::newParser() {
  parser_.emplace();
  parser_->eager(false);
  parser_->header_limit(maxHeaderSize_);
  parser_->body_limit(boost::none);
  // A response to CONNECT has no body: what follows is the tunnel's, whatever its headers say.
  parser_->skip(isConnect_);
}

SwitchResponse::Progress SwitchResponse::onBytes(std::span<const std::byte> bytes) {
  in_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (!in_.empty()) {
    boost::beast::error_code error;
    const std::size_t used = parser_->put(boost::asio::buffer(in_), error);
    in_.erase(0, used);
    if (error == http::error::need_more) {
      return Progress::none;
    }
    if (error) {
      const bool tooLarge = error == http::error::header_limit;
      error_ =
          Error{tooLarge ? Errc::headersOverflow : Errc::malformedResponse, 0, error.message(), {}};
      return Progress::failed;
    }
    if (!parser_->is_header_done()) {
      return Progress::none;
    }
    const auto status = parser_->get().result_int();
    if (status >= 200 || status == 101) {
      return onHead();
    }
    newParser();
  }
  return Progress::none;
}

// HeaderBlock makes the record, and refuses what undici's parser would.
SwitchResponse::Progress SwitchResponse::onHead() {
  const auto& message = parser_->get();
  const auto status = message.result_int();
  std::string line = message.version() == 10 ? "HTTP/1.0 " : "HTTP/1.1 ";
  line.append(std::to_string(status)).append(" ").append(message.reason()).append("\r\n");
  auto progress = head_.onLine(line);
  for (const auto& field : message) {
    if (progress == HeaderProgress::failed) {
      break;
    }
    line.assign(field.name_string()).append(": ").append(field.value()).append("\r\n");
    progress = head_.onLine(line);
  }
  if (progress != HeaderProgress::failed) {
    progress = head_.onLine("\r\n");
  }
  if (progress == HeaderProgress::failed) {
    error_ = head_.error();
    return Progress::failed;
  }
  return isConnect_ ? Progress::switched : status == 101 ? Progress::switched : Progress::refused;
}

bool SwitchResponse::readBody(std::string_view bytes, std::string& body) {
  in_ += bytes;
  std::array<char, 16 * 1024> room;  // NOLINT: filled by the parser
  while (!in_.empty() && !parser_->is_done()) {
    auto& to = parser_->get().body();
    to.data = room.data();
    to.size = room.size();
    to.more = true;
    boost::beast::error_code error;
    const std::size_t used = parser_->put(boost::asio::buffer(in_), error);
    in_.erase(0, used);
    body.append(room.data(), room.size() - to.size);
    if (error && error != http::error::need_buffer && error != http::error::need_more) {
      return false;
    }
    if (error == http::error::need_more) {
      break;
    }
  }
  return true;
}

bool SwitchResponse::endsHere() {
  boost::beast::error_code error;
  parser_->put_eof(error);
  return !error && parser_->is_done();
}

}  // namespace dodici
