#include "pool.h"

#include <stdlib.h>
#include <string.h>

#include <qk.h>

#include "system.h"

#define CHUNKS_MAX (UINT32_C(1) << (32 - 6 - QKM_CHUNK_SHIFT))
#define BLOCK_BYTES (QKM_BLOCK_PEOPLE * sizeof(struct qkm_record))
#define CHUNK_BYTES (QKM_CHUNK_BLOCKS * BLOCK_BYTES)
#define DIRECTORY_BYTES (CHUNKS_MAX * sizeof(struct qkm_chunk))
#define WARM_MIN 64

_Static_assert(sizeof(struct qkm_record) == 64, "a record is one cache line");
_Static_assert(BLOCK_BYTES == 4096, "a block is one page of the system");

int qkm_pool_init(struct qkm_pool *pool)
{
  memset(pool, 0, sizeof *pool);
  pool->chunks = qkm_map(DIRECTORY_BYTES);
  if (!pool->chunks)
    return QK_ENOMEM;
  if (pthread_mutex_init(&pool->lock, NULL) == 0)
    return QK_OK;
  qkm_unmap(pool->chunks, DIRECTORY_BYTES);
  return QK_ENOMEM;
}

void qkm_pool_finish(struct qkm_pool *pool, int forked)
{
  for (uint32_t i = 0; i < pool->chunk_count; i++) {
    qkm_unmap(pool->chunks[i].records, CHUNK_BYTES);
    free(pool->chunks[i].blocks);
  }
  qkm_unmap(pool->chunks, DIRECTORY_BYTES);
  if (!forked)
    pthread_mutex_destroy(&pool->lock);
}

/* Add a chunk; its blocks are cold. */
static int grow(struct qkm_pool *pool)
{
  if (pool->chunk_count == CHUNKS_MAX)
    return QK_ENOMEM;
  struct qkm_chunk *chunk = &pool->chunks[pool->chunk_count];
  struct qkm_block *blocks = calloc(QKM_CHUNK_BLOCKS, sizeof *blocks);
  struct qkm_record *records = blocks ? qkm_map(CHUNK_BYTES) : NULL;
  if (!records) {
    free(blocks);
    return QK_ENOMEM;
  }
  chunk->blocks = blocks;
  chunk->records = records;
  uint32_t first = pool->chunk_count << QKM_CHUNK_SHIFT;
  for (uint32_t i = QKM_CHUNK_BLOCKS; i-- > 0;) {
    if (first + i == 0)
      continue;
    blocks[i].next = pool->cold;
    pool->cold = first + i;
  }
  pool->chunk_count++;
  return QK_OK;
}

static uint32_t take_locked(struct qkm_pool *pool)
{
  uint32_t block = pool->warm;
  if (block) {
    pool->warm = qkm_block(pool, block)->next;
    pool->warm_count--;
  } else {
    if (!pool->cold && grow(pool) != QK_OK)
      return 0;
    block = pool->cold;
    pool->cold = qkm_block(pool, block)->next;
  }
  pool->used_count++;
  return block;
}

uint32_t qkm_pool_take(struct qkm_pool *pool)
{
  pthread_mutex_lock(&pool->lock);
  uint32_t block = take_locked(pool);
  pthread_mutex_unlock(&pool->lock);
  if (block)
    *qkm_block(pool, block) = (struct qkm_block){0};
  return block;
}

/* Return the memory behind the block that was freed last. */
static void cool_locked(struct qkm_pool *pool)
{
  uint32_t block = pool->warm;
  struct qkm_block *header = qkm_block(pool, block);
  pool->warm = header->next;
  pool->warm_count--;
  qkm_forget(qkm_record(pool, block << 6), BLOCK_BYTES);
  header->next = pool->cold;
  pool->cold = block;
}

void qkm_pool_give(struct qkm_pool *pool, uint32_t block)
{
  pthread_mutex_lock(&pool->lock);
  qkm_block(pool, block)->next = pool->warm;
  pool->warm = block;
  pool->warm_count++;
  pool->used_count--;
  /* Two at most: the bound sinks by an eighth of a block with each block given. */
  for (int i = 0; i < 2 && pool->warm_count > pool->used_count / 8 + WARM_MIN; i++)
    cool_locked(pool);
  pthread_mutex_unlock(&pool->lock);
}
