/* qk_load: the policies of many queues from one JSON text. The whole text is checked before the first queue
 * changes. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "limits.h"
#include "names.h"
#include "store.h"

static int bad(qk_error *err, const char *queue, const char *text)
{
  return qk_error_set(err, QK_EINVAL, "queue '%s': %s", queue, text);
}

static int unknown_key(qk_error *err, const char *queue, const char *key)
{
  const char *names[32] = {NULL};
  for (size_t i = 0; i < qki_policy_field_count; i++)
    names[i] = qki_policy_fields[i].name;
  return qk_error_set(err, QK_EINVAL, "queue '%s': unknown key '%.40s'; did you mean '%s'?", queue, key,
                      qki_nearest(key, names));
}

static int read_mode(const char *queue, const json_t *value, qk_policy *policy, qk_error *err)
{
  const char *names[QK_MODE_BYPASS + 2] = {NULL};
  const char *text = json_string_value(value);
  if (!text)
    return bad(err, queue, "mode: not a string");
  for (uint32_t mode = 0; mode <= QK_MODE_BYPASS; mode++) {
    names[mode] = qk_mode_name(mode);
    if (!strcmp(text, names[mode])) {
      policy->mode = mode;
      return QK_OK;
    }
  }
  return qk_error_set(err, QK_EINVAL, "queue '%s': mode: '%.20s' is unknown; did you mean '%s'?", queue, text,
                      qki_nearest(text, names));
}

static int read_field(const char *queue, const char *key, const json_t *value, qk_policy *policy,
                      qk_error *err)
{
  char prefix[QK_QUEUE_MAX + 16];
  const struct qki_field *field = NULL;
  for (size_t i = 0; !field && i < qki_policy_field_count; i++)
    if (!strcmp(key, qki_policy_fields[i].name))
      field = &qki_policy_fields[i];
  if (!field)
    return unknown_key(err, queue, key);
  if (field->offset == offsetof(qk_policy, mode))
    return read_mode(queue, value, policy, err);
  if (!json_is_integer(value) || json_integer_value(value) < 0)
    return qk_error_set(err, QK_EINVAL, "queue '%s': %s: not a whole number from 0 up", queue, key);
  uint64_t number = (uint64_t)json_integer_value(value);
  snprintf(prefix, sizeof prefix, "queue '%s': ", queue);
  int code = qki_field_check(field, number, prefix, err);
  if (code == QK_OK)
    qki_field_set(field, policy, number);
  return code;
}

static int read_policy(const qk_store *store, const char *queue, json_t *object, qk_policy *policy,
                       qk_error *err)
{
  const char *key;
  json_t *value;
  size_t len;
  const char *wrong = qki_name_check(queue, QK_QUEUE_MAX, &len);
  if (wrong)
    return qk_error_set(err, QK_EINVAL, "queue: a name %s", wrong); /* which may not be fit to show */
  if (!json_is_object(object))
    return bad(err, queue, "its policy is not an object");
  *policy = store->host.policy;
  json_object_foreach(object, key, value)
  {
    int code = read_field(queue, key, value, policy, err);
    if (code != QK_OK)
      return code;
  }
  return QK_OK;
}

static int store_all(qk_store *store, json_t *root, const qk_policy *policies, qk_error *err)
{
  const char *queue;
  json_t *object;
  size_t i = 0;
  json_object_foreach(root, queue, object)
  {
    int code = qk_set_policy(store, queue, &policies[i++], err);
    if (code != QK_OK)
      return code;
  }
  return QK_OK;
}

static int load(qk_store *store, json_t *root, qk_error *err)
{
  const char *queue;
  json_t *object;
  size_t i = 0;
  int code = QK_OK;
  qk_policy *policies = calloc(json_object_size(root) + 1, sizeof *policies);
  if (!policies)
    return qk_error_set(err, QK_ENOMEM, "%s", qk_strerror(QK_ENOMEM));
  json_object_foreach(root, queue, object)
  {
    code = read_policy(store, queue, object, &policies[i++], err);
    if (code != QK_OK)
      break;
  }
  if (code == QK_OK)
    code = store_all(store, root, policies, err);
  free(policies);
  return code;
}

/* jansson reports a lack of memory as a syntax error. A second try tells: it finds no error, or there is
 * still no memory. */
static int ran_out_of_memory(const char *text, size_t len)
{
  json_error_t error;
  char *copy = malloc(len + 1);
  if (!copy)
    return 1;
  memcpy(copy, text, len);
  json_t *root = json_loadb(copy, len, JSON_REJECT_DUPLICATES, &error);
  free(copy);
  json_decref(root);
  return root != NULL;
}

static int parse(const char *text, size_t len, json_t **root, qk_error *err)
{
  json_error_t error;
  *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
  if (*root && json_is_object(*root))
    return QK_OK;
  if (*root) {
    json_decref(*root);
    return qk_error_set(err, QK_EINVAL, "JSON: not an object of queue names");
  }
  if (ran_out_of_memory(text, len))
    return qk_error_set(err, QK_ENOMEM, "%s", qk_strerror(QK_ENOMEM));
  return qk_error_set(err, QK_EINVAL, "JSON: line %d, column %d: %s", error.line, error.column, error.text);
}

int qk_load(qk_store *store, const char *text, size_t len, qk_error *err)
{
  json_t *root;
  qki_error_clear(err);
  int code = qki_store_usable(store);
  if (code != QK_OK)
    return qk_error_set(err, code, "%s", qk_strerror(code));
  if (!text)
    return qk_error_set(err, QK_EINVAL, "JSON: is NULL");
  code = parse(text, len, &root, err);
  if (code != QK_OK)
    return code;
  code = load(store, root, err);
  json_decref(root);
  return code;
}
