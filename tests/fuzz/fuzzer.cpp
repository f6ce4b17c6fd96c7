// libFuzzer's entry: one program per target, which DODICI_FUZZ_TARGET names.
#include "targets.h"

namespace {

constexpr auto find(std::string_view name) {
  for (const auto& target : dodici::fuzz::kTargets) {
    if (target.name == name) {
      return target.run;
    }
  }
  throw dodici::fuzz::Violation("no such target");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr auto kRun = find(DODICI_FUZZ_TARGET);
  kRun({data, size});
  return 0;
}
