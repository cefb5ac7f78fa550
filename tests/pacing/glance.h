/* Polls that a host answers without its store: the rule of the cursor, for a queue of one class that was
 * never bypassed and lost nothing. */
#ifndef PACING_GLANCE_H
#define PACING_GLANCE_H

#include <stdint.h>
#include <qk_backend.h>
#include "scene.h"

struct glance {
  const struct scene *scene;
  qk_store *store;
  qk_cursor cursor;
  qk_pace pace;
  int64_t read_ms; /* -1 = not yet */
};

void glance_init(struct glance *glance, const struct scene *scene, qk_store *store);
/* Fill position, eta_ms and poll_after_ms of a waiting ticket whose number is set, unless the store must be
 * asked: then 0. Reads the cursor anew if it is older than 500 ms. */
int glance_answer(struct glance *glance, int64_t now_ms, qk_ticket *ticket);

#endif
