// Downloads from a scripted server: the engine with its threads.
#include "dodici/download.h"

#include "support/scripted_server.h"
#include "support/test_client.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

namespace dodici::testing {
namespace {

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

std::string part(int begin, const std::string& bytes, int total) {
  const int last = begin + static_cast<int>(bytes.size()) - 1;
  return "HTTP/1.1 206 Partial Content\r\netag: \"v1\"\r\ncontent-range: bytes " +
         std::to_string(begin) + "-" + std::to_string(last) + "/" + std::to_string(total) +
         "\r\ncontent-length: " + std::to_string(bytes.size()) + "\r\n\r\n" + bytes;
}

DownloadOptions optionsFor(const ScriptedServer& server) {
  DownloadOptions options;
  options.request.text = TestClient::text(server.origin(), "GET", "/object");
  options.request.allowHttp2 = false;
  options.rangeSize = 4;
  options.concurrency = 1;
  options.retryDelay = std::chrono::milliseconds(1);
  return options;
}

Script threeRanges() {
  return Script()
      .readHead()
      .send(part(0, "abcd", 10))
      .readHead()
      .send(part(4, "efgh", 10))
      .readHead()
      .send(part(8, "ij", 10));
}

TEST(Download, PutsRangesTogetherInMemory) {
  ScriptedServer server({threeRanges()});
  Listener listener;
  Download download({}, optionsFor(server), listener);
  DownloadResult* const result = listener.waitFor(download);
  ASSERT_NE(result, nullptr);
  ASSERT_EQ(result->end, DownloadEnd::whole);
  EXPECT_EQ(
      std::string(reinterpret_cast<const char*>(result->bytes.get()), result->size), "abcdefghij"
  );
  EXPECT_EQ(result->ranges, 3U);
  EXPECT_TRUE(server.waitForReceived(0, "range: bytes=4-7\r\nif-range: \"v1\"\r\n"));
}

TEST(Download, WritesAFileThatHasItsNameOnlyWhenItIsWhole) {
  ScriptedServer server({threeRanges()});
  const Folder folder;
  Listener listener;
  DownloadOptions options = optionsFor(server);
  options.path = folder.file("object");
  options.temporaryPath = folder.file("object.part");
  options.syncs = true;
  options.checksum = ChecksumKind::crc32c;
  Download download({}, std::move(options), listener);
  DownloadResult* const result = listener.waitFor(download);
  ASSERT_NE(result, nullptr);
  ASSERT_EQ(result->end, DownloadEnd::whole);
  std::ifstream file(folder.file("object"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "abcdefghij");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"object"});
  EXPECT_EQ(result->checksum, "e6599437");
}

TEST(Download, LeavesNothingBehindWhenItIsCancelled) {
  const Signal stalled;
  ScriptedServer server({Script().readHead().send(part(0, "abcd", 10)).readHead().announce(stalled)}
  );
  const Folder folder;
  Listener listener;
  DownloadOptions options = optionsFor(server);
  options.path = folder.file("object");
  options.temporaryPath = folder.file("object.part");
  Download download({}, std::move(options), listener);
  ASSERT_TRUE(stalled.wait());
  EXPECT_EQ(folder.names(), std::vector<std::string>{"object.part"});
  download.cancel();
  DownloadResult* const result = listener.waitFor(download);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->end, DownloadEnd::cancelled);
  EXPECT_TRUE(folder.names().empty());
  EXPECT_TRUE(server.waitForClosed(1));
}

TEST(Download, IsCancelledByItsDestructor) {
  const Signal stalled;
  ScriptedServer server({Script().readHead().announce(stalled)});
  Listener listener;
  {
    Download download({}, optionsFor(server), listener);
    ASSERT_TRUE(stalled.wait());
  }
  EXPECT_TRUE(server.waitForClosed(1));
}

TEST(Download, AsksAgainAfterAReset) {
  ScriptedServer server({
      Script().readHead().send(part(0, "abcd", 8)).readHead().reset(),
      Script().readHead().send(part(4, "efgh", 8)),
  });
  Listener listener;
  Download download({}, optionsFor(server), listener);
  DownloadResult* const result = listener.waitFor(download);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->end, DownloadEnd::whole);
  EXPECT_EQ(result->retries, 1U);
}

TEST(Download, ReportsWhatTheSystemRefuses) {
  ScriptedServer server({threeRanges()});
  const Folder folder;
  Listener listener;
  DownloadOptions options = optionsFor(server);
  options.path = folder.file("none/object");
  options.temporaryPath = folder.file("none/object.part");
  Download download({}, std::move(options), listener);
  DownloadResult* const result = listener.waitFor(download);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->end, DownloadEnd::systemFailed);
  EXPECT_EQ(result->systemError, ENOENT);
  EXPECT_EQ(result->syscall, "open");
  EXPECT_EQ(server.connectionCount(), 0U);
}

}  // namespace
}  // namespace dodici::testing
