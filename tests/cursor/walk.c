#include "walk.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fixture.h"
#include "lib/store.h"

#define LINE "line"
#define BULK_MIN 1500 /* the rule needs more than 1,000 ahead */
#define BULK_MAX 2500
#define PEOPLE 6000      /* names in use */
#define TOKENS_MAX 30000 /* kept in one walk */
#define TOGETHER 4       /* polls in one batch */

/* What one host told one token last. */
struct told_place {
  uint64_t position, version; /* position 0: nothing yet; version: at least */
};

struct kept {
  char text[QK_TOKEN_SIZE];
  uint32_t person, cls;
  uint64_t number, epoch;
  struct told_place told[WALK_HOSTS];
};

struct host {
  qk_store *store;
  uint64_t random; /* its random source */
};

struct walk {
  uint64_t state; /* of the walk's own random numbers */
  struct host hosts[WALK_HOSTS];
  int host_count;
  uint32_t classes, pace_ms, idle_ms;
  qk_policy policy;
  struct history history;
  struct kept *tokens;
  size_t token_count;
  uint64_t newest[PEOPLE]; /* number of the latest entry, in this life */
  uint64_t epoch;
  uint32_t gone_first, gone_count; /* people of whom many left, or were dropped, lately */
  struct walk_counts *counts;
  struct walk_verdict *verdict;
};

/* The view that a host polls by. */
struct sighted {
  int is_there;
  uint64_t epoch, version;
};

/* ---- Random numbers ------------------------------------------------------------------------------ */

/* xorshift64*: Marsaglia 2003, Vigna 2016. */
static uint64_t draw(uint64_t *state)
{
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(2685821657736338717);
}

static uint32_t below(struct walk *walk, uint32_t n)
{
  return (uint32_t)((draw(&walk->state) >> 32) % n);
}

static uint32_t between(struct walk *walk, uint32_t low, uint32_t high)
{
  return low + below(walk, high - low + 1);
}

static int one_in(struct walk *walk, uint32_t n)
{
  return below(walk, n) == 0;
}

static int fill_random(void *arg, void *buf, size_t len)
{
  unsigned char *bytes = buf;
  for (size_t i = 0; i < len; i++)
    bytes[i] = (unsigned char)(draw(arg) >> 56);
  return 0;
}

/* ---- Failing ------------------------------------------------------------------------------------- */

static void fail(struct walk *walk, const char *format, ...)
{
  va_list args;
  if (walk->verdict->failed)
    return;
  walk->verdict->failed = 1;
  va_start(args, format);
  vsnprintf(walk->verdict->text, sizeof walk->verdict->text, format, args);
  va_end(args);
}

static void must(struct walk *walk, const char *what, int code)
{
  if (code != QK_OK)
    fail(walk, "%s gives %d", what, code);
}

/* ---- Hosts --------------------------------------------------------------------------------------- */

static qk_store *some_store(struct walk *walk)
{
  return walk->hosts[below(walk, (uint32_t)walk->host_count)].store;
}

static void open_hosts(struct walk *walk, uint64_t seed)
{
  qk_options options;
  for (int i = 0; i < walk->host_count; i++) {
    struct host *host = &walk->hosts[i];
    int64_t now_ms = i > 0 ? fixture_now_ms : FIXTURE_START;
    fixture_options(&options);
    fixture_now_ms = now_ms;
    host->random = seed * WALK_HOSTS + (uint64_t)i + 1;
    options.random = fill_random;
    options.random_arg = &host->random;
    options.on_event = truth_take;
    options.event_arg = &walk->history;
    options.cursor_ms = (uint32_t[]){20, 200, 500, 2000, 5000}[below(walk, 5)];
    options.tick_budget = one_in(walk, 2) ? 0 : between(walk, 1, 40);
    host->store = i == 0 ? fixture->open(&options) : fixture->second(walk->hosts[0].store, &options);
    if (!host->store)
      abort();
  }
}

static struct sighted look(struct walk *walk, int host)
{
  struct sighted sighted = {0};
  qk_name name;
  qk_store *store = walk->hosts[host].store;
  qki_store_name(store, &name, LINE, strlen(LINE));
  struct qki_known *known = qki_known_find(&store->knowns, &name);
  if (!known)
    return sighted;
  pthread_mutex_lock(&known->lock);
  sighted.is_there = known->viewed_ms != 0;
  sighted.epoch = known->view.cursor.epoch;
  sighted.version = truth_version(&known->view.stats);
  pthread_mutex_unlock(&known->lock);
  return sighted;
}

/* ---- People -------------------------------------------------------------------------------------- */

static void name_of(uint32_t person, char out[16])
{
  snprintf(out, 16, "p%" PRIu32, person);
}

static void keep(struct walk *walk, qk_store *store, uint32_t person, const qk_ticket *ticket)
{
  struct kept *kept = &walk->tokens[walk->token_count];
  if (walk->epoch != ticket->epoch)
    memset(walk->newest, 0, sizeof walk->newest);
  walk->epoch = ticket->epoch;
  if (ticket->state != QK_WAITING || walk->newest[person] == ticket->number ||
      walk->token_count == TOKENS_MAX)
    return;
  walk->newest[person] = ticket->number;
  *kept =
      (struct kept){.person = person, .cls = ticket->cls, .number = ticket->number, .epoch = ticket->epoch};
  must(walk, "qk_token", qk_token(store, ticket, kept->text));
  walk->token_count++;
}

/* So many random people, or those from first on, do verb together. */
static void crowd(struct walk *walk, int32_t verb, uint32_t first, uint32_t count)
{
  qk_store *store = some_store(walk);
  qk_op *ops = calloc(count, sizeof *ops);
  qk_ticket *tickets = calloc(count, sizeof *tickets);
  char(*names)[16] = calloc(count, sizeof *names);
  if (!ops || !tickets || !names)
    abort();
  for (uint32_t i = 0; i < count; i++) {
    name_of((first + i) % PEOPLE, names[i]);
    ops[i] = (qk_op){.size = sizeof *ops, .verb = verb, .queue = LINE, .user = names[i]};
    ops[i].cls = verb == QK_ENTER ? below(walk, walk->classes) : 0;
    ops[i].ticket = &tickets[i];
  }
  must(walk, "qk_batch", qk_batch(store, ops, count));
  for (uint32_t i = 0; i < count; i++)
    if (verb == QK_ENTER && ops[i].result == QK_OK)
      keep(walk, store, (first + i) % PEOPLE, &tickets[i]);
  free(ops);
  free(tickets);
  free(names);
}

static void refill(struct walk *walk)
{
  qk_stats stats;
  int code = qk_get_stats(some_store(walk), LINE, &stats);
  if (code == QK_OK && stats.waiting >= BULK_MIN)
    return;
  crowd(walk, QK_ENTER, below(walk, PEOPLE), between(walk, BULK_MIN, BULK_MAX));
}

/* ---- Judging an answer ---------------------------------------------------------------------------- */

static void count_truth(struct walk *walk, const struct kept *kept, const struct truth *truth,
                        uint64_t version, uint64_t position)
{
  struct walk_counts *counts = walk->counts;
  int state = truth_state(truth, kept->number, version);
  counts->left += state == TRUTH_LEFT;
  counts->dropped += state == TRUTH_DROPPED;
  counts->old_life += kept->epoch != walk->epoch;
  counts->reborn += kept->epoch == walk->epoch && walk->newest[kept->person] != kept->number;
  counts->passed += (uint64_t)truth_was_passed(truth, kept->cls, version);
  if (state != TRUTH_WAITING)
    return;
  counts->waiting++;
  counts->loose += position - truth_position(truth, kept->number, version);
}

/* Is this answer right by the truth of a version? NULL, or what is wrong. */
static const char *wrong_by(const struct kept *kept, const struct truth *truth, uint64_t version,
                            const qk_ticket *ticket)
{
  int state = truth_state(truth, kept->number, version);
  if (state == TRUTH_ADMITTED)
    return "told WAITING, but had been admitted";
  if (state == TRUTH_WAITING && ticket->position < truth_position(truth, kept->number, version))
    return "told a place below the true one";
  if (ticket->position <= 1000)
    return "told a place near the front";
  return NULL;
}

/* A place may rise by who entered lower classes, and by nobody else. In a batch the view may have changed on
 * the way: seen[0] was there before, seen[1] afterwards. */
static void judge_rise(struct walk *walk, int host, struct kept *kept, const struct truth *truth,
                       const struct sighted seen[2], uint64_t position)
{
  struct told_place *told = &kept->told[host];
  uint64_t since = seen[0].epoch == kept->epoch ? seen[0].version : 0;
  uint64_t until = seen[1].epoch == kept->epoch ? seen[1].version : since;
  if (told->position > 0 && position > told->position) {
    uint64_t lower = truth_entered_below(truth, kept->cls, told->version, until);
    walk->counts->lower++;
    if (position > told->position + lower)
      fail(walk,
           "host %d tells number %" PRIu64 " of class %" PRIu32 " place %" PRIu64 " after %" PRIu64
           ", %" PRIu64 " entered lower classes",
           host, kept->number, kept->cls, position, told->position, lower);
  }
  if (told->position > 0 && until < told->version)
    fail(walk, "host %d goes back from version %" PRIu64 " to %" PRIu64, host, told->version, until);
  *told = (struct told_place){.position = position, .version = since};
}

static void judge_names(struct walk *walk, const struct kept *kept, const qk_ticket *ticket)
{
  char name[16];
  name_of(kept->person, name);
  if (ticket->state != QK_WAITING || ticket->number != kept->number || ticket->epoch != kept->epoch ||
      ticket->cls != kept->cls || ticket->fresh || ticket->extends || ticket->expires_at_ms ||
      ticket->poll_after_ms == 0 || strcmp(ticket->queue, LINE) != 0 || strcmp(ticket->user, name) != 0)
    fail(walk, "number %" PRIu64 " is answered with another ticket", kept->number);
}

static void judge_cursor(struct walk *walk, int host, struct kept *kept, const struct sighted seen[2],
                         const qk_ticket *ticket)
{
  const char *wrong = "answered without a view of its life";
  walk->counts->cursor++;
  judge_names(walk, kept, ticket);
  for (int i = 0; i < 2 && wrong; i++) {
    const struct truth *truth = seen[i].is_there ? truth_find(&walk->history, seen[i].epoch) : NULL;
    if (!truth || truth->epoch != kept->epoch)
      continue;
    wrong = wrong_by(kept, truth, seen[i].version, ticket);
    if (wrong)
      continue;
    count_truth(walk, kept, truth, seen[i].version, ticket->position);
    judge_rise(walk, host, kept, truth, seen, ticket->position);
  }
  if (wrong)
    fail(walk,
         "host %d, number %" PRIu64 " of class %" PRIu32 ", place %" PRIu64 " of version %" PRIu64 ": %s",
         host, kept->number, kept->cls, ticket->position, seen[0].version, wrong);
}

static void judge(struct walk *walk, int host, struct kept *kept, const struct sighted seen[2], int code,
                  const qk_ticket *ticket)
{
  walk->counts->polls++;
  if (code == QK_OK && ticket->estimated)
    judge_cursor(walk, host, kept, seen, ticket);
  else if (code == QK_OK)
    walk->counts->store++;
  else if (code == QK_EEXPIRED)
    walk->counts->over++;
  else
    fail(walk, "a poll by token gives %d", code);
}

/* ---- Operations ----------------------------------------------------------------------------------- */

static void wait_for(struct walk *walk, qk_store *store, size_t count)
{
  qk_op *done[TOGETHER];
  while (count > 0) {
    int n = qk_reap(store, done, TOGETHER, 10000);
    if (n <= 0) {
      fail(walk, "qk_reap gives %d", n);
      return;
    }
    count -= (size_t)n;
  }
}

/* The latest token of somebody, or the one before; NULL if there is none. */
static struct kept *token_of(struct walk *walk, uint32_t person)
{
  uint32_t skip = below(walk, 2);
  for (size_t i = walk->token_count; i-- > 0;)
    if (walk->tokens[i].person == person && skip-- == 0)
      return &walk->tokens[i];
  return NULL;
}

/* Mostly of those far back, now and then of somebody who is gone. */
static struct kept *some_token(struct walk *walk)
{
  uint32_t count = (uint32_t)walk->token_count, recent = one_in(walk, 4) ? 4000 : 1000;
  struct kept *gone = NULL;
  if (walk->gone_count > 0 && one_in(walk, 6))
    gone = token_of(walk, (walk->gone_first + below(walk, walk->gone_count)) % PEOPLE);
  return gone ? gone : &walk->tokens[count - 1 - below(walk, count < recent ? count : recent)];
}

/* Poll so many tokens on one host, by single calls, in a batch, or submitted. */
static void poll_tokens(struct walk *walk)
{
  int host = (int)below(walk, (uint32_t)walk->host_count);
  uint32_t count = between(walk, 1, TOGETHER), way = below(walk, 3);
  qk_store *store = walk->hosts[host].store;
  struct kept *kept[TOGETHER];
  qk_ticket tickets[TOGETHER];
  qk_op ops[TOGETHER], *refs[TOGETHER];
  struct sighted seen[2] = {look(walk, host)};
  for (uint32_t i = 0; i < count; i++) {
    kept[i] = some_token(walk);
    ops[i] = (qk_op){.size = sizeof *ops, .verb = QK_POLL, .token = kept[i]->text, .ticket = &tickets[i]};
    refs[i] = &ops[i];
    if (way == 0) {
      ops[i].result = qk_poll_token(store, kept[i]->text, &tickets[i]);
      seen[1] = look(walk, host);
      judge(walk, host, kept[i], seen, ops[i].result, &tickets[i]);
      seen[0] = seen[1];
    }
  }
  if (way == 0)
    return;
  if (way == 1)
    must(walk, "qk_batch", qk_batch(store, ops, count));
  else {
    must(walk, "qk_submit", qk_submit(store, refs, count));
    wait_for(walk, store, count);
  }
  seen[1] = look(walk, host);
  for (uint32_t i = 0; i < count; i++)
    judge(walk, host, kept[i], seen, ops[i].result, &tickets[i]);
}

static void set_policy(struct walk *walk)
{
  must(walk, "qk_set_policy", qk_set_policy(some_store(walk), LINE, &walk->policy, NULL));
}

/* Somebody leaves, and may come again: a newer entry, and a token of the old one. */
static void leave(struct walk *walk)
{
  uint32_t person = below(walk, PEOPLE), count = between(walk, 1, 30);
  crowd(walk, QK_RELEASE, person, count);
  walk->gone_first = person;
  walk->gone_count = count;
  if (one_in(walk, 2))
    crowd(walk, QK_ENTER, person, count);
}

/* People pass the line, new ones and such who stand in it. */
static void bypass(struct walk *walk)
{
  must(walk, "qk_set_mode", qk_set_mode(some_store(walk), LINE, QK_MODE_BYPASS));
  crowd(walk, QK_ENTER, below(walk, PEOPLE), between(walk, 1, 12));
  must(walk, "qk_set_mode",
       qk_set_mode(some_store(walk), LINE, one_in(walk, 3) ? QK_MODE_HOLD : QK_MODE_OPEN));
}

static void tick(struct walk *walk)
{
  qk_tick_report report;
  must(walk, "qk_tick", qk_tick(some_store(walk), one_in(walk, 3) ? NULL : LINE, &report));
}

/* Time passes until whoever does not poll is dropped. */
static void let_idle(struct walk *walk)
{
  walk->policy.idle_ms = walk->policy.idle_ms == 0 ? walk->idle_ms : 0;
  set_policy(walk);
  walk->gone_first = PEOPLE * 3 / 4;
  walk->gone_count = PEOPLE / 4;
  for (int i = 0; i < 5 && walk->policy.idle_ms > 0; i++) {
    crowd(walk, QK_POLL, 0, between(walk, PEOPLE * 3 / 4, PEOPLE));
    fixture_advance(walk->idle_ms / 4 + 1);
    tick(walk);
  }
}

static void end_life(struct walk *walk)
{
  must(walk, "qk_remove", qk_remove(some_store(walk), LINE));
  if (one_in(walk, 2))
    must(walk, "qk_tick", qk_tick(some_store(walk), NULL, NULL));
  set_policy(walk);
  refill(walk);
}

static void glance(struct walk *walk)
{
  qk_cursor cursor;
  qk_op *done;
  qk_store *store = some_store(walk);
  if (one_in(walk, 2))
    must(walk, "qk_get_cursor", qk_get_cursor(store, LINE, &cursor));
  else if (qk_reap(store, &done, 1, 0) != 0)
    fail(walk, "qk_reap finds an op that nobody submitted");
}

static void step(struct walk *walk)
{
  uint32_t choice = below(walk, 200);
  fixture_advance(between(walk, 1, walk->pace_ms));
  if (choice < 150)
    poll_tokens(walk);
  else if (choice < 166)
    tick(walk);
  else if (choice < 176)
    crowd(walk, QK_ENTER, below(walk, PEOPLE), between(walk, 1, 20));
  else if (choice < 184)
    leave(walk);
  else if (choice < 190)
    bypass(walk);
  else if (choice < 192)
    let_idle(walk);
  else if (choice < 196)
    glance(walk);
  else if (choice < 199)
    must(walk, "qk_set_mode", qk_set_mode(some_store(walk), LINE, below(walk, 2)));
  else if (one_in(walk, 3))
    end_life(walk);
  if (choice % 20 == 0)
    refill(walk);
}

static void make_policy(struct walk *walk)
{
  qk_policy *policy = &walk->policy;
  qk_policy_init(policy);
  policy->max_active = (uint64_t[]){0, 5, 60, 1000}[below(walk, 4)];
  policy->rate = one_in(walk, 2) ? 0 : between(walk, 1, 50);
  policy->ready_ms = between(walk, 8000, 300000);
  policy->active_ms = 60000;
  policy->eager = below(walk, 2);
  policy->clock_step_ms = 0;
  walk->idle_ms = between(walk, 3000, 60000);
}

void walk_run(uint64_t seed, size_t ops, int hosts, struct walk_counts *counts, struct walk_verdict *verdict)
{
  struct walk *walk = calloc(1, sizeof *walk);
  if (!walk || !(walk->tokens = calloc(TOKENS_MAX, sizeof *walk->tokens)))
    abort();
  walk->state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
  walk->counts = counts;
  walk->verdict = verdict;
  walk->host_count = hosts;
  walk->classes = (uint32_t[]){1, 1, 2, 4, 8}[below(walk, 5)];
  walk->pace_ms = (uint32_t[]){1, 10, 100, 400}[below(walk, 4)];
  open_hosts(walk, seed);
  make_policy(walk);
  set_policy(walk);
  refill(walk);
  for (verdict->op = 0; verdict->op < ops && !verdict->failed; verdict->op++)
    step(walk);
  for (int i = 0; i < hosts; i++)
    qk_close(walk->hosts[i].store);
  truth_finish(&walk->history);
  free(walk->tokens);
  free(walk);
}
