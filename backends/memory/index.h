/* From a name's hash to a handle: extendible hashing (Fagin, Nievergelt, Pippenger, Strong 1979) with partial
 * expansions (Larson 1980) over segments of up to 1,024 entries with linear probing.
 *
 * An entry is the 32-bit hash beside the 32-bit handle, so that growing and shrinking never touch what the
 * handles mean, and a look-up misses the cache once. The directory is indexed by the top bits of the hash,
 * the line within a segment by its low bits. A segment grows from 640 entries to 1,024 in four steps and is
 * then split into two of 640, so that the index is two thirds full or more: what it costs is the memory that
 * look-ups scatter over. A place of the directory holds the segment's size beside its address, so that a
 * look-up does not read the segment's header. A small index is one segment of 8 entries and more. One
 * insertion moves at most one segment's entries, besides now and then the directory (8 bytes per 700
 * entries); there is no rehash of everything.
 *
 * Invariants: a segment is at most 27/32 full; each entry can be reached from its home without crossing an
 * empty place; a segment of depth d stands in 2^(bits - d) neighbouring places of the directory. */
#ifndef QKM_INDEX_H
#define QKM_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define QKM_SEGMENT_SLOTS 1024
#define QKM_LINE_SLOTS 8 /* entries in a cache line: homes are line starts */

struct qkm_segment {
  uint32_t count, depth;
  uint32_t size;    /* which of qkm_segment_lines */
  uint32_t pad[13]; /* entries start on a line of their own */
  uint64_t entries[];
};

/* Sizes of segments in lines, least first. */
extern const uint32_t qkm_segment_lines[];
#define QKM_SIZE_MASK ((uintptr_t)63) /* of a place; the rest is the address */

struct qkm_index {
  uintptr_t *directory; /* NULL while nothing was ever inserted */
  uint32_t bits;        /* the directory has 2^bits places */
  uint32_t deepest;     /* segments whose depth is bits */
  uint64_t count;
};

/* A walk over the entries of one hash. */
struct qkm_probe {
  const struct qkm_segment *segment;
  uint32_t hash, at, slots;
};

void qkm_index_init(struct qkm_index *index);
void qkm_index_finish(struct qkm_index *index);

/* Make room for one entry of this hash: QK_OK or QK_ENOMEM, nothing changed. */
int qkm_index_reserve(struct qkm_index *index, uint32_t hash);
/* Insert; there must be room. handle is not 0. */
void qkm_index_insert(struct qkm_index *index, uint32_t hash, uint32_t handle);
/* Remove, or redirect, the entry that is there. */
void qkm_index_remove(struct qkm_index *index, uint32_t hash, uint32_t handle);
void qkm_index_repoint(struct qkm_index *index, uint32_t hash, uint32_t from, uint32_t to);

/* The place of the directory that a hash belongs to, and what it says; the directory is there. */
static inline uintptr_t *qkm_index_place(const struct qkm_index *index, uint32_t hash)
{
  return &index->directory[(uint64_t)hash >> (32 - index->bits)];
}

static inline struct qkm_segment *qkm_place_segment(uintptr_t place)
{
  return (struct qkm_segment *)(place & ~QKM_SIZE_MASK);
}

/* The entry of a segment of so many lines where a search for hash begins. */
static inline uint32_t qkm_home(uint32_t hash, uint32_t lines)
{
  return ((hash & 0xfff) * lines >> 12) * QKM_LINE_SLOTS;
}

/* Start a walk. */
static inline struct qkm_probe qkm_probe_start(const struct qkm_index *index, uint32_t hash)
{
  struct qkm_probe probe = {.hash = hash};
  if (index->directory) {
    uintptr_t place = *qkm_index_place(index, hash);
    uint32_t lines = qkm_segment_lines[place & QKM_SIZE_MASK];
    probe.segment = qkm_place_segment(place);
    probe.slots = lines * QKM_LINE_SLOTS;
    probe.at = qkm_home(hash, lines);
  }
  return probe;
}

/* The next handle under this hash, 0 at the end. */
static inline uint32_t qkm_probe_next(struct qkm_probe *probe)
{
  while (probe->segment) {
    uint64_t entry = probe->segment->entries[probe->at];
    if (entry == 0)
      return 0;
    if (++probe->at == probe->slots)
      probe->at = 0;
    if ((uint32_t)(entry >> 32) == probe->hash)
      return (uint32_t)entry;
  }
  return 0;
}

#endif
