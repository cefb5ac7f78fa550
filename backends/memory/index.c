#include "index.h"

#include <stdlib.h>
#include <string.h>

#include <qk.h>

#define BITS_MAX 24
#define LINE 64

_Static_assert(sizeof(struct qkm_segment) == LINE, "entries start on a cache line");

static uint64_t make_entry(uint32_t hash, uint32_t handle)
{
  return (uint64_t)hash << 32 | handle;
}

static uint32_t hash_of(uint64_t entry)
{
  return (uint32_t)(entry >> 32);
}

static struct qkm_segment *create_segment(uint32_t slots, uint32_t depth)
{
  size_t size = sizeof(struct qkm_segment) + slots * sizeof(uint64_t);
  struct qkm_segment *segment = aligned_alloc(LINE, size);
  if (!segment)
    return NULL;
  memset(segment, 0, size);
  segment->depth = depth;
  return segment;
}

void qkm_index_init(struct qkm_index *index)
{
  memset(index, 0, sizeof *index);
}

/* Places of the directory that a segment stands in. */
static size_t copies(const struct qkm_index *index, const struct qkm_segment *segment)
{
  return (size_t)1 << (index->bits - segment->depth);
}

void qkm_index_finish(struct qkm_index *index)
{
  size_t places = index->directory ? (size_t)1 << index->bits : 0;
  for (size_t i = 0; i < places;) {
    struct qkm_segment *segment = index->directory[i];
    i += copies(index, segment);
    free(segment);
  }
  free(index->directory);
}

static void put(const struct qkm_index *index, struct qkm_segment *segment, uint64_t entry)
{
  uint32_t mask = index->slots - 1;
  uint32_t at = qkm_index_home(index, hash_of(entry));
  while (segment->entries[at])
    at = (at + 1) & mask;
  segment->entries[at] = entry;
  segment->count++;
}

static void put_all(const struct qkm_index *index, struct qkm_segment *to, const struct qkm_segment *from,
                    uint32_t slots)
{
  for (uint32_t i = 0; i < slots; i++)
    if (from->entries[i])
      put(index, to, from->entries[i]);
}

static int start(struct qkm_index *index)
{
  struct qkm_segment *segment = create_segment(QKM_LINE_SLOTS, 0);
  struct qkm_segment **directory = segment ? malloc(sizeof *directory) : NULL;
  if (!directory) {
    free(segment);
    return QK_ENOMEM;
  }
  directory[0] = segment;
  index->directory = directory;
  index->slots = QKM_LINE_SLOTS;
  index->deepest = 1;
  return QK_OK;
}

/* Give the only segment another size. */
static int resize(struct qkm_index *index, uint32_t slots)
{
  struct qkm_segment *old = index->directory[0];
  struct qkm_segment *segment = create_segment(slots, 0);
  if (!segment)
    return QK_ENOMEM;
  uint32_t old_slots = index->slots;
  index->slots = slots;
  put_all(index, segment, old, old_slots);
  index->directory[0] = segment;
  free(old);
  return QK_OK;
}

static int double_directory(struct qkm_index *index)
{
  size_t places = (size_t)1 << index->bits;
  if (index->bits == BITS_MAX)
    return QK_ENOMEM;
  struct qkm_segment **directory = malloc(2 * places * sizeof *directory);
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

/* The first of the places that the segment of hash stands in. */
static size_t first_place(const struct qkm_index *index, const struct qkm_segment *segment, uint32_t hash)
{
  return (size_t)((uint64_t)hash >> (32 - index->bits)) & ~(copies(index, segment) - 1);
}

/* Move half of the full segment of hash into a new one. */
static int split(struct qkm_index *index, uint32_t hash)
{
  uint64_t all[QKM_SEGMENT_SLOTS];
  struct qkm_segment *low = qkm_index_segment(index, hash);
  struct qkm_segment *high = create_segment(index->slots, low->depth + 1);
  if (!high || (low->depth == index->bits && double_directory(index) != QK_OK)) {
    free(high);
    return QK_ENOMEM;
  }
  size_t place = first_place(index, low, hash), half = copies(index, low) / 2;
  for (size_t i = 0; i < half; i++)
    index->directory[place + half + i] = high;
  uint32_t bit = UINT32_C(1) << (31 - low->depth++);
  memcpy(all, low->entries, sizeof all);
  memset(low->entries, 0, sizeof all);
  low->count = 0;
  for (uint32_t i = 0; i < QKM_SEGMENT_SLOTS; i++)
    if (all[i])
      put(index, hash_of(all[i]) & bit ? high : low, all[i]);
  if (low->depth == index->bits)
    index->deepest += 2;
  return QK_OK;
}

static int is_full(const struct qkm_index *index, const struct qkm_segment *segment)
{
  return segment->count >= index->slots / 8 * 7;
}

int qkm_index_reserve(struct qkm_index *index, uint32_t hash)
{
  int code = index->directory ? QK_OK : start(index);
  while (code == QK_OK && is_full(index, qkm_index_segment(index, hash)))
    code = index->slots < QKM_SEGMENT_SLOTS ? resize(index, index->slots * 2) : split(index, hash);
  return code;
}

void qkm_index_insert(struct qkm_index *index, uint32_t hash, uint32_t handle)
{
  put(index, qkm_index_segment(index, hash), make_entry(hash, handle));
  index->count++;
}

static uint32_t find(const struct qkm_index *index, const struct qkm_segment *segment, uint64_t entry)
{
  uint32_t at = qkm_index_home(index, hash_of(entry));
  while (segment->entries[at] != entry)
    at = (at + 1) & (index->slots - 1);
  return at;
}

void qkm_index_repoint(struct qkm_index *index, uint32_t hash, uint32_t from, uint32_t to)
{
  struct qkm_segment *segment = qkm_index_segment(index, hash);
  segment->entries[find(index, segment, make_entry(hash, from))] = make_entry(hash, to);
}

/* Close the gap at hole so that every later entry can still be reached: Knuth, The Art of Computer
 * Programming 3, 6.4 R. */
static void close_gap(const struct qkm_index *index, struct qkm_segment *segment, uint32_t hole)
{
  uint32_t mask = index->slots - 1;
  for (uint32_t at = (hole + 1) & mask; segment->entries[at]; at = (at + 1) & mask) {
    uint32_t home = qkm_index_home(index, hash_of(segment->entries[at]));
    if (((at - home) & mask) < ((at - hole) & mask))
      continue;
    segment->entries[hole] = segment->entries[at];
    hole = at;
  }
  segment->entries[hole] = 0;
}

/* Halve the directory if no segment needs its last bit. Without memory for the smaller one it stays large. */
static void halve_directory(struct qkm_index *index)
{
  if (index->bits == 0 || index->deepest > 0)
    return;
  size_t places = (size_t)1 << (index->bits - 1);
  struct qkm_segment **smaller = malloc(places * sizeof *smaller);
  if (!smaller)
    return;
  for (size_t i = 0; i < places; i++)
    smaller[i] = index->directory[2 * i];
  free(index->directory);
  index->directory = smaller;
  index->bits--;
  for (size_t i = 0; i < places; i += copies(index, index->directory[i]))
    index->deepest += index->directory[i]->depth == index->bits;
}

/* Join a sparse segment with its buddy if both fit well into one. */
static void join(struct qkm_index *index, struct qkm_segment *segment, uint32_t hash)
{
  size_t place = first_place(index, segment, hash), span = copies(index, segment);
  size_t buddy_place = place ^ span;
  struct qkm_segment *buddy = index->directory[buddy_place];
  if (buddy->depth != segment->depth || (buddy->count + segment->count) * 2 > index->slots)
    return;
  put_all(index, segment, buddy, index->slots);
  for (size_t i = 0; i < span; i++)
    index->directory[buddy_place + i] = segment;
  if (segment->depth == index->bits)
    index->deepest -= 2;
  segment->depth--;
  free(buddy);
  halve_directory(index);
}

void qkm_index_remove(struct qkm_index *index, uint32_t hash, uint32_t handle)
{
  struct qkm_segment *segment = qkm_index_segment(index, hash);
  close_gap(index, segment, find(index, segment, make_entry(hash, handle)));
  segment->count--;
  index->count--;
  if (segment->count * 4 > index->slots)
    return;
  if (segment->depth > 0)
    join(index, segment, hash);
  else if (index->bits == 0 && index->slots > QKM_LINE_SLOTS && segment->count * 8 <= index->slots)
    (void)resize(index, index->slots / 2); /* without memory it only stays large */
}
