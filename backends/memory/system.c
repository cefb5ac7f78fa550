#define _GNU_SOURCE
#include "system.h"

#include <sys/mman.h>

#include <qk.h>

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

int qkm_rwlock_init(pthread_rwlock_t *lock)
{
  pthread_rwlockattr_t attributes;
  if (pthread_rwlockattr_init(&attributes) != 0)
    return QK_ENOMEM;
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  int failed = pthread_rwlock_init(lock, &attributes);
  pthread_rwlockattr_destroy(&attributes);
  return failed ? QK_ENOMEM : QK_OK;
}
