/* Blocks of 64 person records, for all queues of a store.
 *
 * A handle is block << 6 | slot. It finds a record (64 bytes, one cache line) and the header of its block at
 * once, through a directory of chunks, so that both cache misses run in parallel. Handle 0 is nobody: block 0
 * is never given out.
 *
 * Memory comes in chunks of 512 blocks (2 MiB) and goes back block by block: of the free blocks at most an
 * eighth of those in use, and 64, are kept warm, the pages of the others are returned to the system.
 *
 * Threads: create and destroy apart, every call from any thread; a block's contents belong to the queue that
 * took it. */
#ifndef QKM_POOL_H
#define QKM_POOL_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define QKM_BLOCK_PEOPLE 64
#define QKM_INLINE_ID 36 /* bytes: a UUID in text fits */

/* A person. While WAITING a is the last poll and b the time of entry; with a seat a is the deadline, b is
 * extends << 32 | place in the deadlines. */
struct qkm_record {
  uint64_t key; /* class << 60 | state << 58 | length of the id << 50 | number */
  int64_t a;
  uint64_t b;
  uint32_t hash;
  union {
    char text[QKM_INLINE_ID];
    unsigned char pointer[sizeof(char *)]; /* of a longer id, which the record owns */
  } id;
};

struct qkm_page;

/* A block's place in its lane. */
struct qkm_block {
  uint64_t live;           /* which slots hold somebody */
  struct qkm_page *parent; /* NULL in a lane without ranks */
  uint32_t next, prev;     /* neighbours, 0 = none */
  uint8_t index;           /* which child of parent */
  uint8_t used;            /* slots below this were filled */
};

struct qkm_chunk {
  struct qkm_record *records;
  struct qkm_block *blocks;
};

struct qkm_pool {
  struct qkm_chunk *chunks; /* the directory: reserved whole, so that readers need no lock */
  pthread_mutex_t lock;
  uint32_t chunk_count;
  uint32_t warm, cold; /* free blocks, linked by next: with memory behind them, and without */
  uint32_t warm_count, used_count;
};

/* QK_OK or QK_ENOMEM. */
int qkm_pool_init(struct qkm_pool *pool);
void qkm_pool_finish(struct qkm_pool *pool, int forked);

/* Take a block, cleared but for its records; 0 if memory has run out. */
uint32_t qkm_pool_take(struct qkm_pool *pool);
void qkm_pool_give(struct qkm_pool *pool, uint32_t block);

#define QKM_CHUNK_SHIFT 9
#define QKM_CHUNK_BLOCKS (1u << QKM_CHUNK_SHIFT)

static inline struct qkm_block *qkm_block(const struct qkm_pool *pool, uint32_t block)
{
  return &pool->chunks[block >> QKM_CHUNK_SHIFT].blocks[block & (QKM_CHUNK_BLOCKS - 1)];
}

static inline struct qkm_record *qkm_record(const struct qkm_pool *pool, uint32_t handle)
{
  return &pool->chunks[handle >> (QKM_CHUNK_SHIFT + 6)]
              .records[handle & (QKM_CHUNK_BLOCKS * QKM_BLOCK_PEOPLE - 1)];
}

#endif
