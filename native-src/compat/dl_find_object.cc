// _dl_find_object for libraries that must load on a glibc older than 2.35.
//
// The unwinder of GCC 12 and later, which is linked in statically, finds the unwind tables of a program
// counter with this function of glibc 2.35. It is the only thing that would ask for so new a glibc, and
// so keep qwq from running on RHEL 9 and Amazon Linux 2023 (2.34). This definition, visible inside the
// library only, does the same by the call that older unwinders use. Slower, but only thrown exceptions
// pay for it.
#include <dlfcn.h>
#include <link.h>

#if defined(DLFO_STRUCT_HAS_EH_DBASE)

#include <cstdint>

#if DLFO_STRUCT_HAS_EH_DBASE || DLFO_STRUCT_HAS_EH_COUNT
#error "on this processor the unwinder wants more than the address of the tables"
#endif

namespace {

struct Search {
  std::uintptr_t address;
  dl_find_object* result;
};

int find(dl_phdr_info* object, std::size_t /*size*/, void* data) {
  const Search& search = *static_cast<Search*>(data);
  const ElfW(Phdr)* tables = nullptr;
  bool inside = false;
  std::uintptr_t start = UINTPTR_MAX;
  std::uintptr_t end = 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    const std::uintptr_t from = object->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD) {
      const std::uintptr_t to = from + segment.p_memsz;
      inside = inside || (search.address >= from && search.address < to);
      start = from < start ? from : start;
      end = to > end ? to : end;
    } else if (segment.p_type == PT_GNU_EH_FRAME) {
      tables = &segment;
    }
  }
  if (!inside || tables == nullptr) return 0;
  *search.result = {};
  search.result->dlfo_map_start = reinterpret_cast<void*>(start);
  search.result->dlfo_map_end = reinterpret_cast<void*>(end);
  search.result->dlfo_eh_frame = reinterpret_cast<void*>(object->dlpi_addr + tables->p_vaddr);
  return 1;
}

}  // namespace

// Returns 0 with the object that `address` lies in, or -1.
extern "C" int _dl_find_object(void* address, dl_find_object* result) noexcept {
  Search search{reinterpret_cast<std::uintptr_t>(address), result};
  return dl_iterate_phdr(find, &search) == 1 ? 0 : -1;
}

#endif
