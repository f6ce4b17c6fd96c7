// How the server treats connections that are made from now on.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace h3server {

enum class Raise : std::uint8_t {
  never,        // only the command max-streams raises the limit
  perResponse,  // by one for each stream that is over
};

struct Options {
  std::string certificate;
  std::string key;
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::uint64_t maxStreams = 100;
  Raise raise = Raise::perResponse;
  std::chrono::milliseconds idle{600'000};
  std::uint64_t streamWindow = 1 << 20;
  std::uint64_t connectionWindow = 16 << 20;
  bool retries = false;
  // Whether unknown packets are answered by a stateless reset.
  bool resetsUnknown = false;
  // Whether it answers by itself; see answers.h.
  bool answers = false;
  // Version Negotiation with these versions is its answer to any first packet. Empty: none.
  std::vector<std::uint32_t> versions;
  // The code of a CONNECTION_CLOSE that is its answer to any first packet.
  std::optional<std::uint64_t> refusal;
  // The bytes of its control stream. None: an empty SETTINGS frame.
  std::optional<std::string> control;
};

// Sets one by its name on the command line, without dashes. Throws std::invalid_argument.
void setOption(Options& options, std::string_view name, std::string_view value);

// Reads pairs `--name value`. Throws std::invalid_argument.
Options optionsFrom(int count, char** words);

}  // namespace h3server
