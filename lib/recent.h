/* The queue names that were used last, with their hashes: nearly every call names a queue that a call before
 * it named, and comparing is cheaper than validating and hashing again. Readers take no lock: each place is a
 * sequence lock (Hemminger 2002; Boehm 2012 on how to write one in C11). */
#ifndef QKI_RECENT_H
#define QKI_RECENT_H

#include <stdatomic.h>
#include <stddef.h>

#include <qk_backend.h>

#define QKI_RECENT_PLACES 8
#define QKI_RECENT_WORDS (QK_QUEUE_MAX / 8)

struct qki_recent_place {
  _Atomic uint32_t version; /* odd while it is written; 0 = empty */
  _Atomic uint32_t len;
  _Atomic uint64_t hash;
  _Atomic uint64_t words[QKI_RECENT_WORDS]; /* the name, filled up with zeros */
};

struct qki_recent {
  struct qki_recent_place place[QKI_RECENT_PLACES];
};

/* 1 and *hash if the name, of len 1 to QK_QUEUE_MAX bytes, is remembered. */
int qki_recent_find(const struct qki_recent *recent, const char *text, size_t len, uint64_t *hash);
/* Remember a valid name; does nothing if another thread is at it. */
void qki_recent_keep(struct qki_recent *recent, const char *text, size_t len, uint64_t hash);

#endif
