/* Bad input is QK_EINVAL, changes nothing and leaves zeros behind; good names are bytes that never meet. */
#include <stdio.h>
#include <string.h>
#include "calls.h"
#include "conformance.h"
#include "input.h"

enum { QUEUE_BYTES = 64, USER_BYTES = 128, HUGE_BYTES = 65536 };

/* ---- Helpers ------------------------------------------------------------------------------------- */

/* The ticket of a call that refused a name: the good name is known, the bad one (NULL here) is not. */
static void refused_person(qk_store *store, const struct person_call *call, const char *queue,
                           const char *user, const char *good_queue, const char *good_user, const char *what)
{
  qk_ticket ticket;
  memset(&ticket, 0xaa, sizeof ticket);
  int code = call->call(store, queue, user, &ticket);
  ck_assert_msg(code == QK_EINVAL, "%s, %s: gives %d", call->name, what, code);
  CHECK_ZERO_TICKET(&ticket, good_queue, good_user);
  CHECK_CODE(call->call(store, queue, user, NULL), QK_EINVAL);
}

/* Every call refuses queue as a queue's name. */
static void refuse_queue(qk_store *store, const char *queue, const char *what)
{
  for (int i = 0; i < QUEUE_CALLS; i++) {
    if (!queue && queue_calls[i].null_is_all)
      continue;
    int code = queue_calls[i].call(store, queue);
    ck_assert_msg(code == QK_EINVAL, "%s, queue %s: gives %d", queue_calls[i].name, what, code);
  }
  for (int i = 0; i < PERSON_CALLS; i++)
    refused_person(store, &person_calls[i], queue, "dan", NULL, "dan", what);
}

/* Every call refuses user as somebody's id. */
static void refuse_user(qk_store *store, const char *user, const char *what)
{
  for (int i = 0; i < PERSON_CALLS; i++)
    refused_person(store, &person_calls[i], HALL, user, HALL, NULL, what);
}

/* Take queue and user as names and give both back as they are. */
static void accept_names(qk_store *store, const char *queue, const char *user)
{
  qk_policy policy = calm_policy();
  qk_ticket ticket;
  CHECK_OK(qk_set_policy(store, queue, &policy, NULL));
  verb_at(__LINE__, qk_enter, store, queue, user, QK_OK);
  verb_at(__LINE__, qk_poll, store, queue, user, QK_OK);
  ck_assert_int_eq(qk_list(store, queue, 0, 0, &ticket, 1), 1);
  ck_assert_str_eq(ticket.queue, queue);
  ck_assert_str_eq(ticket.user, user);
  verb_at(__LINE__, qk_release, store, queue, user, QK_OK);
  CHECK_OK(qk_remove(store, queue));
}

/* len bytes of 'x', valid until the next call. */
static const char *long_name(size_t len)
{
  static char name[HUGE_BYTES + 1];
  memset(name, 'x', len);
  name[len] = '\0';
  return name;
}

/* HALL with somebody inside and two who wait. */
static qk_store *open_scene(void)
{
  qk_store *store = open_hall(NULL);
  ADMIT_ACTIVE(store, "ann");
  ENTER(store, "bob");
  ENTER(store, "cid");
  return store;
}

/* Everything that a call could have changed. */
struct scene {
  qk_stats stats;
  qk_policy policy;
  qk_cursor cursor;
  qk_ticket line[4];
  int waiting, queues;
};

static void look(qk_store *store, struct scene *scene)
{
  memset(scene, 0, sizeof *scene);
  scene->stats = STATS(store);
  CHECK_OK(qk_get_policy(store, HALL, &scene->policy));
  CHECK_OK(qk_get_cursor(store, HALL, &scene->cursor));
  scene->waiting = qk_list(store, HALL, 0, 0, scene->line, 4);
  scene->queues = count_queues(store);
}

/* ---- Length -------------------------------------------------------------------------------------- */

START_TEST(queues_of_1_to_64_bytes_are_good)
{
  static const size_t good[] = {1, 2, 7, 8, 9, 15, 16, 63, 64};
  static const size_t bad[] = {0, 65, 66, 128, 129, 255, 256, HUGE_BYTES};
  qk_store *store = open_hall(NULL);
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    accept_names(store, long_name(good[i]), "ann");
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    refuse_queue(store, long_name(bad[i]), "of a bad length");
  ck_assert_int_eq(count_queues(store), 1);
  qk_close(store);
}
END_TEST

START_TEST(users_of_1_to_128_bytes_are_good)
{
  static const size_t good[] = {1, 2, 7, 8, 9, 64, 65, 127, 128};
  static const size_t bad[] = {0, 129, 130, 255, 256, HUGE_BYTES};
  qk_store *store = open_hall(NULL);
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    accept_names(store, "room", long_name(good[i]));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    refuse_user(store, long_name(bad[i]), "of a bad length");
  CHECK_COUNTS(store, 0, 0, 0);
  qk_close(store);
}
END_TEST

START_TEST(length_counts_bytes_not_characters)
{
  char queue[QUEUE_BYTES + 3] = "", user[USER_BYTES + 3] = "";
  qk_store *store = open_hall(NULL);
  for (int i = 0; i < QUEUE_BYTES / 2; i++)
    strcat(queue, "\xc3\xa9");
  for (int i = 0; i < USER_BYTES / 4; i++)
    strcat(user, "\xf0\x9f\x8e\xab");
  accept_names(store, queue, user);
  memcpy(queue + QUEUE_BYTES - 1, "\xc3\xa9", 3);
  queue[QUEUE_BYTES - 2] = 'x';
  refuse_queue(store, queue, "whose last character ends at byte 65");
  memcpy(user + USER_BYTES - 4, "xx\xe2\x82\xac", 6);
  refuse_user(store, user, "whose last character ends at byte 129");
  qk_close(store);
}
END_TEST

/* ---- Bytes --------------------------------------------------------------------------------------- */

/* Put bad at every place of names of several lengths: what checks several bytes at once must see all. */
static void refuse_everywhere(qk_store *store, const char *bad, const char *what)
{
  char name[80];
  for (size_t before = 0; before <= 9; before++) {
    for (size_t after = 0; after <= 9; after += 9) {
      snprintf(name, sizeof name, "%.*s%s%.*s", (int)before, "abcdefghi", bad, (int)after, "ABCDEFGHI");
      refuse_queue(store, name, what);
      refuse_user(store, name, what);
    }
  }
}

START_TEST(control_bytes_are_einval)
{
  qk_store *store = open_hall(NULL);
  for (int byte = 1; byte <= 0x7f; byte += byte == 0x1f ? 0x7f - 0x1f : 1) {
    char bad[2] = {(char)byte, '\0'};
    char what[32];
    snprintf(what, sizeof what, "with byte 0x%02x", (unsigned)byte);
    refuse_everywhere(store, bad, what);
  }
  CHECK_COUNTS(store, 0, 0, 0);
  ck_assert_int_eq(count_queues(store), 1);
  qk_close(store);
}
END_TEST

static const struct sample {
  const char *what, *text;
} not_utf8[] = {
    {"a lone continuation", "\x80"},
    {"a lone last continuation", "\xbf"},
    {"an overlong NUL", "\xc0\x80"},
    {"an overlong slash", "\xc0\xaf"},
    {"an overlong 0x7f", "\xc1\xbf"},
    {"an overlong slash in three bytes", "\xe0\x80\xaf"},
    {"an overlong U+07FF", "\xe0\x9f\xbf"},
    {"an overlong slash in four bytes", "\xf0\x80\x80\xaf"},
    {"an overlong U+FFFF", "\xf0\x8f\xbf\xbf"},
    {"the first surrogate", "\xed\xa0\x80"},
    {"the last surrogate", "\xed\xbf\xbf"},
    {"a pair of surrogates", "\xed\xa0\xbd\xed\xb8\x80"},
    {"U+110000", "\xf4\x90\x80\x80"},
    {"U+140000", "\xf5\x80\x80\x80"},
    {"five bytes", "\xf8\x88\x80\x80\x80"},
    {"six bytes", "\xfc\x84\x80\x80\x80\x80"},
    {"0xfe", "\xfe"},
    {"0xff", "\xff"},
    {"one of two bytes", "\xc3"},
    {"one of three bytes", "\xe2"},
    {"two of three bytes", "\xe2\x82"},
    {"one of four bytes", "\xf0"},
    {"two of four bytes", "\xf0\x9f"},
    {"three of four bytes", "\xf0\x9f\x8e"},
    {"a start after a start", "\xc3\xc3\xa9"},
    {"a continuation too many", "\xc3\xa9\xa9"},
    {"Latin-1", "caf\xe9"},
};
enum { NOT_UTF8 = sizeof not_utf8 / sizeof not_utf8[0] };

START_TEST(what_is_not_utf8_is_einval)
{
  qk_store *store = open_hall(NULL);
  refuse_everywhere(store, not_utf8[_i].text, not_utf8[_i].what);
  CHECK_COUNTS(store, 0, 0, 0);
  ck_assert_int_eq(count_queues(store), 1);
  qk_close(store);
}
END_TEST

START_TEST(the_edges_of_utf8_are_good)
{
  static const char *const good[] = {
      " ",
      "~",
      "\xc2\x80",
      "\xc2\xa0",
      "\xdf\xbf",
      "\xe0\xa0\x80",
      "\xed\x9f\xbf",
      "\xee\x80\x80",
      "\xef\xbb\xbf",
      "\xef\xbf\xbd",
      "\xef\xbf\xbf",
      "\xf0\x90\x80\x80",
      "\xf3\xa0\x80\x81",
      "\xf4\x8f\xbf\xbf",
  };
  qk_store *store = open_hall(NULL);
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    char name[32];
    snprintf(name, sizeof name, "abcdefg%sh", good[i]);
    accept_names(store, good[i], good[i]);
    accept_names(store, name, name);
  }
  qk_close(store);
}
END_TEST

/* ---- Names that a store might mix up ------------------------------------------------------------- */

static const char *const nasty[] = {
    "a",
    "A",
    "{",
    "}",
    "{}",
    "{a}",
    "a{b}c",
    "}{",
    ":",
    "a:b",
    "b:c",
    "a:b:c",
    "*",
    "?",
    "[a-z]",
    "%",
    "%s%n",
    "%00",
    " ",
    "  ",
    "a ",
    " a",
    "\\",
    "\\0",
    "'",
    "\"",
    "$0",
    "$(id)",
    "-1",
    "0",
    "00",
    "1e3",
    "nil",
    "null",
    "../",
    "/",
    "#",
    "&",
    "a,b",
    "[]",
    "(",
    "\xc3\xa9",
    "e\xcc\x81",
    "hall",
    "all",
    "u",
    "\"); redis.call('flushall') --",
};
enum { NASTY = sizeof nasty / sizeof nasty[0] };

START_TEST(nasty_queues_and_users_never_meet)
{
  qk_store *store = fixture_open(NULL);
  for (int q = 0; q < NASTY; q++) {
    qk_policy policy = calm_policy();
    policy.max_active = (uint64_t)q;
    CHECK_OK(qk_set_policy(store, nasty[q], &policy, NULL));
    for (int u = 0; u < NASTY; u++)
      CHECK_OK(qk_enter(store, nasty[q], nasty[(u + q) % NASTY], NULL));
  }
  for (int q = 0; q < NASTY; q++) {
    qk_tick_report report;
    CHECK_OK(qk_tick(store, nasty[q], &report));
    ck_assert_uint_eq(report.admitted, (uint64_t)q);
    for (int u = 0; u < NASTY; u++) {
      qk_ticket ticket = verb_at(__LINE__, qk_poll, store, nasty[q], nasty[(u + q) % NASTY], QK_OK);
      ck_assert_int_eq(ticket.state, u < q ? QK_READY : QK_WAITING);
      ck_assert_uint_eq(ticket.position, u < q ? 0 : (uint64_t)(u - q + 1));
    }
  }
  ck_assert_int_eq(count_queues(store), NASTY);
  qk_close(store);
}
END_TEST

START_TEST(a_queue_and_user_are_not_one_string)
{
  static const struct {
    const char *queue, *user;
  } splits[] = {{"a", "b:c"}, {"a:b", "c"}, {"ab", "c"}, {"a", "bc"}, {"{a}", "b"}, {"a", "{b}"}, {"b", "a"}};
  enum { SPLITS = sizeof splits / sizeof splits[0] };
  qk_store *store = fixture_open(NULL);
  for (int i = 0; i < SPLITS; i++)
    ck_assert_int_eq(verb_at(__LINE__, qk_enter, store, splits[i].queue, splits[i].user, QK_OK).fresh, 1);
  for (int i = 0; i < SPLITS; i++) {
    verb_at(__LINE__, qk_release, store, splits[i].queue, splits[i].user, QK_OK);
    for (int j = i + 1; j < SPLITS; j++)
      verb_at(__LINE__, qk_poll, store, splits[j].queue, splits[j].user, QK_OK);
  }
  qk_close(store);
}
END_TEST

START_TEST(look_alikes_are_different)
{
  static const char *const alike[] = {
      "caf\xc3\xa9",
      "cafe\xcc\x81",
      "Caf\xc3\xa9",
      "caf\xc3\x89",
      "cafe", /* NFC, NFD, case */
      "\xd1\x81"
      "afe",
      "\xef\xbd\x83"
      "afe",
      "cafe\xe2\x80\x8b",
      "cafe ", /* Cyrillic, full width, zero width */
  };
  enum { ALIKE = sizeof alike / sizeof alike[0] };
  qk_store *store = open_hall(NULL);
  for (int i = 0; i < ALIKE; i++) {
    ck_assert_int_eq(ENTER(store, alike[i]).fresh, 1);
    ck_assert_int_eq(verb_at(__LINE__, qk_enter, store, alike[i], "ann", QK_OK).fresh, 1);
  }
  CHECK_COUNTS(store, ALIKE, 0, 0);
  ck_assert_int_eq(count_queues(store), ALIKE + 1);
  qk_close(store);
}
END_TEST

static int mark_name(void *arg, const char *queue)
{
  int *seen = arg;
  for (int i = 0; i < NASTY; i++)
    if (strcmp(queue, nasty[i]) == 0)
      seen[i]++;
  return 0;
}

START_TEST(names_come_back_byte_for_byte)
{
  int seen[NASTY] = {0};
  qk_store *store = fixture_open(NULL);
  for (int i = 0; i < NASTY; i++) {
    char token[QK_TOKEN_SIZE];
    qk_ticket ticket = verb_at(__LINE__, qk_enter, store, nasty[i], nasty[i], QK_OK), copy;
    CHECK_OK(qk_token(store, &ticket, token));
    CHECK_CODE(qk_verify(store, token, &copy), ticket.state == QK_WAITING ? QK_ENOTREADY : QK_OK);
    ck_assert_str_eq(copy.queue, nasty[i]);
    ck_assert_str_eq(copy.user, nasty[i]);
  }
  CHECK_OK(qk_each_queue(store, mark_name, seen));
  for (int i = 0; i < NASTY; i++)
    ck_assert_msg(seen[i] == 1, "queue \"%s\" is visited %d times", nasty[i], seen[i]);
  qk_close(store);
}
END_TEST

/* ---- NULL ---------------------------------------------------------------------------------------- */

START_TEST(null_names_are_einval)
{
  qk_store *store = open_hall(NULL);
  refuse_queue(store, NULL, "that is NULL");
  refuse_user(store, NULL, "that is NULL");
  qk_close(store);
}
END_TEST

START_TEST(verbs_on_a_null_store_are_einval)
{
  for (int i = 0; i < QUEUE_CALLS; i++)
    ck_assert_msg(queue_calls[i].call(NULL, HALL) == QK_EINVAL, "%s", queue_calls[i].name);
  for (int i = 0; i < PERSON_CALLS; i++)
    ck_assert_msg(person_calls[i].call(NULL, HALL, "ann", NULL) == QK_EINVAL, "%s", person_calls[i].name);
  for (int i = 0; i < TOKEN_CALLS; i++)
    ck_assert_msg(token_calls[i].call(NULL, "token", NULL) == QK_EINVAL, "%s", token_calls[i].name);
}
END_TEST

START_TEST(other_calls_on_a_null_store_are_einval)
{
  qk_ticket ticket = {.state = QK_WAITING, .number = 1, .epoch = 1, .queue = "q", .user = "u"};
  qk_op op = make_op(QK_POLL, HALL, "ann", NULL), *ops[1] = {&op};
  qk_error error;
  char token[QK_TOKEN_SIZE];
  CHECK_CODE(qk_token(NULL, &ticket, token), QK_EINVAL);
  CHECK_CODE(qk_tick(NULL, NULL, NULL), QK_EINVAL);
  CHECK_CODE(qk_batch(NULL, &op, 1), QK_EINVAL);
  CHECK_CODE(qk_submit(NULL, ops, 1), QK_EINVAL);
  CHECK_CODE(qk_reap(NULL, ops, 1, 0), QK_EINVAL);
  CHECK_CODE(qk_fd(NULL), QK_EINVAL);
  CHECK_CODE(qk_load(NULL, "{}", 2, &error), QK_EINVAL);
  ck_assert_int_eq(error.code, QK_EINVAL);
  CHECK_CODE(qk_each_queue(NULL, mark_name, NULL), QK_EINVAL);
  ck_assert_ptr_null(qk_metrics(NULL));
  qk_wakeup(NULL);
  qk_close(NULL);
  qk_free(NULL);
}
END_TEST

START_TEST(missing_arguments_are_einval)
{
  qk_store *store = open_scene();
  qk_error error;
  CHECK_CODE(qk_get_policy(store, HALL, NULL), QK_EINVAL);
  CHECK_CODE(qk_get_stats(store, HALL, NULL), QK_EINVAL);
  CHECK_CODE(qk_get_cursor(store, HALL, NULL), QK_EINVAL);
  CHECK_CODE(qk_list(store, HALL, 0, 0, NULL, 1), QK_EINVAL);
  CHECK_CODE(qk_each_queue(store, NULL, NULL), QK_EINVAL);
  CHECK_CODE(qk_set_policy(store, HALL, NULL, &error), QK_EINVAL);
  CHECK_CODE(qk_load(store, NULL, 0, &error), QK_EINVAL);
  ck_assert_int_eq(error.code, QK_EINVAL);
  ck_assert_str_ne(error.text, "");
  for (int i = 0; i < TOKEN_CALLS; i++) {
    qk_ticket ticket;
    memset(&ticket, 0xaa, sizeof ticket);
    CHECK_CODE(token_calls[i].call(store, NULL, &ticket), QK_EINVAL);
    CHECK_ZERO_TICKET(&ticket, NULL, NULL);
  }
  ck_assert_ptr_null(qk_ticket_json(NULL));
  ck_assert_ptr_null(qk_stats_json(NULL));
  ck_assert_ptr_null(qk_policy_json(NULL));
  ck_assert_ptr_null(qk_cursor_json(NULL));
  qk_close(store);
}
END_TEST

START_TEST(verbs_need_no_ticket_and_ticks_no_report)
{
  qk_store *store = open_hall(NULL);
  CHECK_OK(qk_enter_class(store, HALL, "ann", 3, NULL));
  CHECK_OK(qk_tick(store, HALL, NULL));
  CHECK_OK(qk_poll(store, HALL, "ann", NULL));
  CHECK_OK(qk_activate(store, HALL, "ann", NULL));
  CHECK_OK(qk_extend(store, HALL, "ann", NULL));
  CHECK_COUNTS(store, 0, 0, 1);
  CHECK_OK(qk_release(store, HALL, "ann", NULL));
  CHECK_CODE(qk_release(store, HALL, "ann", NULL), QK_ENOTFOUND);
  CHECK_OK(qk_tick(store, NULL, NULL));
  qk_close(store);
}
END_TEST

/* ---- The rest ------------------------------------------------------------------------------------ */

START_TEST(classes_above_7_are_einval)
{
  static const uint32_t bad[] = {8, 9, 255, 256, UINT32_MAX};
  qk_store *store = open_hall(NULL);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    qk_ticket ticket;
    memset(&ticket, 0xaa, sizeof ticket);
    CHECK_CODE(qk_enter_class(store, HALL, "ann", bad[i], &ticket), QK_EINVAL);
    CHECK_ZERO_TICKET(&ticket, HALL, "ann");
    CHECK_CODE(qk_list(store, HALL, bad[i], 0, &ticket, 1), QK_EINVAL);
    CHECK_CODE(qk_enter_class(store, "unborn", "ann", bad[i], &ticket), QK_EINVAL);
  }
  CHECK_COUNTS(store, 0, 0, 0);
  ck_assert_int_eq(count_queues(store), 1);
  ck_assert_uint_eq(ENTER_CLASS(store, "ann", 7).cls, 7);
  qk_close(store);
}
END_TEST

START_TEST(a_bad_call_changes_nothing)
{
  struct scene before, after;
  qk_policy policy = calm_policy();
  qk_store *store = open_scene();
  fixture_advance(1234);
  look(store, &before);
  refuse_queue(store, "bad\nname", "with a line break");
  refuse_user(store, "bad\nname", "with a line break");
  CHECK_CODE(qk_enter_class(store, HALL, "dan", 8, NULL), QK_EINVAL);
  CHECK_CODE(qk_enter_class(store, HALL, "bob", 8, NULL), QK_EINVAL);
  CHECK_CODE(qk_set_mode(store, HALL, 5), QK_EINVAL);
  policy.lanes = 2;
  CHECK_CODE(qk_set_policy(store, HALL, &policy, NULL), QK_EINVAL);
  CHECK_CODE(qk_load(store, "{\"hall\":{\"rate\":-1}}", 20, NULL), QK_EINVAL);
  CHECK_CODE(qk_release_token(store, "forged", NULL), QK_ETOKEN);
  look(store, &after);
  ck_assert_mem_eq(&before, &after, sizeof before);
  qk_close(store);
}
END_TEST

START_TEST(a_refusal_names_who_was_refused)
{
  qk_store *store = open_hall(NULL);
  for (int i = 0; i < PERSON_CALLS; i++) {
    if (person_calls[i].creates)
      continue;
    verb_at(__LINE__, person_calls[i].call, store, HALL, "nobody", QK_ENOTFOUND);
    verb_at(__LINE__, person_calls[i].call, store, "nowhere", "nobody", QK_ENOTFOUND);
  }
  qk_close(store);
}
END_TEST

void add_input_tests(TCase *tests)
{
  tcase_add_test(tests, queues_of_1_to_64_bytes_are_good);
  tcase_add_test(tests, users_of_1_to_128_bytes_are_good);
  tcase_add_test(tests, length_counts_bytes_not_characters);
  tcase_add_test(tests, control_bytes_are_einval);
  tcase_add_loop_test(tests, what_is_not_utf8_is_einval, 0, NOT_UTF8);
  tcase_add_test(tests, the_edges_of_utf8_are_good);
  tcase_add_test(tests, nasty_queues_and_users_never_meet);
  tcase_add_test(tests, a_queue_and_user_are_not_one_string);
  tcase_add_test(tests, look_alikes_are_different);
  tcase_add_test(tests, names_come_back_byte_for_byte);
  tcase_add_test(tests, null_names_are_einval);
  tcase_add_test(tests, verbs_on_a_null_store_are_einval);
  tcase_add_test(tests, other_calls_on_a_null_store_are_einval);
  tcase_add_test(tests, missing_arguments_are_einval);
  tcase_add_test(tests, verbs_need_no_ticket_and_ticks_no_report);
  tcase_add_test(tests, classes_above_7_are_einval);
  tcase_add_test(tests, a_bad_call_changes_nothing);
  tcase_add_test(tests, a_refusal_names_who_was_refused);
  add_open_tests(tests);
  add_fork_tests(tests);
}
