/* The structs as JSON, the names of numbers, and the version. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "calls.h"
#include "views.h"

/* ---- Helpers ------------------------------------------------------------------------------------- */

/* Parse and free text; its keys are just the words of keys. */
static json_t *parse_at(int line, char *text, const char *keys)
{
  json_error_t error;
  char rest[512], *word, *next = rest;
  size_t count = 0;
  ck_assert_msg(text != NULL, "line %d: no JSON", line);
  json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  ck_assert_msg(object != NULL, "line %d: %s: %s", line, text, error.text);
  snprintf(rest, sizeof rest, "%s", keys);
  for (; (word = strtok_r(next, " ", &next)); count++)
    ck_assert_msg(json_object_get(object, word) != NULL, "line %d: no %s in %s", line, word, text);
  ck_assert_msg(json_object_size(object) == count, "line %d: foreign keys in %s", line, text);
  qk_free(text);
  return object;
}
#define PARSE(text, keys) parse_at(__LINE__, text, keys)

static int64_t integer_of(const json_t *object, const char *key)
{
  const json_t *value = json_object_get(object, key);
  ck_assert_msg(json_is_integer(value), "%s is no integer", key);
  return json_integer_value(value);
}

static void check_text(const json_t *object, const char *key, const char *want)
{
  const json_t *value = json_object_get(object, key);
  ck_assert_msg(json_is_string(value), "%s is no string", key);
  ck_assert_str_eq(json_string_value(value), want);
}

static void check_array(const json_t *object, const char *key, const uint64_t want[8])
{
  const json_t *value = json_object_get(object, key);
  ck_assert_uint_eq(json_array_size(value), 8);
  for (size_t i = 0; i < 8; i++)
    ck_assert_uint_eq((uint64_t)json_integer_value(json_array_get(value, i)), want[i]);
}

#define CHECK_FIELD(object, data, field) ck_assert_int_eq(integer_of(object, #field), (int64_t)(data).field)
#define TICKET_KEYS                                                                                          \
  "state fresh cls extends number position waiting epoch eta_ms expires_at_ms poll_after_ms estimated "      \
  "queue user"

static void check_ticket(const qk_ticket *ticket)
{
  char epoch[32];
  json_t *json = PARSE(qk_ticket_json(ticket), TICKET_KEYS);
  snprintf(epoch, sizeof epoch, "%llu", (unsigned long long)ticket->epoch);
  check_text(json, "epoch", epoch);
  check_text(json, "state", qk_state_name(ticket->state));
  check_text(json, "queue", ticket->queue);
  check_text(json, "user", ticket->user);
  CHECK_FIELD(json, *ticket, fresh);
  CHECK_FIELD(json, *ticket, cls);
  CHECK_FIELD(json, *ticket, extends);
  CHECK_FIELD(json, *ticket, number);
  CHECK_FIELD(json, *ticket, position);
  CHECK_FIELD(json, *ticket, waiting);
  CHECK_FIELD(json, *ticket, eta_ms);
  CHECK_FIELD(json, *ticket, expires_at_ms);
  CHECK_FIELD(json, *ticket, poll_after_ms);
  CHECK_FIELD(json, *ticket, estimated);
  json_decref(json);
}

/* ---- JSON ---------------------------------------------------------------------------------------- */

START_TEST(tickets_of_every_state_become_json)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ticket = ENTER_CLASS(store, "ann", 3);
  ck_assert_int_eq(ticket.eta_ms, -1);
  check_ticket(&ticket);
  TICK_ADMITS(store, 1);
  ticket = POLL(store, "ann");
  check_ticket(&ticket);
  ticket = ACTIVATE(store, "ann");
  check_ticket(&ticket);
  ticket = EXTEND(store, "ann");
  check_ticket(&ticket);
  ticket = RELEASE(store, "ann");
  check_ticket(&ticket);
  ticket = REFUSED(qk_poll, store, "ann", QK_ENOTFOUND);
  check_ticket(&ticket);
  qk_close(store);
}
END_TEST

START_TEST(the_largest_ticket_becomes_json)
{
  qk_ticket ticket;
  memset(&ticket, 0, sizeof ticket);
  ticket.state = QK_ACTIVE;
  ticket.fresh = 1;
  ticket.cls = 7;
  ticket.extends = ticket.poll_after_ms = UINT32_MAX;
  ticket.estimated = 1;
  ticket.number = (UINT64_C(1) << 49) - 1;
  ticket.position = ticket.waiting = ticket.epoch = (UINT64_C(1) << 53) - 1;
  ticket.eta_ms = ticket.expires_at_ms = (INT64_C(1) << 53) - 1;
  memset(ticket.queue, '"', 64);
  memset(ticket.user, '\\', 128);
  check_ticket(&ticket);
  memcpy(ticket.user, "</script>\xe2\x80\xa8\xf0\x9f\x8e\xab", 17);
  check_ticket(&ticket);
}
END_TEST

START_TEST(stats_become_json)
{
  qk_stats stats;
  memset(&stats, 0, sizeof stats);
  stats.waiting = 1;
  stats.ready = 2;
  stats.active = 3;
  stats.entered = 4;
  stats.admitted = 5;
  stats.activated = 6;
  stats.left = 7;
  stats.dropped = 8;
  stats.lapsed = 9;
  stats.expired = 10;
  stats.completed = 11;
  stats.last_number = (UINT64_C(1) << 49) - 1;
  stats.now_ms = FIXTURE_START;
  stats.head_age_ms = 13;
  stats.outflow_per_s = 14.5;
  json_t *json =
      PARSE(qk_stats_json(&stats), "waiting ready active entered admitted activated left dropped lapsed "
                                   "expired completed last_number now_ms head_age_ms outflow_per_s");
  CHECK_FIELD(json, stats, waiting);
  CHECK_FIELD(json, stats, ready);
  CHECK_FIELD(json, stats, active);
  CHECK_FIELD(json, stats, entered);
  CHECK_FIELD(json, stats, admitted);
  CHECK_FIELD(json, stats, activated);
  CHECK_FIELD(json, stats, left);
  CHECK_FIELD(json, stats, dropped);
  CHECK_FIELD(json, stats, lapsed);
  CHECK_FIELD(json, stats, expired);
  CHECK_FIELD(json, stats, completed);
  CHECK_FIELD(json, stats, last_number);
  CHECK_FIELD(json, stats, now_ms);
  CHECK_FIELD(json, stats, head_age_ms);
  ck_assert(json_number_value(json_object_get(json, "outflow_per_s")) == 14.5);
  json_decref(json);
}
END_TEST

START_TEST(policies_become_json)
{
  for (uint32_t mode = QK_MODE_OPEN; mode <= QK_MODE_BYPASS; mode++) {
    qk_policy policy = calm_policy();
    policy.mode = mode;
    policy.max_active = (UINT64_C(1) << 53) - 1;
    policy.rate = 12;
    policy.idle_ms = UINT32_MAX;
    json_t *json =
        PARSE(qk_policy_json(&policy), "mode max_active max_waiting rate rate_window_ms ready_ms active_ms "
                                       "max_extends idle_ms eager clock_step_ms lanes");
    check_text(json, "mode", qk_mode_name(mode));
    CHECK_FIELD(json, policy, max_active);
    CHECK_FIELD(json, policy, max_waiting);
    CHECK_FIELD(json, policy, rate);
    CHECK_FIELD(json, policy, rate_window_ms);
    CHECK_FIELD(json, policy, ready_ms);
    CHECK_FIELD(json, policy, active_ms);
    CHECK_FIELD(json, policy, max_extends);
    CHECK_FIELD(json, policy, idle_ms);
    CHECK_FIELD(json, policy, eager);
    CHECK_FIELD(json, policy, clock_step_ms);
    CHECK_FIELD(json, policy, lanes);
    json_decref(json);
  }
}
END_TEST

START_TEST(cursors_become_json)
{
  qk_cursor cursor;
  memset(&cursor, 0, sizeof cursor);
  cursor.epoch = (UINT64_C(1) << 53) - 1;
  cursor.last = 123;
  cursor.lost_from = 45;
  cursor.lost_to = 67;
  for (uint64_t i = 0; i < 8; i++) {
    cursor.highest[i] = 100 + i;
    cursor.head[i] = 200 + i;
    cursor.waiting[i] = 300 + i;
  }
  cursor.at_ms = FIXTURE_START;
  cursor.outflow_per_s = -1;
  json_t *json =
      PARSE(qk_cursor_json(&cursor), "epoch last lost_from lost_to highest head waiting at_ms outflow_per_s");
  check_text(json, "epoch", "9007199254740991");
  CHECK_FIELD(json, cursor, last);
  CHECK_FIELD(json, cursor, lost_from);
  CHECK_FIELD(json, cursor, lost_to);
  check_array(json, "highest", cursor.highest);
  check_array(json, "head", cursor.head);
  check_array(json, "waiting", cursor.waiting);
  CHECK_FIELD(json, cursor, at_ms);
  ck_assert(json_number_value(json_object_get(json, "outflow_per_s")) == -1);
  json_decref(json);
}
END_TEST

/* ---- Names --------------------------------------------------------------------------------------- */

START_TEST(states_and_modes_have_the_names_of_the_header)
{
  ck_assert_str_eq(qk_state_name(QK_NONE), "NONE");
  ck_assert_str_eq(qk_state_name(QK_WAITING), "WAITING");
  ck_assert_str_eq(qk_state_name(QK_READY), "READY");
  ck_assert_str_eq(qk_state_name(QK_ACTIVE), "ACTIVE");
  ck_assert_str_eq(qk_mode_name(QK_MODE_OPEN), "OPEN");
  ck_assert_str_eq(qk_mode_name(QK_MODE_HOLD), "HOLD");
  ck_assert_str_eq(qk_mode_name(QK_MODE_DRAIN), "DRAIN");
  ck_assert_str_eq(qk_mode_name(QK_MODE_CLOSED), "CLOSED");
  ck_assert_str_eq(qk_mode_name(QK_MODE_BYPASS), "BYPASS");
}
END_TEST

START_TEST(unknown_states_and_modes_have_a_name_too)
{
  static const int odd[] = {-1, 4, 5, 1000, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
    const char *state = qk_state_name(odd[i]);
    ck_assert(state && *state);
    for (int known = QK_NONE; known <= QK_ACTIVE; known++)
      ck_assert_str_ne(state, qk_state_name(known));
    const char *mode = qk_mode_name((uint32_t)odd[i]);
    ck_assert(mode && *mode);
    for (uint32_t known = QK_MODE_OPEN; known <= QK_MODE_BYPASS && odd[i] != 4; known++)
      ck_assert_str_ne(mode, qk_mode_name(known));
  }
}
END_TEST

START_TEST(every_code_has_a_text_of_its_own)
{
  for (int code = QK_EDENIED; code <= QK_OK; code++) {
    const char *text = qk_strerror(code);
    ck_assert(text && *text);
    ck_assert_ptr_eq(text, qk_strerror(code));
    for (int other = QK_EDENIED; other < code; other++)
      ck_assert_str_ne(text, qk_strerror(other));
  }
}
END_TEST

START_TEST(unknown_codes_have_a_text_too)
{
  static const int odd[] = {1, QK_EDENIED - 1, -1000, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
    const char *text = qk_strerror(odd[i]);
    ck_assert(text && *text);
    for (int code = QK_EDENIED; code <= QK_OK; code++)
      ck_assert_str_ne(text, qk_strerror(code));
  }
}
END_TEST

START_TEST(the_version_is_one_in_text_and_number)
{
  unsigned major, minor, patch;
  char text[32];
  ck_assert_int_eq(sscanf(qk_version(), "%u.%u.%u", &major, &minor, &patch), 3);
  ck_assert(major < 256 && minor < 256 && patch < 256);
  ck_assert_uint_eq(qk_version_number(), major << 16 | minor << 8 | patch);
  snprintf(text, sizeof text, "%u.%u.%u", major, minor, patch);
  ck_assert_str_eq(qk_version(), text);
}
END_TEST

void add_json_tests(TCase *tests)
{
  tcase_add_test(tests, tickets_of_every_state_become_json);
  tcase_add_test(tests, the_largest_ticket_becomes_json);
  tcase_add_test(tests, stats_become_json);
  tcase_add_test(tests, policies_become_json);
  tcase_add_test(tests, cursors_become_json);
  tcase_add_test(tests, states_and_modes_have_the_names_of_the_header);
  tcase_add_test(tests, unknown_states_and_modes_have_a_name_too);
  tcase_add_test(tests, every_code_has_a_text_of_its_own);
  tcase_add_test(tests, unknown_codes_have_a_text_too);
  tcase_add_test(tests, the_version_is_one_in_text_and_number);
}
