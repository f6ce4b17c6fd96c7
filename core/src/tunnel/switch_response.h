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
    alive,  // a head came that the handler is not told; call onBytes() again for what follows it
    informational,  // head() is informational: tell the handler, then call onBytes() again for what follows it
    switched,  // the rest of what came is the tunnel's: takeRest()
    refused,   // an ordinary response; its body follows
    failed,    // see error()
  };

  // `method`: of the request.
  SwitchResponse(std::string_view method, std::uint32_t maxHeaderSize);

  // More bytes of the head, or none.
  Progress onBytes(std::span<const std::byte> bytes);

  // The head that was completed.
  HeaderBlock& head() { return head_; }

  // What came behind the head. REQUIRES: switched.
  std::string takeRest() { return std::move(in_); }

  // REQUIRES: refused. Appends what `bytes` hold of the body to `body`; false when they are not HTTP.
  bool readBody(std::string_view bytes, std::string& body);
  // The peer has closed. True when that ends the body.
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
  const std::size_t maxUnread_;  // of what cannot be parsed before more comes
  HeaderBlock head_;
  std::optional<Parser> parser_;  // of the body
  bool wantsMore_ = false;        // the parser, before it can go on
  std::string in_;                // what came; from at_ on not yet parsed
  std::size_t at_ = 0;
  std::size_t headBytes_ = 0;  // in the lines of all heads so far
  Error error_;
};

}  // namespace dodici
