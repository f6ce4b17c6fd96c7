#include "answers.h"

#include "connection.h"
#include "wire.h"

#include <string>

namespace h3server {

namespace {

constexpr std::string_view kBytes = "/bytes/";

std::string_view pathOf(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (name == ":path") {
      return value;
    }
  }
  return {};
}

// `:status: 200` and, if there is a length, `content-length`, by QPACK's static table.
std::string head(const std::string& length = {}) {
  std::string block("\0\0\xd9", 3);
  if (!length.empty()) {
    block += '\x54';
    block += static_cast<char>(length.size());
    block += length;
  }
  return frameHead(frame::kHeaders, block.size()) + block;
}

}  // namespace

void answerHead(Connection& connection, std::int64_t stream, const Headers& headers) {
  const std::string_view path = pathOf(headers);
  if (path.starts_with(kBytes)) {
    const std::uint64_t count = numberFrom(path.substr(kBytes.size()));
    connection.send(stream, head(std::to_string(count)) + frameHead(frame::kData, count));
    connection.fill(stream, count);
    connection.end(stream);
  } else if (path == "/echo") {
    connection.send(stream, head());
    connection.echo(stream);
  } else if (path != "/silent" && !path.empty()) {
    connection.send(stream, head("2") + frameHead(frame::kData, 2) + "ok");
    connection.end(stream);
  }
}

}  // namespace h3server
