// Reads the frames of a request's stream, and reports its head. Trailers are reported as a further head.
//
// Owner: Connection.
#pragma once

#include <nghttp3/nghttp3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace h3server {

using Headers = std::vector<std::pair<std::string, std::string>>;

class RequestReader {
 public:
  struct Listener {
    std::function<void(const Headers&)> onHead;
    std::function<void(std::string_view)> onBody;
  };

  RequestReader(std::int64_t stream, Listener listener);

  void read(std::string_view bytes);

 private:
  // Both return what is left of `bytes`.
  std::string_view beginFrame(std::string_view bytes);
  std::string_view readPayload(std::string_view bytes);
  Headers decode(std::string_view block) const;

  const std::int64_t stream_;
  const Listener listener_;
  // The beginning of a frame's head, or of a block of headers.
  std::string part_;
  bool isInFrame_ = false;
  std::uint64_t type_ = 0;
  std::uint64_t left_ = 0;
};

}  // namespace h3server
