#include "index.h"

#include <stdlib.h>
#include <string.h>

#include <qk.h>

#define BITS_MAX 20 /* the low 12 bits of a hash choose the line */
#define LINE 64

const uint32_t qkm_segment_lines[] = {1, 2, 4, 8, 16, 32, 64, 80, 96, 112, 128};
enum { SIZE_SPLIT = 7, SIZE_LAST = 10 }; /* what a full segment of the last size is split into two of */

_Static_assert(sizeof(struct qkm_segment) == LINE, "entries start on a cache line");

static uint64_t make_entry(uint32_t hash, uint32_t handle)
{
  return (uint64_t)hash << 32 | handle;
}

static uint32_t hash_of(uint64_t entry)
{
  return (uint32_t)(entry >> 32);
}

static uint32_t slots_of(uint32_t size)
{
  return qkm_segment_lines[size] * QKM_LINE_SLOTS;
}

static uintptr_t place_of(const struct qkm_segment *segment)
{
  return (uintptr_t)segment | segment->size;
}

static struct qkm_segment *segment_of(const struct qkm_index *index, uint32_t hash)
{
  return qkm_place_segment(*qkm_index_place(index, hash));
}

static struct qkm_segment *create_segment(uint32_t size, uint32_t depth)
{
  size_t bytes = sizeof(struct qkm_segment) + slots_of(size) * sizeof(uint64_t);
  struct qkm_segment *segment = aligned_alloc(LINE, bytes);
  if (!segment)
    return NULL;
  memset(segment, 0, bytes);
  segment->size = size;
  segment->depth = depth;
  return segment;
}

void qkm_index_init(struct qkm_index *index)
{
  memset(index, 0, sizeof *index);
}

/* Places of the directory that a segment stands in, and the first of them. */
static size_t copies(const struct qkm_index *index, const struct qkm_segment *segment)
{
  return (size_t)1 << (index->bits - segment->depth);
}

static size_t first_place(const struct qkm_index *index, const struct qkm_segment *segment, uint32_t hash)
{
  return (size_t)((uint64_t)hash >> (32 - index->bits)) & ~(copies(index, segment) - 1);
}

static void fill_places(struct qkm_index *index, size_t first, size_t n, const struct qkm_segment *segment)
{
  for (size_t i = 0; i < n; i++)
    index->directory[first + i] = place_of(segment);
}

void qkm_index_finish(struct qkm_index *index)
{
  size_t places = index->directory ? (size_t)1 << index->bits : 0;
  for (size_t i = 0; i < places;) {
    struct qkm_segment *segment = qkm_place_segment(index->directory[i]);
    i += copies(index, segment);
    free(segment);
  }
  free(index->directory);
}

/* ---- Entries of a segment ---- */

static uint32_t after(const struct qkm_segment *segment, uint32_t at)
{
  return at + 1 == slots_of(segment->size) ? 0 : at + 1;
}

static uint32_t home_of(const struct qkm_segment *segment, uint64_t entry)
{
  return qkm_home(hash_of(entry), qkm_segment_lines[segment->size]);
}

static void put(struct qkm_segment *segment, uint64_t entry)
{
  uint32_t at = home_of(segment, entry);
  while (segment->entries[at])
    at = after(segment, at);
  segment->entries[at] = entry;
  segment->count++;
}

static void put_all(struct qkm_segment *to, const struct qkm_segment *from)
{
  for (uint32_t i = 0; i < slots_of(from->size); i++)
    if (from->entries[i])
      put(to, from->entries[i]);
}

static uint32_t find(const struct qkm_segment *segment, uint64_t entry)
{
  uint32_t at = home_of(segment, entry);
  while (segment->entries[at] != entry)
    at = after(segment, at);
  return at;
}

/* How far b lies behind a, around the end. */
static uint32_t way(const struct qkm_segment *segment, uint32_t a, uint32_t b)
{
  return b >= a ? b - a : b + slots_of(segment->size) - a;
}

/* Close the gap at hole so that every later entry can still be reached: Knuth, The Art of Computer
 * Programming 3, 6.4 R. */
static void close_gap(struct qkm_segment *segment, uint32_t hole)
{
  for (uint32_t at = after(segment, hole); segment->entries[at]; at = after(segment, at)) {
    uint32_t home = home_of(segment, segment->entries[at]);
    if (way(segment, home, at) < way(segment, hole, at))
      continue;
    segment->entries[hole] = segment->entries[at];
    hole = at;
  }
  segment->entries[hole] = 0;
}

/* ---- Growing ---- */

static int start(struct qkm_index *index)
{
  struct qkm_segment *segment = create_segment(0, 0);
  uintptr_t *directory = segment ? malloc(sizeof *directory) : NULL;
  if (!directory) {
    free(segment);
    return QK_ENOMEM;
  }
  directory[0] = place_of(segment);
  index->directory = directory;
  index->deepest = 1;
  return QK_OK;
}

/* Give the segment of hash another size. */
static int resize(struct qkm_index *index, uint32_t hash, uint32_t size)
{
  struct qkm_segment *old = segment_of(index, hash);
  struct qkm_segment *segment = create_segment(size, old->depth);
  if (!segment)
    return QK_ENOMEM;
  put_all(segment, old);
  fill_places(index, first_place(index, old, hash), copies(index, old), segment);
  free(old);
  return QK_OK;
}

static int double_directory(struct qkm_index *index)
{
  size_t places = (size_t)1 << index->bits;
  if (index->bits == BITS_MAX)
    return QK_ENOMEM;
  uintptr_t *directory = malloc(2 * places * sizeof *directory);
  if (!directory)
    return QK_ENOMEM;
  for (size_t i = 0; i < places; i++)
    directory[2 * i] = directory[2 * i + 1] = index->directory[i];
  free(index->directory);
  index->directory = directory;
  index->bits++;
  index->deepest = 0;
  return QK_OK;
}

static int is_full(uint32_t count, uint32_t size)
{
  return count >= slots_of(size) * 27 / 32;
}

/* A segment for so many entries and one more, if there is a size for them. */
static struct qkm_segment *create_half(uint32_t count, uint32_t depth)
{
  uint32_t size = SIZE_SPLIT;
  while (size < SIZE_LAST && is_full(count, size))
    size++;
  return create_segment(size, depth);
}

static uint32_t count_with(const struct qkm_segment *segment, uint32_t bit)
{
  uint32_t n = 0;
  for (uint32_t i = 0; i < slots_of(segment->size); i++)
    n += (hash_of(segment->entries[i]) & bit) != 0;
  return n;
}

/* Divide the full segment of hash between two new ones. */
static int split(struct qkm_index *index, uint32_t hash)
{
  struct qkm_segment *old = segment_of(index, hash);
  uint32_t bit = UINT32_C(1) << (31 - old->depth), n = count_with(old, bit);
  struct qkm_segment *low = create_half(old->count - n, old->depth + 1);
  struct qkm_segment *high = low ? create_half(n, old->depth + 1) : NULL;
  if (!high || (old->depth == index->bits && double_directory(index) != QK_OK)) {
    free(low);
    free(high);
    return QK_ENOMEM;
  }
  for (uint32_t i = 0; i < slots_of(old->size); i++)
    if (old->entries[i])
      put(hash_of(old->entries[i]) & bit ? high : low, old->entries[i]);
  size_t first = first_place(index, old, hash), half = copies(index, old) / 2;
  fill_places(index, first, half, low);
  fill_places(index, first + half, half, high);
  if (low->depth == index->bits)
    index->deepest += 2;
  free(old);
  return QK_OK;
}

int qkm_index_reserve(struct qkm_index *index, uint32_t hash)
{
  int code = index->directory ? QK_OK : start(index);
  while (code == QK_OK) {
    const struct qkm_segment *segment = segment_of(index, hash);
    if (!is_full(segment->count, segment->size))
      break;
    code = segment->size < SIZE_LAST ? resize(index, hash, segment->size + 1) : split(index, hash);
  }
  return code;
}

void qkm_index_insert(struct qkm_index *index, uint32_t hash, uint32_t handle)
{
  put(segment_of(index, hash), make_entry(hash, handle));
  index->count++;
}

void qkm_index_repoint(struct qkm_index *index, uint32_t hash, uint32_t from, uint32_t to)
{
  struct qkm_segment *segment = segment_of(index, hash);
  segment->entries[find(segment, make_entry(hash, from))] = make_entry(hash, to);
}

/* ---- Shrinking: without memory for the smaller form the larger one stays ---- */

/* Halve the directory if no segment needs its last bit. */
static void halve_directory(struct qkm_index *index)
{
  if (index->bits == 0 || index->deepest > 0)
    return;
  size_t places = (size_t)1 << (index->bits - 1);
  uintptr_t *smaller = malloc(places * sizeof *smaller);
  if (!smaller)
    return;
  for (size_t i = 0; i < places; i++)
    smaller[i] = index->directory[2 * i];
  free(index->directory);
  index->directory = smaller;
  index->bits--;
  for (size_t i = 0; i < places;) {
    const struct qkm_segment *segment = qkm_place_segment(index->directory[i]);
    index->deepest += segment->depth == index->bits;
    i += copies(index, segment);
  }
}

/* Join the segment of hash with its buddy if both fit well into one of the size that is split into. */
static void join(struct qkm_index *index, uint32_t hash)
{
  struct qkm_segment *segment = segment_of(index, hash);
  size_t first = first_place(index, segment, hash), span = copies(index, segment);
  struct qkm_segment *buddy = qkm_place_segment(index->directory[first ^ span]);
  if (buddy->depth != segment->depth || (buddy->count + segment->count) * 2 > slots_of(SIZE_SPLIT))
    return;
  put_all(segment, buddy);
  fill_places(index, first ^ span, span, segment);
  if (segment->depth == index->bits)
    index->deepest -= 2;
  segment->depth--;
  free(buddy);
  halve_directory(index);
}

void qkm_index_remove(struct qkm_index *index, uint32_t hash, uint32_t handle)
{
  struct qkm_segment *segment = segment_of(index, hash);
  close_gap(segment, find(segment, make_entry(hash, handle)));
  segment->count--;
  index->count--;
  uint32_t least = segment->depth > 0 ? SIZE_SPLIT : 0;
  if (segment->size > least && segment->count * 2 < slots_of(segment->size - 1))
    (void)resize(index, hash, segment->size - 1);
  else if (segment->depth > 0 && segment->count * 4 < slots_of(SIZE_SPLIT))
    join(index, hash);
}
