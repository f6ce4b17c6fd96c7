// Downloads that go on with what an earlier one has left.
#include "bulk/side_file.h"
#include "download_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dodici::testing {
namespace {

using Names = std::vector<std::string>;

std::string textOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

// The side file of a part of "abcdefghij", of which "abcd" is there.
std::string sideText(const std::string& key = "key", std::uint64_t end = 4) {
  return toText({key, "", {10, "\"v1\"", "", "\"v1\"", {{0, end}}}});
}

DownloadOptions resumable(const ScriptedServer& server, const Folder& folder) {
  DownloadOptions options = optionsFor(server);
  options.path = folder.file("object");
  options.temporaryPath = folder.file("object.download");
  options.resumeKey = "key";
  options.retries = 0;
  return options;
}

Names sorted(Names names) {
  std::sort(names.begin(), names.end());
  return names;
}

// Runs a download to its end. Its result is copied, without the bytes.
DownloadResult run(DownloadOptions options) {
  Listener listener;
  Download download({}, std::move(options), listener);
  DownloadResult* const result = listener.waitFor(download);
  return result == nullptr ? DownloadResult{} : std::move(*result);
}

TEST(Resume, GoesOnWithWhatAFailedDownloadHasLeft) {
  ScriptedServer server({
      Script().readHead().send(part(0, "abcd", 10)).readHead().reset(),
      Script().readHead().send(part(4, "efgh", 10)).readHead().send(part(8, "ij", 10)),
  });
  const Folder folder;
  EXPECT_EQ(run(resumable(server, folder)).end, DownloadEnd::networkFailed);
  EXPECT_EQ(sorted(folder.names()), (Names{"object.download", "object.download.json"}));
  DownloadOptions again = resumable(server, folder);
  again.checksum = ChecksumKind::crc32c;
  const DownloadResult result = run(std::move(again));
  ASSERT_EQ(result.end, DownloadEnd::whole);
  EXPECT_EQ(result.resumed, 4U);
  EXPECT_EQ(result.ranges, 2U);
  EXPECT_EQ(result.checksum, "e6599437");
  EXPECT_EQ(textOf(folder.file("object")), "abcdefghij");
  EXPECT_EQ(folder.names(), Names{"object"});
  EXPECT_TRUE(server.waitForReceived(1, "range: bytes=4-7\r\nif-range: \"v1\"\r\n"));
}

TEST(Resume, KeepsThePartOfACancelledDownload) {
  const Signal stalled;
  ScriptedServer server({Script().readHead().send(part(0, "abcd", 10)).readHead().announce(stalled)}
  );
  const Folder folder;
  Listener listener;
  Download download({}, resumable(server, folder), listener);
  ASSERT_TRUE(stalled.wait());
  download.cancel();
  ASSERT_NE(listener.waitFor(download), nullptr);
  EXPECT_EQ(textOf(folder.file("object.download")).substr(0, 4), "abcd");
  EXPECT_EQ(textOf(folder.file("object.download.json")), sideText());
}

TEST(Resume, WritesTheSideFileWhileItRuns) {
  const Signal stalled;
  ScriptedServer server({Script().readHead().send(part(0, "abcd", 10)).readHead().announce(stalled)}
  );
  const Folder folder;
  Listener listener;
  Download download({}, resumable(server, folder), listener);
  const std::string side = folder.file("object.download.json");
  const auto deadline = std::chrono::steady_clock::now() + kExpectNoTimeout;
  while (!std::filesystem::exists(side) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const auto saved = parseSideFile(textOf(side));
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->object.spans.at(0).end, 4U);
  EXPECT_NE(saved->boot, "");
}

TEST(Resume, BeginsAnewWithASideFileThatDoesNotFit) {
  const std::string otherBoot =
      toText({"key", "another boot\n", {10, "\"v1\"", "", "\"v1\"", {{0, 4}}}});
  for (const std::string& side :
       {std::string(),
        std::string("{}"),
        sideText().substr(0, 50),
        sideText("other key"),
        sideText("key", 5),
        otherBoot}) {
    ScriptedServer server({threeRanges()});
    const Folder folder;
    write(folder.file("object.download"), "XXXX");
    write(folder.file("object.download.json"), side);
    const DownloadResult result = run(resumable(server, folder));
    EXPECT_EQ(result.end, DownloadEnd::whole) << side;
    EXPECT_EQ(result.resumed, 0U);
    EXPECT_EQ(textOf(folder.file("object")), "abcdefghij") << side;
    EXPECT_EQ(folder.names(), Names{"object"});
  }
}

TEST(Resume, ForgetsThePartBeforeItWritesAnotherObject) {
  const Signal stalled;
  ScriptedServer server(
      {Script()
           .readHead()
           .send("HTTP/1.1 200 OK\r\netag: \"v2\"\r\ncontent-length: 9\r\n\r\nABCDE")
           .announce(stalled)
           .send("FGHI")}
  );
  const Folder folder;
  write(folder.file("object.download"), "abcd");
  write(folder.file("object.download.json"), sideText());
  const DownloadResult result = run(resumable(server, folder));
  EXPECT_EQ(result.end, DownloadEnd::whole);
  EXPECT_EQ(result.resumed, 0U);
  EXPECT_EQ(textOf(folder.file("object")), "ABCDEFGHI");
  EXPECT_EQ(folder.names(), Names{"object"});
}

TEST(Resume, KeepsNothingThatHasTheWrongChecksum) {
  ScriptedServer server({threeRanges()});
  const Folder folder;
  DownloadOptions options = resumable(server, folder);
  options.checksum = ChecksumKind::crc32c;
  options.expectedChecksum = "00000000";
  EXPECT_EQ(run(std::move(options)).end, DownloadEnd::wrongChecksum);
  EXPECT_TRUE(folder.names().empty());
}

TEST(Resume, LetsNoSecondDownloadWriteTheSameFile) {
  const Signal stalled;
  ScriptedServer server({Script().readHead().send(part(0, "abcd", 10)).readHead().announce(stalled)}
  );
  const Folder folder;
  Listener listener;
  Download download({}, resumable(server, folder), listener);
  ASSERT_TRUE(stalled.wait());
  const DownloadResult second = run(resumable(server, folder));
  EXPECT_EQ(second.end, DownloadEnd::systemFailed);
  EXPECT_EQ(second.systemError, EBUSY);
  EXPECT_EQ(server.connectionCount(), 1U);
  EXPECT_EQ(textOf(folder.file("object.download")).substr(0, 4), "abcd");
}

TEST(Resume, DoesNotWriteThroughALink) {
  ScriptedServer server({threeRanges()});
  const Folder folder;
  write(folder.file("other"), "other");
  std::filesystem::create_symlink(folder.file("other"), folder.file("object.download"));
  const DownloadResult result = run(resumable(server, folder));
  EXPECT_EQ(result.end, DownloadEnd::systemFailed);
  EXPECT_EQ(result.systemError, ELOOP);
  EXPECT_EQ(textOf(folder.file("other")), "other");
}

}  // namespace
}  // namespace dodici::testing
