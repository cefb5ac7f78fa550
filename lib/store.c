#include "store.h"

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "names.h"

int64_t qki_store_clock(const qk_store *store)
{
  const qk_options *options = &store->host.options;
  int64_t now_ms = options->clock ? options->clock(options->clock_arg) : qki_realtime_ms();
  return now_ms < 0 ? 0 : now_ms > (int64_t)QK_INTEGER_MAX ? (int64_t)QK_INTEGER_MAX : now_ms;
}

int64_t qki_store_clock_seen(const qk_store *store)
{
  return qki_store_clock(store) + atomic_load_explicit(&store->host.clock_offset_ms, memory_order_relaxed);
}

void qk_host_saw_clock(qk_host *host, int64_t store_ms)
{
  if (!host->options.clock)
    atomic_store_explicit(&host->clock_offset_ms, store_ms - qki_realtime_ms(), memory_order_relaxed);
}

int64_t qki_store_ticks(const qk_store *store)
{
  return store->host.options.clock ? qki_store_clock(store) : qki_monotonic_ms();
}

int64_t qki_store_deadline(const qk_store *store)
{
  return qki_monotonic_ms() + store->host.options.timeout_ms;
}

int qki_store_usable(const qk_store *store)
{
  if (!store)
    return QK_EINVAL;
  return qki_forked(&store->guard) ? QK_EFORK : QK_OK;
}

void qki_store_note(qk_store *store, int code, const char *queue)
{
  if (code < 0 && qki_error_is_trouble(code))
    qk_host_log(&store->host, 0, code, queue, qk_strerror(code));
}

void qki_store_heard(qk_store *store, int code)
{
  _Atomic int *is_down = &store->host.counts.is_down;
  int down = code == QK_ESTORE || code == QK_EUNKNOWN;
  if (atomic_load_explicit(is_down, memory_order_relaxed) != down)
    atomic_store_explicit(is_down, down, memory_order_relaxed);
}

void qki_store_ended(qk_store *store, const qk_work *work)
{
  if (store->ops->caps & QK_CAP_INSTANT)
    return;
  qki_store_heard(store, work->result);
  if (work->verb == QK_POLL && work->by_token)
    qki_cursor_polled(store, work);
}

int qki_store_leave(qk_store *store, int code, const char *queue)
{
  qki_store_note(store, code, queue);
  qki_events_deliver(&store->host);
  return code;
}

/* ---- The backend's view ---- */

const qk_policy *qk_host_policy(const qk_host *host)
{
  return &host->policy;
}

int qk_host_creates(const qk_host *host)
{
  return host->options.create != 0;
}

int qk_host_has_clock(const qk_host *host)
{
  return host->options.clock != NULL;
}

uint32_t qk_host_timeout_ms(const qk_host *host)
{
  return host->options.timeout_ms;
}

int qk_host_random(qk_host *host, void *buf, size_t len)
{
  const qk_options *options = &host->options;
  if (options->random)
    return options->random(options->random_arg, buf, len) == 0 ? QK_OK : QK_ESTORE;
  randombytes_buf(buf, len);
  return QK_OK;
}

/* ---- Names and works ---- */

void qki_store_name(const qk_store *store, qk_name *name, const char *text, size_t len)
{
  unsigned char hash[crypto_shorthash_BYTES];
  crypto_shorthash(hash, (const unsigned char *)text, len, store->hash_key);
  name->text = text;
  name->len = (uint32_t)len;
  memcpy(&name->hash, hash, sizeof name->hash);
}

void qki_store_known_name(qk_store *store, qk_name *name, const char *text, size_t len)
{
  if (qki_recent_find(&store->recent, text, len, &name->hash)) {
    name->text = text;
    name->len = (uint32_t)len;
    return;
  }
  qki_store_name(store, name, text, len);
  qki_recent_keep(&store->recent, text, len, name->hash);
}

static int bad_name(qk_store *store, const char *what, const char *wrong)
{
  char line[64];
  snprintf(line, sizeof line, "a %s %s", what, wrong);
  qk_host_log(&store->host, 1, QK_EINVAL, NULL, line);
  return QK_EINVAL;
}

int qki_store_queue(qk_store *store, qk_name *name, const char *text)
{
  size_t len = text ? strnlen(text, QK_QUEUE_MAX + 1) : 0;
  if (len > 0 && len <= QK_QUEUE_MAX && qki_recent_find(&store->recent, text, len, &name->hash)) {
    name->text = text;
    name->len = (uint32_t)len;
    return QK_OK;
  }
  const char *wrong = qki_name_check(text, QK_QUEUE_MAX, &len);
  if (wrong)
    return bad_name(store, "queue name", wrong);
  qki_store_known_name(store, name, text, len);
  return QK_OK;
}

static int take_user(qk_store *store, qk_name *name, const char *text)
{
  size_t len;
  const char *wrong = qki_name_check(text, QK_USER_MAX, &len);
  if (wrong)
    return bad_name(store, "user id", wrong);
  qki_store_name(store, name, text, len);
  return QK_OK;
}

/* In pieces: compilers turn a clear of the whole struct into "rep stos", which takes 10 ns longer. */
void qki_ticket_clear(qk_ticket *ticket)
{
  enum { PIECE = 64 };
  char *at = (char *)ticket;
  if (!ticket)
    return;
  memset(at, 0, PIECE);
  memset(at + PIECE, 0, PIECE);
  memset(at + 2 * PIECE, 0, PIECE);
  memset(at + 3 * PIECE, 0, PIECE);
  memset(at + 4 * PIECE, 0, PIECE);
  memset(at + 5 * PIECE, 0, sizeof *ticket - 5 * PIECE);
}

static void start_work(qk_work *work, int32_t verb, qk_ticket *ticket)
{
  work->verb = verb;
  work->cls = work->by_token = 0;
  work->epoch = work->number = 0;
  work->ticket = ticket;
}

int qki_work_by_name(qk_store *store, qk_work *work, const qk_work *like, int32_t verb, const char *queue,
                     const char *user, uint32_t cls, qk_ticket *ticket)
{
  int bad_queue = QK_OK;
  start_work(work, verb, ticket);
  if (like && like->queue.text == queue)
    work->queue = like->queue;
  else
    bad_queue = qki_store_queue(store, &work->queue, queue);
  int bad_user = take_user(store, &work->user, user);
  if (ticket && !bad_queue)
    memcpy(ticket->queue, queue, work->queue.len);
  if (ticket && !bad_user)
    memcpy(ticket->user, user, work->user.len);
  if (bad_queue || bad_user || (verb == QK_ENTER && cls >= QK_CLASSES))
    return QK_EINVAL;
  work->cls = cls;
  return QK_OK;
}

int qki_work_by_token(qk_store *store, qk_work *work, struct qki_claims *claims, int32_t verb,
                      const char *token, qk_ticket *ticket, int may_answer)
{
  start_work(work, verb, ticket);
  int code = qki_token_read(atomic_load(&store->keys), token, claims);
  if (code != QK_OK)
    return code;
  if (may_answer && verb == QK_POLL && qki_cursor_poll(store, claims, ticket))
    return QKI_ANSWERED;
  qki_store_known_name(store, &work->queue, claims->queue, claims->queue_len);
  qki_store_name(store, &work->user, claims->user, claims->user_len);
  work->by_token = 1;
  work->epoch = claims->epoch;
  work->number = claims->number;
  if (ticket) {
    memcpy(ticket->queue, claims->queue, claims->queue_len);
    memcpy(ticket->user, claims->user, claims->user_len);
  }
  return QK_OK;
}
