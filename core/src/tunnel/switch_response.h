// Reads the response to an upgrade or CONNECT request: the head, and the body of a response that does not switch.
//
// Threads: loop thread only.
// Owner:   Tunnel.
#pragma once

#include "dodici/error.h"
#include "http/header_block.h"

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dodici {

class SwitchResponse {
 public:
  enum class Progress : std::uint8_t {
    none,           // more bytes are needed
    informational,  // the same, but a head came that is not final: a sign of life
    switched,       // the rest of what came is the tunnel's: takeRest()
    refused,        // an ordinary response; its body follows
    failed,         // see error()
  };

  // Of a request with this method.
  SwitchResponse(std::string_view method, std::uint32_t maxHeaderSize);

  // More bytes of the head.
  Progress onBytes(std::span<const std::byte> bytes);

  // The head that was completed.
  HeaderBlock& head() { return head_; }

  // What came behind the head.
  std::string takeRest() { return std::move(in_); }

  // REQUIRES: refused. Appends what `bytes` hold of the body; false when they are no HTTP.
  bool readBody(std::string_view bytes, std::string& body);
  // The peer has closed: whether that was the body's end.
  bool endsHere();

  bool bodyComplete() const { return parser_->is_done(); }

  const Error& error() const { return error_; }

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  Progress onLine(std::string_view line);
  Progress onSwitchingHead();
  Progress startBody();
  Progress fail(Errc code, std::string why);

  const bool isConnect_;
  const bool isHead_;
  const std::size_t maxUnread_;  // of what cannot be parsed before more comes
  HeaderBlock head_;
  std::optional<Parser> parser_;  // of the body
  bool wantsMore_ = false;        // the parser, before it can go on
  std::string in_;                // not yet parsed
  Error error_;
};

}  // namespace dodici
