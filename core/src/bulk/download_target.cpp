#include "bulk/download_target.h"

#include "bulk/file_target.h"
#include "bulk/resumable_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace dodici {
namespace {

constexpr std::size_t kReadSize = 1024 * 1024;  // also how soon a cancellation is seen

// A server may claim any size. What no machine has is refused without asking the system for it.
constexpr std::uint64_t kMostMemory = std::uint64_t{1} << 39U;

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

// Its bytes are read in order, from a ReadAhead.
class Stream final : public DownloadTarget {
 public:
  explicit Stream(ReadAhead& readAhead) : readAhead_(readAhead) {}

  MaybeFault open() override { return std::nullopt; }

  MaybeFault reserve(std::uint64_t) override { return std::nullopt; }

  MaybeFault write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    readAhead_.write(offset, bytes);
    return std::nullopt;
  }

  MaybeFault read(std::uint64_t, const std::function<bool(std::span<const std::byte>)>&) override {
    return std::nullopt;
  }

  MaybeFault finish(std::uint64_t, DownloadResult&) override { return std::nullopt; }

  void forget() override { readAhead_.clear(); }

 private:
  ReadAhead& readAhead_;
};

}  // namespace

std::unique_ptr<DownloadTarget> makeTarget(const DownloadOptions& options, ReadAhead& readAhead) {
  if (options.window > 0) {
    return std::make_unique<Stream>(readAhead);
  }
  if (options.path.empty()) {
    return std::make_unique<Memory>();
  }
  if (options.resumeKey.empty()) {
    return std::make_unique<FileTarget>(options.path, options.temporaryPath, options.syncs);
  }
  return std::make_unique<ResumableFile>(options);
}

}  // namespace dodici
