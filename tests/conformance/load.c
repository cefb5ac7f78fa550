/* qk_load: many policies in one text, all or nothing. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policies.h"

/* ---- Helpers ------------------------------------------------------------------------------------- */

static void load_at(int line, qk_store *store, const char *text)
{
  qk_error error = {1, "rubbish"};
  int code = qk_load(store, text, strlen(text), &error);
  ck_assert_msg(code == QK_OK, "line %d: %s gives %d: %s", line, text, code, error.text);
  ck_assert_msg(error.code == QK_OK && error.text[0] == '\0', "line %d: success says \"%s\"", line,
                error.text);
}
#define LOAD(store, text) load_at(__LINE__, store, text)

/* qk_load refuses len bytes of text, names what, and changes neither HALL nor the set of queues. */
static void refuse_bytes(int line, qk_store *store, const char *text, size_t len, const char *what)
{
  qk_policy before = policy_of(store, HALL);
  int queues = count_queues(store);
  qk_error error = {0, ""};
  int code = qk_load(store, text, len, &error);
  ck_assert_msg(code == QK_EINVAL, "line %d: %s gives %d", line, text, code);
  ck_assert_msg(error.code == QK_EINVAL && error.text[0] != '\0', "line %d: refused without a word", line);
  ck_assert_msg(memchr(error.text, '\0', sizeof error.text) != NULL, "line %d: the text does not end", line);
  ck_assert_msg(strstr(error.text, what) != NULL, "line %d: \"%s\" does not name %s", line, error.text, what);
  ck_assert_int_eq(qk_load(store, text, len, NULL), QK_EINVAL);
  same_policy_at(line, store, HALL, &before);
  ck_assert_msg(count_queues(store) == queues, "line %d: a refused load made a queue", line);
}
#define REFUSE(store, text, what) refuse_bytes(__LINE__, store, text, strlen(text), what)

/* ---- What is good -------------------------------------------------------------------------------- */

START_TEST(load_sets_the_policies_of_many_queues)
{
  qk_policy odd = odd_policy(), want = calm_policy();
  qk_store *store = open_with_default(&want, 1);
  SET_POLICY(store, &odd);
  LOAD(store, "{\"hall\": {\"max_active\": 7},\n \"caf\\u00e9 {1}\": {\"rate\": 9007199254740991, \"mode\": "
              "\"DRAIN\"}}");
  ck_assert_int_eq(count_queues(store), 2);
  want.max_active = 7;
  want.mode = QK_MODE_HOLD;
  CHECK_SAME_POLICY(store, HALL, &want);
  want = calm_policy();
  want.rate = (UINT64_C(1) << 53) - 1;
  want.mode = QK_MODE_DRAIN;
  CHECK_SAME_POLICY(store, "caf\xc3\xa9 {1}", &want);
  qk_close(store);
}
END_TEST

START_TEST(every_field_may_be_loaded)
{
  qk_policy odd = odd_policy();
  qk_store *store = open_with_default(NULL, 1);
  LOAD(store,
       "{\"hall\": {\"mode\": \"HOLD\", \"max_active\": 123456789012345, \"max_waiting\": 234567890123456,"
       " \"rate\": 345678901234567, \"rate_window_ms\": 45678, \"ready_ms\": 56789, \"active_ms\": 67890,"
       " \"max_extends\": 78901, \"idle_ms\": 89012, \"eager\": 1, \"clock_step_ms\": 90123, \"lanes\": 1}}");
  CHECK_SAME_POLICY(store, HALL, &odd);
  qk_close(store);
}
END_TEST

START_TEST(every_mode_may_be_loaded_by_name)
{
  qk_store *store = open_hall(NULL);
  for (uint32_t mode = QK_MODE_OPEN; mode <= QK_MODE_BYPASS; mode++) {
    char text[64];
    snprintf(text, sizeof text, "{\"room\":{\"mode\":\"%s\"}}", qk_mode_name(mode));
    LOAD(store, text);
    ck_assert_uint_eq(policy_of(store, "room").mode, mode);
    CHECK_OK(qk_remove(store, "room"));
  }
  qk_close(store);
}
END_TEST

START_TEST(what_is_missing_is_the_default)
{
  qk_policy odd = odd_policy(), calm = calm_policy();
  qk_store *store = open_with_default(&odd, 1);
  SET_POLICY(store, &calm);
  LOAD(store, "{\"hall\": {}, \"room\": {}}");
  CHECK_SAME_POLICY(store, "room", &odd);
  odd.mode = calm.mode;
  CHECK_SAME_POLICY(store, HALL, &odd);
  qk_close(store);
}
END_TEST

START_TEST(an_empty_object_is_ok)
{
  qk_policy odd = odd_policy();
  qk_store *store = open_hall(&odd);
  LOAD(store, "{}");
  LOAD(store, " \n{ }\t\r\n");
  CHECK_SAME_POLICY(store, HALL, &odd);
  ck_assert_int_eq(count_queues(store), 1);
  qk_close(store);
}
END_TEST

START_TEST(the_text_ends_at_its_length)
{
  static const char text[] = "{\"room\":{\"rate\":12}}345 rubbish";
  qk_store *store = open_hall(NULL);
  char *exact = malloc(20);
  ck_assert_ptr_nonnull(exact);
  memcpy(exact, text, 20);
  CHECK_OK(qk_load(store, exact, 20, NULL));
  free(exact);
  ck_assert_uint_eq(policy_of(store, "room").rate, 12);
  refuse_bytes(__LINE__, store, text, 19, "line 1");
  qk_close(store);
}
END_TEST

START_TEST(a_policy_as_json_loads_back)
{
  char text[1024];
  qk_policy odd = odd_policy();
  qk_store *store = open_hall(&odd);
  char *json = qk_policy_json(&odd);
  ck_assert_ptr_nonnull(json);
  snprintf(text, sizeof text, "{\"room\": %s}", json);
  qk_free(json);
  LOAD(store, text);
  CHECK_SAME_POLICY(store, "room", &odd);
  qk_close(store);
}
END_TEST

START_TEST(a_thousand_queues_load_at_once)
{
  enum { QUEUES = 1000, ROOM = 64 };
  char *text = malloc(QUEUES * ROOM + 2);
  size_t used = 0;
  ck_assert_ptr_nonnull(text);
  for (int i = 0; i < QUEUES; i++)
    used += (size_t)snprintf(text + used, ROOM, "%c\"q%d\":{\"max_active\":%d}", i ? ',' : '{', i, i);
  text[used] = '}';
  qk_store *store = open_hall(NULL);
  CHECK_CODE(qk_load(store, text, used, NULL), QK_EINVAL);
  ck_assert_int_eq(count_queues(store), 1);
  CHECK_OK(qk_load(store, text, used + 1, NULL));
  ck_assert_int_eq(count_queues(store), QUEUES + 1);
  for (int i = 0; i < QUEUES; i++) {
    char name[16];
    snprintf(name, sizeof name, "q%d", i);
    ck_assert_uint_eq(policy_of(store, name).max_active, (uint64_t)i);
  }
  free(text);
  qk_close(store);
}
END_TEST

START_TEST(the_ends_of_every_range_load)
{
  qk_store *store = open_hall(NULL);
  for (int i = 1; i < RANGES; i++) {
    char text[128];
    for (int j = 0; j < ranges[i].good_count; j++) {
      snprintf(text, sizeof text, "{\"hall\":{\"%s\":%" PRIu64 "}}", ranges[i].name, ranges[i].good[j]);
      LOAD(store, text);
    }
    for (int j = 0; j < ranges[i].bad_count; j++) {
      if (ranges[i].bad[j] > INT64_MAX)
        continue;
      snprintf(text, sizeof text, "{\"room\":{\"%s\":%" PRIu64 "}}", ranges[i].name, ranges[i].bad[j]);
      REFUSE(store, text, ranges[i].name);
    }
  }
  qk_close(store);
}
END_TEST

/* ---- What is not --------------------------------------------------------------------------------- */

static const struct bad_text {
  const char *text, *names; /* names: what the error must name */
} bad_texts[] = {
    {"", "line 1"},
    {" ", "line 1"},
    {"nothing", "line 1"},
    {"{", "line 1"},
    {"{\"hall\": {\"rate\": 1}", "line 1"},
    {"{\"hall\": {\"rate\": 1}}}", "line 1"},
    {"{\"hall\": {\"rate\": 1}} {}", "line 1"},
    {"{\n\"hall\": {\n\"rate\": 1,,\n}}", "line 3"},
    {"{\n\n\n\"hall\" {}}", "line 4"},
    {"{\"hall\": {\"rate\": 1}, /* no */ \"b\": {}}", "line 1"},
    {"{'hall': {}}", "line 1"},
    {"{\"hall\": {\"rate\": 01}}", "line 1"},
    {"{\"hall\": {\"rate\": 1}, \"hall\": {\"rate\": 2}}", "hall"},
    {"{\"hall\": {\"rate\": 1, \"rate\": 1}}", "rate"},
    {"{\"ha\xffll\": {}}", "line 1"},
    {"{\"a\\u0000b\": {}}", "line 1"},
    {"{\"a\\ud800b\": {}}", "line 1"},
    {"[]", "object"},
    {"[{\"hall\": {}}]", "object"},
    {"{\"hall\": []}", "hall"},
    {"{\"hall\": null}", "hall"},
    {"{\"hall\": 1}", "hall"},
    {"{\"hall\": \"OPEN\"}", "hall"},
    {"{\"max_active\": 1}", "max_active"},
    {"{\"hall\": {\"rate\": \"1\"}}", "rate"},
    {"{\"hall\": {\"rate\": null}}", "rate"},
    {"{\"hall\": {\"rate\": []}}", "rate"},
    {"{\"hall\": {\"rate\": {}}}", "rate"},
    {"{\"hall\": {\"rate\": -1}}", "rate"},
    {"{\"hall\": {\"rate\": 1.5}}", "rate"},
    {"{\"hall\": {\"rate\": 9007199254740992}}", "rate"},
    {"{\"hall\": {\"rate\": 9223372036854775808}}", "line 1"},
    {"{\"hall\": {\"rate\": 18446744073709551617}}", "line 1"},
    {"{\"hall\": {\"ready_ms\": 4294967296}}", "ready_ms"},
    {"{\"hall\": {\"ready_ms\": 4294967297}}", "ready_ms"},
    {"{\"hall\": {\"eager\": 4294967297}}", "eager"},
    {"{\"hall\": {\"mode\": 1}}", "mode"},
    {"{\"hall\": {\"mode\": \"open\"}}", "mode"},
    {"{\"hall\": {\"mode\": \"\"}}", "mode"},
    {"{\"hall\": {\"mode\": \"BYPASSED\"}}", "BYPASS"},
    {"{\"hall\": {\"mode\": \"HALT\"}}", "mode"},
    {"{\"hall\": {\"max_activ\": 1}}", "max_active"},
    {"{\"hall\": {\"unheard_of\": 1}}", "unheard_of"},
    {"{\"hall\": {\"Rate\": 1}}", "rate"},
    {"{\"hall\": {\"max_wating\": 5000}}", "max_waiting"},
    {"{\"hall\": {\"rate_window\": 5000}}", "rate_window_ms"},
    {"{\"hall\": {\"\": 5000}}", "hall"},
    {"{\"hall\": {\"size\": 144}}", "size"},
    {"{\"hall\": {\"reserved\": [0]}}", "reserved"},
    {"{\"\": {}}", "empty"},
    {"{\"0123456789012345678901234567890123456789012345678901234567890123x\": {}}", "long"},
    {"{\"a\\nb\": {}}", "control"},
    {"{\"a\\u007fb\": {}}", "control"},
};
enum { BAD_TEXTS = sizeof bad_texts / sizeof bad_texts[0] };

START_TEST(a_bad_text_is_einval_and_says_where)
{
  qk_policy odd = odd_policy();
  qk_store *store = open_hall(&odd);
  REFUSE(store, bad_texts[_i].text, bad_texts[_i].names);
  qk_close(store);
}
END_TEST

START_TEST(one_bad_queue_spoils_the_whole_text)
{
  static const char *const texts[] = {
      "{\"hall\": {\"rate\": 1}, \"a\": {\"rate\": 1}, \"b\": {\"idle_ms\": 5}}",
      "{\"a\": {\"rate\": 1}, \"b\": {\"idle_ms\": 5}, \"hall\": {\"rate\": 1}}",
      "{\"b\": {\"idle_ms\": 5}, \"hall\": {\"rate\": 1}, \"a\": {\"rate\": 1}}",
  };
  qk_policy odd = odd_policy();
  qk_store *store = open_hall(&odd);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    REFUSE(store, texts[i], "idle_ms");
  qk_close(store);
}
END_TEST

START_TEST(a_deep_text_is_einval)
{
  enum { DEEP = 1000000 };
  qk_store *store = open_hall(NULL);
  char *text = malloc(DEEP + 1);
  ck_assert_ptr_nonnull(text);
  memset(text, '[', DEEP);
  text[DEEP] = '\0';
  REFUSE(store, text, "line 1");
  for (size_t i = 0; i + 5 <= DEEP; i += 5)
    memcpy(text + i, "{\"a\":", 5);
  REFUSE(store, text, "line 1");
  free(text);
  qk_close(store);
}
END_TEST

START_TEST(a_long_key_gives_a_text_that_fits)
{
  enum { LONG = 5000 };
  char text[LONG + 64];
  qk_store *store = open_hall(NULL);
  strcpy(text, "{\"hall\":{\"");
  memset(text + strlen(text), 'k', LONG);
  strcpy(text + 10 + LONG, "\":1}}");
  REFUSE(store, text, "kkkk");
  qk_close(store);
}
END_TEST

void add_load_tests(TCase *tests)
{
  tcase_add_test(tests, load_sets_the_policies_of_many_queues);
  tcase_add_test(tests, every_field_may_be_loaded);
  tcase_add_test(tests, every_mode_may_be_loaded_by_name);
  tcase_add_test(tests, what_is_missing_is_the_default);
  tcase_add_test(tests, an_empty_object_is_ok);
  tcase_add_test(tests, the_text_ends_at_its_length);
  tcase_add_test(tests, a_policy_as_json_loads_back);
  tcase_add_test(tests, a_thousand_queues_load_at_once);
  tcase_add_test(tests, the_ends_of_every_range_load);
  tcase_add_loop_test(tests, a_bad_text_is_einval_and_says_where, 0, BAD_TEXTS);
  tcase_add_test(tests, one_bad_queue_spoils_the_whole_text);
  tcase_add_test(tests, a_deep_text_is_einval);
  tcase_add_test(tests, a_long_key_gives_a_text_that_fits);
}
