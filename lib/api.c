/* The public calls: each checks its arguments, hands on, and leaves through one door. */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "cursor.h"
#include "error.h"
#include "limits.h"
#include "names.h"
#include "store.h"

#define LIST_MAX 1000
#define NAMES_PAGE 64

/* ---- Verbs ---- */

static int run(qk_store *store, qk_work *work, int code)
{
  if (code == QK_OK) {
    work->now_ms = qki_store_clock(store);
    code = qki_run_one(store, work);
    qki_store_ended(store, work);
  } else if (code == QKI_ANSWERED) {
    code = QK_OK;
  }
  qki_count_calls(&store->host.counts, work->verb, code, 1);
  return qki_store_leave(store, code, code == QK_EINVAL ? NULL : work->queue.text);
}

static int by_name(qk_store *store, int32_t verb, const char *queue, const char *user, uint32_t cls,
                   qk_ticket *out)
{
  qk_work work;
  qki_ticket_clear(out);
  int code = qki_store_usable(store);
  if (code != QK_OK)
    return code;
  work.queue.text = NULL;
  return run(store, &work, qki_work_by_name(store, &work, NULL, verb, queue, user, cls, out));
}

static int by_token(qk_store *store, int32_t verb, const char *token, qk_ticket *out)
{
  qk_work work;
  struct qki_claims claims;
  qki_ticket_clear(out);
  int code = qki_store_usable(store);
  if (code != QK_OK)
    return code;
  if (!token)
    return QK_EINVAL;
  work.queue.text = NULL;
  return run(store, &work, qki_work_by_token(store, &work, &claims, verb, token, out, 1));
}

int qk_enter(qk_store *store, const char *queue, const char *user, qk_ticket *out)
{
  return by_name(store, QK_ENTER, queue, user, 0, out);
}

int qk_enter_class(qk_store *store, const char *queue, const char *user, uint32_t cls, qk_ticket *out)
{
  return by_name(store, QK_ENTER, queue, user, cls, out);
}

int qk_poll(qk_store *store, const char *queue, const char *user, qk_ticket *out)
{
  return by_name(store, QK_POLL, queue, user, 0, out);
}

int qk_activate(qk_store *store, const char *queue, const char *user, qk_ticket *out)
{
  return by_name(store, QK_ACTIVATE, queue, user, 0, out);
}

int qk_extend(qk_store *store, const char *queue, const char *user, qk_ticket *out)
{
  return by_name(store, QK_EXTEND, queue, user, 0, out);
}

int qk_release(qk_store *store, const char *queue, const char *user, qk_ticket *out)
{
  return by_name(store, QK_RELEASE, queue, user, 0, out);
}

int qk_poll_token(qk_store *store, const char *token, qk_ticket *out)
{
  return by_token(store, QK_POLL, token, out);
}

int qk_activate_token(qk_store *store, const char *token, qk_ticket *out)
{
  return by_token(store, QK_ACTIVATE, token, out);
}

int qk_extend_token(qk_store *store, const char *token, qk_ticket *out)
{
  return by_token(store, QK_EXTEND, token, out);
}

int qk_release_token(qk_store *store, const char *token, qk_ticket *out)
{
  return by_token(store, QK_RELEASE, token, out);
}

/* ---- Tokens without the store ---- */

int qk_token(qk_store *store, const qk_ticket *ticket, char out[QK_TOKEN_SIZE])
{
  if (out)
    out[0] = '\0';
  int code = qki_store_usable(store);
  if (code != QK_OK)
    return code;
  return ticket && out ? qki_token_write(atomic_load(&store->keys), ticket, out) : QK_EINVAL;
}

static void show_claims(const struct qki_claims *claims, qk_ticket *out)
{
  out->state = claims->kind;
  out->cls = claims->cls;
  out->number = claims->number;
  out->epoch = claims->epoch;
  out->expires_at_ms = claims->expires_at_ms;
  out->eta_ms = claims->kind == QK_WAITING ? -1 : 0;
  memcpy(out->queue, claims->queue, claims->queue_len);
  memcpy(out->user, claims->user, claims->user_len);
}

int qk_verify(qk_store *store, const char *token, qk_ticket *out)
{
  struct qki_claims claims;
  qki_ticket_clear(out);
  int code = qki_store_usable(store);
  if (code != QK_OK)
    return code;
  if (!token)
    return QK_EINVAL;
  code = qki_token_read(atomic_load(&store->keys), token, &claims);
  if (code != QK_OK)
    return code;
  if (out)
    show_claims(&claims, out);
  if (claims.kind == QK_WAITING)
    return QK_ENOTREADY;
  return qki_store_clock_seen(store) < claims.expires_at_ms ? QK_OK : QK_EEXPIRED;
}

/* ---- Ticks ---- */

int qk_tick(qk_store *store, const char *queue, qk_tick_report *out)
{
  qk_tick_report report = {0};
  int code = qki_store_usable(store);
  if (code == QK_OK)
    code = qki_store_leave(store, qki_tick(store, queue, qki_store_deadline(store), &report), queue);
  if (store && code != QK_EFORK)
    qki_count_calls(&store->host.counts, QK_TICK, code, 1);
  if (out)
    *out = report;
  return code;
}

/* ---- Calls about one queue ---- */

static int is_async(const qk_store *store)
{
  return (store->ops->caps & QK_CAP_ASYNC) != 0;
}

/* The start of every call about one queue. */
static int begin(qk_store *store, const char *queue, qk_name *name)
{
  int code = qki_store_usable(store);
  return code != QK_OK ? code : qki_store_queue(store, name, queue);
}

/* The end of a call that shows something: all or nothing. */
static int leave_view(qk_store *store, int code, const char *queue, void *out, size_t size)
{
  if (code < 0)
    memset(out, 0, size);
  return qki_store_leave(store, code, queue);
}

static int begin_with_error(qk_store *store, const char *queue, qk_name *name, qk_error *err)
{
  size_t len;
  qki_error_clear(err);
  int code = begin(store, queue, name);
  if (code == QK_OK)
    return QK_OK;
  const char *wrong = store && code == QK_EINVAL ? qki_name_check(queue, QK_QUEUE_MAX, &len) : NULL;
  return wrong ? qk_error_set(err, code, "queue: the name %s", wrong)
               : qk_error_set(err, code, "%s", qk_strerror(code));
}

static int store_policy(qk_store *store, const qk_name *name, const qk_policy *policy, uint32_t mode)
{
  int code = store->ops->set_policy(store->backend, name, policy, mode, qki_store_clock(store),
                                    qki_store_deadline(store));
  return qki_store_leave(store, code, name->text);
}

int qk_set_policy(qk_store *store, const char *queue, const qk_policy *policy, qk_error *err)
{
  qk_name name;
  int code = begin_with_error(store, queue, &name, err);
  if (code == QK_OK)
    code = qki_policy_check(policy, "", err);
  if (code != QK_OK)
    return code;
  code = store_policy(store, &name, policy, policy->mode);
  return code == QK_OK ? QK_OK : qk_error_set(err, code, "%s", qk_strerror(code));
}

int qk_set_mode(qk_store *store, const char *queue, uint32_t mode)
{
  qk_name name;
  int code = begin(store, queue, &name);
  if (code != QK_OK)
    return code;
  return mode > QK_MODE_BYPASS ? QK_EINVAL : store_policy(store, &name, NULL, mode);
}

static int read_policy(qk_store *store, const qk_name *name, qk_policy *out)
{
  qk_view view;
  if (!is_async(store))
    return store->ops->get_policy(store->backend, name, out, qki_store_deadline(store));
  int code = qki_cursor_look(store, name, &view);
  if (code == QK_OK)
    *out = view.policy;
  return code;
}

int qk_get_policy(qk_store *store, const char *queue, qk_policy *out)
{
  qk_name name;
  if (out)
    memset(out, 0, sizeof *out);
  int code = begin(store, queue, &name);
  if (code != QK_OK || !out)
    return code != QK_OK ? code : QK_EINVAL;
  code = read_policy(store, &name, out);
  return leave_view(store, code, queue, out, sizeof *out);
}

int qk_remove(qk_store *store, const char *queue)
{
  qk_name name;
  int code = begin(store, queue, &name);
  if (code == QK_OK)
    code = store->ops->remove(store->backend, &name, qki_store_deadline(store));
  else
    return code;
  if (code == QK_OK)
    qki_known_forget(&store->knowns, &name);
  return qki_store_leave(store, code, queue);
}

/* ---- Views ---- */

static int read_stats(qk_store *store, const qk_name *name, qk_stats *out)
{
  qk_view view;
  if (!is_async(store))
    return store->ops->stats(store->backend, name, qki_store_clock(store), out, qki_store_deadline(store));
  int code = qki_cursor_look(store, name, &view);
  if (code == QK_OK)
    *out = view.stats;
  return code;
}

static int read_cursor(qk_store *store, const qk_name *name, qk_cursor *out)
{
  return is_async(store) ? qki_cursor_recent(store, name, out)
                         : store->ops->cursor(store->backend, name, qki_store_clock(store), out,
                                              qki_store_deadline(store));
}

int qk_get_stats(qk_store *store, const char *queue, qk_stats *out)
{
  qk_name name;
  if (out)
    *out = (qk_stats){0};
  int code = begin(store, queue, &name);
  if (code != QK_OK || !out)
    return code != QK_OK ? code : QK_EINVAL;
  code = read_stats(store, &name, out);
  return leave_view(store, code, queue, out, sizeof *out);
}

int qk_get_cursor(qk_store *store, const char *queue, qk_cursor *out)
{
  qk_name name;
  if (out)
    *out = (qk_cursor){0};
  int code = begin(store, queue, &name);
  if (code != QK_OK || !out)
    return code != QK_OK ? code : QK_EINVAL;
  code = read_cursor(store, &name, out);
  return leave_view(store, code, queue, out, sizeof *out);
}

int qk_list(qk_store *store, const char *queue, uint32_t cls, uint64_t after_number, qk_ticket *out,
            size_t max)
{
  qk_name name;
  size_t page = max < LIST_MAX ? max : LIST_MAX;
  int code = begin(store, queue, &name);
  if (code == QK_OK && (cls >= QK_CLASSES || (!out && max > 0)))
    code = QK_EINVAL;
  if (code == QK_OK)
    code = store->ops->list(store->backend, &name, qki_store_clock(store), cls, after_number, out, page,
                            qki_store_deadline(store));
  if (code < 0 && out)
    memset(out, 0, page * sizeof *out);
  return code == QK_EINVAL || code == QK_EFORK ? code : qki_store_leave(store, code, queue);
}

int qk_each_queue(qk_store *store, int (*visit)(void *arg, const char *queue), void *arg)
{
  char names[NAMES_PAGE][QK_QUEUE_MAX + 1];
  qk_page page = {.position = 0, .names = names, .max = NAMES_PAGE};
  int code = qki_store_usable(store);
  if (code != QK_OK || !visit)
    return code != QK_OK ? code : QK_EINVAL;
  do {
    qk_work work = {.verb = QK_WORK_QUEUES, .detail = &page};
    int n = qki_run_step(store, &work, qki_store_deadline(store));
    if (n < 0)
      return qki_store_leave(store, n, NULL);
    for (int i = 0; i < n; i++) {
      code = visit(arg, names[i]);
      if (code != 0)
        return code;
    }
  } while (page.position != 0);
  return QK_OK;
}

/* ---- The rest ---- */

void qk_free(void *memory)
{
  free(memory);
}

const char *qk_version(void)
{
  return PACKAGE_VERSION;
}

uint32_t qk_version_number(void)
{
  uint32_t number = 0, part = 0;
  for (const char *at = PACKAGE_VERSION;; at++) {
    if (*at >= '0' && *at <= '9') {
      part = part * 10 + (uint32_t)(*at - '0');
      continue;
    }
    number = number << 8 | part;
    part = 0;
    if (*at != '.')
      return number;
  }
}
