#include "ops.h"

#include <string.h>

#include "store.h"

static const uint64_t no_words[4];

static void clear_outputs(qk_op *op)
{
  qki_ticket_clear(op->ticket);
  if (op->report)
    *op->report = (qk_tick_report){0};
}

int qki_op_refused(qk_op *op)
{
  int known = op->size == sizeof *op; /* one of another size has no fields to trust */
  if (known && !memcmp(op->reserved, no_words, sizeof op->reserved) && op->verb >= QK_ENTER &&
      op->verb <= QK_TICK && !(op->verb == QK_TICK && (op->token || op->user)))
    return 0;
  op->result = QK_EINVAL;
  if (known)
    clear_outputs(op);
  return 1;
}

static int prepare(qk_store *store, const qk_op *op, qk_work *work, struct qki_claims *claims,
                   const qk_work *like, int may_answer)
{
  qki_ticket_clear(op->ticket);
  if (!op->token)
    return qki_work_by_name(store, work, like, op->verb, op->queue, op->user, op->cls, op->ticket);
  if (op->queue || op->user || op->verb == QK_ENTER)
    return QK_EINVAL;
  return qki_work_by_token(store, work, claims, op->verb, op->token, op->ticket, may_answer);
}

int qki_op_prepare(qk_store *store, const qk_op *op, qk_work *work, struct qki_claims *claims,
                   const qk_work *like)
{
  return prepare(store, op, work, claims, like, 1);
}

void qki_op_give_up(qk_store *store, qk_op *op, int code)
{
  qk_work work;
  struct qki_claims claims;
  if (qki_op_refused(op))
    return;
  clear_outputs(op);
  op->result = op->verb == QK_TICK ? QK_OK : prepare(store, op, &work, &claims, NULL, 0);
  if (op->result == QK_OK)
    op->result = code;
}

void qki_op_ticked(qk_store *store, qk_op *op, int code, const qk_tick_report *report)
{
  op->result = code;
  qki_store_note(store, code, op->queue);
  if (op->report)
    *op->report = *report;
}
