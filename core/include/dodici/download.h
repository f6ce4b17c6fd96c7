// Downloads one object by ranges that are read in parallel, into memory or into a file.
//
// A thread of its own makes the client, takes its batches, writes the bytes, and decides; see core/src/bulk. The embedder
// is told only how far it is, and how it has ended.
//
// Threads: constructed and destroyed on one thread; cancel(), progress() from any thread.
// Owner:   the embedder. The listener outlives the download.
#pragma once

#include "dodici/error.h"
#include "dodici/options.h"
#include "dodici/request.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

namespace dodici {

// The numbers cross to JavaScript: lib/native/download-contract.ts lists them again.
enum class ChecksumKind : std::uint32_t {
  none = 0,
  sha256 = 1,
  md5 = 2,
  crc32c = 3,
};

// How a download has ended. The numbers cross to JavaScript, too.
enum class DownloadEnd : std::uint32_t {
  whole = 0,
  cancelled = 1,
  redirected = 2,     // status, location
  networkFailed = 3,  // error
  refused = 4,        // the server's status is an error; status
  changed = 5,        // the object is another one than when the download began
  wrongRange =
      6,        // the server sent something else than the range that was asked for; text says what
  encoded = 7,  // the server sent a content coding, although none was asked for; text names it
  wrongChecksum = 8,  // checksum has the computed one
  systemFailed = 9,   // a file, or the memory; systemError, syscall
};

struct DownloadOptions {
  // The request for the whole object: a GET without `range`, `if-range` and a body. Its id is not used.
  Request request;
  // Where the object is written to; empty for memory. It is written under the temporary name, and renamed when it is
  // whole. That name must not exist, unless there is a key.
  std::string path;
  std::string temporaryPath;
  // Names what is asked for, if a later download with the same key may go on with a partial file: then that stays, with a
  // file beside it, if this download fails. Empty if nothing may stay.
  std::string resumeKey;
  // Above 0 the object goes neither into a file nor into memory, but is taken in order by read(), and about so many bytes
  // are held for it.
  std::uint64_t window = 0;
  bool syncs = false;  // have it on the disk before it is renamed
  std::uint64_t rangeSize = 8 * 1024 * 1024;
  std::uint64_t mostRangeSize =
      0;  // if it is more than rangeSize, ranges grow up to it while they come fast
  std::uint32_t concurrency = 8;  // how many ranges are asked for at a time
  // How many times in a row a range may fail without one new byte.
  std::uint32_t retries = 5;
  std::chrono::milliseconds retryDelay{
      500};  // before the first retry; doubled for each further one
  std::chrono::milliseconds maxRetryDelay{30'000};  // also limits Retry-After
  bool restartsIfChanged = false;                   // once; otherwise the download fails
  ChecksumKind checksum = ChecksumKind::none;
  std::string expectedChecksum;  // lower-case hexadecimal; empty if it is only to be computed
};

struct FreeMemory {
  void operator()(std::byte* memory) const { std::free(memory); }
};

using DownloadedBytes = std::unique_ptr<std::byte[], FreeMemory>;

struct DownloadResult {
  DownloadEnd end = DownloadEnd::cancelled;
  std::uint64_t size = 0;
  std::string etag;           // as the server sent it; empty if it sent none
  std::uint64_t resumed = 0;  // bytes that an earlier download has left
  std::uint32_t ranges = 0;   // responses whose bytes were used
  std::uint32_t retries = 0;  // requests that were sent again
  std::string checksum;       // lower-case hexadecimal
  DownloadedBytes bytes;      // of `size` bytes, unless the object went into a file

  // Of a download that has failed, see DownloadEnd.
  std::uint32_t status = 0;
  std::string location;
  Error error;
  std::string text;
  int systemError = 0;
  std::string syscall;
};

struct DownloadProgress {
  std::uint64_t received = 0;
  std::int64_t total = -1;    // -1 while it is not known
  std::uint64_t resumed = 0;  // how many of them an earlier download has left
};

class DownloadListener {
 public:
  virtual ~DownloadListener() = default;

  // There is progress, at most ten times a second, or something to read for somebody who has found nothing, or the
  // download has ended. This is called on the download's thread,
  // must neither block nor throw, and is never called after ~Download() has returned.
  virtual void onDownloadNews() noexcept = 0;
};

class Download {
 public:
  Download(ClientOptions client, DownloadOptions options, DownloadListener& listener);
  // Cancels, and waits until nothing remains of it.
  ~Download();

  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;

  // Ends the download soon as `cancelled`, unless it has ended before. Its connections are closed, and its temporary file
  // is removed or kept, before the end is reported.
  void cancel();

  DownloadProgress progress() const;

  // How many bytes read() has now. The download does not end as `whole` before all are read.
  std::size_t readable();

  // Returns how many bytes it has written into `into`.
  std::size_t read(std::span<std::byte> into);

  // Null until the download has ended. Then its connections are closed, and the result belongs to the caller.
  DownloadResult* result();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace dodici
