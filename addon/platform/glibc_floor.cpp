// The two names newer than glibc 2.28 that libgcc and libstdc++ ask for when they were built against a newer glibc. Compiled
// in only when the addon is linked against an older one (DODICI_LIBC_KIT), which lacks them. cmake/addon.map keeps them in.
//
// Threads: any. Owner: nobody; no state.
#include <cstddef>
#include <cstdint>
#include <dlfcn.h>
#include <link.h>

namespace {

struct Search {
  std::uintptr_t address;
  dl_find_object* result;
};

// Finds the object that `address` lies in, and its table of frames. 1 ends the iteration.
int lookInto(dl_phdr_info* object, std::size_t /*size*/, void* data) {
  auto* const search = static_cast<Search*>(data);
  const ElfW(Phdr)* frames = nullptr;
  bool isHere = false;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    const std::uintptr_t start = object->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_GNU_EH_FRAME) frames = &segment;
    if (segment.p_type != PT_LOAD) continue;
    if (search->address < start || search->address - start >= segment.p_memsz) continue;
    isHere = true;
    search->result->dlfo_map_start = reinterpret_cast<void*>(start);
    search->result->dlfo_map_end = reinterpret_cast<void*>(start + segment.p_memsz);
  }
  if (!isHere) return 0;
  if (frames == nullptr) return -1;
  search->result->dlfo_eh_frame = reinterpret_cast<void*>(object->dlpi_addr + frames->p_vaddr);
  return 1;
}

}  // namespace

extern "C" {

// GCC's unwinder asks this for the frames of an address, and nothing else: 0 when they are known (glibc 2.35).
[[gnu::used]] int _dl_find_object(void* address, dl_find_object* result) noexcept {
  *result = {};
  Search search{reinterpret_cast<std::uintptr_t>(address), result};
  return dl_iterate_phdr(lookInto, &search) == 1 ? 0 : -1;
}

// libstdc++ counts references without atomics while this is true (glibc 2.32). There are always threads here.
[[gnu::used]] char __libc_single_threaded = 0;

}  // extern "C"
