#include "heap.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);
void *__real_mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *addr, size_t size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
void *__wrap_mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *addr, size_t size);

static struct heap_use use;

/* The live blocks, an open hash table: what others allocated and free through here (Check links statically,
 * and some of its blocks come from inside libc) is not in it, and does not count. */
enum { TABLE = 1 << 17 };
static const void *live[TABLE];

static size_t home_of(const void *block)
{
  return (size_t)(((uintptr_t)block >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 47);
}

static size_t slot_of(const void *block)
{
  size_t slot = home_of(block);
  while (live[slot] && live[slot] != block)
    slot = (slot + 1) % TABLE;
  return slot;
}

static void *remember(void *block)
{
  if (!block)
    return NULL;
  if (++use.blocks == TABLE / 2)
    abort(); /* no test holds as many blocks */
  live[slot_of(block)] = block;
  return block;
}

/* Deletion by shifting back: Knuth, The Art of Computer Programming 3, 6.4, algorithm R. */
static void forget(const void *block)
{
  size_t hole = slot_of(block);
  if (!block || !live[hole])
    return;
  use.blocks--;
  for (size_t slot = (hole + 1) % TABLE; live[slot]; slot = (slot + 1) % TABLE)
    if ((slot - home_of(live[slot])) % TABLE >= (slot - hole) % TABLE) {
      live[hole] = live[slot];
      hole = slot;
    }
  live[hole] = NULL;
}

static struct {
  int armed, onwards;
  unsigned long left, refused;
} fault;

void heap_fail(unsigned long nth, int onwards)
{
  fault.left = nth;
  fault.onwards = onwards;
  fault.refused = 0;
  fault.armed = 1;
}

unsigned long heap_calm(void)
{
  fault.armed = 0;
  return fault.refused;
}

struct heap_use heap_use(void)
{
  return use;
}

void heap_take_jansson(void)
{
  json_set_alloc_funcs(__wrap_malloc, __wrap_free);
}

/* Whether this allocation is the one. */
static int strikes(void)
{
  if (!fault.armed || --fault.left > 0)
    return 0;
  if (fault.onwards)
    fault.left = 1;
  else
    fault.armed = 0;
  fault.refused++;
  errno = ENOMEM;
  return 1;
}

void *__wrap_malloc(size_t size)
{
  return strikes() ? NULL : remember(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
  return strikes() ? NULL : remember(__real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t size)
{
  if (strikes())
    return NULL;
  forget(old);
  void *block = __real_realloc(old, size);
  remember(block ? block : old);
  return block;
}

void __wrap_free(void *block)
{
  forget(block);
  __real_free(block);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
  return strikes() ? NULL : remember(__real_aligned_alloc(alignment, size));
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
  if (strikes())
    return ENOMEM;
  int code = __real_posix_memalign(out, alignment, size);
  if (code == 0)
    remember(*out);
  return code;
}

void *__wrap_mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
  if (strikes())
    return MAP_FAILED;
  void *mapping = __real_mmap(addr, size, prot, flags, fd, offset);
  use.mapped += mapping == MAP_FAILED ? 0 : (long)size;
  return mapping;
}

/* What mmap is called with 64-bit file offsets: some libraries' flags ask for those. */
void *__wrap_mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
  return __wrap_mmap(addr, size, prot, flags, fd, offset);
}

int __wrap_munmap(void *addr, size_t size)
{
  use.mapped -= (long)size;
  return __real_munmap(addr, size);
}
