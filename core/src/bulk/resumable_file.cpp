#include "bulk/resumable_file.h"

#include "bulk/side_file.h"
#include "platform/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace dodici {
namespace {

constexpr mode_t kMode = 0666;  // less the process's umask
constexpr std::size_t kMostText = 1024 * 1024;

// Returns nothing if it cannot be read or is longer than `most`.
std::optional<std::string> readText(const char* path, std::size_t most) {
  const int descriptor = ::open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) {
    return std::nullopt;
  }
  std::string text;
  std::array<char, 4096> part{};
  ssize_t got = 0;
  while (text.size() <= most && (got = ::read(descriptor, part.data(), part.size())) > 0) {
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  ::close(descriptor);
  return got < 0 || text.size() > most ? std::nullopt : std::optional(text);
}

// Names the time since the machine started.
std::string bootId() {
  constexpr std::size_t kMostId = 64;
  return readText("/proc/sys/kernel/random/boot_id", kMostId).value_or("");
}

bool writeText(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(descriptor, text.data(), text.size());
    if (done < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(done < 0 ? 0 : static_cast<std::size_t>(done));
  }
  return true;
}

}  // namespace

ResumableFile::ResumableFile(const DownloadOptions& options)
    : FileTarget(options.path, options.temporaryPath, options.syncs),
      source_(options.resumeKey),
      sidePath_(options.temporaryPath + ".json"),
      newSidePath_(sidePath_ + ".new"),
      boot_(bootId()) {}

ResumableFile::~ResumableFile() {
  if (descriptor_ < 0) {
    return;
  }
  if (!keeps_) {
    removeSideFile();
    ::unlink(temporaryPath_.c_str());
  }
  unlockAndClose();
}

MaybeFault ResumableFile::open() {
  if (auto failed = checkPath()) {
    return failed;
  }
  if (auto failed = openLocked()) {
    return failed;
  }
  readSideFile();
  if (found_) {
    return std::nullopt;
  }
  forget();
  return ::ftruncate(descriptor_, 0) == 0 ? std::nullopt : systemFault("ftruncate");
}

MaybeFault ResumableFile::openLocked() {
  for (;;) {
    // Its name is known beforehand, so that it may be somebody's link to another file.
    constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    const int descriptor = ::open(temporaryPath_.c_str(), kFlags, kMode);
    if (descriptor < 0) {
      return systemFault("open");
    }
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const bool isTaken = errno == EWOULDBLOCK;
      const MaybeFault failed = isTaken ? SystemFault{EBUSY, "flock"} : systemFault("flock");
      ::close(descriptor);
      return failed;
    }
    descriptor_ = descriptor;
    if (isStillNamed()) {
      return std::nullopt;
    }
    // Another download has ended between the two calls, and renamed or removed it.
    unlockAndClose();
  }
}

bool ResumableFile::isStillNamed() const {
  struct stat opened {};

  struct stat named {};

  return ::fstat(descriptor_, &opened) == 0 && ::lstat(temporaryPath_.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

void ResumableFile::readSideFile() {
  struct stat partial {};

  const auto text = readText(sidePath_.c_str(), kMostText);
  hasSideFile_ = text.has_value();
  auto side = text ? parseSideFile(*text) : std::nullopt;
  if (!side || side->source != source_ || (!side->boot.empty() && side->boot != boot_) ||
      ::fstat(descriptor_, &partial) != 0 ||
      side->object.spans.back().end > static_cast<std::uint64_t>(partial.st_size)) {
    return;
  }
  found_ = std::move(side->object);
}

void ResumableFile::save(const PartialObject& object) {
  // If it cannot be written, the one before is still right.
  writeSideFile(object, syncs_ || boot_.empty() ? Place::disk : Place::memory);
}

void ResumableFile::keep(const PartialObject& object) {
  keeps_ = writeSideFile(object, Place::disk) || hasSideFile_;
}

bool ResumableFile::writeSideFile(const PartialObject& object, Place place) {
  const bool syncs = place == Place::disk;
  if (syncs && !syncData(descriptor_)) {
    return false;
  }
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
  const int descriptor = ::open(newSidePath_.c_str(), kFlags, kMode);
  if (descriptor < 0) {
    return false;
  }
  bool isWritten = writeText(descriptor, toText({source_, syncs ? "" : boot_, object}));
  isWritten = isWritten && (!syncs || syncData(descriptor));
  ::close(descriptor);
  if (!isWritten || ::rename(newSidePath_.c_str(), sidePath_.c_str()) != 0) {
    ::unlink(newSidePath_.c_str());
    return false;
  }
  hasSideFile_ = true;
  return true;
}

bool ResumableFile::removeSideFile() {
  hasSideFile_ = false;
  ::unlink(newSidePath_.c_str());
  return ::unlink(sidePath_.c_str()) == 0;
}

void ResumableFile::forget() {
  if (removeSideFile()) {
    // It must not be there again after a crash, beside other bytes.
    syncFolder();
  }
}

// The lock would outlive the descriptor in a child process that is about to start.
void ResumableFile::unlockAndClose() {
  ::flock(descriptor_, LOCK_UN);
  ::close(std::exchange(descriptor_, -1));
}

}  // namespace dodici
