/* What a queue shows of its people: tickets. */
#ifndef QKI_VIEWS_H
#define QKI_VIEWS_H

#include <qk_backend.h>

#include "rules.h"

/* Fill ticket (may be NULL) about entry; its queue and user are filled already. state QK_NONE: an entry that
 * has just ended. Looks the position up if the entry waits. QK_OK or a code of the people. */
int qki_show(const qk_queue *queue, const qk_entry *entry, struct qki_now now, qk_ticket *ticket);
/* The same for an entry that this call made: the last of its class. */
void qki_show_new(const qk_queue *queue, const qk_entry *entry, struct qki_now now, qk_ticket *ticket);

#endif
