#include "load.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <check.h>
#include "servers.h"

enum { HOSTS_MAX = 8, THREADS_MAX = 8 };

/* What a thread knows of somebody. */
enum place {
  NEVER,    /* not tried; or surely refused: nobody must be there */
  PERHAPS,  /* the answer to the enter is lost */
  WAITS,    /* the enter was acknowledged */
  INSIDE,   /* so was the activation */
  LEAVING,  /* the answer to the release is lost */
  LEFT,     /* the release was acknowledged */
  FORGOTTEN /* acknowledged once, and lost by the store */
};

struct person {
  enum place place;
  uint64_t number, epoch;
};

struct player {
  struct load *load;
  struct host *host;
  pthread_t thread;
  int index;
  uint64_t random, newest; /* the number of the last acknowledged enter */
  struct person *people;
  int count; /* tried so far */
};

struct host {
  struct load *load;
  qk_store *store;
  pthread_t ticker;
  struct player players[THREADS_MAX];
};

struct load {
  struct load_plan plan;
  struct host hosts[HOSTS_MAX];
  qk_store *watching;
  pthread_t watcher;
  atomic_int is_over;
  atomic_long done;   /* verbs that succeeded */
  atomic_long inside; /* people who were let in and have not asked to leave */
  pthread_mutex_t lock;
  char wrong[256];
};

static void complain(struct load *load, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  pthread_mutex_lock(&load->lock);
  if (load->wrong[0] == '\0')
    vsnprintf(load->wrong, sizeof load->wrong, format, args);
  pthread_mutex_unlock(&load->lock);
  va_end(args);
}

static void name_person(const struct player *player, int number, char out[32])
{
  snprintf(out, 32, "p%d.%d", player->index, number);
}

static int is_trouble(int code)
{
  return code == QK_ESTORE || code == QK_EUNKNOWN;
}

/* 1 if the plan lets this code be. Whoever is lost, or whose seat is, is refused. */
static int is_expected(const struct load_plan *plan, int code)
{
  if (is_trouble(code))
    return plan->may_fail;
  return plan->may_lose && (code == QK_ENOTFOUND || code == QK_ENOTREADY || code == QK_ENOTACTIVE);
}

/* 1 if the verb succeeded. */
static int succeeded(struct player *player, const char *verb, int code)
{
  if (code == QK_OK)
    player->load->done++;
  else if (!is_expected(&player->load->plan, code))
    complain(player->load, "%s gives %d (%s)", verb, code, qk_strerror(code));
  return code == QK_OK;
}

/* ---- What people do -------------------------------------------------------------------------------- */

/* xorshift64*: Marsaglia 2003, Vigna 2016. */
static uint32_t draw(struct player *player, uint32_t below)
{
  player->random ^= player->random >> 12;
  player->random ^= player->random << 25;
  player->random ^= player->random >> 27;
  return (uint32_t)((player->random * UINT64_C(2685821657736338717)) >> 33) % below;
}

static void note_number(struct player *player, struct person *person, const qk_ticket *ticket)
{
  if (ticket->number <= player->newest)
    complain(player->load, "number %" PRIu64 " after %" PRIu64, ticket->number, player->newest);
  player->newest = person->number = ticket->number;
  person->epoch = ticket->epoch;
  person->place = WAITS;
}

/* Half of those whose enter had no answer try again, as a host may. */
static void enter(struct player *player, struct person *person, const char *name)
{
  qk_ticket ticket;
  int code;
  do {
    code = qk_enter(player->host->store, player->load->plan.queue, name, &ticket);
    if (succeeded(player, "enter", code))
      note_number(player, person, &ticket);
    else if (code == QK_EUNKNOWN)
      person->place = PERHAPS;
  } while (is_trouble(code) && !player->load->is_over && draw(player, 2));
}

/* Whoever left without an answer tries again: by then there may be nobody. */
static void leave_again(struct player *player, struct person *person, const char *name)
{
  int code = qk_release(player->host->store, player->load->plan.queue, name, NULL);
  if (code == QK_ENOTFOUND || succeeded(player, "release", code))
    person->place = LEFT;
}

static void leave(struct player *player, struct person *person, const char *name)
{
  player->load->inside--;
  person->place = LEAVING;
  int code = qk_release(player->host->store, player->load->plan.queue, name, NULL);
  if (succeeded(player, "release", code))
    person->place = LEFT;
  else if (code == QK_ESTORE) {
    player->load->inside++;
    person->place = INSIDE;
  }
}

/* Whoever waited and is let in: activate, and be counted. */
static void go_in(struct player *player, struct person *person, const char *name)
{
  qk_ticket ticket;
  int code = qk_activate(player->host->store, player->load->plan.queue, name, &ticket);
  if (!succeeded(player, "activate", code))
    return;
  person->place = INSIDE;
  if ((uint64_t)++player->load->inside > player->load->plan.seats)
    complain(player->load, "more people are inside than there are seats");
}

/* A store that may lose what it took has lost somebody's place, or the seat. */
static void set_back(struct player *player, struct person *person, enum place place)
{
  if (person->place == INSIDE)
    player->load->inside--;
  person->place = place;
}

static void poll_one(struct player *player, struct person *person, const char *name)
{
  qk_ticket ticket;
  int code = qk_poll(player->host->store, player->load->plan.queue, name, &ticket);
  if (code == QK_ENOTFOUND && player->load->plan.may_lose)
    set_back(player, person, FORGOTTEN);
  if (!succeeded(player, "poll", code))
    return;
  if (ticket.number != person->number)
    complain(player->load, "%s had number %" PRIu64 " and has %" PRIu64, name, person->number, ticket.number);
  if (player->load->plan.stays)
    return;
  if (person->place == INSIDE && ticket.state != QK_ACTIVE && player->load->plan.may_lose)
    set_back(player, person, WAITS);
  else if (person->place == INSIDE && ticket.state != QK_ACTIVE)
    complain(player->load, "%s was let in and is %s", name, qk_state_name(ticket.state));
  else if (person->place == INSIDE)
    leave(player, person, name);
  else if (ticket.state != QK_WAITING)
    go_in(player, person, name);
}

static void *play(void *arg)
{
  struct player *player = arg;
  char name[32];
  while (!player->load->is_over) {
    int is_new = player->count < player->load->plan.people && draw(player, 2);
    if (!is_new && player->count == 0)
      continue;
    int number = is_new ? player->count++ : (int)draw(player, (uint32_t)player->count);
    struct person *person = &player->people[number];
    name_person(player, number, name);
    if (is_new)
      enter(player, person, name);
    else if (person->place == WAITS || person->place == INSIDE)
      poll_one(player, person, name);
    else if (person->place == LEAVING)
      leave_again(player, person, name);
  }
  return NULL;
}

/* ---- Beside them ----------------------------------------------------------------------------------- */

static void *tick(void *arg)
{
  struct host *host = arg;
  while (!host->load->is_over) {
    int code = qk_tick(host->store, host->load->plan.queue, NULL);
    if (code != QK_OK && !is_expected(&host->load->plan, code))
      complain(host->load, "tick gives %d (%s)", code, qk_strerror(code));
    servers_breathe();
  }
  return NULL;
}

/* What is wrong with the totals; NULL if nothing is. */
static const char *judge(const qk_stats *stats, uint64_t seats)
{
  uint64_t here = stats->waiting + stats->ready + stats->active;
  uint64_t over = stats->left + stats->dropped + stats->lapsed + stats->expired + stats->completed;
  if (stats->entered != here + over)
    return "the totals do not balance";
  return stats->ready + stats->active > seats ? "the seats are over-sold" : NULL;
}

static void *watch(void *arg)
{
  struct load *load = arg;
  while (!load->is_over) {
    qk_stats stats;
    int code = qk_get_stats(load->watching, load->plan.queue, &stats);
    const char *wrong = code == QK_OK ? judge(&stats, load->plan.seats) : NULL;
    if (wrong)
      complain(load, "%s", wrong);
    servers_breathe();
  }
  return NULL;
}

/* ---- Start ----------------------------------------------------------------------------------------- */

static qk_store *open_store(const struct load_plan *plan)
{
  qk_store *store;
  qk_error error;
  qk_options options;
  qk_options_init(&options);
  options.timeout_ms = plan->may_fail ? 2000 : 20000;
  options.cursor_ms = 0;
  int code = qk_open(&store, plan->uri, &options, &error);
  ck_assert_msg(code == QK_OK, "%s gives %d: %s", plan->uri, code, error.text);
  return store;
}

static void start_thread(pthread_t *out, void *(*run)(void *), void *arg)
{
  ck_assert_int_eq(pthread_create(out, NULL, run, arg), 0);
}

static void start_host(struct load *load, int index)
{
  struct host *host = &load->hosts[index];
  host->load = load;
  host->store = open_store(&load->plan);
  for (int i = 0; i < load->plan.threads; i++) {
    struct player *player = &host->players[i];
    player->load = load;
    player->host = host;
    player->index = index * THREADS_MAX + i;
    player->random = (uint64_t)player->index + 1;
    player->people = calloc((size_t)load->plan.people, sizeof *player->people);
    ck_assert_ptr_nonnull(player->people);
    start_thread(&player->thread, play, player);
  }
  start_thread(&host->ticker, tick, host);
}

struct load *load_start(const struct load_plan *plan)
{
  struct load *load = calloc(1, sizeof *load);
  qk_policy policy;
  ck_assert_ptr_nonnull(load);
  load->plan = *plan;
  pthread_mutex_init(&load->lock, NULL);
  qk_policy_init(&policy);
  policy.max_active = plan->seats;
  load->watching = open_store(plan);
  ck_assert_int_eq(qk_set_policy(load->watching, plan->queue, &policy, NULL), QK_OK);
  for (int i = 0; i < plan->hosts; i++)
    start_host(load, i);
  start_thread(&load->watcher, watch, load);
  return load;
}

struct goal {
  struct load *load;
  long done;
};

static int is_reached(void *arg)
{
  const struct goal *goal = arg;
  pthread_mutex_lock(&goal->load->lock);
  int is_wrong = goal->load->wrong[0] != '\0';
  pthread_mutex_unlock(&goal->load->lock);
  return is_wrong || goal->load->done >= goal->done;
}

void load_go_on(struct load *load, long count)
{
  struct goal goal = {load, load->done + count};
  ck_assert_msg(servers_wait(is_reached, &goal, 60000), "after a minute %ld verbs are missing",
                goal.done - load->done);
}

/* ---- The end --------------------------------------------------------------------------------------- */

static void check_line(qk_store *store, const char *queue, uint64_t waiting)
{
  static qk_ticket page[1000];
  uint64_t last = 0, seen = 0;
  int count;
  do {
    count = qk_list(store, queue, 0, last, page, 1000);
    ck_assert_int_ge(count, 0);
    for (int i = 0; i < count; i++, seen++) {
      ck_assert_msg(page[i].number > last, "number %" PRIu64 " stands behind %" PRIu64, page[i].number, last);
      ck_assert_uint_eq(page[i].position, seen + 1);
      last = page[i].number;
    }
  } while (count == 1000);
  ck_assert_uint_eq(seen, waiting);
}

void load_check_queue(qk_store *store, const char *queue, uint64_t seats)
{
  qk_stats stats;
  qk_cursor cursor;
  ck_assert_int_eq(qk_get_stats(store, queue, &stats), QK_OK);
  const char *wrong = judge(&stats, seats);
  ck_assert_msg(!wrong, "%s", wrong);
  check_line(store, queue, stats.waiting);
  ck_assert_int_eq(qk_get_cursor(store, queue, &cursor), QK_OK);
  ck_assert_msg(cursor.highest[0] < cursor.head[0], "%" PRIu64 " was admitted while %" PRIu64 " waits",
                cursor.highest[0], cursor.head[0]);
}

/* How many enters happened, and how many people are gone, as far as the store says. */
struct count {
  uint64_t entered, gone;
  long acknowledged, lost;
};

static void compare(struct load *load, const struct player *player, int number, struct count *count)
{
  const struct person *person = &player->people[number];
  qk_ticket ticket;
  char name[32];
  name_person(player, number, name);
  int code = qk_poll(load->watching, load->plan.queue, name, &ticket);
  int is_here = code == QK_OK, was_acknowledged = person->place >= WAITS;
  ck_assert_msg(code == QK_OK || code == QK_ENOTFOUND, "%s: %s", name, qk_strerror(code));
  count->acknowledged += was_acknowledged;
  count->entered += was_acknowledged || is_here;
  count->gone += was_acknowledged && !is_here;
  int must_be = person->place == WAITS || person->place == INSIDE || person->place == FORGOTTEN;
  int may_be = must_be || person->place == PERHAPS || person->place == LEAVING;
  count->lost += must_be && !is_here;
  ck_assert_msg(is_here || !must_be || load->plan.may_lose, "%s is lost, number %" PRIu64, name,
                person->number);
  ck_assert_msg(!is_here || may_be || (person->place == LEFT && load->plan.may_lose), "%s is here: %s", name,
                person->place == LEFT ? "left" : "the enter was refused");
  ck_assert_msg(!is_here || !was_acknowledged || ticket.number == person->number, "%s has another number",
                name);
}

static void compare_all(struct load *load, struct count *count)
{
  qk_stats stats;
  for (int h = 0; h < load->plan.hosts; h++)
    for (int t = 0; t < load->plan.threads; t++)
      for (int i = 0; i < load->hosts[h].players[t].count; i++)
        compare(load, &load->hosts[h].players[t], i, count);
  ck_assert_int_eq(qk_get_stats(load->watching, load->plan.queue, &stats), QK_OK);
  if (load->plan.may_lose)
    return;
  ck_assert_uint_eq(stats.entered, count->entered);
  ck_assert_uint_eq(stats.left + stats.completed, count->gone);
}

static int by_number(const void *a, const void *b)
{
  const struct person *one = a, *other = b;
  if (one->epoch != other->epoch)
    return one->epoch < other->epoch ? -1 : 1;
  return one->number < other->number ? -1 : one->number > other->number;
}

/* No two people were ever given one number. */
static void check_numbers(const struct load *load)
{
  size_t all = (size_t)(load->plan.hosts * load->plan.threads * load->plan.people), n = 0;
  struct person *sorted = calloc(all, sizeof *sorted);
  ck_assert_ptr_nonnull(sorted);
  for (int h = 0; h < load->plan.hosts; h++)
    for (int t = 0; t < load->plan.threads; t++)
      for (int i = 0; i < load->hosts[h].players[t].count; i++)
        if (load->hosts[h].players[t].people[i].number)
          sorted[n++] = load->hosts[h].players[t].people[i];
  qsort(sorted, n, sizeof *sorted, by_number);
  for (size_t i = 1; i < n; i++)
    ck_assert_msg(by_number(&sorted[i - 1], &sorted[i]) != 0, "number %" PRIu64 " was given twice",
                  sorted[i].number);
  free(sorted);
}

static void stop_threads(struct load *load)
{
  load->is_over = 1;
  for (int h = 0; h < load->plan.hosts; h++) {
    for (int t = 0; t < load->plan.threads; t++)
      pthread_join(load->hosts[h].players[t].thread, NULL);
    pthread_join(load->hosts[h].ticker, NULL);
  }
  pthread_join(load->watcher, NULL);
}

void load_finish_counting(struct load *load, long *entered, long *lost)
{
  struct count count = {0};
  stop_threads(load);
  ck_assert_msg(!load->wrong[0], "%s", load->wrong);
  load_check_queue(load->watching, load->plan.queue, load->plan.seats);
  compare_all(load, &count);
  check_numbers(load);
  *entered = count.acknowledged;
  *lost = count.lost;
  for (int h = 0; h < load->plan.hosts; h++) {
    qk_close(load->hosts[h].store);
    for (int t = 0; t < load->plan.threads; t++)
      free(load->hosts[h].players[t].people);
  }
  qk_close(load->watching);
  pthread_mutex_destroy(&load->lock);
  free(load);
}

void load_finish(struct load *load)
{
  long entered, lost;
  load_finish_counting(load, &entered, &lost);
  ck_assert_int_gt(entered, 0);
}
