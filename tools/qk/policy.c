#include <jansson.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "nearest.h"
#include "run.h"
#include "sample.h"
#include "say.h"
#include "store.h"
#include "text.h"

enum { FIELDS = 32 };

/* ---- Showing it: the fields by name, as the library knows them ---- */

static json_t *fields_of(const qk_policy *policy)
{
  char *text = qk_policy_json(policy);
  json_t *fields = text != NULL ? json_loads(text, 0, NULL) : NULL;
  qk_free(text);
  if (fields == NULL)
    say_no_memory();
  return fields;
}

/* What 0 means, a span in words, or nothing. */
static struct text meaning(const char *name, json_int_t value)
{
  static const struct {
    const char *name, *zero;
  } zeros[] = {{"max_active", "admits nobody"},
               {"max_waiting", "no limit"},
               {"rate", "no limit"},
               {"idle_ms", "never"},
               {"clock_step_ms", "no bound"},
               {"max_extends", "none"},
               {"eager", "only ticks admit"}};
  struct text out = {""};
  size_t len = strlen(name);
  for (size_t i = 0; value == 0 && i < sizeof zeros / sizeof zeros[0]; i++)
    if (strcmp(zeros[i].name, name) == 0)
      snprintf(out.s, sizeof out.s, "%s", zeros[i].zero);
  if (value > 0 && len > 3 && strcmp(name + len - 3, "_ms") == 0)
    out = text_span(value);
  return out;
}

static void put_value(struct grid *grid, enum style style, const json_t *value)
{
  if (json_is_string(value))
    grid_put(grid, style, json_string_value(value));
  else
    grid_put(grid, style, text_count((uint64_t)json_integer_value(value)).s);
}

/* before: as it was, or NULL. */
static void print_fields(const struct args *args, const char *queue, json_t *fields, const json_t *before)
{
  struct page page;
  struct grid grid;
  const char *name;
  json_t *value;
  page_init(&page, page_has_color((int)args->no_color));
  page_put(&page, BOLD, queue);
  page_end_line(&page);
  grid_init(&grid, "lrll");
  json_object_foreach(fields, name, value)
  {
    char left[64], was[64] = "";
    const json_t *old = json_object_get(before, name);
    int changed = before != NULL && !json_equal(old, value);
    snprintf(left, sizeof left, "  %s", name);
    if (changed)
      snprintf(was, sizeof was, "was %s", text_count((uint64_t)json_integer_value(old)).s);
    grid_put(&grid, DIM, left);
    put_value(&grid, changed ? BOLD : PLAIN, value);
    grid_put(&grid, DIM, meaning(name, json_integer_value(value)).s);
    grid_put(&grid, CARE, was);
  }
  grid_draw_all(&grid, &page);
  grid_finish(&grid);
  page_print(&page);
  page_finish(&page);
}

static void show(const struct args *args, const char *queue, json_t *fields, json_t *before)
{
  if (!args->json)
    print_fields(args, queue, fields, before);
  else if (before == NULL)
    print_json(json_pack("{s:s, s:O}", "queue", queue, "policy", fields));
  else
    print_json(json_pack("{s:s, s:O, s:O}", "queue", queue, "policy", fields, "was", before));
}

/* ---- Changing it ---- */

static int refuse_field(json_t *fields, const char *name)
{
  const char *names[FIELDS], *field;
  size_t count = 0;
  json_t *value;
  json_object_foreach(fields, field, value)
  {
    if (count < FIELDS && strcmp(field, "mode") != 0)
      names[count++] = field;
  }
  return say_error(QK_EINVAL, "unknown field '%s'; did you mean %s?", name, nearest(name, names, count));
}

static int read_number(const char *field, const char *text, json_t **out)
{
  char *end = NULL;
  errno = 0;
  long long number = *text >= '0' && *text <= '9' ? strtoll(text, &end, 10) : 0;
  if (end == NULL || *end != '\0' || errno != 0)
    return say_error(QK_EINVAL, "%s: '%s' is not a whole number", field, text);
  *out = json_integer(number);
  if (*out == NULL)
    say_no_memory();
  return STATUS_OK;
}

/* "field=value" into fields. */
static int assign(json_t *fields, const char *word)
{
  char name[64];
  size_t len = strcspn(word, "=");
  json_t *value = NULL;
  snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), word);
  if (word[len] != '=')
    return say_error(QK_EINVAL, "policy: '%s' is not FIELD=VALUE", word);
  if (strcmp(name, "mode") == 0)
    return say_error(QK_EINVAL, "mode: not set here; use qk open, hold, drain, close or bypass");
  if (json_object_get(fields, name) == NULL)
    return refuse_field(fields, name);
  int status = read_number(name, word + len + 1, &value);
  if (status == STATUS_OK && json_object_set_new(fields, name, value) != 0)
    say_no_memory();
  return status;
}

/* By qk_load(), which knows the bounds of each field. */
static int set_fields(const struct store *store, const char *queue, json_t *fields)
{
  qk_error error;
  json_t *all = json_pack("{s:O}", queue, fields);
  char *text = json_dumps(all, JSON_COMPACT);
  json_decref(all);
  if (text == NULL)
    return say_error(QK_EINVAL, "%s: not the name of a queue: not UTF-8", queue);
  int code = qk_load(store->handle, text, strlen(text), &error);
  free(text);
  return code == QK_OK ? STATUS_OK : say_error(code, "%s", error.text);
}

static int change(const struct store *store, const struct args *args, const char *queue, json_t *before,
                  int is_new)
{
  json_t *fields = json_copy(before);
  int status = fields != NULL ? STATUS_OK : STATUS_STORE;
  for (size_t i = 2; status == STATUS_OK && i < args->count; i++)
    status = assign(fields, args->operands[i]);
  if (status == STATUS_OK)
    status = set_fields(store, queue, fields);
  if (status == STATUS_OK)
    show(args, queue, fields, is_new ? NULL : before);
  json_decref(fields);
  return status;
}

static int handle_queue(const struct store *store, const struct args *args)
{
  const char *queue = args->operands[1];
  qk_policy policy;
  int status = STATUS_OK, code = qk_get_policy(store->handle, queue, &policy);
  int is_new = code == QK_ENOTFOUND && args->create;
  if (code == QK_ENOTFOUND && !is_new && args->count > 2)
    return say_error(code, "%s: no such queue; --create makes it", queue);
  if (code != QK_OK && !is_new)
    return store_fail(store, code, queue);
  if (is_new)
    qk_policy_init(&policy);
  json_t *fields = fields_of(&policy);
  if (args->count > 2 || is_new)
    status = change(store, args, queue, fields, is_new);
  else
    show(args, queue, fields, NULL);
  json_decref(fields);
  return status;
}

/* ---- From a file ---- */

/* The whole of a file: text that the caller frees, or NULL after saying why. */
static char *read_all(const char *path, size_t *len)
{
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
  char *text = NULL;
  size_t room = 0, got = 1;
  *len = 0;
  while (file != NULL && got > 0) {
    if (room - *len < 4096) {
      char *more = realloc(text, room = 2 * room + 8192);
      if (more == NULL)
        say_no_memory();
      text = more;
    }
    *len += got = fread(text + *len, 1, room - *len, file);
  }
  if (file == NULL || ferror(file)) {
    say_error(QK_EINVAL, "%s: %s", path, strerror(errno));
    free(text);
    text = NULL;
  }
  if (file != NULL && file != stdin)
    fclose(file);
  return text;
}

static void report_load(const struct args *args, const char *text, size_t len)
{
  json_t *all = json_loadb(text, len, 0, NULL), *list = json_array(), *value;
  const char *queue;
  json_object_foreach(all, queue, value)
  {
    if (!args->json)
      printf("%s: set\n", queue);
    else if (json_array_append_new(list, json_string(queue)) != 0)
      say_no_memory();
  }
  if (args->json)
    print_json(json_pack("{s:O}", "set", list));
  json_decref(list);
  json_decref(all);
}

static int load(const struct store *store, const struct args *args)
{
  qk_error error;
  size_t len;
  if (args->count > 1)
    return say_error(QK_EINVAL, "policy: --load takes the queues from the file; '%s' is too much",
                     args->operands[1]);
  char *text = read_all(args->load, &len);
  if (text == NULL)
    return STATUS_USAGE;
  int code = qk_load(store->handle, text, len, &error);
  if (code == QK_OK)
    report_load(args, text, len);
  free(text);
  return code == QK_OK ? STATUS_OK : say_error(code, "%s: %s", args->load, error.text);
}

int run_policy(const struct args *args)
{
  struct store store;
  if (args->load == NULL && args->count < 2)
    return say_error(QK_EINVAL, "policy: QUEUE is missing; qk queues URI names them");
  int status = store_open(&store, args);
  if (status != STATUS_OK)
    return status;
  status = args->load != NULL ? load(&store, args) : handle_queue(&store, args);
  store_close(&store);
  return status;
}
