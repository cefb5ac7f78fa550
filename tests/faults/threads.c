/* Many threads on one store: eight of them enter, poll, activate, extend, release, tick, look and submit;
 * seats are never oversold while they do, events come in order per person, and the totals balance afterwards.
 * Made for ThreadSanitizer.
 *
 * Threads assert nothing, because Check cannot stop in one: they note the first thing that is wrong. */
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <qk.h>
#include "helpers.h"
#include "runner.h"
#include "wrap.h"
#include "examples/backend/naive.h"

enum { THREADS = 8, ROUNDS = 10000, PEOPLE = 160, SEATS = 20, OPS = 48, BUNCH = 16 };

static const char *const uris[] = {"memory:", "naive:", "late+memory:"};

enum { URIS = sizeof uris / sizeof uris[0] };

static const struct fixture bare = {.name = "threads"};

/* ---- What is wrong ------------------------------------------------------------------------------- */

static pthread_mutex_t wrong_lock = PTHREAD_MUTEX_INITIALIZER;
static char wrong[256];

static void complain(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  pthread_mutex_lock(&wrong_lock);
  if (wrong[0] == '\0')
    vsnprintf(wrong, sizeof wrong, format, args);
  pthread_mutex_unlock(&wrong_lock);
  va_end(args);
}

/* ---- Events: the life of each person, in order --------------------------------------------------- */

struct life {
  int32_t last; /* the last event of the newest entry; 0 before the first */
  uint64_t number;
};

struct witness {
  pthread_mutex_t lock;
  struct life lives[PEOPLE];
  uint64_t seen[QK_EVENT_COMPLETED + 1];
};

static int is_end(int32_t type)
{
  return type == 0 || type == QK_EVENT_LEFT || type >= QK_EVENT_DROPPED;
}

/* May type follow last in one life? */
static int follows(int32_t type, int32_t last)
{
  switch (type) {
  case QK_EVENT_ENTERED:
    return is_end(last);
  case QK_EVENT_ADMITTED:
  case QK_EVENT_DROPPED:
    return last == QK_EVENT_ENTERED;
  case QK_EVENT_ACTIVATED:
  case QK_EVENT_LAPSED:
    return last == QK_EVENT_ADMITTED;
  case QK_EVENT_LEFT:
    return last == QK_EVENT_ENTERED || last == QK_EVENT_ADMITTED;
  case QK_EVENT_EXTENDED:
  case QK_EVENT_EXPIRED:
  case QK_EVENT_COMPLETED:
    return last == QK_EVENT_ACTIVATED || last == QK_EVENT_EXTENDED;
  default:
    return 0;
  }
}

static void see_event(void *arg, const qk_event *event)
{
  struct witness *witness = arg;
  int user = atoi(event->user + 1) - 1;
  if (user < 0 || user >= PEOPLE) {
    complain("an event about %s", event->user);
    return;
  }
  struct life *life = &witness->lives[user];
  pthread_mutex_lock(&witness->lock);
  if (!follows(event->type, life->last))
    complain("%s: event %d after %d", event->user, event->type, life->last);
  if (event->type == QK_EVENT_ENTERED ? event->number <= life->number : event->number != life->number)
    complain("%s: event %d of number %llu after number %llu", event->user, event->type,
             (unsigned long long)event->number, (unsigned long long)life->number);
  life->last = event->type;
  life->number = event->number;
  witness->seen[event->type]++;
  pthread_mutex_unlock(&witness->lock);
}

/* ---- The store that they share ------------------------------------------------------------------- */

struct shared {
  qk_store *store;
  struct witness witness;
  atomic_llong clock_ms;
  atomic_ulong fresh; /* entries made, as the tickets say */
  atomic_int working; /* threads that have not finished, the one that ticks apart */
};

struct worker {
  pthread_t thread;
  struct shared *shared;
  uint64_t random;
  void (*work)(struct worker *worker);
};

static int64_t read_clock(void *arg)
{
  return atomic_load((atomic_llong *)arg);
}

/* xorshift64*: Marsaglia 2003, Vigna 2016. */
static unsigned pick(struct worker *worker, unsigned below)
{
  worker->random ^= worker->random >> 12;
  worker->random ^= worker->random << 25;
  worker->random ^= worker->random >> 27;
  return (unsigned)((worker->random * UINT64_C(2685821657736338717)) >> 33) % below;
}

static void name_person(struct worker *worker, char name[8])
{
  snprintf(name, 8, "u%u", pick(worker, PEOPLE) + 1);
}

/* What a verb may answer when others are at the same people. */
static void check_answer(struct shared *shared, int32_t verb, int code, const qk_ticket *ticket)
{
  static const int allowed[][4] = {[QK_ENTER] = {QK_OK},
                                   [QK_POLL] = {QK_OK, QK_ENOTFOUND},
                                   [QK_ACTIVATE] = {QK_OK, QK_ENOTFOUND, QK_ENOTREADY},
                                   [QK_EXTEND] = {QK_OK, QK_ENOTFOUND, QK_ENOTACTIVE, QK_ELIMIT},
                                   [QK_RELEASE] = {QK_OK, QK_ENOTFOUND}};
  int fits = 0;
  for (int i = 0; i < 4; i++)
    fits |= code == allowed[verb][i];
  if (!fits)
    complain("verb %d gives %d (%s)", verb, code, qk_strerror(code));
  if (verb == QK_ENTER && ticket->fresh)
    atomic_fetch_add(&shared->fresh, 1);
}

static void check_seats(const char *what, uint64_t ready, uint64_t active)
{
  if (ready + active > SEATS)
    complain("%s: %llu ready and %llu active on %d seats", what, (unsigned long long)ready,
             (unsigned long long)active, SEATS);
}

/* ---- The eight ----------------------------------------------------------------------------------- */

static void work_verbs(struct worker *worker)
{
  static verb_function *const verbs[] = {NULL, qk_enter, qk_poll, qk_activate, qk_extend, qk_release};
  struct shared *shared = worker->shared;
  for (int i = 0; i < ROUNDS; i++) {
    char user[8];
    qk_ticket ticket;
    int32_t verb = (int32_t)pick(worker, QK_RELEASE) + 1;
    name_person(worker, user);
    int code = verbs[verb](shared->store, HALL, user, &ticket);
    check_answer(shared, verb, code, &ticket);
  }
}

/* Until the others are done, and then for long enough that somebody is dropped. */
static void work_ticks(struct worker *worker)
{
  struct shared *shared = worker->shared;
  int left = ROUNDS / 10;
  for (int i = 0; left > 0; i++) {
    left -= atomic_load(&shared->working) == 0;
    qk_tick_report report;
    int code = qk_tick(shared->store, i % 2 ? HALL : NULL, &report);
    if (code != QK_OK)
      complain("a tick gives %d", code);
    check_seats("a tick", report.ready, report.active);
    atomic_fetch_add(&shared->clock_ms, pick(worker, 20));
  }
}

static void check_stats(const qk_stats *stats)
{
  check_seats("the stats", stats->ready, stats->active);
  if (stats->entered != stats->waiting + stats->ready + stats->active + stats->left + stats->dropped +
                            stats->lapsed + stats->expired + stats->completed)
    complain("the totals do not balance");
}

static void work_looks(struct worker *worker)
{
  qk_store *store = worker->shared->store;
  for (int i = 0; i < ROUNDS; i++) {
    qk_stats stats;
    qk_cursor cursor;
    qk_ticket line[4];
    if (qk_get_stats(store, HALL, &stats) != QK_OK || qk_get_cursor(store, HALL, &cursor) != QK_OK)
      complain("a view fails");
    check_stats(&stats);
    int count = qk_list(store, HALL, 0, stats.last_number / 2, line, 4);
    for (int j = 1; j < count; j++)
      if (line[j - 1].number >= line[j].number)
        complain("the list is out of order");
    if (i % 100 == 0)
      qk_free(qk_metrics(store));
  }
}

/* An op with what it points to; owned by whoever reaps it, then by its worker again. */
struct parcel {
  qk_op op;
  qk_ticket ticket;
  char user[8];
  atomic_int away;
};

static void pack(struct worker *worker, struct parcel *parcel)
{
  memset(&parcel->op, 0, sizeof parcel->op);
  name_person(worker, parcel->user);
  parcel->op.size = sizeof parcel->op;
  parcel->op.verb = (int32_t)pick(worker, QK_RELEASE) + 1;
  parcel->op.queue = HALL;
  parcel->op.user = parcel->user;
  parcel->op.ticket = &parcel->ticket;
  parcel->op.data = parcel;
  atomic_store(&parcel->away, 1);
}

static void unpack(struct shared *shared, const qk_op *op)
{
  struct parcel *parcel = op->data;
  check_answer(shared, op->verb, op->result, op->ticket);
  if (atomic_exchange(&parcel->away, 0) != 1)
    complain("an op came back twice");
}

static void reap_some(struct shared *shared, int timeout_ms)
{
  qk_op *done[BUNCH];
  int count = qk_reap(shared->store, done, BUNCH, timeout_ms);
  if (count < 0)
    complain("reap gives %d", count);
  for (int i = 0; i < count; i++)
    unpack(shared, done[i]);
}

static int any_away(const struct parcel *parcels)
{
  for (int i = 0; i < OPS; i++)
    if (atomic_load(&parcels[i].away))
      return 1;
  return 0;
}

/* Two of the eight do this; each gets the other's ops as well as its own. */
static void work_submits(struct worker *worker)
{
  struct shared *shared = worker->shared;
  struct parcel *parcels = calloc(OPS, sizeof *parcels);
  for (int i = 0; parcels && i < ROUNDS / BUNCH; i++) {
    qk_op *list[BUNCH];
    size_t count = 0;
    for (int j = 0; j < OPS && count < BUNCH; j++)
      if (!atomic_load(&parcels[j].away)) {
        pack(worker, &parcels[j]);
        list[count++] = &parcels[j].op;
      }
    if (qk_submit(shared->store, list, count) != QK_OK)
      complain("submit fails");
    reap_some(shared, 0);
  }
  while (parcels && any_away(parcels))
    reap_some(shared, 1);
  free(parcels);
}

static void *run_worker(void *arg)
{
  struct worker *worker = arg;
  worker->work(worker);
  if (worker->work != work_ticks)
    atomic_fetch_sub(&worker->shared->working, 1);
  return NULL;
}

/* The helpers compare what they see with the fixture's clock; with no thread left, it may be set. */
static void show_clock(struct shared *shared)
{
  fixture_now_ms = atomic_load(&shared->clock_ms);
}

static void run_all(struct shared *shared, void (*const *works)(struct worker *))
{
  struct worker workers[THREADS];
  for (int i = 0; i < THREADS; i++)
    atomic_fetch_add(&shared->working, works[i] != work_ticks);
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (struct worker){.shared = shared, .random = (uint64_t)i * 7919 + 1, .work = works[i]};
    ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++)
    pthread_join(workers[i].thread, NULL);
  ck_assert_msg(wrong[0] == '\0', "%s", wrong);
  show_clock(shared);
}

/* ---- The tests ----------------------------------------------------------------------------------- */

static void open_shared(struct shared *shared, const char *uri, const qk_policy *policy)
{
  qk_options options;
  fixture = &bare;
  memset(shared, 0, sizeof *shared);
  wrong[0] = '\0';
  pthread_mutex_init(&shared->witness.lock, NULL);
  atomic_init(&shared->clock_ms, FIXTURE_START);
  atomic_init(&shared->fresh, 0);
  atomic_init(&shared->working, 0);
  qk_options_init(&options);
  options.clock = read_clock;
  options.clock_arg = &shared->clock_ms;
  options.on_event = see_event;
  options.event_arg = &shared->witness;
  CHECK_OK(qk_open(&shared->store, uri, &options, NULL));
  CHECK_OK(qk_set_policy(shared->store, HALL, policy, NULL));
}

static void close_shared(struct shared *shared)
{
  qk_close(shared->store);
  pthread_mutex_destroy(&shared->witness.lock);
}

static void check_audit(struct shared *shared)
{
  qk_stats stats = STATS(shared->store);
  const uint64_t *seen = shared->witness.seen;
  ck_assert_uint_eq(stats.entered, atomic_load(&shared->fresh));
  ck_assert_uint_eq(seen[QK_EVENT_ENTERED], stats.entered);
  ck_assert_uint_eq(seen[QK_EVENT_ADMITTED], stats.admitted);
  ck_assert_uint_eq(seen[QK_EVENT_ACTIVATED], stats.activated);
  ck_assert_uint_eq(seen[QK_EVENT_LEFT], stats.left);
  ck_assert_uint_eq(seen[QK_EVENT_DROPPED], stats.dropped);
  ck_assert_uint_eq(seen[QK_EVENT_LAPSED], stats.lapsed);
  ck_assert_uint_eq(seen[QK_EVENT_EXPIRED], stats.expired);
  ck_assert_uint_eq(seen[QK_EVENT_COMPLETED], stats.completed);
}

START_TEST(eight_threads_on_one_queue_oversell_nothing_and_lose_nobody)
{
  static void (*const works[THREADS])(struct worker *) = {work_verbs, work_verbs, work_verbs,   work_verbs,
                                                          work_ticks, work_looks, work_submits, work_submits};
  struct shared shared;
  qk_policy policy = calm_policy();
  policy.max_active = SEATS;
  policy.ready_ms = 2000;
  policy.active_ms = 2500;
  policy.idle_ms = 3000;
  policy.eager = 1;
  open_shared(&shared, uris[_i], &policy);
  run_all(&shared, works);
  check_audit(&shared);
  for (int type = QK_EVENT_ENTERED; type <= QK_EVENT_COMPLETED; type++)
    ck_assert_msg(shared.witness.seen[type] > 0, "no event %d: the test is too tame", type);
  for (int i = 1; i <= PEOPLE; i++)
    qk_release(shared.store, HALL, person(i), NULL);
  atomic_fetch_add(&shared.clock_ms, 10000);
  show_clock(&shared);
  CHECK_OK(qk_tick(shared.store, HALL, NULL));
  CHECK_COUNTS(shared.store, 0, 0, 0);
  check_audit(&shared);
  close_shared(&shared);
}
END_TEST

static void work_tick_once(struct worker *worker)
{
  qk_tick_report report;
  for (int i = 0; i < 50; i++)
    if (qk_tick(worker->shared->store, HALL, &report) != QK_OK)
      complain("a tick fails");
}

START_TEST(eight_schedulers_admit_each_seat_once_and_in_order)
{
  void (*works[THREADS])(struct worker *);
  struct shared shared;
  qk_policy policy = calm_policy();
  policy.max_active = 0;
  open_shared(&shared, uris[_i], &policy);
  for (int i = 1; i <= PEOPLE; i++)
    CHECK_OK(qk_enter(shared.store, HALL, person(i), NULL));
  policy.max_active = SEATS;
  SET_POLICY(shared.store, &policy);
  for (int i = 0; i < THREADS; i++)
    works[i] = work_tick_once;
  run_all(&shared, works);
  CHECK_COUNTS(shared.store, PEOPLE - SEATS, SEATS, 0);
  for (int i = 1; i <= PEOPLE; i++)
    CHECK_STATE(shared.store, person(i), i <= SEATS ? QK_READY : QK_WAITING);
  close_shared(&shared);
}
END_TEST

static Suite *threads_suite(void)
{
  Suite *suite = suite_create("threads");
  TCase *tests = tcase_create("threads");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, eight_threads_on_one_queue_oversell_nothing_and_lose_nobody, 0, URIS);
  tcase_add_loop_test(tests, eight_schedulers_admit_each_seat_once_and_in_order, 0, URIS);
  suite_add_tcase(suite, tests);
  return suite;
}

int main(void)
{
  if (naive_register() != QK_OK || late_register("memory") != QK_OK)
    return 1;
  return runner_main(threads_suite());
}
