// The text of the file that lies beside a partial file: which object it is a part of, and which bytes are whole.
//
// It is one line of JSON, with a checksum. What differs from it in a single byte is not read.
//
// Threads: plain values.
#pragma once

#include "bulk/partial_object.h"

#include <optional>
#include <string>
#include <string_view>

namespace dodici {

struct SideFile {
  // What the object was asked by; two downloads of the same have the same.
  std::string source;
  // The boot of the machine in which the bytes were written; empty if they are on the disk. In another boot they may
  // have been lost.
  std::string boot;
  PartialObject object;
};

std::string toText(const SideFile& file);

// Returns nothing if `text` is not what toText() makes, or if no object can be so.
std::optional<SideFile> parseSideFile(std::string_view text);

}  // namespace dodici
