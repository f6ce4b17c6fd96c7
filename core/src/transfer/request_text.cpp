#include "transfer/request_text.h"

namespace dodici {

RequestText::RequestText(const std::string& text) {
  const char* at = text.c_str();
  const char* const end = at + text.size();
  const auto next = [&at, end]() -> const char* {
    if (at >= end) {
      return "";
    }
    const char* const part = at;
    at += std::strlen(at) + 1;
    return part;
  };
  origin_ = next();
  method_ = next();
  target_ = next();
  servername_ = next();
  if (const auto feed = servername_.find('\n'); feed != std::string_view::npos) {
    addresses_ = servername_.substr(feed + 1);
    servername_ = servername_.substr(0, feed);
  }
  headers_ = at < end ? at : end;
  end_ = end;
}

std::string_view RequestText::hostInUrl() const {
  const auto start = origin_.find("://");
  if (start == std::string_view::npos) {
    return {};
  }
  const auto authority = origin_.substr(start + 3);
  return authority.substr(0, authority.rfind(':'));
}

std::string_view RequestText::host() const {
  const auto host = hostInUrl();
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

std::string_view RequestText::port() const {
  const auto colon = origin_.rfind(':');
  return colon == std::string_view::npos ? std::string_view{} : origin_.substr(colon + 1);
}

}  // namespace dodici
