/* What a queue shows: tickets, its head, and the step from the line to a seat that verbs and ticks share. */
#ifndef QKI_VIEWS_H
#define QKI_VIEWS_H

#include <qk_backend.h>

#include "rules.h"

/* Fill ticket (may be NULL) about entry; its queue and user are filled already. state QK_NONE: an entry that
 * has just ended. Looks the position up if the entry waits. QK_OK or a code of the people. */
int qki_show(const qk_queue *queue, const qk_entry *entry, struct qki_now now, qk_ticket *ticket);
/* The same for an entry that this call made: the last of its class. */
void qki_show_new(const qk_queue *queue, const qk_entry *entry, struct qki_now now, qk_ticket *ticket);
/* Who is next to be admitted: lowest class, then lowest number. 1, 0 if nobody waits, or a code. */
int qki_head(const qk_queue *queue, qk_entry *out);
/* Give a seat to entry, who waits and for whom the people have reserved one. Entry is changed along. */
int qki_admit(const qk_queue *queue, qk_entry *entry, struct qki_now now);

#endif
