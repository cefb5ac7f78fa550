#include <stdlib.h>
#include "calls.h"

int calls_verb(qk_store *store, int32_t verb, const char *queue, const char *user, uint32_t cls,
               qk_ticket *out)
{
  switch (verb) {
  case QK_ENTER:
    return cls ? qk_enter_class(store, queue, user, cls, out) : qk_enter(store, queue, user, out);
  case QK_POLL:
    return qk_poll(store, queue, user, out);
  case QK_ACTIVATE:
    return qk_activate(store, queue, user, out);
  case QK_EXTEND:
    return qk_extend(store, queue, user, out);
  default:
    return qk_release(store, queue, user, out);
  }
}

int calls_token(qk_store *store, int32_t verb, const char *token, qk_ticket *out)
{
  switch (verb) {
  case QK_POLL:
    return qk_poll_token(store, token, out);
  case QK_ACTIVATE:
    return qk_activate_token(store, token, out);
  case QK_EXTEND:
    return qk_extend_token(store, token, out);
  default:
    return qk_release_token(store, token, out);
  }
}

/* Reap until count ops are back; data counts how often each came. */
static int reap_all(qk_store *store, size_t count)
{
  qk_op *done[7]; /* fewer than a batch has, so that pages are met */
  size_t back = 0;
  while (back < count) {
    int n = qk_reap(store, done, 7, 5000);
    if (n <= 0)
      return 0;
    for (int i = 0; i < n; i++)
      ++*(int *)done[i]->data;
    back += (size_t)n;
  }
  return qk_reap(store, done, 7, 0) == 0;
}

int calls_submit(qk_store *store, qk_op *ops, size_t count)
{
  qk_op **list = calloc(count, sizeof *list);
  int *times = calloc(count, sizeof *times);
  int fine = 0;
  if (!list || !times)
    abort();
  for (size_t i = 0; i < count; i++) {
    list[i] = &ops[i];
    ops[i].data = &times[i];
  }
  if (qk_submit(store, list, count) == QK_OK && reap_all(store, count)) {
    fine = 1;
    for (size_t i = 0; i < count; i++)
      fine = fine && times[i] == 1;
  }
  free(list);
  free(times);
  return fine;
}
