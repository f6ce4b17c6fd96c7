#include "bulk/download_target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

namespace dodici {
namespace {

constexpr std::size_t kReadSize = 1024 * 1024;  // also how soon a cancellation is seen

// A server may claim any size. What no machine has is refused without asking the system for it.
constexpr std::uint64_t kMostMemory = std::uint64_t{1} << 39U;

MaybeFault fault(const char* syscall) { return SystemFault{errno, syscall}; }

class Memory final : public DownloadTarget {
 public:
  MaybeFault open() override { return std::nullopt; }

  MaybeFault reserve(std::uint64_t size) override { return growTo(size); }

  MaybeFault write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    const std::uint64_t end = offset + bytes.size();
    if (end > capacity_) {
      if (auto failed = growTo(std::max(end, capacity_ * 2))) {
        return failed;
      }
    }
    std::memcpy(bytes_.get() + offset, bytes.data(), bytes.size());
    return std::nullopt;
  }

  MaybeFault read(std::uint64_t size, const std::function<bool(std::span<const std::byte>)>& onPart)
      override {
    for (std::uint64_t at = 0; at < size; at += kReadSize) {
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(kReadSize, size - at));
      if (!onPart({bytes_.get() + at, part})) {
        break;
      }
    }
    return std::nullopt;
  }

  MaybeFault finish(std::uint64_t size, DownloadResult& result) override {
    // Of an object whose size was not known, half may be unused.
    if (capacity_ > size && size > 0) {
      if (auto* const shrunk = static_cast<std::byte*>(std::realloc(bytes_.get(), size))) {
        static_cast<void>(bytes_.release());
        bytes_.reset(shrunk);
      }
    }
    result.bytes = std::move(bytes_);
    return std::nullopt;
  }

 private:
  MaybeFault growTo(std::uint64_t size) {
    if (size <= capacity_) {
      return std::nullopt;
    }
    if (size > kMostMemory) {
      return SystemFault{ENOMEM, "malloc"};
    }
    // Large blocks are moved by the kernel, without a copy.
    auto* const grown =
        static_cast<std::byte*>(std::realloc(bytes_.get(), static_cast<std::size_t>(size)));
    if (grown == nullptr) {
      return SystemFault{ENOMEM, "malloc"};
    }
    static_cast<void>(bytes_.release());
    bytes_.reset(grown);
    capacity_ = size;
    return std::nullopt;
  }

  DownloadedBytes bytes_;
  std::uint64_t capacity_ = 0;
};

class File final : public DownloadTarget {
 public:
  File(std::string path, std::string temporaryPath, bool syncs)
      : path_(std::move(path)), temporaryPath_(std::move(temporaryPath)), syncs_(syncs) {}

  ~File() override {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
      ::unlink(temporaryPath_.c_str());
    }
  }

  MaybeFault open() override {
    struct stat existing {};

    if (::stat(path_.c_str(), &existing) == 0 && S_ISDIR(existing.st_mode)) {
      return SystemFault{EISDIR, "open"};
    }
    constexpr mode_t kMode = 0666;  // less the process's umask
    descriptor_ = ::open(temporaryPath_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
    return descriptor_ < 0 ? fault("open") : std::nullopt;
  }

  MaybeFault reserve(std::uint64_t size) override {
    if (size > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
      return SystemFault{EFBIG, "fallocate"};
    }
    if (size == 0 || ::fallocate(descriptor_, 0, 0, static_cast<off_t>(size)) == 0) {
      return std::nullopt;
    }
    // Where the file system cannot do it, a full disk is found by a write.
    const bool isOptional = errno == EOPNOTSUPP || errno == ENOSYS || errno == EINTR;
    return isOptional ? std::nullopt : fault("fallocate");
  }

  MaybeFault write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t done =
          ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (done < 0) {
        if (errno == EINTR) {
          continue;
        }
        return fault("write");
      }
      offset += static_cast<std::uint64_t>(done);
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
    return std::nullopt;
  }

  MaybeFault read(std::uint64_t size, const std::function<bool(std::span<const std::byte>)>& onPart)
      override {
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
        return got < 0 ? fault("read") : SystemFault{EIO, "read"};
      }
      if (!onPart(std::span(buffer).first(static_cast<std::size_t>(got)))) {
        break;
      }
      at += static_cast<std::uint64_t>(got);
    }
    return std::nullopt;
  }

  MaybeFault finish(std::uint64_t size, DownloadResult&) override {
    // An earlier attempt may have been longer.
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
      return fault("ftruncate");
    }
    if (syncs_ && ::fsync(descriptor_) != 0) {
      return fault("fsync");
    }
    if (::rename(temporaryPath_.c_str(), path_.c_str()) != 0) {
      return fault("rename");
    }
    ::close(std::exchange(descriptor_, -1));
    return syncs_ ? syncFolder() : std::nullopt;
  }

 private:
  MaybeFault syncFolder() {
    const auto slash = path_.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
      return fault("open");
    }
    const bool isSynced = ::fsync(descriptor) == 0 || errno == EINVAL;
    const MaybeFault failed = isSynced ? std::nullopt : fault("fsync");
    ::close(descriptor);
    return failed;
  }

  const std::string path_;
  const std::string temporaryPath_;
  const bool syncs_;
  int descriptor_ = -1;
};

}  // namespace

std::unique_ptr<DownloadTarget> makeTarget(const DownloadOptions& options) {
  if (options.path.empty()) {
    return std::make_unique<Memory>();
  }
  return std::make_unique<File>(options.path, options.temporaryPath, options.syncs);
}

}  // namespace dodici
