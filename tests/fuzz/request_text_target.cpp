// Request::text comes from our own JavaScript, but a request with an odd origin must not read beyond it.
#include "input.h"
#include "transfer/request_text.h"

#include <cstring>
#include <string>

namespace dodici::fuzz {

namespace {

bool inside(const std::string& text, std::string_view part) {
  const char* const first = text.data();
  // The NUL behind the text is its own, too.
  return part.empty() || (part.data() >= first && part.data() + part.size() <= first + text.size());
}

void readAny(const std::string& text) {
  const RequestText parts(text);
  require(inside(text, parts.origin()), "the origin is of the text");
  require(inside(text, parts.hostInUrl()), "the host in the URL is of the text");
  require(inside(text, parts.host()), "the host is of the text");
  require(inside(text, parts.port()), "the port is of the text");
  require(inside(text, parts.servername()), "the servername is of the text");
  require(inside(text, parts.addresses()), "the addresses are of the text");
  require(inside(text, {parts.method(), std::strlen(parts.method())}), "the method is of the text");
  require(inside(text, {parts.target(), std::strlen(parts.target())}), "the target is of the text");
  parts.forEachHeaderLine([&text](const char* line) {
    require(inside(text, {line, std::strlen(line)}), "a header line is of the text");
  });
}

std::string partOf(Input& input) {
  std::string part(input.text(input.below(32)));
  std::erase(part, '\0');
  return part;
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text.append(part).push_back('\0');
  }
  return text;
}

// What was put together is taken apart again.
void roundTrip(Input& input) {
  const bool isTls = input.flag();
  std::string host = partOf(input);
  std::erase_if(host, [](char c) { return c == '[' || c == ']'; });
  const bool isIpv6 = input.flag();
  const std::string hostInUrl = isIpv6 ? "[" + host + "]" : host;
  const std::string port = std::to_string(input.byte() * 256 + input.byte());
  const std::string origin = (isTls ? "https://" : "http://") + hostInUrl + ":" + port;
  const std::string method = partOf(input);
  const std::string target = partOf(input);
  std::string servername = partOf(input);
  std::erase(servername, '\n');
  const std::string addresses = partOf(input);
  const std::string named = addresses.empty() ? servername : servername + "\n" + addresses;
  const std::string header = partOf(input);

  const std::string text = joined({origin, method, target, named, header});
  const RequestText parts(text);
  require(parts.origin() == origin, "the origin comes back");
  require(parts.isTls() == isTls, "the scheme comes back");
  require(parts.hostInUrl() == hostInUrl, "the host comes back as in the URL");
  require(parts.host() == host, "the host comes back");
  require(parts.port() == port, "the port comes back");
  require(parts.method() == method, "the method comes back");
  require(parts.target() == target, "the target comes back");
  require(parts.servername() == servername, "the servername comes back");
  require(parts.addresses() == addresses, "the addresses come back");
  int lines = 0;
  parts.forEachHeaderLine([&](const char* line) {
    require(line == header, "the header line comes back");
    ++lines;
  });
  require(lines == 1, "there are as many header lines as were given");
}

}  // namespace

void requestText(Bytes bytes) {
  Input input(bytes);
  readAny(std::string(input.rest()));
  Input parts(bytes);
  roundTrip(parts);
}

}  // namespace dodici::fuzz
