// The parts of Request::text, which are found only once.
//
// Threads: a plain value over memory that the Request owns.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

namespace dodici {

class RequestText {
 public:
  RequestText() = default;

  // If the text lacks a part or its last NUL, that part is empty.
  explicit RequestText(const std::string& text);

  // "https://host:port", with brackets around an IPv6 address.
  std::string_view origin() const { return origin_; }

  bool isTls() const { return origin_.starts_with("https:"); }

  // Without the brackets of an IPv6 address.
  std::string_view host() const;

  std::string_view hostInUrl() const;

  std::string_view port() const;

  const char* method() const { return method_; }

  const char* target() const { return target_; }

  std::string_view servername() const { return servername_; }

  // The host's addresses, separated by commas, IPv6 in brackets; empty if they are not known yet.
  std::string_view addresses() const { return addresses_; }

  template <typename F>
  void forEachHeaderLine(F&& onLine) const {
    for (const char* line = headers_; line < end_; line += std::strlen(line) + 1) {
      onLine(line);
    }
  }

 private:
  std::string_view origin_;
  std::string_view servername_;
  std::string_view addresses_;
  const char* method_ = "";
  const char* target_ = "";
  const char* headers_ = "";
  const char* end_ = headers_;
};

}  // namespace dodici
