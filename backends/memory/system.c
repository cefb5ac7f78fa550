#define _DEFAULT_SOURCE
#include "system.h"

#include <sys/mman.h>

void *qkm_map(size_t bytes)
{
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void qkm_unmap(void *memory, size_t bytes)
{
  munmap(memory, bytes);
}

void qkm_forget(void *memory, size_t bytes)
{
  madvise(memory, bytes, MADV_DONTNEED);
}
