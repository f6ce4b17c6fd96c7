#include "bulk/file_target.h"

#include "platform/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <utility>
#include <vector>

namespace dodici {
namespace {

constexpr std::size_t kReadSize = 1024 * 1024;  // also how soon a cancellation is seen

}  // namespace

MaybeFault systemFault(const char* syscall) { return SystemFault{errno, syscall}; }

FileTarget::FileTarget(std::string path, std::string temporaryPath, bool syncs)
    : path_(std::move(path)), temporaryPath_(std::move(temporaryPath)), syncs_(syncs) {}

FileTarget::~FileTarget() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    ::unlink(temporaryPath_.c_str());
  }
}

MaybeFault FileTarget::checkPath() const {
  struct stat existing {};

  const bool isFolder = ::stat(path_.c_str(), &existing) == 0 && S_ISDIR(existing.st_mode);
  return isFolder ? MaybeFault(SystemFault{EISDIR, "open"}) : std::nullopt;
}

MaybeFault FileTarget::open() {
  if (auto failed = checkPath()) {
    return failed;
  }
  constexpr mode_t kMode = 0666;  // less the process's umask
  descriptor_ = ::open(temporaryPath_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
  return descriptor_ < 0 ? systemFault("open") : std::nullopt;
}

MaybeFault FileTarget::reserve(std::uint64_t size) {
  if (size > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
    return SystemFault{EFBIG, "fallocate"};
  }
  const int error = size == 0 ? 0 : preallocate(descriptor_, size);
  // Where the file system cannot do it, a full disk is found by a write.
  const bool isFine = error == 0 || error == EOPNOTSUPP || error == ENOSYS || error == EINTR;
  return isFine ? MaybeFault() : SystemFault{error, "fallocate"};
}

MaybeFault FileTarget::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t done =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (done < 0) {
      if (errno == EINTR) {
        continue;
      }
      return systemFault("write");
    }
    offset += static_cast<std::uint64_t>(done);
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return std::nullopt;
}

MaybeFault FileTarget::read(
    std::uint64_t size, const std::function<bool(std::span<const std::byte>)>& onPart
) {
  std::vector<std::byte> buffer(kReadSize);
  std::uint64_t at = 0;
  while (at < size) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kReadSize, size - at));
    const ssize_t got = ::pread(descriptor_, buffer.data(), wanted, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      // Somebody has cut the file off.
      return got < 0 ? systemFault("read") : SystemFault{EIO, "read"};
    }
    if (!onPart(std::span(buffer).first(static_cast<std::size_t>(got)))) {
      break;
    }
    at += static_cast<std::uint64_t>(got);
  }
  return std::nullopt;
}

MaybeFault FileTarget::finish(std::uint64_t size, DownloadResult&) {
  // An earlier attempt may have been longer.
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
    return systemFault("ftruncate");
  }
  if (syncs_ && ::fsync(descriptor_) != 0) {
    return systemFault("fsync");
  }
  beforeRename();
  if (::rename(temporaryPath_.c_str(), path_.c_str()) != 0) {
    return systemFault("rename");
  }
  ::close(std::exchange(descriptor_, -1));
  return syncs_ ? syncFolder() : std::nullopt;
}

MaybeFault FileTarget::syncFolder() const {
  const auto slash = path_.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    return systemFault("open");
  }
  const bool isSynced = ::fsync(descriptor) == 0 || errno == EINVAL;
  const MaybeFault failed = isSynced ? std::nullopt : systemFault("fsync");
  ::close(descriptor);
  return failed;
}

}  // namespace dodici
