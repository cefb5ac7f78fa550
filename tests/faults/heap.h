/* The library's allocators under control. Link with
 *
 *   -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=aligned_alloc,--wrap=posix_memalign
 *   -Wl,--wrap=mmap,--wrap=munmap
 *
 * against the library's objects, not against libqueue.so. heap_take_jansson() brings jansson's under the same
 * control. */
#ifndef TESTS_HEAP_H
#define TESTS_HEAP_H

#include <stddef.h>

/* Fail the nth allocation from now on (1 = the next); with onwards also all that come after it. */
void heap_fail(unsigned long nth, int onwards);
/* Fail no more. Returns how many allocations were refused since heap_fail(). */
unsigned long heap_calm(void);
/* What is allocated and not freed: blocks of memory, and bytes of mappings. */
struct heap_use {
  long blocks;
  long mapped;
};
struct heap_use heap_use(void);
void heap_take_jansson(void);

#endif
