#include "wrap.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* ---- What the tests see -------------------------------------------------------------------------- */

struct fault {
  int armed, every;
  enum wrap_slot slot;
  enum wrap_when when;
  unsigned long left; /* calls until it strikes */
  int code;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
  unsigned long calls[WRAP_SLOTS];
  FILE *trace;
  struct fault faults[WRAP_FAULTS];
  unsigned long struck;
  int held;
} watch;

static const char *const slot_names[WRAP_SLOTS] = {"open",       "run",    "start",  "process", "tick_slice",
                                                   "get_policy", "stats",  "cursor", "list",    "set_policy",
                                                   "remove",     "queues", "lease",  "secret"};

void wrap_reset(void)
{
  pthread_mutex_lock(&lock);
  memset(&watch, 0, sizeof watch);
  pthread_mutex_unlock(&lock);
}

unsigned long wrap_calls(enum wrap_slot slot)
{
  pthread_mutex_lock(&lock);
  unsigned long calls = watch.calls[slot];
  pthread_mutex_unlock(&lock);
  return calls;
}

unsigned long wrap_all_calls(void)
{
  unsigned long calls = 0;
  for (int slot = 0; slot < WRAP_SLOTS; slot++)
    calls += wrap_calls((enum wrap_slot)slot);
  return calls;
}

const char *wrap_slot_name(enum wrap_slot slot)
{
  return slot_names[slot];
}

void wrap_trace(FILE *out)
{
  pthread_mutex_lock(&lock);
  watch.trace = out;
  pthread_mutex_unlock(&lock);
}

void wrap_fail(enum wrap_slot slot, unsigned long nth, enum wrap_when when, int code)
{
  struct fault fault = {.armed = 1, .every = nth == 0, .slot = slot, .when = when, .left = nth, .code = code};
  size_t i = 0;
  pthread_mutex_lock(&lock);
  while (i < WRAP_FAULTS && watch.faults[i].armed)
    i++;
  if (i == WRAP_FAULTS)
    abort(); /* a test wants more than there are */
  watch.faults[i] = fault;
  pthread_mutex_unlock(&lock);
}

unsigned long wrap_struck(void)
{
  pthread_mutex_lock(&lock);
  unsigned long struck = watch.struck;
  pthread_mutex_unlock(&lock);
  return struck;
}

/* ---- Before and after a call --------------------------------------------------------------------- */

/* What is to become of a call: nothing special if code is QK_OK. */
struct fate {
  enum wrap_when when;
  int code;
};

static struct fate begin(enum wrap_slot slot)
{
  struct fate fate = {.when = WRAP_AFTER, .code = QK_OK};
  pthread_mutex_lock(&lock);
  watch.calls[slot]++;
  for (size_t i = 0; i < WRAP_FAULTS; i++) {
    struct fault *fault = &watch.faults[i];
    if (!fault->armed || fault->slot != slot || (!fault->every && --fault->left > 0))
      continue;
    fate = (struct fate){.when = fault->when, .code = fault->code};
    fault->armed = fault->every;
    watch.struck++;
  }
  pthread_mutex_unlock(&lock);
  return fate;
}

static int skips(struct fate fate)
{
  return fate.code != QK_OK && fate.when == WRAP_BEFORE;
}

/* The code that the caller sees of a call that ended with code, written down. */
static int end(enum wrap_slot slot, struct fate fate, const char *about, int code)
{
  if (fate.code != QK_OK)
    code = fate.code;
  pthread_mutex_lock(&lock);
  if (watch.trace)
    fprintf(watch.trace, "%s %s %d\n", slot_names[slot], about, code);
  pthread_mutex_unlock(&lock);
  return code;
}

/* A work whose answer is lost, or that was never done: nothing of what was filled in is left. */
static void fail_work(qk_work *work, int code)
{
  work->result = code;
  if (!work->ticket)
    return;
  memset(work->ticket, 0, sizeof *work->ticket);
  memcpy(work->ticket->queue, work->queue.text, work->queue.len);
  memcpy(work->ticket->user, work->user.text, work->user.len);
}

static void trace_works(enum wrap_slot slot, const qk_work *works, size_t n)
{
  static const char *const verbs[] = {"?", "enter", "poll", "activate", "extend", "release"};
  pthread_mutex_lock(&lock);
  if (watch.trace) {
    fprintf(watch.trace, "%s", slot_names[slot]);
    for (size_t i = 0; i < n; i++)
      fprintf(watch.trace, "%s %s/%s %s %d", i == 0 ? "" : ",", works[i].queue.text, works[i].user.text,
              verbs[works[i].verb], works[i].result);
    fprintf(watch.trace, "\n");
  }
  pthread_mutex_unlock(&lock);
}

/* ---- Standing before another backend ------------------------------------------------------------- */

/* The beginning of every store of this file. */
struct front {
  const qk_backend_ops *inner;
  void *store; /* the inner one's */
  qk_host *host;
};

/* Open the inner store: the scheme after the first plus, everything else as it is. */
static int front_open(struct front *front, const qk_uri *uri, qk_host *host, qk_error *err)
{
  qk_uri inner = *uri;
  inner.scheme = strchr(uri->scheme, '+') + 1;
  front->inner = qk_backend_find(inner.scheme);
  front->host = host;
  return front->inner->open(&front->store, &inner, host, err);
}

/* What is registered must live as long as the process. */
struct registered {
  char scheme[32];
  const char *schemes[2];
};

/* Register ops, a changed copy of the ops of scheme, as "prefix+scheme". */
static int front_register(qk_backend_ops *ops, const char *prefix, const char *scheme)
{
  static struct registered table[8];
  static size_t used;
  if (used == sizeof table / sizeof table[0])
    return QK_EINVAL;
  struct registered *entry = &table[used];
  snprintf(entry->scheme, sizeof entry->scheme, "%s+%s", prefix, scheme);
  entry->schemes[0] = entry->scheme;
  ops->name = entry->scheme;
  ops->schemes = entry->schemes;
  int code = qk_backend_register(ops);
  if (code == QK_OK)
    used++;
  return code;
}

/* ---- wrap+ ----------------------------------------------------------------------------------------- */

static int wrap_open(void **out, const qk_uri *uri, qk_host *host, qk_error *err)
{
  struct fate fate = begin(WRAP_OPEN);
  if (skips(fate))
    return end(WRAP_OPEN, fate, uri->scheme, qk_error_set(err, fate.code, "told to fail"));
  struct front *front = calloc(1, sizeof *front);
  if (!front)
    return end(WRAP_OPEN, fate, uri->scheme, qk_error_set(err, QK_ENOMEM, "out of memory"));
  int code = front_open(front, uri, host, err);
  if (code == QK_OK && fate.code != QK_OK) {
    front->inner->close(front->store, 0);
    code = qk_error_set(err, fate.code, "told to fail");
  }
  if (code == QK_OK)
    *out = front;
  else
    free(front);
  return end(WRAP_OPEN, fate, uri->scheme, code);
}

static void wrap_close(void *data, int forked)
{
  struct front *front = data;
  front->inner->close(front->store, forked);
  free(front);
}

static void wrap_run(void *data, qk_work *works, size_t n, int64_t deadline_ms)
{
  struct front *front = data;
  struct fate fate = begin(WRAP_RUN);
  if (!skips(fate))
    front->inner->run(front->store, works, n, deadline_ms);
  for (size_t i = 0; i < n && fate.code != QK_OK; i++)
    fail_work(&works[i], fate.code);
  trace_works(WRAP_RUN, works, n);
}

/* Started work comes back past this file, so only a fault before it can strike. */
static void wrap_start(void *data, qk_work *list, int64_t deadline_ms)
{
  struct front *front = data;
  struct fate fate = begin(WRAP_START);
  if (fate.code == QK_OK) {
    front->inner->start(front->store, list, deadline_ms);
    return;
  }
  while (list) {
    qk_work *work = list;
    list = work->next;
    fail_work(work, fate.code);
    qk_host_done(front->host, work);
  }
}

static void wrap_process(void *data, int timeout_ms)
{
  struct front *front = data;
  begin(WRAP_PROCESS);
  front->inner->process(front->store, timeout_ms);
}

static int wrap_fd(void *data)
{
  struct front *front = data;
  return front->inner->fd(front->store);
}

static int wrap_tick_slice(void *data, const qk_name *queue, qk_slice *slice, int64_t deadline_ms)
{
  struct front *front = data;
  struct fate fate = begin(WRAP_TICK_SLICE);
  int code = skips(fate) ? fate.code : front->inner->tick_slice(front->store, queue, slice, deadline_ms);
  return end(WRAP_TICK_SLICE, fate, queue->text, code);
}

static int wrap_get_policy(void *data, const qk_name *queue, qk_policy *out, int64_t deadline_ms)
{
  struct front *front = data;
  struct fate fate = begin(WRAP_GET_POLICY);
  int code = skips(fate) ? fate.code : front->inner->get_policy(front->store, queue, out, deadline_ms);
  return end(WRAP_GET_POLICY, fate, queue->text, code);
}

static int wrap_stats(void *data, const qk_name *queue, int64_t now_ms, qk_stats *out, int64_t deadline_ms)
{
  struct front *front = data;
  struct fate fate = begin(WRAP_STATS);
  int code = skips(fate) ? fate.code : front->inner->stats(front->store, queue, now_ms, out, deadline_ms);
  return end(WRAP_STATS, fate, queue->text, code);
}

static int wrap_cursor(void *data, const qk_name *queue, int64_t now_ms, qk_cursor *out, int64_t deadline_ms)
{
  struct front *front = data;
  struct fate fate = begin(WRAP_CURSOR);
  int code = skips(fate) ? fate.code : front->inner->cursor(front->store, queue, now_ms, out, deadline_ms);
  return end(WRAP_CURSOR, fate, queue->text, code);
}

static int wrap_list(void *data, const qk_name *queue, int64_t now_ms, uint32_t cls, uint64_t after,
                     qk_ticket *out, size_t max, int64_t deadline_ms)
{
  struct front *front = data;
  struct fate fate = begin(WRAP_LIST);
  int code = skips(fate) ? fate.code
                         : front->inner->list(front->store, queue, now_ms, cls, after, out, max, deadline_ms);
  return end(WRAP_LIST, fate, queue->text, code);
}

static int wrap_set_policy(void *data, const qk_name *queue, const qk_policy *policy, uint32_t mode,
                           int64_t now_ms, int64_t deadline_ms)
{
  struct front *front = data;
  struct fate fate = begin(WRAP_SET_POLICY);
  int code = skips(fate) ? fate.code
                         : front->inner->set_policy(front->store, queue, policy, mode, now_ms, deadline_ms);
  return end(WRAP_SET_POLICY, fate, queue->text, code);
}

static int wrap_remove(void *data, const qk_name *queue, int64_t deadline_ms)
{
  struct front *front = data;
  struct fate fate = begin(WRAP_REMOVE);
  int code = skips(fate) ? fate.code : front->inner->remove(front->store, queue, deadline_ms);
  return end(WRAP_REMOVE, fate, queue->text, code);
}

static int wrap_queues(void *data, uint64_t *position, char (*names)[QK_QUEUE_MAX + 1], size_t max,
                       int64_t deadline_ms)
{
  struct front *front = data;
  struct fate fate = begin(WRAP_QUEUES);
  int code = skips(fate) ? fate.code : front->inner->queues(front->store, position, names, max, deadline_ms);
  return end(WRAP_QUEUES, fate, "*", code);
}

static int wrap_lease(void *data, const qk_name *queue, uint32_t ttl_ms, int64_t deadline_ms)
{
  struct front *front = data;
  struct fate fate = begin(WRAP_LEASE);
  int code = skips(fate) ? fate.code : front->inner->lease(front->store, queue, ttl_ms, deadline_ms);
  return end(WRAP_LEASE, fate, queue->text, code);
}

static int wrap_secret(void *data, unsigned char out[32], int64_t deadline_ms, qk_error *err)
{
  struct front *front = data;
  struct fate fate = begin(WRAP_SECRET);
  int code = skips(fate) ? fate.code : front->inner->secret(front->store, out, deadline_ms, err);
  return end(WRAP_SECRET, fate, "*", code);
}

static qk_backend_ops wrap_ops(const qk_backend_ops *inner)
{
  return (qk_backend_ops){.size = sizeof(qk_backend_ops),
                          .caps = inner->caps,
                          .settings = inner->settings,
                          .open = wrap_open,
                          .close = wrap_close,
                          .run = wrap_run,
                          .start = inner->start ? wrap_start : NULL,
                          .process = inner->process ? wrap_process : NULL,
                          .fd = inner->fd ? wrap_fd : NULL,
                          .tick_slice = wrap_tick_slice,
                          .get_policy = wrap_get_policy,
                          .stats = wrap_stats,
                          .cursor = wrap_cursor,
                          .list = wrap_list,
                          .set_policy = wrap_set_policy,
                          .remove = wrap_remove,
                          .queues = wrap_queues,
                          .lease = inner->lease ? wrap_lease : NULL,
                          .secret = inner->secret ? wrap_secret : NULL};
}

int wrap_register(const char *scheme)
{
  const qk_backend_ops *inner = qk_backend_find(scheme);
  if (!inner)
    return QK_EINVAL;
  qk_backend_ops ops = wrap_ops(inner);
  return front_register(&ops, "wrap", scheme);
}

void late_hold(void)
{
  pthread_mutex_lock(&lock);
  watch.held = 1;
  pthread_mutex_unlock(&lock);
}

static int is_held(void)
{
  pthread_mutex_lock(&lock);
  int held = watch.held;
  pthread_mutex_unlock(&lock);
  return held;
}

/* ---- late+ ----------------------------------------------------------------------------------------- */

struct late {
  struct front front; /* first: the slots of wrap+ serve here too */
  pthread_mutex_t lock;
  qk_work *first, **last; /* waiting for process() */
  int fd;                 /* an eventfd: readable while somebody waits */
  uint64_t views;         /* given so far */
};

static int64_t monotonic_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void late_free(struct late *late)
{
  if (late->fd >= 0)
    close(late->fd);
  free(late);
}

static int late_open(void **out, const qk_uri *uri, qk_host *host, qk_error *err)
{
  struct late *late = calloc(1, sizeof *late);
  if (!late)
    return qk_error_set(err, QK_ENOMEM, "out of memory");
  late->last = &late->first;
  late->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int code = late->fd < 0 ? qk_error_set(err, QK_ESTORE, "no descriptor left")
                          : front_open(&late->front, uri, host, err);
  if (code != QK_OK) {
    late_free(late);
    return code;
  }
  pthread_mutex_init(&late->lock, NULL);
  *out = late;
  return QK_OK;
}

static void late_close(void *data, int forked)
{
  struct late *late = data;
  late->front.inner->close(late->front.store, forked);
  if (!forked)
    pthread_mutex_destroy(&late->lock);
  late_free(late);
}

static void late_start(void *data, qk_work *list, int64_t deadline_ms)
{
  struct late *late = data;
  uint64_t one = 1;
  struct fate fate = begin(WRAP_START);
  while (fate.code != QK_OK && list) {
    qk_work *work = list;
    list = work->next;
    fail_work(work, fate.code);
    qk_host_done(late->front.host, work);
  }
  pthread_mutex_lock(&late->lock);
  *late->last = list;
  for (; list; list = list->next) {
    list->deadline_ms = deadline_ms;
    late->last = &list->next;
  }
  pthread_mutex_unlock(&late->lock);
  if (write(late->fd, &one, sizeof one) < 0)
    abort(); /* the counter of an eventfd is never full here */
}

static qk_work *take_works(struct late *late)
{
  uint64_t count;
  pthread_mutex_lock(&late->lock);
  qk_work *taken = late->first;
  late->first = NULL;
  late->last = &late->first;
  if (read(late->fd, &count, sizeof count) < 0)
    count = 0; /* nobody waited */
  pthread_mutex_unlock(&late->lock);
  return taken;
}

#define MINUTE_MS 60000

/* One moment, since all that changes people comes through here, one work after the other. The pace is that of
 * a queue older than a minute. */
static int late_view(struct late *late, const qk_work *work)
{
  struct front *front = &late->front;
  qk_view *view = work->detail;
  int code = wrap_get_policy(front, &work->queue, &view->policy, work->deadline_ms);
  if (code == QK_OK)
    code = wrap_stats(front, &work->queue, work->now_ms, &view->stats, work->deadline_ms);
  if (code == QK_OK)
    code = wrap_cursor(front, &work->queue, work->now_ms, &view->cursor, work->deadline_ms);
  if (code != QK_OK)
    return code;
  double outflow = view->cursor.outflow_per_s;
  view->changes = ++late->views;
  view->pace = (qk_pace){.epoch = view->cursor.epoch,
                         .time_ms = MINUTE_MS + work->now_ms % MINUTE_MS,
                         .admitted = outflow > 0 ? (uint64_t)(outflow * MINUTE_MS / 1000 + 0.5) : 0,
                         .waiting = view->stats.waiting,
                         .mode = view->policy.mode,
                         .idle_ms = view->policy.idle_ms};
  return QK_OK;
}

/* A verb, a step of a tick, or a view. */
static void late_do(struct late *late, qk_work *work)
{
  struct front *front = &late->front;
  qk_page *page = work->detail;
  if (work->verb == QK_WORK_SLICE)
    work->result = wrap_tick_slice(front, &work->queue, work->detail, work->deadline_ms);
  else if (work->verb == QK_WORK_LEASE)
    work->result = wrap_lease(front, &work->queue, *(uint32_t *)work->detail, work->deadline_ms);
  else if (work->verb == QK_WORK_QUEUES)
    work->result = wrap_queues(front, &page->position, page->names, page->max, work->deadline_ms);
  else if (work->verb == QK_WORK_VIEW)
    work->result = late_view(late, work);
  else
    wrap_run(front, work, 1, work->deadline_ms);
}

static void late_process(void *data, int timeout_ms)
{
  struct late *late = data;
  struct pollfd waiting = {.fd = late->fd, .events = POLLIN};
  begin(WRAP_PROCESS);
  if (timeout_ms != 0)
    poll(&waiting, 1, timeout_ms);
  if (is_held())
    return;
  for (qk_work *work = take_works(late), *next; work; work = next) {
    next = work->next;
    if (monotonic_ms() < work->deadline_ms)
      late_do(late, work);
    else
      fail_work(work, QK_ESTORE);
    qk_host_done(late->front.host, work);
  }
}

static int late_fd(void *data)
{
  return ((struct late *)data)->fd;
}

int late_register(const char *scheme)
{
  const qk_backend_ops *inner = qk_backend_find(scheme);
  if (!inner)
    return QK_EINVAL;
  qk_backend_ops ops = wrap_ops(inner);
  ops.caps = (inner->caps | QK_CAP_ASYNC) & ~(uint32_t)QK_CAP_INSTANT;
  ops.open = late_open;
  ops.close = late_close;
  ops.start = late_start;
  ops.process = late_process;
  ops.fd = late_fd;
  return front_register(&ops, "late", scheme);
}
