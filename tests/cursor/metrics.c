#include "metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "exposition.h"
#include "helpers.h"
#include "lib/store.h"

/* ---- Reading ----------------------------------------------------------------------------------------- */

static struct exposition *page_of(qk_store *store)
{
  char *text = qk_metrics(store);
  ck_assert_ptr_nonnull(text);
  struct exposition *page = exposition_read(text);
  ck_assert_msg(!page->error[0], "%s", page->error);
  qk_free(text);
  return page;
}

static void sample_at(int line, const struct exposition *page, const char *name, const char *label,
                      const char *value, double want)
{
  const struct exposition_sample *sample = exposition_find(page, name, label, value, NULL);
  ck_assert_msg(sample != NULL, "line %d: no, or several, %s with %s", line, name, value);
  ck_assert_msg(sample->value == want, "line %d: %s of %s is %g, not %g", line, name, value, sample->value,
                want);
}
/* Of HALL; of the whole store; with a label. */
#define CHECK_HALL(page, name, want) sample_at(__LINE__, page, "libqueue_" name, "queue", HALL, want)
#define CHECK_STORE(page, name, want)                                                                        \
  sample_at(__LINE__, page, "libqueue_" name, "backend", exposition_backend(page), want)
#define CHECK_LABEL(page, name, label, value, want)                                                          \
  sample_at(__LINE__, page, "libqueue_" name, label, value, want)

static const char *exposition_backend(const struct exposition *page)
{
  return exposition_label(exposition_find(page, "libqueue_store_up", NULL), "backend");
}

static void calls_at(int line, const struct exposition *page, const char *verb, const char *result,
                     double want)
{
  const struct exposition_sample *sample =
      exposition_find(page, "libqueue_calls_total", "verb", verb, "result", result, NULL);
  ck_assert_msg((sample ? sample->value : 0) == want, "line %d: %s %s is %g, not %g", line, verb, result,
                sample ? sample->value : 0, want);
}
#define CHECK_CALLS(page, verb, result, want) calls_at(__LINE__, page, verb, result, want)

static int is_async(const qk_store *store)
{
  return (store->ops->caps & QK_CAP_ASYNC) != 0;
}

/* ---- A little scene ------------------------------------------------------------------------------------ */

static qk_store *open_two_seats(void)
{
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  return open_hall(&policy);
}

static void tick(qk_store *store)
{
  CHECK_OK(qk_tick(store, HALL, NULL));
}

/* Five enter; ann stays 10 s, bob until his time is up, cid lets the offer lapse, dan has it, eve leaves. */
static void play_scene(qk_store *store)
{
  static const char *const names[] = {"ann", "bob", "cid", "dan", "eve"};
  for (int i = 0; i < 5; i++)
    CHECK_OK(qk_enter(store, HALL, names[i], NULL));
  fixture_advance(4000);
  tick(store);
  CHECK_OK(qk_activate(store, HALL, "ann", NULL));
  CHECK_OK(qk_activate(store, HALL, "bob", NULL));
  fixture_advance(10000);
  CHECK_OK(qk_release(store, HALL, "ann", NULL));
  tick(store);
  fixture_advance(30000);
  tick(store);
  CHECK_OK(qk_release(store, HALL, "eve", NULL));
  fixture_advance(20000);
  tick(store);
}

START_TEST(a_scene_is_counted_exactly)
{
  qk_store *store = open_two_seats();
  play_scene(store);
  struct exposition *page = page_of(store);
  CHECK_HALL(page, "entered_total", 5);
  CHECK_HALL(page, "admitted_total", 4);
  CHECK_HALL(page, "activated_total", 2);
  CHECK_HALL(page, "completed_total", 1);
  CHECK_HALL(page, "left_total", 1);
  CHECK_HALL(page, "dropped_total", 0);
  CHECK_HALL(page, "lapsed_total", 1);
  CHECK_HALL(page, "expired_total", 1);
  CHECK_HALL(page, "waiting", 0);
  CHECK_HALL(page, "ready", 1);
  CHECK_HALL(page, "active", 0);
  CHECK_HALL(page, "max_active", 2);
  CHECK_HALL(page, "head_age_seconds", 0);
  CHECK_HALL(page, "estimated_wait_seconds", 0);
  CHECK_STORE(page, "queues", 1);
  CHECK_STORE(page, "store_up", 1);
  CHECK_LABEL(page, "build_info", "version", qk_version(), 1);
  exposition_free(page);
  qk_close(store);
}
END_TEST

START_TEST(waits_and_stays_are_measured)
{
  qk_store *store = open_two_seats();
  play_scene(store);
  struct exposition *page = page_of(store);
  CHECK_HALL(page, "wait_seconds_count", 4);
  CHECK_HALL(page, "wait_seconds_sum", 4 + 4 + 14 + 44);
  CHECK_HALL(page, "stay_seconds_count", 2);
  CHECK_HALL(page, "stay_seconds_sum", 10 + 60);
  const struct exposition_sample *five =
      exposition_find(page, "libqueue_wait_seconds_bucket", "queue", HALL, "le", "5", NULL);
  ck_assert(five && five->value == 2);
  const struct exposition_sample *minute =
      exposition_find(page, "libqueue_stay_seconds_bucket", "queue", HALL, "le", "60", NULL);
  ck_assert(minute && minute->value == 2);
  exposition_free(page);
  qk_close(store);
}
END_TEST

START_TEST(ticks_are_measured)
{
  qk_store *store = open_two_seats();
  play_scene(store);
  struct exposition *page = page_of(store);
  CHECK_HALL(page, "tick_seconds_count", 4);
  CHECK_HALL(page, "tick_people_count", 4);
  CHECK_HALL(page, "tick_people_sum", 2 + 1 + 2 + 1);
  CHECK_HALL(page, "tick_skips_total", 0);
  CHECK_STORE(page, "ticked_queues_total", 4);
  CHECK_CALLS(page, "tick", "OK", 4);
  const struct exposition_sample *age =
      exposition_find(page, "libqueue_tick_age_seconds", "queue", HALL, NULL);
  ck_assert(age && age->value < 60);
  exposition_free(page);
  qk_close(store);
}
END_TEST

START_TEST(calls_are_counted_by_verb_and_result)
{
  qk_store *store = open_two_seats();
  play_scene(store);
  CHECK_CODE(qk_poll(store, HALL, "nobody", NULL), QK_ENOTFOUND);
  CHECK_CODE(qk_poll(store, HALL, "", NULL), QK_EINVAL);
  CHECK_CODE(qk_poll_token(store, "x", NULL), QK_ETOKEN);
  CHECK_OK(qk_enter(store, HALL, "fay", NULL));
  CHECK_CODE(qk_activate(store, HALL, "fay", NULL), QK_ENOTREADY);
  CHECK_CODE(qk_extend(store, HALL, "fay", NULL), QK_ENOTACTIVE);
  CHECK_CODE(qk_tick(store, "none", NULL), QK_ENOTFOUND);
  qk_op ops[] = {{.size = sizeof *ops, .verb = QK_ENTER, .queue = HALL, .user = "gus"},
                 {.size = sizeof *ops, .verb = QK_POLL, .queue = HALL, .user = "gus"},
                 {.size = sizeof *ops, .verb = QK_TICK, .queue = HALL},
                 {.size = sizeof *ops, .verb = 99, .queue = HALL}};
  CHECK_OK(qk_batch(store, ops, 4));
  struct exposition *page = page_of(store);
  CHECK_CALLS(page, "enter", "OK", 7);
  CHECK_CALLS(page, "poll", "OK", 1);
  CHECK_CALLS(page, "poll", "ENOTFOUND", 1);
  CHECK_CALLS(page, "poll", "EINVAL", 1);
  CHECK_CALLS(page, "poll", "ETOKEN", 1);
  CHECK_CALLS(page, "activate", "OK", 2);
  CHECK_CALLS(page, "activate", "ENOTREADY", 1);
  CHECK_CALLS(page, "extend", "ENOTACTIVE", 1);
  CHECK_CALLS(page, "extend", "OK", 0);
  CHECK_CALLS(page, "release", "OK", 2);
  CHECK_CALLS(page, "tick", "OK", 5);
  CHECK_CALLS(page, "tick", "ENOTFOUND", 1);
  ck_assert(!exposition_find(page, "libqueue_calls_total", "verb", "extend", "result", "OK", NULL));
  exposition_free(page);
  qk_close(store);
}
END_TEST

START_TEST(people_in_line_are_shown)
{
  qk_store *store = open_two_seats();
  for (int i = 0; i < 7; i++)
    CHECK_OK(qk_enter(store, HALL, person(i), NULL));
  fixture_advance(20000);
  tick(store);
  struct exposition *page = page_of(store);
  CHECK_HALL(page, "waiting", 5);
  CHECK_HALL(page, "ready", 2);
  CHECK_HALL(page, "head_age_seconds", 20);
  const struct exposition_sample *flow =
      exposition_find(page, "libqueue_outflow_per_second", "queue", HALL, NULL);
  const struct exposition_sample *wait =
      exposition_find(page, "libqueue_estimated_wait_seconds", "queue", HALL, NULL);
  ck_assert(flow && flow->value > 0 && wait && wait->value == 6 / flow->value);
  exposition_free(page);
  qk_close(store);
}
END_TEST

START_TEST(an_unknown_wait_is_absent)
{
  qk_store *store = open_two_seats();
  for (int i = 0; i < 3; i++)
    CHECK_OK(qk_enter(store, HALL, person(i), NULL));
  qk_stats stats = STATS(store);
  ck_assert(stats.outflow_per_s < 0);
  struct exposition *page = page_of(store);
  CHECK_HALL(page, "outflow_per_second", 0);
  ck_assert(!exposition_find(page, "libqueue_estimated_wait_seconds", "queue", HALL, NULL));
  exposition_free(page);
  qk_close(store);
}
END_TEST

START_TEST(one_mode_is_1)
{
  qk_store *store = open_two_seats();
  for (uint32_t mode = QK_MODE_OPEN; mode <= QK_MODE_BYPASS; mode++) {
    SET_MODE(store, mode);
    STATS(store);
    struct exposition *page = page_of(store);
    for (uint32_t other = QK_MODE_OPEN; other <= QK_MODE_BYPASS; other++)
      CHECK_LABEL(page, "mode", "mode", qk_mode_name(other), mode == other);
    exposition_free(page);
  }
  qk_close(store);
}
END_TEST

/* ---- The store ----------------------------------------------------------------------------------------- */

START_TEST(a_fresh_store_shows_no_queue)
{
  qk_store *store = fixture_open(NULL);
  struct exposition *page = page_of(store);
  CHECK_STORE(page, "queues", 0);
  CHECK_STORE(page, "window_used", 0);
  CHECK_STORE(page, "window_size", 16384);
  CHECK_STORE(page, "ticked_queues_total", 0);
  ck_assert(!exposition_find(page, "libqueue_calls_total", NULL));
  for (size_t i = 0; i < page->sample_count; i++)
    ck_assert(exposition_label(&page->samples[i], "queue")[0] == '\0');
  exposition_free(page);
  qk_close(store);
}
END_TEST

START_TEST(the_window_and_batches_are_shown)
{
  qk_store *store = open_two_seats();
  qk_op ops[5], *refs[5], *done[5];
  for (int i = 0; i < 5; i++) {
    ops[i] = (qk_op){.size = sizeof *ops, .verb = QK_ENTER, .queue = HALL, .user = i % 2 ? "ann" : "bob"};
    refs[i] = &ops[i];
  }
  CHECK_OK(qk_batch(store, ops, 3));
  CHECK_OK(qk_submit(store, refs, 5));
  struct exposition *page = page_of(store);
  CHECK_STORE(page, "window_used", 5);
  CHECK_STORE(page, "batch_ops_count", 2);
  CHECK_STORE(page, "batch_ops_sum", 8);
  exposition_free(page);
  for (int n = 0; n < 5;) {
    int got = qk_reap(store, done, 5, 10000);
    ck_assert_int_gt(got, 0);
    n += got;
  }
  page = page_of(store);
  CHECK_STORE(page, "window_used", 0);
  CHECK_CALLS(page, "enter", "OK", 8);
  exposition_free(page);
  qk_close(store);
}
END_TEST

START_TEST(two_stores_have_labels_of_their_own)
{
  qk_store *a = fixture_open(NULL), *b = fixture_open(NULL);
  struct exposition *first = page_of(a), *second = page_of(b);
  const struct exposition_sample *up = exposition_find(first, "libqueue_store_up", NULL);
  ck_assert_str_ne(exposition_label(up, "instance"), "");
  ck_assert_str_ne(exposition_label(up, "backend"), "");
  for (size_t i = 0; i < first->sample_count; i++) {
    ck_assert_str_eq(exposition_label(&first->samples[i], "instance"), exposition_label(up, "instance"));
    for (size_t k = 0; k < second->sample_count; k++)
      ck_assert(!exposition_same(&first->samples[i], &second->samples[k], NULL));
  }
  exposition_free(first);
  exposition_free(second);
  qk_close(a);
  qk_close(b);
}
END_TEST

START_TEST(odd_names_are_escaped)
{
  static const char *const names[] = {"a\"b\\c", "\\", "\"", "\\n", "{x=\"y\"}", "\xc3\xa9 #"};
  char quotes[65];
  qk_store *store = fixture_open(NULL);
  memset(quotes, '"', 64);
  quotes[64] = '\0';
  for (size_t i = 0; i < 7; i++) {
    const char *name = i < 6 ? names[i] : quotes;
    CHECK_OK(qk_enter(store, name, "ann", NULL));
    CHECK_OK(qk_tick(store, name, NULL));
    stats_at(__LINE__, store, name);
  }
  struct exposition *page = page_of(store);
  for (size_t i = 0; i < 7; i++)
    CHECK_LABEL(page, "entered_total", "queue", i < 6 ? names[i] : quotes, 1);
  exposition_free(page);
  qk_close(store);
}
END_TEST

START_TEST(a_removed_queue_disappears)
{
  qk_store *store = open_two_seats();
  play_scene(store);
  CHECK_OK(qk_enter(store, "other", "ann", NULL));
  CHECK_OK(qk_tick(store, "other", NULL));
  CHECK_OK(qk_remove(store, HALL));
  struct exposition *page = page_of(store);
  CHECK_STORE(page, "queues", 1);
  for (size_t i = 0; i < page->sample_count; i++)
    ck_assert_str_ne(exposition_label(&page->samples[i], "queue"), HALL);
  exposition_free(page);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  tick(store);
  page = page_of(store);
  CHECK_HALL(page, "entered_total", 1);
  CHECK_HALL(page, "tick_seconds_count", 1);
  CHECK_HALL(page, "wait_seconds_count", 1);
  exposition_free(page);
  qk_close(store);
}
END_TEST

/* ---- Token polls -----------------------------------------------------------------------------------------
 */

START_TEST(token_polls_are_counted_by_their_source)
{
  enum { LINE = 1200, POLLS = 50 };
  static char tokens[LINE][QK_TOKEN_SIZE];
  qk_policy policy = calm_policy();
  policy.max_active = 0;
  qk_store *store = open_hall(&policy);
  for (int i = 0; i < LINE; i++) {
    qk_ticket ticket;
    CHECK_OK(qk_enter(store, HALL, person(i), &ticket));
    CHECK_OK(qk_token(store, &ticket, tokens[i]));
  }
  tick(store);
  for (int i = 0; i < POLLS; i++) {
    CHECK_OK(qk_poll_token(store, tokens[i], NULL));
    CHECK_OK(qk_poll_token(store, tokens[LINE - 1 - i], NULL));
    CHECK_OK(qk_poll_token(store, tokens[LINE - 1 - i], NULL));
  }
  struct exposition *page = page_of(store);
  if (is_async(store)) {
    CHECK_LABEL(page, "token_polls_total", "source", "cursor", 2 * POLLS);
    CHECK_LABEL(page, "token_polls_total", "source", "store", POLLS);
    CHECK_HALL(page, "untold_polls", 0);
  }
  CHECK_CALLS(page, "poll", "OK", 3 * POLLS);
  exposition_free(page);
  qk_close(store);
}
END_TEST

/* ---- Counters count
 * ---------------------------------------------------------------------------------------- */

static uint64_t draw(uint64_t *state)
{
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(2685821657736338717) >> 33;
}

static void do_something(qk_store *store, uint64_t *random)
{
  static verb_function *const verbs[] = {qk_enter, qk_enter, qk_poll, qk_activate, qk_extend, qk_release};
  const char *queue = draw(random) % 3 ? HALL : "other";
  const char *user = person((int)(draw(random) % 30));
  uint64_t choice = draw(random) % 10;
  if (choice < 6)
    verbs[choice](store, queue, user, NULL);
  else if (choice < 8)
    qk_tick(store, choice == 6 ? NULL : queue, NULL);
  else
    fixture_advance((int64_t)(draw(random) % 9000));
}

static void check_no_counter_fell(const struct exposition *before, const struct exposition *after)
{
  size_t k = 0;
  for (size_t i = 0; i < before->sample_count; i++) {
    const struct exposition_sample *was = &before->samples[i];
    if (strcmp(before->families[was->family].type, "gauge") == 0)
      continue;
    while (k < after->sample_count && !exposition_same(was, &after->samples[k], NULL))
      k++;
    ck_assert_msg(k < after->sample_count, "%s went away", was->name);
    ck_assert_msg(after->samples[k].value >= was->value, "%s fell", was->name);
  }
}

START_TEST(counters_never_fall)
{
  qk_store *store = open_two_seats();
  uint64_t random = 99;
  tick(store);
  struct exposition *before = page_of(store);
  for (int round = 0; round < 25; round++) {
    for (int i = 0; i < 20; i++)
      do_something(store, &random);
    struct exposition *after = page_of(store);
    check_no_counter_fell(before, after);
    exposition_free(before);
    before = after;
  }
  exposition_free(before);
  qk_close(store);
}
END_TEST

/* ---- Threads
 * ------------------------------------------------------------------------------------------------ */

enum { THREADS = 3, PAGES = 8 };

static atomic_int is_over;

struct worker {
  qk_store *store;
  uint64_t random;
};

static void *work(void *arg)
{
  struct worker *worker = arg;
  while (!atomic_load(&is_over)) {
    char user[16];
    uint64_t choice = draw(&worker->random) % 20;
    snprintf(user, sizeof user, "u%d", (int)(draw(&worker->random) % 50));
    if (choice < 8)
      qk_enter(worker->store, HALL, user, NULL);
    else if (choice < 14)
      qk_poll(worker->store, HALL, user, NULL);
    else if (choice < 17)
      qk_release(worker->store, HALL, user, NULL);
    else if (choice < 19)
      qk_tick(worker->store, NULL, NULL);
    else if (qk_remove(worker->store, "other") == QK_ENOTFOUND)
      qk_enter(worker->store, "other", user, NULL);
  }
  return NULL;
}

START_TEST(a_page_is_sound_while_others_work)
{
  pthread_t threads[THREADS];
  struct worker workers[THREADS];
  qk_options options;
  fixture_options(&options);
  options.random = NULL; /* the fixture's is for one thread */
  qk_store *store = fixture_open(&options);
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (struct worker){.store = store, .random = (uint64_t)i + 1};
    ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < PAGES; i++)
    exposition_free(page_of(store));
  atomic_store(&is_over, 1);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  qk_close(store);
}
END_TEST

TCase *metrics_case(const struct fixture *tested, void (*take_fixture)(void))
{
  TCase *tests = tcase_create(tested->name);
  tcase_set_timeout(tests, 60);
  tcase_add_checked_fixture(tests, take_fixture, NULL);
  tcase_add_test(tests, a_scene_is_counted_exactly);
  tcase_add_test(tests, waits_and_stays_are_measured);
  tcase_add_test(tests, ticks_are_measured);
  tcase_add_test(tests, calls_are_counted_by_verb_and_result);
  tcase_add_test(tests, people_in_line_are_shown);
  tcase_add_test(tests, an_unknown_wait_is_absent);
  tcase_add_test(tests, one_mode_is_1);
  tcase_add_test(tests, a_fresh_store_shows_no_queue);
  tcase_add_test(tests, the_window_and_batches_are_shown);
  tcase_add_test(tests, two_stores_have_labels_of_their_own);
  tcase_add_test(tests, odd_names_are_escaped);
  tcase_add_test(tests, a_removed_queue_disappears);
  tcase_add_test(tests, token_polls_are_counted_by_their_source);
  tcase_add_test(tests, counters_never_fall);
  tcase_add_test(tests, a_page_is_sound_while_others_work);
  return tests;
}
