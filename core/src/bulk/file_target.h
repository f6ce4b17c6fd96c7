// An object that goes into a file: under a temporary name until it is whole.
//
// Threads: the download's thread.
// Owner:   RangeEngine.
#pragma once

#include "bulk/download_target.h"

#include <string>

namespace dodici {

// What errno says about `syscall`.
MaybeFault systemFault(const char* syscall);

class FileTarget : public DownloadTarget {
 public:
  FileTarget(std::string path, std::string temporaryPath, bool syncs);
  ~FileTarget() override;

  FileTarget(const FileTarget&) = delete;
  FileTarget& operator=(const FileTarget&) = delete;

  MaybeFault open() override;
  MaybeFault reserve(std::uint64_t size) override;
  MaybeFault write(std::uint64_t offset, std::span<const std::byte> bytes) override;
  MaybeFault read(std::uint64_t size, const std::function<bool(std::span<const std::byte>)>& onPart)
      override;
  MaybeFault finish(std::uint64_t size, DownloadResult& result) override;

 protected:
  // A folder cannot be replaced.
  MaybeFault checkPath() const;

  // Called when the file is whole and on the disk, if it has to be, and is about to get its name.
  virtual void beforeRename() {}

  MaybeFault syncFolder() const;

  const std::string path_;
  const std::string temporaryPath_;
  const bool syncs_;
  int descriptor_ = -1;  // closed, and the file removed, by the destructor
};

}  // namespace dodici
