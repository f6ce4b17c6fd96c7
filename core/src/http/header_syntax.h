// Small functions for HTTP's header syntax. They are inline because they see each byte of each response head.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace dodici {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

inline bool equalsIgnoringCase(std::string_view text, std::string_view lowerCase) {
  return std::equal(
      text.begin(),
      text.end(),
      lowerCase.begin(),
      lowerCase.end(),
      [](char a, char b) { return lower(a) == b; }
  );
}

inline std::string_view stripLeft(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

inline std::string_view strip(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

// Removes the first element of a comma-separated list and returns it.
inline std::string_view takeElement(std::string_view& list) {
  const std::size_t comma = std::min(list.find(','), list.size());
  const std::string_view element = strip(list.substr(0, comma));
  list.remove_prefix(std::min(comma + 1, list.size()));
  return element;
}

// Parses all of `text` as a decimal number, without sign or blanks.
inline std::optional<std::uint64_t> parseNumber(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  if (code != std::errc{} || stop != end) {
    return std::nullopt;
  }
  return number;
}

// RFC 9110's token characters.
constexpr std::array<bool, 256> makeTokenTable() {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) {
    table[c] = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}

inline bool isToken(std::string_view name) {
  static constexpr std::array<bool, 256> kTable = makeTokenTable();
  bool good = true;
  for (const char c : name) {
    good &= kTable[static_cast<unsigned char>(c)];
  }
  return good;
}

inline bool hasControlCharacter(std::string_view value) {
  bool found = false;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    found |= (byte < 0x20 && byte != '\t') || byte == 0x7f;
  }
  return found;
}

}  // namespace dodici
