#include "redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call.h"
#include "queries.h"
#include "steps.h"

int64_t qkr_now_ms(void)
{
  return qkr_now_us() / 1000;
}

/* ---- The inbox ---- */

static int inbox_init(struct qkr_inbox *inbox)
{
  inbox->last_work = &inbox->works;
  inbox->last_query = &inbox->queries;
  return pthread_mutex_init(&inbox->lock, NULL) == 0 ? QK_OK : QK_ENOMEM;
}

static atomic_uint *busy_of(struct qkr_inbox *inbox, uint64_t hash)
{
  return &inbox->busy[hash % QKR_BUSY];
}

void qkr_lane_enter(struct qkr_store *store, struct qkr_lane *lane)
{
  lane->busy++;
  atomic_fetch_add_explicit(busy_of(&store->inbox, lane->hash), 1, memory_order_relaxed);
}

void qkr_lane_leave(struct qkr_store *store, struct qkr_lane *lane)
{
  lane->busy--;
  atomic_fetch_sub_explicit(busy_of(&store->inbox, lane->hash), 1, memory_order_relaxed);
}

/* Works of a queue with a call under way leave with the next one: the answer wakes the driver for them. */
static int is_urgent_locked(struct qkr_inbox *inbox, const qk_work *list)
{
  for (; list; list = list->next)
    if (list->verb > QK_RELEASE ||
        atomic_load_explicit(busy_of(inbox, list->queue.hash), memory_order_relaxed) == 0)
      return 1;
  return 0;
}

static void put_works(struct qkr_store *store, qk_work *list, qk_work *last)
{
  struct qkr_inbox *inbox = &store->inbox;
  pthread_mutex_lock(&inbox->lock);
  int wakes = inbox->asleep && is_urgent_locked(inbox, list);
  *inbox->last_work = list;
  inbox->last_work = &last->next;
  if (wakes)
    inbox->asleep = 0;
  pthread_mutex_unlock(&inbox->lock);
  if (wakes)
    qkr_wire_wakeup(store->wire);
}

static void put_query(struct qkr_store *store, struct qkr_query *query)
{
  struct qkr_inbox *inbox = &store->inbox;
  query->next = NULL;
  pthread_mutex_lock(&inbox->lock);
  *inbox->last_query = query;
  inbox->last_query = &query->next;
  int wakes = inbox->asleep;
  inbox->asleep = 0;
  pthread_mutex_unlock(&inbox->lock);
  if (wakes)
    qkr_wire_wakeup(store->wire);
}

/* Take all that is there. When there is nothing, whoever comes next wakes the driver. */
static int take_inbox(struct qkr_inbox *inbox, qk_work **works, struct qkr_query **queries)
{
  pthread_mutex_lock(&inbox->lock);
  *works = inbox->works;
  *queries = inbox->queries;
  inbox->works = NULL;
  inbox->last_work = &inbox->works;
  inbox->queries = NULL;
  inbox->last_query = &inbox->queries;
  int found = *works || *queries;
  inbox->asleep = !found;
  pthread_mutex_unlock(&inbox->lock);
  return found;
}

/* ---- Questions ---- */

int qkr_ask(struct qkr_store *store, const qk_name *queue, struct qkr_query *query)
{
  query->store = store;
  query->queue = queue;
  put_query(store, query);
  qk_host_wait(store->host, &query->wait);
  return query->code;
}

void qkr_answered(struct qkr_request *request, int code)
{
  struct qkr_query *query = (struct qkr_query *)request;
  if (query->lane)
    qkr_lane_leave(query->store, query->lane);
  query->code = code;
  qk_host_over(query->store->host, &query->wait);
}

static void begin_query(struct qkr_store *store, struct qkr_query *query)
{
  if (query->queue) {
    query->lane = qkr_lanes_get(&store->lanes, store->settings.prefix, query->queue);
    if (!query->lane) {
      query->code = QK_ENOMEM;
      qk_host_over(store->host, &query->wait);
      return;
    }
    qkr_lane_enter(store, query->lane);
  }
  query->begin(query);
}

/* ---- Works ---- */

static void begin_work(struct qkr_store *store, qk_work *work, struct qkr_lane **touched)
{
  if (work->verb == QK_WORK_QUEUES) {
    qkr_names_take(store, work);
    return;
  }
  struct qkr_lane *lane = *touched;
  if (!lane || lane->hash != work->queue.hash || strcmp(lane->name, work->queue.text) != 0) {
    if (lane)
      qkr_call_flush(store, lane);
    *touched = lane = qkr_lanes_get(&store->lanes, store->settings.prefix, &work->queue);
  }
  if (!lane) {
    qkr_work_fail(work, QK_ENOMEM);
    qk_host_done(store->host, work);
  } else if (work->verb > QK_RELEASE) {
    qkr_call_flush(store, lane);
    qkr_step_take(store, lane, work);
  } else {
    qkr_call_take(store, lane, work);
  }
}

static void begin_all(struct qkr_store *store, qk_work *works, struct qkr_query *queries)
{
  struct qkr_lane *touched = NULL;
  while (works) {
    qk_work *work = works;
    works = work->next;
    begin_work(store, work, &touched);
  }
  if (touched)
    qkr_call_flush(store, touched);
  while (queries) {
    struct qkr_query *query = queries;
    queries = query->next;
    begin_query(store, query);
  }
}

/* Begin what is in the inbox, and what comes meanwhile. 1 if there was anything. */
static int drain(struct qkr_store *store)
{
  qk_work *works;
  struct qkr_query *queries;
  int found = 0;
  for (; take_inbox(&store->inbox, &works, &queries); found = 1)
    begin_all(store, works, queries);
  return found;
}

/* ---- Slots ---- */

static void start(void *data, qk_work *list, int64_t deadline_ms)
{
  qk_work *last = list;
  for (qk_work *work = list; work; work = work->next) {
    work->deadline_ms = deadline_ms;
    last = work;
  }
  put_works(data, list, last);
}

static void process(void *data, int timeout_ms)
{
  struct qkr_store *store = data;
  int found = drain(store);
  qkr_wire_process(store->wire, found ? 0 : timeout_ms);
  drain(store); /* what waited for the answers that have come */
}

static int get_fd(void *data)
{
  return qkr_wire_fd(((struct qkr_store *)data)->wire);
}

/* ---- Opening and closing ---- */

static void free_store(struct qkr_store *store)
{
  qkr_settings_finish(&store->settings);
  free(store);
}

/* Whoever holds a lease is known by this. */
static int draw_owner(struct qkr_store *store)
{
  uint64_t random;
  int code = qk_host_random(store->host, &random, sizeof random);
  snprintf(store->owner, sizeof store->owner, "%016llx", (unsigned long long)random);
  return code;
}

static int connect_store(struct qkr_store *store, qk_error *err)
{
  int code = draw_owner(store);
  if (code != QK_OK)
    return qk_error_set(err, code, "random: the callback failed");
  code = qkr_lanes_init(&store->lanes, store->host);
  if (code != QK_OK)
    return code;
  code = inbox_init(&store->inbox);
  if (code != QK_OK)
    goto fail_lanes;
  qkr_names_init(&store->names);
  code = qkr_wire_open(&store->wire, &store->settings, store->host, err);
  if (code == QK_OK) {
    qkr_wire_on_connect(store->wire, qkr_secret_again, store);
    return QK_OK;
  }
  pthread_mutex_destroy(&store->inbox.lock);
fail_lanes:
  qkr_lanes_finish(&store->lanes, 0);
  return code;
}

static int open_store(void **out, const qk_uri *uri, qk_host *host, qk_error *err)
{
  struct qkr_store *store = calloc(1, sizeof *store);
  if (!store)
    return qk_error_set(err, QK_ENOMEM, "out of memory");
  store->host = host;
  int code = qkr_settings_init(&store->settings, uri, host, err);
  if (code != QK_OK) {
    free(store);
    return code;
  }
  if (qk_host_has_clock(host) && !store->settings.host_clock)
    code =
        qk_error_set(err, QK_EINVAL,
                     "options.clock: all hosts of a queue must share it; if they do, add clock=host to the "
                     "URI");
  else
    code = connect_store(store, err);
  if (code != QK_OK) {
    free_store(store);
    return code;
  }
  *out = store;
  return QK_OK;
}

/* Hand back what is there: nothing more is sent. */
static void abort_all(struct qkr_store *store)
{
  qkr_wire_abort(store->wire);
  drain(store);
}

static void close_store(void *data, int forked)
{
  struct qkr_store *store = data;
  if (!forked)
    abort_all(store);
  qkr_wire_close(store->wire, forked);
  qkr_names_finish(&store->names);
  if (!forked)
    pthread_mutex_destroy(&store->inbox.lock);
  qkr_lanes_finish(&store->lanes, forked);
  free_store(store);
}

static const char *const schemes[] = {"redis", "redis+unix", "redis+sentinel", "redis+cluster", NULL};

const qk_backend_ops qkr_backend = {.size = sizeof(qk_backend_ops),
                                    .caps =
                                        QK_CAP_ASYNC | QK_CAP_SHARED | QK_CAP_DURABLE | QK_CAP_SERVER_CLOCK,
                                    .name = "redis",
                                    .schemes = schemes,
                                    .settings = qkr_setting_names,
                                    .calls = qkr_script_names,
                                    .open = open_store,
                                    .close = close_store,
                                    .start = start,
                                    .process = process,
                                    .fd = get_fd,
                                    .list = qkr_list,
                                    .set_policy = qkr_set_policy,
                                    .remove = qkr_remove,
                                    .secret = qkr_secret};
