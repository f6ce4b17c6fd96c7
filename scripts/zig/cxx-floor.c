/* What this machine's libstdc++ and libgcc need of glibc, for a copy of them that runs on musl. See scripts/setup/musl-bun.mjs. */
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

/* libstdc++ counts references without atomics while this is true. */
char __libc_single_threaded = 0;

unsigned arc4random(void) {
  unsigned value = 0;
  getentropy(&value, sizeof value);
  return value;
}

/* As in glibc's dlfcn.h. */
struct dl_find_object {
  unsigned long long flags;
  void* start;
  void* end;
  struct link_map* map;
  void* frames;
};

struct search {
  uintptr_t address;
  struct dl_find_object* result;
};

static int look_into(struct dl_phdr_info* object, size_t size, void* data) {
  (void)size;
  struct search* search = data;
  const ElfW(Phdr)* frames = NULL;
  int is_here = 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)* segment = &object->dlpi_phdr[i];
    const uintptr_t start = object->dlpi_addr + segment->p_vaddr;
    if (segment->p_type == PT_GNU_EH_FRAME) frames = segment;
    if (segment->p_type != PT_LOAD || search->address - start >= segment->p_memsz) continue;
    is_here = 1;
    search->result->start = (void*)start;
    search->result->end = (void*)(start + segment->p_memsz);
  }
  if (!is_here) return 0;
  if (frames == NULL) return -1;
  search->result->frames = (void*)(object->dlpi_addr + frames->p_vaddr);
  return 1;
}

int _dl_find_object(void* address, struct dl_find_object* result) {
  *result = (struct dl_find_object){0};
  struct search search = {(uintptr_t)address, result};
  return dl_iterate_phdr(look_into, &search) == 1 ? 0 : -1;
}
