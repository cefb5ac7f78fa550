/* The binary interface, pinned by numbers: other programs were compiled against them. qk_backend.h is not
 * here, because its structs may change; qk_backend_register() compares their size. */
#include <stddef.h>
#include <string.h>
#include <check.h>
#include <qk.h>
#include "runner.h"

struct field {
  const char *name;
  size_t actual_offset, actual_size;
  size_t offset, size;
};

struct layout {
  const char *name;
  size_t actual_size, size;
  const struct field *fields;
  size_t count;
};

struct value {
  const char *name;
  int actual, value;
};

#define FIELD(type, member, offset, size)                                                                    \
#type "." #member, offsetof(type, member), sizeof(((type *)0)->member), offset, size
#define LAYOUT(type, size, fields) #type, sizeof(type), size, fields, COUNT(fields)
#define VALUE(name, value) #name, name, value
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct field ticket_fields[] = {
    {FIELD(qk_ticket, state, 0, 4)},
    {FIELD(qk_ticket, fresh, 4, 4)},
    {FIELD(qk_ticket, cls, 8, 4)},
    {FIELD(qk_ticket, extends, 12, 4)},
    {FIELD(qk_ticket, number, 16, 8)},
    {FIELD(qk_ticket, position, 24, 8)},
    {FIELD(qk_ticket, waiting, 32, 8)},
    {FIELD(qk_ticket, epoch, 40, 8)},
    {FIELD(qk_ticket, eta_ms, 48, 8)},
    {FIELD(qk_ticket, expires_at_ms, 56, 8)},
    {FIELD(qk_ticket, poll_after_ms, 64, 4)},
    {FIELD(qk_ticket, estimated, 68, 4)},
    {FIELD(qk_ticket, queue, 72, 65)},
    {FIELD(qk_ticket, user, 137, 129)},
    {FIELD(qk_ticket, pad_, 266, 6)},
    {FIELD(qk_ticket, reserved, 272, 64)},
};

static const struct field policy_fields[] = {
    {FIELD(qk_policy, size, 0, 4)},         {FIELD(qk_policy, mode, 4, 4)},
    {FIELD(qk_policy, max_active, 8, 8)},   {FIELD(qk_policy, max_waiting, 16, 8)},
    {FIELD(qk_policy, rate, 24, 8)},        {FIELD(qk_policy, rate_window_ms, 32, 4)},
    {FIELD(qk_policy, ready_ms, 36, 4)},    {FIELD(qk_policy, active_ms, 40, 4)},
    {FIELD(qk_policy, max_extends, 44, 4)}, {FIELD(qk_policy, idle_ms, 48, 4)},
    {FIELD(qk_policy, eager, 52, 4)},       {FIELD(qk_policy, clock_step_ms, 56, 4)},
    {FIELD(qk_policy, lanes, 60, 4)},       {FIELD(qk_policy, reserved, 64, 64)},
};

static const struct field tick_report_fields[] = {
    {FIELD(qk_tick_report, queues, 0, 8)},      {FIELD(qk_tick_report, admitted, 8, 8)},
    {FIELD(qk_tick_report, lapsed, 16, 8)},     {FIELD(qk_tick_report, expired, 24, 8)},
    {FIELD(qk_tick_report, dropped, 32, 8)},    {FIELD(qk_tick_report, waiting, 40, 8)},
    {FIELD(qk_tick_report, ready, 48, 8)},      {FIELD(qk_tick_report, active, 56, 8)},
    {FIELD(qk_tick_report, skipped, 64, 4)},    {FIELD(qk_tick_report, more, 68, 4)},
    {FIELD(qk_tick_report, elapsed_us, 72, 8)}, {FIELD(qk_tick_report, next_ms, 80, 4)},
    {FIELD(qk_tick_report, pad_, 84, 4)},       {FIELD(qk_tick_report, reserved, 88, 56)},
};

static const struct field stats_fields[] = {
    {FIELD(qk_stats, waiting, 0, 8)},         {FIELD(qk_stats, ready, 8, 8)},
    {FIELD(qk_stats, active, 16, 8)},         {FIELD(qk_stats, entered, 24, 8)},
    {FIELD(qk_stats, admitted, 32, 8)},       {FIELD(qk_stats, activated, 40, 8)},
    {FIELD(qk_stats, left, 48, 8)},           {FIELD(qk_stats, dropped, 56, 8)},
    {FIELD(qk_stats, lapsed, 64, 8)},         {FIELD(qk_stats, expired, 72, 8)},
    {FIELD(qk_stats, completed, 80, 8)},      {FIELD(qk_stats, last_number, 88, 8)},
    {FIELD(qk_stats, now_ms, 96, 8)},         {FIELD(qk_stats, head_age_ms, 104, 8)},
    {FIELD(qk_stats, outflow_per_s, 112, 8)}, {FIELD(qk_stats, reserved, 120, 64)},
};

static const struct field cursor_fields[] = {
    {FIELD(qk_cursor, epoch, 0, 8)},           {FIELD(qk_cursor, last, 8, 8)},
    {FIELD(qk_cursor, lost_from, 16, 8)},      {FIELD(qk_cursor, lost_to, 24, 8)},
    {FIELD(qk_cursor, highest, 32, 64)},       {FIELD(qk_cursor, head, 96, 64)},
    {FIELD(qk_cursor, waiting, 160, 64)},      {FIELD(qk_cursor, at_ms, 224, 8)},
    {FIELD(qk_cursor, outflow_per_s, 232, 8)}, {FIELD(qk_cursor, reserved, 240, 64)},
};

static const struct field error_fields[] = {
    {FIELD(qk_error, code, 0, 4)},
    {FIELD(qk_error, text, 4, 252)},
};

/* Structs that hold pointers, where a pointer has 64 bits. */
#if UINTPTR_MAX == UINT64_MAX
static const struct field op_fields[] = {
    {FIELD(qk_op, size, 0, 4)},   {FIELD(qk_op, verb, 4, 4)},       {FIELD(qk_op, result, 8, 4)},
    {FIELD(qk_op, cls, 12, 4)},   {FIELD(qk_op, queue, 16, 8)},     {FIELD(qk_op, user, 24, 8)},
    {FIELD(qk_op, token, 32, 8)}, {FIELD(qk_op, ticket, 40, 8)},    {FIELD(qk_op, report, 48, 8)},
    {FIELD(qk_op, data, 56, 8)},  {FIELD(qk_op, reserved, 64, 32)}, {FIELD(qk_op, internal, 96, 32)},
};

static const struct field event_fields[] = {
    {FIELD(qk_event, type, 0, 4)},   {FIELD(qk_event, cls, 4, 4)},        {FIELD(qk_event, queue, 8, 8)},
    {FIELD(qk_event, user, 16, 8)},  {FIELD(qk_event, number, 24, 8)},    {FIELD(qk_event, epoch, 32, 8)},
    {FIELD(qk_event, at_ms, 40, 8)}, {FIELD(qk_event, reserved, 48, 32)},
};

static const struct field options_fields[] = {
    {FIELD(qk_options, size, 0, 4)},      {FIELD(qk_options, tick_budget, 4, 4)},
    {FIELD(qk_options, cursor_ms, 8, 4)}, {FIELD(qk_options, timeout_ms, 12, 4)},
    {FIELD(qk_options, create, 16, 4)},   {FIELD(qk_options, pad_, 20, 4)},
    {FIELD(qk_options, clock, 24, 8)},    {FIELD(qk_options, clock_arg, 32, 8)},
    {FIELD(qk_options, random, 40, 8)},   {FIELD(qk_options, random_arg, 48, 8)},
    {FIELD(qk_options, log, 56, 8)},      {FIELD(qk_options, log_arg, 64, 8)},
    {FIELD(qk_options, on_event, 72, 8)}, {FIELD(qk_options, event_arg, 80, 8)},
    {FIELD(qk_options, key, 88, 8)},      {FIELD(qk_options, key2, 96, 8)},
    {FIELD(qk_options, key_len, 104, 8)}, {FIELD(qk_options, key2_len, 112, 8)},
    {FIELD(qk_options, policy, 120, 8)},  {FIELD(qk_options, reserved, 128, 128)},
};
#endif

static const struct layout layouts[] = {
    {LAYOUT(qk_ticket, 336, ticket_fields)},
    {LAYOUT(qk_policy, 128, policy_fields)},
    {LAYOUT(qk_tick_report, 144, tick_report_fields)},
    {LAYOUT(qk_stats, 184, stats_fields)},
    {LAYOUT(qk_cursor, 304, cursor_fields)},
    {LAYOUT(qk_error, 256, error_fields)},
#if UINTPTR_MAX == UINT64_MAX
    {LAYOUT(qk_op, 128, op_fields)},
    {LAYOUT(qk_event, 80, event_fields)},
    {LAYOUT(qk_options, 256, options_fields)},
#endif
};

static const struct value values[] = {
    {VALUE(QK_NONE, 0)},           {VALUE(QK_WAITING, 1)},
    {VALUE(QK_READY, 2)},          {VALUE(QK_ACTIVE, 3)},
    {VALUE(QK_MODE_OPEN, 0)},      {VALUE(QK_MODE_HOLD, 1)},
    {VALUE(QK_MODE_DRAIN, 2)},     {VALUE(QK_MODE_CLOSED, 3)},
    {VALUE(QK_MODE_BYPASS, 4)},    {VALUE(QK_ENTER, 1)},
    {VALUE(QK_POLL, 2)},           {VALUE(QK_ACTIVATE, 3)},
    {VALUE(QK_EXTEND, 4)},         {VALUE(QK_RELEASE, 5)},
    {VALUE(QK_TICK, 6)},           {VALUE(QK_OK, 0)},
    {VALUE(QK_EINVAL, -1)},        {VALUE(QK_ENOMEM, -2)},
    {VALUE(QK_ENOTFOUND, -3)},     {VALUE(QK_ENOTREADY, -4)},
    {VALUE(QK_ENOTACTIVE, -5)},    {VALUE(QK_EEXPIRED, -6)},
    {VALUE(QK_ELIMIT, -7)},        {VALUE(QK_EFULL, -8)},
    {VALUE(QK_ECLOSED, -9)},       {VALUE(QK_ETOKEN, -10)},
    {VALUE(QK_EAGAIN, -11)},       {VALUE(QK_ESTORE, -12)},
    {VALUE(QK_EUNKNOWN, -13)},     {VALUE(QK_ESTATE, -14)},
    {VALUE(QK_EVERSION, -15)},     {VALUE(QK_EFORK, -16)},
    {VALUE(QK_EDENIED, -17)},      {VALUE(QK_EVENT_ENTERED, 1)},
    {VALUE(QK_EVENT_ADMITTED, 2)}, {VALUE(QK_EVENT_ACTIVATED, 3)},
    {VALUE(QK_EVENT_EXTENDED, 4)}, {VALUE(QK_EVENT_LEFT, 5)},
    {VALUE(QK_EVENT_DROPPED, 6)},  {VALUE(QK_EVENT_LAPSED, 7)},
    {VALUE(QK_EVENT_EXPIRED, 8)},  {VALUE(QK_EVENT_COMPLETED, 9)},
    {VALUE(QK_TOKEN_SIZE, 512)},
};

START_TEST(structs_keep_their_size)
{
  for (size_t i = 0; i < COUNT(layouts); i++)
    ck_assert_msg(layouts[i].actual_size == layouts[i].size, "%s has %zu bytes, not %zu", layouts[i].name,
                  layouts[i].actual_size, layouts[i].size);
}
END_TEST

static void check_places(const struct field *fields, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    const struct field *field = &fields[i];
    ck_assert_msg(field->actual_offset == field->offset, "%s is at %zu, not %zu", field->name,
                  field->actual_offset, field->offset);
    ck_assert_msg(field->actual_size == field->size, "%s has %zu bytes, not %zu", field->name,
                  field->actual_size, field->size);
  }
}

START_TEST(fields_keep_their_place)
{
  for (size_t i = 0; i < COUNT(layouts); i++)
    check_places(layouts[i].fields, layouts[i].count);
}
END_TEST

static void check_gapless(const struct layout *layout)
{
  size_t end = 0;
  for (size_t i = 0; i < layout->count; i++) {
    ck_assert_msg(layout->fields[i].actual_offset == end, "a hole before %s", layout->fields[i].name);
    end += layout->fields[i].actual_size;
  }
  ck_assert_msg(layout->actual_size == end, "a hole at the end of %s", layout->name);
}

/* Padding that a compiler puts in would carry garbage, and a field that is missing above would be pinned
 * nowhere. */
START_TEST(fields_leave_no_holes)
{
  for (size_t i = 0; i < COUNT(layouts); i++)
    check_gapless(&layouts[i]);
}
END_TEST

START_TEST(constants_keep_their_value)
{
  for (size_t i = 0; i < COUNT(values); i++)
    ck_assert_msg(values[i].actual == values[i].value, "%s is %d, not %d", values[i].name, values[i].actual,
                  values[i].value);
}
END_TEST

START_TEST(init_functions_set_the_pinned_size)
{
  qk_policy policy;
  memset(&policy, 0xff, sizeof policy);
  qk_policy_init(&policy);
  ck_assert_uint_eq(policy.size, 128);
#if UINTPTR_MAX == UINT64_MAX
  qk_options options;
  memset(&options, 0xff, sizeof options);
  qk_options_init(&options);
  ck_assert_uint_eq(options.size, 256);
#endif
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("abi");
  TCase *tcase = tcase_create("abi");
  tcase_add_test(tcase, structs_keep_their_size);
  tcase_add_test(tcase, fields_keep_their_place);
  tcase_add_test(tcase, fields_leave_no_holes);
  tcase_add_test(tcase, constants_keep_their_value);
  tcase_add_test(tcase, init_functions_set_the_pinned_size);
  suite_add_tcase(suite, tcase);
  return runner_main(suite);
}
