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
    none,   // more bytes are needed
    alive,  // an informational head that the handler must not get; call onBytes() again for the rest
    informational,  // head() is informational: tell the handler, then call onBytes() again for the rest
    switched,       // the rest of the bytes belongs to the tunnel: takeRest()
    refused,        // an ordinary response; its body follows
    failed,         // see error()
  };

  // `method` is the request's.
  SwitchResponse(std::string_view method, std::uint32_t maxHeaderSize);

  // `bytes` are the next ones of the head; they may be empty.
  Progress onBytes(std::span<const std::byte> bytes);

  // The head that was completed.
  HeaderBlock& head() { return head_; }

  // The bytes after the head. REQUIRES: switched.
  std::string takeRest() { return std::move(in_); }

  // Appends the part of the body in `bytes` to `body`. Returns false if they are not valid HTTP. REQUIRES: refused.
  bool readBody(std::string_view bytes, std::string& body);
  // The peer has closed. Returns true if that ends the body.
  bool endsHere();

  bool bodyComplete() const { return parser_->is_done(); }

  const Error& error() const { return error_; }

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  Progress onLine(std::string_view line);
  Progress onInformationalHead() const;
  Progress onSwitchingHead();
  Progress startBody();
  Progress fail(Errc code, std::string why);

  const bool isConnect_;
  const bool isHead_;
  const std::size_t maxUnread_;  // bytes that wait for more to be parsed
  HeaderBlock head_;
  std::optional<Parser> parser_;  // parses the body
  bool wantsMore_ = false;        // the parser needs more bytes to go on
  std::string in_;                // received bytes; those from at_ on are not parsed yet
  std::size_t at_ = 0;
  std::size_t headBytes_ = 0;  // length of the lines of all heads so far
  Error error_;
};

}  // namespace dodici
