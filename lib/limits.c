#include "limits.h"

#include <inttypes.h>
#include <string.h>

#include "error.h"

#define KEY_MIN 16

#define IDLE_MIN 3000

#define FIELD(type, field, min, max)                                                                         \
  {                                                                                                          \
#field, offsetof(type, field), sizeof(((type *)0)->field), min, max, 0                                   \
  }

const struct qki_field qki_policy_fields[] = {
    FIELD(qk_policy, mode, 0, QK_MODE_BYPASS),
    FIELD(qk_policy, max_active, 0, QK_INTEGER_MAX),
    FIELD(qk_policy, max_waiting, 0, QK_INTEGER_MAX),
    FIELD(qk_policy, rate, 0, QK_INTEGER_MAX),
    FIELD(qk_policy, rate_window_ms, 1, 86400000),
    FIELD(qk_policy, ready_ms, 1, UINT32_MAX),
    FIELD(qk_policy, active_ms, 1, UINT32_MAX),
    FIELD(qk_policy, max_extends, 0, UINT32_MAX),
    {"idle_ms", offsetof(qk_policy, idle_ms), sizeof(uint32_t), 0, UINT32_MAX, IDLE_MIN},
    FIELD(qk_policy, eager, 0, 1),
    FIELD(qk_policy, clock_step_ms, 0, UINT32_MAX),
    FIELD(qk_policy, lanes, 1, 1),
};
const size_t qki_policy_field_count = sizeof qki_policy_fields / sizeof *qki_policy_fields;

static const struct qki_field option_fields[] = {
    FIELD(qk_options, cursor_ms, 0, QKI_CURSOR_MAX),
    FIELD(qk_options, timeout_ms, 1, QKI_TIMEOUT_MAX),
    FIELD(qk_options, create, 0, 1),
    FIELD(qk_options, pad_, 0, 0),
};

uint64_t qki_field_get(const struct qki_field *field, const void *object)
{
  uint32_t narrow;
  uint64_t wide;
  const char *at = (const char *)object + field->offset;
  if (field->width == sizeof wide) {
    memcpy(&wide, at, sizeof wide);
    return wide;
  }
  memcpy(&narrow, at, sizeof narrow);
  return narrow;
}

void qki_field_set(const struct qki_field *field, void *object, uint64_t value)
{
  uint32_t narrow = (uint32_t)value;
  char *at = (char *)object + field->offset;
  if (field->width == sizeof value)
    memcpy(at, &value, sizeof value);
  else
    memcpy(at, &narrow, sizeof narrow);
}

int qki_all_zero(const uint64_t *words, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (words[i] != 0)
      return 0;
  return 1;
}

int qki_field_check(const struct qki_field *field, uint64_t value, const char *prefix, qk_error *err)
{
  if (value < field->min || value > field->max)
    return qk_error_set(err, QK_EINVAL, "%s%s: %" PRIu64 " is not in %" PRIu64 " to %" PRIu64, prefix,
                        field->name, value, field->min, field->max);
  if (value > 0 && value < field->least)
    return qk_error_set(err, QK_EINVAL, "%s%s: %" PRIu64 " is neither 0 nor at least %" PRIu64, prefix,
                        field->name, value, field->least);
  return QK_OK;
}

static int check_frame(uint32_t size, size_t expected, const uint64_t *reserved, size_t words,
                       const char *prefix, qk_error *err)
{
  if (size != expected)
    return qk_error_set(err, QK_EINVAL, "%ssize: %" PRIu32 " is not %zu: set by the init function?", prefix,
                        size, expected);
  if (!qki_all_zero(reserved, words))
    return qk_error_set(err, QK_EINVAL, "%sreserved: not 0", prefix);
  return QK_OK;
}

static int check_fields(const struct qki_field *fields, size_t n, const void *object, const char *prefix,
                        qk_error *err)
{
  for (size_t i = 0; i < n; i++) {
    int code = qki_field_check(&fields[i], qki_field_get(&fields[i], object), prefix, err);
    if (code != QK_OK)
      return code;
  }
  return QK_OK;
}

int qki_policy_check(const qk_policy *policy, const char *prefix, qk_error *err)
{
  if (!policy)
    return qk_error_set(err, QK_EINVAL, "policy: is NULL");
  int code = check_frame(policy->size, sizeof *policy, policy->reserved,
                         sizeof policy->reserved / sizeof *policy->reserved, prefix, err);
  return code != QK_OK ? code : check_fields(qki_policy_fields, qki_policy_field_count, policy, prefix, err);
}

static int check_key(const void *key, size_t len, const char *name, qk_error *err)
{
  if (!key && len == 0)
    return QK_OK;
  if (!key)
    return qk_error_set(err, QK_EINVAL, "%s: is NULL, but %s_len is not 0", name, name);
  if (len < KEY_MIN)
    return qk_error_set(err, QK_EINVAL, "%s_len: %zu is less than %d", name, len, KEY_MIN);
  return QK_OK;
}

int qki_options_check(const qk_options *options, qk_error *err)
{
  int code = check_frame(options->size, sizeof *options, options->reserved,
                         sizeof options->reserved / sizeof *options->reserved, "", err);
  if (code == QK_OK)
    code = check_fields(option_fields, sizeof option_fields / sizeof *option_fields, options, "", err);
  if (code == QK_OK)
    code = check_key(options->key, options->key_len, "key", err);
  if (code == QK_OK)
    code = check_key(options->key2, options->key2_len, "key2", err);
  if (code == QK_OK && options->policy)
    code = qki_policy_check(options->policy, "policy.", err);
  return code;
}

void qk_policy_init(qk_policy *policy)
{
  if (!policy)
    return;
  *policy = (qk_policy){.size = sizeof *policy,
                        .mode = QK_MODE_OPEN,
                        .max_active = 50000,
                        .rate_window_ms = 1000,
                        .ready_ms = 300000,
                        .active_ms = 600000,
                        .max_extends = 2,
                        .eager = 1,
                        .clock_step_ms = 60000,
                        .lanes = 1};
}

void qk_options_init(qk_options *options)
{
  if (!options)
    return;
  memset(options, 0, sizeof *options);
  options->size = sizeof *options;
  options->cursor_ms = 500;
  options->timeout_ms = 5000;
  options->create = 1;
}
