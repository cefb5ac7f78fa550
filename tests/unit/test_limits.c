/* lib/limits.c: every field of the in-structs has its range, and the error names the field. */
#include <string.h>
#include "lib/limits.h"
#include "unit.h"

/* As api.md has them. */
static const struct range {
  const char *name;
  uint64_t min, max, initial, hole; /* 1 to hole - 1 are refused too */
} ranges[] = {
    {"mode", 0, QK_MODE_BYPASS, QK_MODE_OPEN, 0}, {"max_active", 0, QK_INTEGER_MAX, 50000, 0},
    {"max_waiting", 0, QK_INTEGER_MAX, 0, 0},     {"rate", 0, QK_INTEGER_MAX, 0, 0},
    {"rate_window_ms", 1, 86400000, 1000, 0},     {"ready_ms", 1, UINT32_MAX, 300000, 0},
    {"active_ms", 1, UINT32_MAX, 600000, 0},      {"max_extends", 0, UINT32_MAX, 2, 0},
    {"idle_ms", 0, UINT32_MAX, 0, 3000},          {"eager", 0, 1, 1, 0},
    {"clock_step_ms", 0, UINT32_MAX, 60000, 0},   {"lanes", 1, 1, 1, 0},
};

static void try_value(size_t i, uint64_t value, int code)
{
  const struct qki_field *field = &qki_policy_fields[i];
  qk_policy policy;
  qk_error err = {0};
  qk_policy_init(&policy);
  qki_field_set(field, &policy, value);
  int fits = field->width == sizeof value || value <= UINT32_MAX;
  ck_assert_msg(qki_field_check(field, value, "p.", &err) == code, "%s = %llu", field->name,
                (unsigned long long)value);
  ck_assert(code == QK_OK || (strstr(err.text, field->name) && strncmp(err.text, "p.", 2) == 0));
  if (fits)
    ck_assert_int_eq(qki_policy_check(&policy, "", NULL), code);
  ck_assert(!fits || qki_field_get(field, &policy) == value);
}

START_TEST(each_field_of_a_policy_is_held_to_its_range)
{
  ck_assert_uint_eq(qki_policy_field_count, COUNT(ranges));
  for (size_t i = 0; i < COUNT(ranges); i++) {
    const struct range *range = &ranges[i];
    ck_assert_str_eq(qki_policy_fields[i].name, range->name);
    try_value(i, range->min, QK_OK);
    try_value(i, range->max, QK_OK);
    try_value(i, range->max + 1, QK_EINVAL);
    try_value(i, UINT64_MAX, QK_EINVAL);
    if (range->min > 0)
      try_value(i, range->min - 1, QK_EINVAL);
    for (uint64_t value = 1; value < range->hole; value++)
      try_value(i, value, QK_EINVAL);
    if (range->hole)
      try_value(i, range->hole, QK_OK);
  }
}
END_TEST

START_TEST(the_defaults_are_those_of_the_manual)
{
  qk_policy policy;
  memset(&policy, 0xa5, sizeof policy);
  qk_policy_init(&policy);
  ck_assert_uint_eq(policy.size, sizeof policy);
  for (size_t i = 0; i < COUNT(ranges); i++)
    ck_assert_uint_eq(qki_field_get(&qki_policy_fields[i], &policy), ranges[i].initial);
  ck_assert(qki_all_zero(policy.reserved, COUNT(policy.reserved)));
  ck_assert_int_eq(qki_policy_check(&policy, "", NULL), QK_OK);
}
END_TEST

START_TEST(a_policy_of_another_size_or_with_reserved_words_is_refused)
{
  qk_policy policy;
  qk_error err = {0};
  ck_assert_int_eq(qki_policy_check(NULL, "", &err), QK_EINVAL);
  qk_policy_init(&policy);
  policy.size--;
  ck_assert_int_eq(qki_policy_check(&policy, "", &err), QK_EINVAL);
  memset(&policy, 0, sizeof policy);
  ck_assert_int_eq(qki_policy_check(&policy, "", &err), QK_EINVAL);
  for (size_t i = 0; i < COUNT(policy.reserved); i++) {
    qk_policy_init(&policy);
    policy.reserved[i] = 1;
    ck_assert_int_eq(qki_policy_check(&policy, "", &err), QK_EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "reserved"));
  }
}
END_TEST

static void refuse(const qk_options *options, const char *what)
{
  qk_error err = {0};
  ck_assert_int_eq(qki_options_check(options, &err), QK_EINVAL);
  ck_assert_msg(strstr(err.text, what) != NULL, "'%s' does not name %s", err.text, what);
}

START_TEST(options_are_checked_field_by_field)
{
  static const unsigned char key[16] = {1};
  static const char *const names[] = {"size",    "timeout_ms", "create", "pad_",        "reserved",
                                      "key_len", "key2_len",   "key",    "policy.lanes"};
  qk_options good, bad[COUNT(names)];
  qk_policy policy;
  qk_options_init(&good);
  good.key = good.key2 = key;
  good.key_len = good.key2_len = sizeof key;
  ck_assert_int_eq(qki_options_check(&good, NULL), QK_OK);
  for (size_t i = 0; i < COUNT(bad); i++)
    bad[i] = good;
  bad[0].size = 0;
  bad[1].timeout_ms = 0;
  bad[2].create = 2;
  bad[3].pad_ = 1;
  bad[4].reserved[15] = 1;
  bad[5].key_len = 15;
  bad[6].key2_len = 15;
  bad[7].key = NULL;
  qk_policy_init(&policy);
  policy.lanes = 2;
  bad[8].policy = &policy;
  for (size_t i = 0; i < COUNT(bad); i++)
    refuse(&bad[i], names[i]);
  good.cursor_ms = 0;
  ck_assert_int_eq(qki_options_check(&good, NULL), QK_OK);
}
END_TEST

START_TEST(an_error_never_shows_a_key)
{
  qk_options options;
  qk_error err = {0};
  qk_options_init(&options);
  options.key = "hunter2";
  options.key_len = 7;
  ck_assert_int_eq(qki_options_check(&options, &err), QK_EINVAL);
  ck_assert_ptr_null(strstr(err.text, "hunter2"));
}
END_TEST

TCase *limits_case(void)
{
  TCase *tests = tcase_create("limits");
  tcase_add_test(tests, each_field_of_a_policy_is_held_to_its_range);
  tcase_add_test(tests, the_defaults_are_those_of_the_manual);
  tcase_add_test(tests, a_policy_of_another_size_or_with_reserved_words_is_refused);
  tcase_add_test(tests, options_are_checked_field_by_field);
  tcase_add_test(tests, an_error_never_shows_a_key);
  return tests;
}
