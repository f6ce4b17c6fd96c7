// Defines the two names newer than glibc 2.28 that libgcc and libstdc++ use if they were built against a newer glibc. Compiled
// only if the addon is linked against an older one (DODICI_LIBC_KIT), which lacks them. cmake/addon.map keeps them private.
//
// Threads: any. Owner: nobody; no state.
#include <dlfcn.h>
#include <link.h>

#include <cstddef>
#include <cstdint>

namespace {

struct Search {
  std::uintptr_t address;
  dl_find_object* result;
};

// Finds the object that contains `address`, and its table of frames. Returning 1 or -1 ends the iteration.
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

// Of glibc 2.35. GCC's unwinder calls it for the frames of an address, and uses nothing else. Returns 0 if they are known.
[[gnu::used]] int _dl_find_object(void* address, dl_find_object* result) noexcept {
  *result = {};
  Search search{reinterpret_cast<std::uintptr_t>(address), result};
  return dl_iterate_phdr(lookInto, &search) == 1 ? 0 : -1;
}

// Of glibc 2.32. libstdc++ counts references without atomics while this is true, but there are always threads here.
[[gnu::used]] char __libc_single_threaded = 0;

}  // extern "C"
