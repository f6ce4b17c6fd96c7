// Downloads from a scripted server: the engine with its threads.
#include "download_session.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace dodici::testing {
namespace {

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
