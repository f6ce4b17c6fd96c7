// A file with which a later download may go on. While it is not whole, a side file says which of its bytes are there.
//
// 1. The side file never names bytes that are not in the partial file: it is written after them, under another name, and
//    renamed. Before bytes of another object are written it is removed.
// 2. Its partial file is locked, so that two downloads do not write into it.
// 3. What a crash of the machine may have lost is not trusted: the side file names the boot, unless all is on the disk.
//
// Threads: the download's thread.
// Owner:   RangeEngine.
#pragma once

#include "bulk/file_target.h"

#include <optional>
#include <string>
#include <utility>

namespace dodici {

class ResumableFile final : public FileTarget {
 public:
  explicit ResumableFile(const DownloadOptions& options);
  ~ResumableFile() override;

  MaybeFault open() override;

  std::optional<PartialObject> found() override { return std::exchange(found_, std::nullopt); }

  void save(const PartialObject& object) override;
  void keep(const PartialObject& object) override;
  void forget() override;

 private:
  enum class Place : std::uint8_t { memory, disk };

  void beforeRename() override { removeSideFile(); }

  // Opens the file under its temporary name, which nobody else has open.
  MaybeFault openLocked();
  bool isStillNamed() const;
  void readSideFile();
  // Returns whether there was one.
  bool removeSideFile();
  bool writeSideFile(const PartialObject& object, Place place);
  void unlockAndClose();

  const std::string source_;
  const std::string sidePath_;
  const std::string newSidePath_;
  const std::string boot_;  // empty if it is not known
  bool hasSideFile_ = false;
  bool keeps_ = false;
  std::optional<PartialObject> found_;
};

}  // namespace dodici
