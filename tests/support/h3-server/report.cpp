#include "report.h"

#include <cstdio>
#include <utility>

namespace h3server {

Report::Report(std::string_view event) : line_("{") { text("event", event); }

Report& Report::number(std::string_view name, std::uint64_t value) {
  key(name);
  line_ += std::to_string(value);
  return *this;
}

Report& Report::text(std::string_view name, std::string_view value) {
  key(name);
  quote(value);
  return *this;
}

Report& Report::header(std::string_view name, std::string_view value) {
  std::swap(line_, headers_);
  line_ += line_.empty() ? "[" : ",[";
  quote(name);
  line_ += ',';
  quote(value);
  line_ += ']';
  std::swap(line_, headers_);
  return *this;
}

void Report::write() {
  if (!headers_.empty()) {
    key("headers");
    line_ += '[' + headers_ + ']';
  }
  line_ += "}\n";
  std::fwrite(line_.data(), 1, line_.size(), stdout);
  std::fflush(stdout);
}

void Report::key(std::string_view name) {
  if (line_.size() > 1) {
    line_ += ',';
  }
  quote(name);
  line_ += ':';
}

// Bytes are written as the characters of latin1, so that any value is valid JSON.
void Report::quote(std::string_view value) {
  line_ += '"';
  for (const char each : value) {
    const auto byte = static_cast<std::uint8_t>(each);
    if (byte < 0x20 || byte >= 0x7f || each == '"' || each == '\\') {
      char escape[7];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      line_ += escape;
    } else {
      line_ += each;
    }
  }
  line_ += '"';
}

}  // namespace h3server
