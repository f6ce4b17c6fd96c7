// Where a downloaded object goes: a file or memory. Its parts come in any order, and a part may come again.
//
// Threads: the download's thread.
// Owner:   RangeEngine.
#pragma once

#include "bulk/partial_object.h"
#include "bulk/read_ahead.h"
#include "dodici/download.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace dodici {

// What the system refused.
struct SystemFault {
  int error = 0;  // errno
  const char* syscall = "";
};

using MaybeFault = std::optional<SystemFault>;

class DownloadTarget {
 public:
  virtual ~DownloadTarget() = default;

  // Called once, before everything else.
  virtual MaybeFault open() = 0;

  // The object has this size; called each time that this becomes known.
  virtual MaybeFault reserve(std::uint64_t size) = 0;

  virtual MaybeFault write(std::uint64_t offset, std::span<const std::byte> bytes) = 0;

  // Calls `onPart` for the first `size` bytes, in order, until it returns false. Of a stream nothing is left to read.
  virtual MaybeFault read(
      std::uint64_t size, const std::function<bool(std::span<const std::byte>)>& onPart
  ) = 0;

  // The object is whole. REQUIRES: its `size` bytes have been written.
  virtual MaybeFault finish(std::uint64_t size, DownloadResult& result) = 0;

  // The rest is for a target with which a later download may go on, and forget() for a stream; others do nothing.

  // After open(): what an earlier download has left.
  virtual std::optional<PartialObject> found() { return std::nullopt; }

  // So much is there now. REQUIRES for this and keep(): the bytes have been written; there are some.
  virtual void save(const PartialObject&) {}

  // The same, and it stays when the target is destroyed.
  virtual void keep(const PartialObject&) {}

  // What was found or saved is not there any more. REQUIRES: called before bytes of another object are written.
  virtual void forget() {}
};

// Without finish() or keep() nothing remains when it is destroyed.
// `readAhead` is for a stream only.
std::unique_ptr<DownloadTarget> makeTarget(const DownloadOptions& options, ReadAhead& readAhead);

}  // namespace dodici
