#include "stress.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "runner.h"

enum {
  BATCH_MAX = 512,   /* ops of one submit */
  REAP_MAX = 300,    /* of one reap */
  TICK_EVERY = 2000, /* people for each scheduler */
  THREADS_MAX = 8,
  PATIENCE_MS = 20000 /* beyond timeout_ms, until nothing coming back is a hang: machines are busy */
};

struct stress {
  struct stress_plan plan;
  struct crowd crowd;
  qk_store *store;
  struct person *people;
  int settles; /* everybody only polls */
  atomic_long to_submit, submitted, full, in_flight, peak, returned;
  atomic_int submitting, reaping, may_reap, is_over;
  pthread_mutex_t lock;         /* of the list */
  struct person *first, **last; /* at home, who came first goes first */
};

struct worker {
  struct stress *stress;
  pthread_t thread;
  uint64_t random;
};

static int64_t monotonic_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void breathe(void)
{
  struct timespec moment = {.tv_nsec = 2000000};
  nanosleep(&moment, NULL);
}

/* xorshift64*: Marsaglia 2003, Vigna 2016. */
static uint32_t draw(struct worker *worker)
{
  worker->random ^= worker->random >> 12;
  worker->random ^= worker->random << 25;
  worker->random ^= worker->random >> 27;
  return (uint32_t)((worker->random * UINT64_C(2685821657736338717)) >> 33);
}

/* ---- Home ------------------------------------------------------------------------------------------ */

static void put_home(struct stress *stress, struct person **people, int count)
{
  pthread_mutex_lock(&stress->lock);
  for (int i = 0; i < count; i++) {
    people[i]->next = NULL;
    *stress->last = people[i];
    stress->last = &people[i]->next;
  }
  pthread_mutex_unlock(&stress->lock);
}

/* Up to max of those who have been there longest. */
static int take_home(struct stress *stress, struct person **people, int max)
{
  int count = 0;
  pthread_mutex_lock(&stress->lock);
  while (count < max && stress->first) {
    people[count++] = stress->first;
    stress->first = stress->first->next;
  }
  if (!stress->first)
    stress->last = &stress->first;
  pthread_mutex_unlock(&stress->lock);
  return count;
}

/* ---- Submitting ------------------------------------------------------------------------------------ */

static void note_peak(struct stress *stress, long in_flight)
{
  long peak = atomic_load(&stress->peak);
  while (in_flight > peak && !atomic_compare_exchange_weak(&stress->peak, &peak, in_flight))
    ;
}

/* Those whom the full window did not take go home again. Returns how many were taken: all or none. */
static int submit(struct stress *stress, struct person **people, int count)
{
  qk_op *ops[BATCH_MAX];
  for (int i = 0; i < count; i++)
    ops[i] = &people[i]->op;
  int code = qk_submit(stress->store, ops, (size_t)count);
  if (code == QK_OK) {
    note_peak(stress, atomic_fetch_add(&stress->in_flight, count) + count);
    atomic_fetch_add(&stress->submitted, count);
    return count;
  }
  if (code != QK_EAGAIN)
    complain("submit gives %d (%s)", code, qk_strerror(code));
  atomic_fetch_add(&stress->full, 1);
  for (int i = 0; i < count; i++) {
    if (ops[i]->result != 1)
      complain("an op that was not taken was written to");
    person_forget(people[i]);
  }
  put_home(stress, people, count);
  return 0;
}

/* After a full window fewer at a time, so that everybody gets in. */
static void *run_submitter(void *arg)
{
  struct worker *worker = arg;
  struct stress *stress = worker->stress;
  int max = stress->plan.batch;
  while (atomic_load(&stress->to_submit) > 0 && !complaint()[0]) {
    struct person *people[BATCH_MAX];
    int count = take_home(stress, people, 1 + (int)(draw(worker) % (uint32_t)max));
    for (int i = 0; i < count; i++)
      person_prepare(&stress->crowd, people[i], draw(worker), stress->settles);
    int taken = count > 0 ? submit(stress, people, count) : 0;
    atomic_fetch_sub(&stress->to_submit, taken);
    max = taken > 0 ? stress->plan.batch : 1 + max / 2;
    if (taken == 0)
      breathe();
  }
  atomic_fetch_sub(&stress->submitting, 1);
  return NULL;
}

/* ---- Reaping --------------------------------------------------------------------------------------- */

static void take_back(struct stress *stress, qk_op **done, int count)
{
  struct person *people[REAP_MAX];
  for (int i = 0; i < count; i++) {
    people[i] = done[i]->data;
    person_judge(&stress->crowd, people[i]);
  }
  atomic_fetch_sub(&stress->in_flight, count);
  if (!stress->settles)
    put_home(stress, people, count);
  atomic_fetch_add(&stress->returned, count);
}

static void reap(struct worker *worker, int timeout_ms)
{
  qk_op *done[REAP_MAX];
  int count = qk_reap(worker->stress->store, done, 1 + draw(worker) % REAP_MAX, timeout_ms);
  if (count < 0)
    complain("reap gives %d (%s)", count, qk_strerror(count));
  else if (count > 0)
    take_back(worker->stress, done, count);
}

/* The fd alone says when to reap: with poll() without limit but for the end. */
static void *run_poller(void *arg)
{
  struct worker *worker = arg;
  struct stress *stress = worker->stress;
  struct pollfd waiting = {.fd = qk_fd(stress->store), .events = POLLIN};
  while (!atomic_load(&stress->may_reap))
    breathe();
  while (!atomic_load(&stress->is_over))
    if (poll(&waiting, 1, 1000) == 1)
      reap(worker, 0);
  atomic_fetch_sub(&stress->reaping, 1);
  return NULL;
}

static void *run_waiter(void *arg)
{
  struct worker *worker = arg;
  struct stress *stress = worker->stress;
  while (!atomic_load(&stress->may_reap))
    breathe();
  while (!atomic_load(&stress->is_over))
    reap(worker, -1);
  atomic_fetch_sub(&stress->reaping, 1);
  return NULL;
}

/* ---- Looking --------------------------------------------------------------------------------------- */

static void check_balance(const struct stress *stress, const char *queue, const qk_stats *stats)
{
  if (stats->entered != stats->waiting + stats->ready + stats->active + stats->left + stats->dropped +
                            stats->lapsed + stats->expired + stats->completed)
    complain("the totals of %s do not balance", queue);
  if (stats->ready + stats->active > stress->crowd.seats)
    complain("more seats are taken in %s than there are", queue);
}

static void *run_looker(void *arg)
{
  struct worker *worker = arg;
  struct stress *stress = worker->stress;
  while (!atomic_load(&stress->is_over)) {
    qk_stats stats;
    const char *queue = queue_of(&stress->crowd, (int)(draw(worker) % QUEUES_MAX));
    int code = qk_get_stats(stress->store, queue, &stats);
    if (code == QK_OK)
      check_balance(stress, queue, &stats);
    else if (code != QK_ESTORE || !stress->crowd.may_fail)
      complain("the stats of %s give %d (%s)", queue, code, qk_strerror(code));
  }
  return NULL;
}

/* ---- The whole ------------------------------------------------------------------------------------- */

/* Nothing has come back for too long: was it the fd that kept still, or the store? */
_Noreturn static void give_up(struct stress *stress)
{
  struct pollfd waiting = {.fd = qk_fd(stress->store), .events = POLLIN};
  qk_op *done[1];
  int is_readable = poll(&waiting, 1, 0);
  int count = qk_reap(stress->store, done, 1, 0);
  ck_abort_msg("hangs with %ld ops in flight, %ld to submit, fd readable: %d, a reap gives %d; %s",
               atomic_load(&stress->in_flight), atomic_load(&stress->to_submit), is_readable, count,
               complaint());
}

static void disturb(const struct stress *stress, long returned)
{
  if (stress->plan.disturb && !stress->settles)
    stress->plan.disturb(stress->plan.arg, returned);
}

/* Until all is submitted and back. */
static void watch(struct stress *stress)
{
  long seen = -1, submitting = 1;
  int64_t since_ms = monotonic_ms();
  while (submitting > 0 || atomic_load(&stress->in_flight) > 0) {
    long returned = atomic_load(&stress->returned);
    if (returned != seen)
      since_ms = monotonic_ms();
    seen = returned;
    if (monotonic_ms() - since_ms > stress->plan.timeout_ms + PATIENCE_MS)
      give_up(stress);
    if (complaint()[0])
      ck_abort_msg("%s", complaint());
    if (submitting > 0) {
      submitting = atomic_load(&stress->submitting);
      disturb(stress, submitting > 0 ? returned : -1);
    }
    if (submitting == 0 || atomic_load(&stress->in_flight) >= stress->plan.people)
      atomic_store(&stress->may_reap, 1);
    breathe();
  }
}

static void start(struct stress *stress, struct worker *workers, int count, void *(*run)(void *))
{
  static uint64_t seed = 88172645463325252U;
  for (int i = 0; i < count; i++) {
    workers[i] = (struct worker){.stress = stress, .random = seed += 7919};
    ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
  }
}

static void join(struct worker *workers, int count)
{
  for (int i = 0; i < count; i++)
    pthread_join(workers[i].thread, NULL);
}

/* Submit count ops and wait for all that are in flight. */
static void run_threads(struct stress *stress, long count)
{
  const struct stress_plan *plan = &stress->plan;
  struct worker submitters[THREADS_MAX] = {0}, pollers[THREADS_MAX] = {0};
  struct worker waiters[THREADS_MAX] = {0}, lookers[THREADS_MAX] = {0};
  atomic_store(&stress->to_submit, count);
  atomic_store(&stress->submitting, plan->submitters);
  atomic_store(&stress->reaping, plan->pollers + plan->waiters);
  atomic_store(&stress->is_over, 0);
  start(stress, submitters, plan->submitters, run_submitter);
  start(stress, pollers, plan->pollers, run_poller);
  start(stress, waiters, plan->waiters, run_waiter);
  start(stress, lookers, plan->lookers, run_looker);
  watch(stress);
  atomic_store(&stress->is_over, 1);
  while (atomic_load(&stress->reaping) > 0) {
    qk_wakeup(stress->store);
    breathe();
  }
  join(submitters, plan->submitters);
  join(pollers, plan->pollers);
  join(waiters, plan->waiters);
  join(lookers, plan->lookers);
}

/* Those whose state is not known for sure. Returns how many they are. */
static int call_unseen(struct stress *stress)
{
  int count = 0;
  stress->first = NULL;
  stress->last = &stress->first;
  for (int i = 0; i < stress->plan.people; i++) {
    struct person *person = &stress->people[i];
    if (person->ticks || person->is_seen)
      continue;
    put_home(stress, &person, 1);
    count++;
  }
  return count;
}

/* Everybody looks once more: that makes up for the answers that were lost. */
static void settle(struct stress *stress)
{
  int count;
  stress->settles = 1;
  for (int i = 0; i < stress->plan.people; i++)
    stress->people[i].is_seen = 0;
  for (int round = 0; (count = call_unseen(stress)) > 0; round++) {
    ck_assert_msg(round < 10, "somebody's poll fails again and again");
    run_threads(stress, count);
  }
}

#define COMPARE(name)                                                                                        \
  ck_assert_msg(stats.name == atomic_load(&tally->name), "%s: %llu " #name ", but the answers say %llu",     \
                queue, (unsigned long long)stats.name, atomic_load(&tally->name))

static void audit(struct stress *stress, int index)
{
  qk_stats stats;
  struct tally *tally = &stress->crowd.tallies[index];
  const char *queue = queue_of(&stress->crowd, index);
  ck_assert_int_eq(qk_get_stats(stress->store, queue, &stats), QK_OK);
  check_balance(stress, queue, &stats);
  COMPARE(entered);
  COMPARE(activated);
  COMPARE(left);
  COMPARE(completed);
  ck_assert_uint_eq(stats.waiting, atomic_load(&tally->in[QK_WAITING]));
  ck_assert_uint_eq(stats.ready, atomic_load(&tally->in[QK_READY]));
  ck_assert_uint_eq(stats.active, atomic_load(&tally->in[QK_ACTIVE]));
  ck_assert_uint_eq(stats.lapsed + stats.expired + stats.dropped, 0);
  ck_assert_uint_ge(stats.admitted, stats.activated);
  ck_assert_uint_le(stats.admitted, stats.entered);
}

static void set_up(struct stress *stress, const struct stress_plan *plan)
{
  ck_assert_int_le(plan->batch, BATCH_MAX);
  memset(stress, 0, sizeof *stress);
  stress->plan = *plan;
  stress->crowd.queues = plan->queues;
  stress->crowd.may_repeat = plan->disturb != NULL;
  stress->crowd.may_fail = plan->may_fail;
  stress->crowd.seats = plan->seats;
  stress->last = &stress->first;
  stress->store = stress_open(plan->uri, plan->timeout_ms);
  for (int i = 0; i < plan->queues; i++)
    stress_make_queue(stress->store, queue_of(&stress->crowd, i), plan->seats);
  stress->people = malloc((size_t)plan->people * sizeof *stress->people);
  ck_assert_ptr_nonnull(stress->people);
  pthread_mutex_init(&stress->lock, NULL);
  for (int i = 0; i < plan->people; i++) {
    struct person *person = &stress->people[i];
    person_init(person, i, i % TICK_EVERY == TICK_EVERY - 1);
    put_home(stress, &person, 1);
  }
  atomic_store(&stress->may_reap, !plan->floods);
}

static void tear_down(struct stress *stress)
{
  qk_close(stress->store);
  for (int i = 0; i < stress->plan.people; i++)
    person_check_pattern(&stress->people[i]);
  ck_assert_msg(!complaint()[0], "%s", complaint());
  free(stress->people);
  pthread_mutex_destroy(&stress->lock);
}

struct stress_report stress_run(const struct stress_plan *plan)
{
  struct stress stress;
  set_up(&stress, plan);
  run_threads(&stress, plan->ops * stress_rounds());
  settle(&stress);
  for (int i = 0; i < plan->queues; i++)
    audit(&stress, i);
  struct stress_report report = {.submitted = atomic_load(&stress.submitted),
                                 .full = atomic_load(&stress.full),
                                 .peak = atomic_load(&stress.peak),
                                 .refused = atomic_load(&stress.crowd.refused),
                                 .unknown = atomic_load(&stress.crowd.unknown),
                                 .ticks = atomic_load(&stress.crowd.ticks)};
  tear_down(&stress);
  printf(
      "%ld ops, %ld at once; the window was full %ld times; %llu QK_ESTORE, %llu QK_EUNKNOWN, %llu ticks\n",
      report.submitted, report.peak, report.full, report.refused, report.unknown, report.ticks);
  fflush(stdout);
  return report;
}

/* ---- The program ----------------------------------------------------------------------------------- */

static int rounds = 1;

int stress_rounds(void)
{
  return rounds;
}

qk_store *stress_open(const char *uri, uint32_t timeout_ms)
{
  qk_store *store;
  qk_options options;
  qk_error error;
  qk_options_init(&options);
  options.timeout_ms = timeout_ms;
  int code = qk_open(&store, uri, &options, &error);
  ck_assert_msg(code == QK_OK, "%s gives %d: %s", uri, code, error.text);
  return store;
}

void stress_make_queue(qk_store *store, const char *queue, uint64_t seats)
{
  enum { DAY_MS = 86400000 };
  qk_policy policy;
  qk_policy_init(&policy);
  policy.max_active = seats;
  policy.ready_ms = policy.active_ms = DAY_MS;
  policy.max_extends = EXTENDS_MAX;
  ck_assert_int_eq(qk_set_policy(store, queue, &policy, NULL), QK_OK);
}

int stress_main(int argc, char **argv, const char *name, void (*const *adds)(TCase *tests))
{
  int is_count = argc == 3 && !strcmp(argv[1], "--rounds");
  if (is_count)
    rounds = atoi(argv[2]);
  if ((argc != 1 && !is_count) || rounds < 1) {
    fprintf(stderr, "usage: %s [--rounds N]\n", argv[0]);
    return 2;
  }
  Suite *suite = suite_create(name);
  TCase *tests = tcase_create(name);
  tcase_set_timeout(tests, 120 * rounds);
  for (size_t i = 0; adds[i]; i++)
    adds[i](tests);
  suite_add_tcase(suite, tests);
  return runner_main(suite);
}
