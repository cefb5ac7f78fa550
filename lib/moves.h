/* The steps in a person's life that verbs and ticks share: each changes people, state and totals together. */
#ifndef QKI_MOVES_H
#define QKI_MOVES_H

#include <qk_backend.h>

#include "rules.h"

/* Who is next to be admitted: lowest class, then lowest number. 1, 0 if nobody waits, or a code of the
 * people. */
int qki_head(const qk_queue *queue, qk_entry *out);
/* Give a seat to entry, who waits and for whom the people have reserved one. Entry is changed along. */
int qki_admit(const qk_queue *queue, qk_entry *entry, struct qki_now now);
/* End an entry and count it as type, one of QK_EVENT_LEFT to QK_EVENT_COMPLETED. */
int qki_end(const qk_queue *queue, const qk_entry *entry, int32_t type, struct qki_now now);

#endif
