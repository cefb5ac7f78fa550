/* From a name's hash to a handle: extendible hashing (Fagin, Nievergelt, Pippenger, Strong 1979) over
 * segments of up to 1,024 entries with linear probing.
 *
 * An entry is the 32-bit hash beside the 32-bit handle, so that growing and shrinking never touch what the
 * handles mean, and a look-up misses the cache once. The directory is indexed by the top bits of the hash,
 * the place in a segment by its low bits. A small index is one segment of 8 entries and more. One insertion
 * moves at most one segment's entries, besides now and then the directory (8 bytes per 1,024 entries); there
 * is no rehash of everything.
 *
 * Invariants: a segment is at most 7/8 full; each entry can be reached from its home without crossing an
 * empty place; a segment of depth d stands in 2^(bits - d) neighbouring places of the directory. */
#ifndef QKM_INDEX_H
#define QKM_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define QKM_SEGMENT_SLOTS 1024
#define QKM_LINE_SLOTS 8 /* entries in a cache line: homes are line starts */

struct qkm_segment {
  uint32_t count, depth;
  uint32_t pad[14]; /* entries start on a line of their own */
  uint64_t entries[];
};

struct qkm_index {
  struct qkm_segment **directory; /* NULL while nothing was ever inserted */
  uint32_t bits;                  /* the directory has 2^bits places */
  uint32_t slots;                 /* entries per segment; QKM_SEGMENT_SLOTS once bits > 0 */
  uint32_t deepest;               /* segments whose depth is bits */
  uint64_t count;
};

/* A walk over the entries of one hash. */
struct qkm_probe {
  const struct qkm_segment *segment;
  uint32_t hash, at, mask;
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

static inline struct qkm_segment *qkm_index_segment(const struct qkm_index *index, uint32_t hash)
{
  return index->directory[(uint64_t)hash >> (32 - index->bits)];
}

static inline uint32_t qkm_index_home(const struct qkm_index *index, uint32_t hash)
{
  return hash * QKM_LINE_SLOTS & (index->slots - 1);
}

/* Start a walk. */
static inline struct qkm_probe qkm_probe_start(const struct qkm_index *index, uint32_t hash)
{
  struct qkm_probe probe = {.hash = hash, .mask = index->slots - 1};
  if (index->directory) {
    probe.segment = qkm_index_segment(index, hash);
    probe.at = qkm_index_home(index, hash);
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
    probe->at = (probe->at + 1) & probe->mask;
    if ((uint32_t)(entry >> 32) == probe->hash)
      return (uint32_t)entry;
  }
  return 0;
}

#endif
