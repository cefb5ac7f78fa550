/* Reading and writing the fields of a record. */
#ifndef QKM_RECORD_H
#define QKM_RECORD_H

#include <string.h>

#include "pool.h"

#define QKM_NUMBER_MASK ((UINT64_C(1) << 49) - 1)
#define QKM_LEN_SHIFT 50
#define QKM_STATE_SHIFT 58
#define QKM_CLASS_SHIFT 60

static inline uint64_t qkm_make_key(uint64_t number, uint32_t cls, int32_t state, uint32_t len)
{
  return number | (uint64_t)len << QKM_LEN_SHIFT | (uint64_t)state << QKM_STATE_SHIFT |
         (uint64_t)cls << QKM_CLASS_SHIFT;
}

static inline uint64_t qkm_number(const struct qkm_record *record)
{
  return record->key & QKM_NUMBER_MASK;
}

static inline uint32_t qkm_len(const struct qkm_record *record)
{
  return (uint32_t)(record->key >> QKM_LEN_SHIFT) & 0xff;
}

static inline int32_t qkm_state(const struct qkm_record *record)
{
  return (int32_t)(record->key >> QKM_STATE_SHIFT & 3);
}

static inline uint32_t qkm_class(const struct qkm_record *record)
{
  return (uint32_t)(record->key >> QKM_CLASS_SHIFT);
}

static inline char *qkm_long_id(const struct qkm_record *record)
{
  char *text;
  memcpy(&text, record->id.pointer, sizeof text);
  return text;
}

static inline const char *qkm_id(const struct qkm_record *record)
{
  return qkm_len(record) <= QKM_INLINE_ID ? record->id.text : qkm_long_id(record);
}

/* The two halves of b while a seat is held. */
static inline uint32_t qkm_extends(const struct qkm_record *record)
{
  return (uint32_t)(record->b >> 32);
}

static inline uint32_t qkm_place(const struct qkm_record *record)
{
  return (uint32_t)record->b;
}

static inline void qkm_set_place(struct qkm_record *record, uint32_t place)
{
  record->b = (record->b & ~(uint64_t)UINT32_MAX) | place;
}

#endif
