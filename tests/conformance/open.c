/* qk_open: options, URIs, and that no error says a secret. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "calls.h"
#include "conformance.h"
#include "input.h"

/* ---- Helpers ------------------------------------------------------------------------------------- */

static qk_options good_options(void)
{
  qk_options options;
  fixture_options(&options);
  return options;
}

/* qk_open refuses uri and options with code, says what (NULL = anything), and leaves no store. */
static void refuse_open(int line, const char *uri, const qk_options *options, int code, const char *what)
{
  qk_store *store = (qk_store *)&code;
  qk_error error = {0, ""};
  int got = qk_open(&store, uri, options, &error);
  ck_assert_msg(got == code, "line %d: %s gives %d (%s), not %d", line, uri ? uri : "NULL", got, error.text,
                code);
  ck_assert_msg(store == NULL, "line %d: a failed open leaves a store", line);
  ck_assert_msg(error.code == code, "line %d: error.code is %d", line, error.code);
  ck_assert_msg(memchr(error.text, '\0', sizeof error.text) != NULL, "line %d: the text does not end", line);
  ck_assert_msg(error.text[0] != '\0', "line %d: %s fails without a word", line, uri ? uri : "NULL");
  ck_assert_msg(!what || strstr(error.text, what), "line %d: \"%s\" does not name %s", line, error.text,
                what ? what : "");
  ck_assert_int_eq(qk_open(&store, uri, options, NULL), code);
  ck_assert_ptr_null(store);
}
#define REFUSE_OPTIONS(options, what) refuse_open(__LINE__, NULL, options, QK_EINVAL, what)
#define REFUSE_URI(uri, what) refuse_open(__LINE__, uri, NULL, QK_EINVAL, what)

static void accept_uri(const char *uri, const qk_options *options)
{
  qk_store *store;
  qk_error error = {1, "rubbish"};
  int code = qk_open(&store, uri, options, &error);
  ck_assert_msg(code == QK_OK, "%s gives %d: %s", uri ? uri : "NULL", code, error.text);
  ck_assert_int_eq(error.code, QK_OK);
  ck_assert_str_eq(error.text, "");
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  qk_close(store);
}

/* ---- Options ------------------------------------------------------------------------------------- */

START_TEST(options_init_sets_the_documented_defaults)
{
  qk_options options;
  qk_policy policy;
  memset(&options, 0xaa, sizeof options);
  memset(&policy, 0xaa, sizeof policy);
  qk_options_init(&options);
  ck_assert_uint_eq(options.size, sizeof options);
  ck_assert_uint_eq(options.cursor_ms, 500);
  ck_assert_uint_eq(options.timeout_ms, 5000);
  ck_assert_uint_eq(options.create, 1);
  options.size = options.cursor_ms = options.timeout_ms = options.create = 0;
  ck_assert_uint_eq(options.tick_budget, 0);
  CHECK_ZERO(options.reserved, sizeof options.reserved);
  ck_assert(!options.clock && !options.random && !options.log && !options.on_event);
  ck_assert(!options.key && !options.key2 && !options.policy && !options.key_len && !options.key2_len);
  qk_policy_init(&policy);
  ck_assert(policy.size == sizeof policy && policy.mode == QK_MODE_OPEN);
  ck_assert(policy.max_active == 50000 && policy.max_waiting == 0);
  ck_assert(policy.rate == 0 && policy.rate_window_ms == 1000);
  ck_assert(policy.ready_ms == 300000 && policy.active_ms == 600000);
  ck_assert(policy.max_extends == 2 && policy.idle_ms == 0 && policy.eager == 1);
  ck_assert(policy.clock_step_ms == 60000 && policy.lanes == 1);
  CHECK_ZERO(policy.reserved, sizeof policy.reserved);
}
END_TEST

START_TEST(options_of_another_size_are_einval)
{
  qk_options good = good_options(), bad = good;
  static const int off[] = {-(int)sizeof(qk_options), -8, -4, -1, 1, 4, 8};
  for (size_t i = 0; i < sizeof off / sizeof off[0]; i++) {
    bad.size = (uint32_t)((int)good.size + off[i]);
    REFUSE_OPTIONS(&bad, NULL);
  }
  memset(&bad, 0xaa, sizeof bad);
  REFUSE_OPTIONS(&bad, NULL);
}
END_TEST

START_TEST(options_with_a_reserved_word_are_einval)
{
  for (int i = 0; i < 16; i++) {
    qk_options bad = good_options();
    bad.reserved[i] = UINT64_C(1) << (4 * i);
    REFUSE_OPTIONS(&bad, "reserved");
  }
}
END_TEST

START_TEST(a_timeout_of_0_is_einval)
{
  qk_options options = good_options();
  options.timeout_ms = 0;
  REFUSE_OPTIONS(&options, "timeout_ms");
  options.timeout_ms = 1;
  options.cursor_ms = 0;
  accept_uri("memory:", &options);
}
END_TEST

START_TEST(a_bad_default_policy_is_named)
{
  qk_options options = good_options();
  qk_policy policy = calm_policy();
  options.policy = &policy;
  policy.ready_ms = 0;
  REFUSE_OPTIONS(&options, "ready_ms");
  policy = calm_policy();
  policy.idle_ms = 2999;
  REFUSE_OPTIONS(&options, "idle_ms");
  policy = calm_policy();
  policy.size--;
  REFUSE_OPTIONS(&options, NULL);
  policy = calm_policy();
  policy.reserved[7] = 1;
  REFUSE_OPTIONS(&options, "reserved");
  policy = calm_policy();
  accept_uri("memory:", &options);
}
END_TEST

START_TEST(open_needs_a_place_for_the_store)
{
  qk_options options = good_options();
  qk_error error = {0, ""};
  CHECK_CODE(qk_open(NULL, "memory:", &options, &error), QK_EINVAL);
  ck_assert_int_eq(error.code, QK_EINVAL);
}
END_TEST

/* ---- Keys ---------------------------------------------------------------------------------------- */

static unsigned char key_bytes[1024];

static qk_options keyed_options(const void *key, size_t len)
{
  qk_options options = good_options();
  options.key = key;
  options.key_len = len;
  return options;
}

START_TEST(keys_below_16_bytes_are_einval)
{
  memset(key_bytes, 'k', sizeof key_bytes);
  for (size_t len = 0; len < 16; len++) {
    qk_options options = keyed_options(key_bytes, len);
    REFUSE_OPTIONS(&options, "key");
    options.key_len = 16;
    options.key2 = key_bytes;
    options.key2_len = len;
    REFUSE_OPTIONS(&options, "key2");
  }
  qk_options options = keyed_options(NULL, 32);
  REFUSE_OPTIONS(&options, "key");
  options = keyed_options(key_bytes, 16);
  options.key2_len = 32;
  REFUSE_OPTIONS(&options, "key2");
}
END_TEST

/* A key counts to its last byte, however long it is. */
START_TEST(keys_of_any_length_count_whole)
{
  static const size_t lengths[] = {16, 17, 31, 32, 33, 64, 65, 128, 1024};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    char token[QK_TOKEN_SIZE];
    memset(key_bytes, 'k', sizeof key_bytes);
    qk_options options = keyed_options(key_bytes, lengths[i]);
    qk_store *one = fixture_open(&options);
    key_bytes[lengths[i] - 1] ^= 1;
    qk_store *other = fixture_open(&options);
    qk_ticket ticket = verb_at(__LINE__, qk_enter, one, HALL, "ann", QK_OK);
    CHECK_OK(qk_token(one, &ticket, token));
    CHECK_OK(qk_verify(one, token, NULL));
    CHECK_CODE(qk_verify(other, token, NULL), QK_ETOKEN);
    qk_close(other);
    qk_close(one);
  }
}
END_TEST

/* ---- Copies and hooks ---------------------------------------------------------------------------- */

START_TEST(options_may_die_after_open)
{
  char key[] = "0123456789abcdef", key2[] = "fedcba9876543210", token[QK_TOKEN_SIZE], uri[] = "memory:";
  qk_policy policy = calm_policy(), got;
  qk_options options = keyed_options(key, 16);
  qk_store *store;
  policy.max_extends = 7;
  options.policy = &policy;
  options.key2 = key2;
  options.key2_len = 16;
  CHECK_OK(qk_open(&store, uri, &options, NULL));
  memset(key, 'x', sizeof key);
  memset(key2, 'x', sizeof key2);
  memset(uri, 'x', sizeof uri - 1);
  memset(&policy, 0xaa, sizeof policy);
  memset(&options, 0xaa, sizeof options);
  qk_ticket ticket = verb_at(__LINE__, qk_enter, store, HALL, "ann", QK_OK);
  CHECK_OK(qk_token(store, &ticket, token));
  CHECK_CODE(qk_verify(store, token, NULL), QK_ENOTREADY);
  CHECK_OK(qk_get_policy(store, HALL, &got));
  ck_assert_uint_eq(got.max_extends, 7);
  qk_close(store);
  options = keyed_options("0123456789abcdef", 16);
  CHECK_OK(qk_open(&store, NULL, &options, NULL));
  CHECK_CODE(qk_verify(store, token, NULL), QK_ENOTREADY);
  qk_close(store);
}
END_TEST

static int random_is_broken;

static int maybe_random(void *arg, void *buf, size_t len)
{
  unsigned char *bytes = buf;
  for (size_t i = 0; i < len; i++)
    bytes[i] = (*(unsigned char *)arg)++;
  return random_is_broken;
}

START_TEST(a_random_source_that_fails_is_estore)
{
  unsigned char seed = 1;
  qk_options options = good_options();
  options.random = maybe_random;
  options.random_arg = &seed;
  random_is_broken = 1;
  refuse_open(__LINE__, NULL, &options, QK_ESTORE, NULL);
  random_is_broken = 0;
  qk_store *store = fixture_open(&options);
  random_is_broken = 1;
  CHECK_CODE(qk_enter(store, HALL, "ann", NULL), QK_ESTORE);
  CHECK_CODE(qk_set_mode(store, HALL, QK_MODE_OPEN), QK_ESTORE);
  random_is_broken = 0;
  ck_assert_int_eq(count_queues(store), 0);
  ck_assert_int_eq(verb_at(__LINE__, qk_enter, store, HALL, "ann", QK_OK).fresh, 1);
  qk_close(store);
}
END_TEST

/* ---- URIs ---------------------------------------------------------------------------------------- */

static const struct uri_sample {
  const char *uri, *names; /* names: the part that the error must name; NULL = none */
} bad_uris[] = {
    {"", NULL},
    {"memory", NULL},
    {":", NULL},
    {"nosuch:", "nosuch"},
    {"nosuch://host:1/path?window=4", "nosuch"},
    {"memoryx:", "memoryx"},
    {"memor:", "memor"},
    {"memory:relative", "path"},
    {"memory:/absolute", "path"},
    {"memory:?windw=4", "windw"},
    {"memory:?prefix=a", "prefix"},
    {"memory:?window=4&replicas=1", "replicas"},
    {"memory:?window", "window"},
    {"memory:?window=", "window"},
    {"memory:?window=x", "window"},
    {"memory:?window=4x", "window"},
    {"memory:?window=x4", "window"},
    {"memory:?window=%204", "window"},
    {"memory:?window=-1", "window"},
    {"memory:?window=+1", "window"},
    {"memory:?window=0", "window"},
    {"memory:?window=1.5", "window"},
    {"memory:?window=0x10", "window"},
    {"memory:?window=4294967296", "window"},
    {"memory:?window=18446744073709551617", "window"},
    {"memory:?timeout_ms=0", "timeout_ms"},
    {"memory:?timeout_ms=4294967296", "timeout_ms"},
    {"memory:?cursor_ms=soon", "cursor_ms"},
    {"memory:?cursor_ms=-0", "cursor_ms"},
    {"memory:?window=4&window=4", "window"},
    {"memory:?window=4&cursor_ms=1&window=5", "window"},
    {"memory:?window=%3", NULL},
    {"memory:?window=%zz", NULL},
    {"memory:?window=4%00", NULL},
};
enum { BAD_URIS = sizeof bad_uris / sizeof bad_uris[0] };

START_TEST(a_bad_uri_is_einval_and_says_what)
{
  REFUSE_URI(bad_uris[_i].uri, bad_uris[_i].names);
}
END_TEST

START_TEST(good_uris_open)
{
  static const char *const good[] = {
      NULL,
      "memory:",
      "memory:?timeout_ms=1",
      "memory:?window=1",
      "memory:?cursor_ms=0",
      "memory:?timeout_ms=3600000&window=100000&cursor_ms=60000",
      "memory:?window=%31%36",
  };
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    accept_uri(good[i], NULL);
}
END_TEST

START_TEST(a_long_bad_uri_gives_a_text_that_fits)
{
  enum { LONG = 100000 };
  char *uri = malloc(LONG + 1);
  ck_assert_ptr_nonnull(uri);
  memset(uri, 'z', LONG);
  uri[LONG] = '\0';
  REFUSE_URI(uri, NULL);
  uri[LONG / 2] = ':';
  REFUSE_URI(uri, NULL);
  memcpy(uri, "memory:?", 8);
  uri[LONG / 2] = '=';
  REFUSE_URI(uri, NULL);
  free(uri);
}
END_TEST

START_TEST(settings_of_the_uri_win_over_options)
{
  qk_op op[3] = {make_op(QK_ENTER, HALL, "a", NULL), make_op(QK_ENTER, HALL, "b", NULL),
                 make_op(QK_ENTER, HALL, "c", NULL)};
  qk_op *ops[3] = {&op[0], &op[1], &op[2]};
  qk_options options = good_options();
  qk_store *store;
  CHECK_OK(qk_open(&store, "memory:?window=2", &options, NULL));
  CHECK_CODE(qk_submit(store, ops, 3), QK_EINVAL);
  CHECK_OK(qk_submit(store, ops, 2));
  CHECK_CODE(qk_submit(store, ops + 2, 1), QK_EAGAIN);
  qk_close(store);
}
END_TEST

START_TEST(memory_opened_twice_is_two_stores)
{
  qk_options options = good_options();
  qk_store *one, *two;
  CHECK_OK(qk_open(&one, "memory:", &options, NULL));
  CHECK_OK(qk_open(&two, "memory:", &options, NULL));
  verb_at(__LINE__, qk_enter, one, HALL, "ann", QK_OK);
  verb_at(__LINE__, qk_poll, two, HALL, "ann", QK_ENOTFOUND);
  ck_assert_int_eq(count_queues(two), 0);
  qk_close(one);
  verb_at(__LINE__, qk_enter, two, HALL, "bob", QK_OK);
  qk_close(two);
}
END_TEST

/* ---- Secrets ------------------------------------------------------------------------------------- */

#define SECRET "hunter2Q9"

static char logged[65536];

static void keep_log(void *arg, int level, const char *text, size_t len)
{
  size_t used = strlen(logged);
  (void)arg;
  (void)level;
  if (len < sizeof logged - used - 1) {
    memcpy(logged + used, text, len);
    logged[used + len] = '\0';
  }
}

static void check_secret(const char *uri, const qk_options *options)
{
  qk_store *store;
  qk_error error = {0, ""};
  int code = qk_open(&store, uri, options, &error);
  ck_assert_msg(code == QK_EINVAL, "%s gives %d", uri, code);
  ck_assert_msg(!strstr(error.text, SECRET), "%s: \"%s\" tells the secret", uri, error.text);
  ck_assert_msg(!strstr(logged, SECRET), "%s: the log tells the secret: %s", uri, logged);
}

START_TEST(no_error_and_no_log_tells_a_secret)
{
  static const char *const uris[] = {
      "nosuch://user:" SECRET "@host:1/0",
      "nosuch://:" SECRET "@host",
      "memory://user:" SECRET "@host",
      "memory:?password=" SECRET,
      "memory://user:" SECRET "@host?window=%zz",
      "nosuch://user:" SECRET "/x@host",
      "memory://user:" SECRET "/x@host",
      "memory://user:" SECRET "?x@host",
      "memory://user:x?" SECRET "@host",
      "memory://user:x?window=1&" SECRET "@host",
      "memory://user:" SECRET "#x@host",
      "memory://user:" SECRET "@x@host:" SECRET,
      "memory://user:%zz" SECRET "@host",
      "memory:" SECRET "@host",
      "user:" SECRET "@host",
  };
  qk_options options = keyed_options(SECRET, sizeof SECRET - 1);
  options.log = keep_log;
  check_secret("memory:", &options);
  options.key = "0123456789abcdef" SECRET;
  options.key_len = 16 + sizeof SECRET - 1;
  for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++)
    check_secret(uris[i], &options);
}
END_TEST

void add_open_tests(TCase *tests)
{
  tcase_add_test(tests, options_init_sets_the_documented_defaults);
  tcase_add_test(tests, options_of_another_size_are_einval);
  tcase_add_test(tests, options_with_a_reserved_word_are_einval);
  tcase_add_test(tests, a_timeout_of_0_is_einval);
  tcase_add_test(tests, a_bad_default_policy_is_named);
  tcase_add_test(tests, open_needs_a_place_for_the_store);
  tcase_add_test(tests, keys_below_16_bytes_are_einval);
  tcase_add_test(tests, keys_of_any_length_count_whole);
  tcase_add_test(tests, options_may_die_after_open);
  tcase_add_test(tests, a_random_source_that_fails_is_estore);
  tcase_add_loop_test(tests, a_bad_uri_is_einval_and_says_what, 0, BAD_URIS);
  tcase_add_test(tests, good_uris_open);
  tcase_add_test(tests, a_long_bad_uri_gives_a_text_that_fits);
  tcase_add_test(tests, settings_of_the_uri_win_over_options);
  tcase_add_test(tests, memory_opened_twice_is_two_stores);
  tcase_add_test(tests, no_error_and_no_log_tells_a_secret);
}
