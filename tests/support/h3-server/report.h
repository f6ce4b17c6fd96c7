// One line of JSON on stdout: something that the server has seen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace h3server {

class Report {
 public:
  explicit Report(std::string_view event);

  Report& number(std::string_view name, std::uint64_t value);
  Report& text(std::string_view name, std::string_view value);
  // A name and its value, as the next member of the array `headers`.
  Report& header(std::string_view name, std::string_view value);
  void write();

 private:
  void key(std::string_view name);
  void quote(std::string_view value);

  std::string line_;
  std::string headers_;
};

}  // namespace h3server
