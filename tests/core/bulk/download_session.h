// What tests of Download need: its listener, a folder, and parts of an object.
//
// Threads: as Download says.
#pragma once

#include "dodici/download.h"
#include "support/scripted_server.h"
#include "support/test_client.h"

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

namespace dodici::testing {

class Listener final : public DownloadListener {
 public:
  void onDownloadNews() noexcept override {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  // Returns null if the download does not end.
  DownloadResult* waitFor(Download& download) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kExpectNoTimeout, [&] { return download.result() != nullptr; });
    return download.result();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// A folder of its own, which is removed with all that is in it.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "dodici-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }

  ~Folder() { std::filesystem::remove_all(path_); }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const char* name) const { return path_ / name; }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

 private:
  std::filesystem::path path_;
};

inline std::string part(int begin, const std::string& bytes, int total) {
  const int last = begin + static_cast<int>(bytes.size()) - 1;
  return "HTTP/1.1 206 Partial Content\r\netag: \"v1\"\r\ncontent-range: bytes " +
         std::to_string(begin) + "-" + std::to_string(last) + "/" + std::to_string(total) +
         "\r\ncontent-length: " + std::to_string(bytes.size()) + "\r\n\r\n" + bytes;
}

// Serves the object "abcdefghij" in ranges of four bytes.
inline Script threeRanges() {
  return Script()
      .readHead()
      .send(part(0, "abcd", 10))
      .readHead()
      .send(part(4, "efgh", 10))
      .readHead()
      .send(part(8, "ij", 10));
}

inline DownloadOptions optionsFor(const ScriptedServer& server) {
  DownloadOptions options;
  options.request.text = TestClient::text(server.origin(), "GET", "/object");
  options.request.allowHttp2 = false;
  options.rangeSize = 4;
  options.concurrency = 1;
  options.retryDelay = std::chrono::milliseconds(1);
  return options;
}

}  // namespace dodici::testing
