#include "tunnel/switch_response.h"

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace dodici {

namespace {

namespace http = boost::beast::http;

// maxHeaderSize counts only names and values, so lines may be longer by this much.
constexpr std::size_t kLineSlack = 1024;

// libcurl's own limit for all heads of one response, informational ones included.
constexpr std::size_t kMostHeadBytes = 300 * 1024;

// If Beast asks for more of a chunk's header, it needs at least this many bytes.
constexpr std::size_t kShortestLastChunk = 5;

}  // namespace

SwitchResponse::SwitchResponse(std::string_view method, std::uint32_t maxHeaderSize)
    : isConnect_(method == "CONNECT"),
      isHead_(method == "HEAD"),
      maxUnread_(maxHeaderSize + kLineSlack),
      head_(maxHeaderSize) {}

SwitchResponse::Progress SwitchResponse::onBytes(std::span<const std::byte> bytes) {
  std::size_t searched = bytes.empty() ? at_ : in_.size();
  in_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Progress progress = Progress::none;
  while (progress == Progress::none) {
    const std::size_t end = in_.find('\n', searched);
    if (std::min(end, in_.size()) - at_ > maxUnread_) {
      progress = fail(Errc::headersOverflow, describe(Errc::headersOverflow));
    } else if (end == std::string::npos) {
      break;
    } else {
      const std::string_view line = std::string_view{in_}.substr(at_, end + 1 - at_);
      at_ = searched = end + 1;
      progress = onLine(line);
    }
  }
  // Bytes after an informational head are not moved, as many such heads may have come at once.
  if (progress != Progress::alive && progress != Progress::informational) {
    in_.erase(0, std::exchange(at_, 0));
  }
  return progress;
}

SwitchResponse::Progress SwitchResponse::onLine(std::string_view line) {
  headBytes_ += line.size();
  if (headBytes_ > kMostHeadBytes) {
    return fail(Errc::headersOverflow, describe(Errc::headersOverflow));
  }
  const HeaderProgress progress = head_.onLine(line);
  if (progress == HeaderProgress::failed) {
    error_ = head_.error();
    return Progress::failed;
  }
  if (head_.facts().httpVersion >= 20) {
    return fail(Errc::malformedResponse, "not a status line");
  }
  switch (progress) {
    case HeaderProgress::continueHead:
      return Progress::alive;
    case HeaderProgress::informationalHead:
      return onInformationalHead();
    case HeaderProgress::switchingHead:
      return onSwitchingHead();
    case HeaderProgress::finalHead:
      return isConnect_ ? Progress::switched : startBody();
    default:
      return Progress::none;
  }
}

// A handler of CONNECT has no method for informational heads.
SwitchResponse::Progress SwitchResponse::onInformationalHead() const {
  return isConnect_ ? Progress::alive : Progress::informational;
}

// Without these two headers a 101 names no protocol (RFC 9110, 15.2.2). CONNECT asks for no protocol: a 101 that names
// one is wrong, and one that names none is an ordinary response.
SwitchResponse::Progress SwitchResponse::onSwitchingHead() {
  const ResponseFacts& facts = head_.facts();
  const bool namesProtocol = facts.upgradeNamed && facts.connectionUpgrade;
  if (namesProtocol != isConnect_) {
    return Progress::switched;
  }
  return fail(
      Errc::unexpectedUpgrade,
      isConnect_ ? "101 as the answer to CONNECT" : "101 without upgrade and connection: upgrade"
  );
}

// Beast reads the body. It only gets the status and the framing from the head. It knows that 204 and 304 have no body.
SwitchResponse::Progress SwitchResponse::startBody() {
  const ResponseFacts& facts = head_.facts();
  std::string head = "HTTP/1.1 " + std::to_string(facts.status) + " -\r\n";
  if (facts.contentLength) {
    head.append("content-length: ").append(std::to_string(*facts.contentLength)).append("\r\n");
  } else if (facts.chunked) {
    head.append("transfer-encoding: chunked\r\n");
  }
  parser_.emplace();
  parser_->eager(false);
  parser_->skip(isHead_);
  parser_->body_limit(boost::none);
  boost::beast::error_code error;
  parser_->put(boost::asio::buffer(head.append("\r\n")), error);
  return error ? fail(Errc::malformedResponse, error.message()) : Progress::refused;
}

SwitchResponse::Progress SwitchResponse::fail(Errc code, std::string why) {
  error_ = Error{code, 0, std::move(why), {}};
  return Progress::failed;
}

bool SwitchResponse::readBody(std::string_view bytes, std::string& body) {
  in_ += bytes;
  if (wantsMore_ && in_.size() < kShortestLastChunk) {
    return true;
  }
  wantsMore_ = false;
  std::array<char, 16 * 1024> room;  // NOLINT: filled by the parser
  while (!in_.empty() && !parser_->is_done() && !wantsMore_) {
    auto& to = parser_->get().body();
    to.data = room.data();
    to.size = room.size();
    to.more = true;
    boost::beast::error_code error;
    const std::size_t used = parser_->put(boost::asio::buffer(in_), error);
    in_.erase(0, used);
    body.append(room.data(), room.size() - to.size);
    wantsMore_ = error == http::error::need_more;
    if (error && error != http::error::need_buffer && !wantsMore_) {
      return false;
    }
  }
  // Returns false if a chunk's header or the trailers are too long.
  return !wantsMore_ || in_.size() <= maxUnread_;
}

bool SwitchResponse::endsHere() {
  boost::beast::error_code error;
  parser_->put_eof(error);
  return !error && parser_->is_done();
}

}  // namespace dodici
