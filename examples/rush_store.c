#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "rush_clock.h"
#include "rush_run.h"
#include "rush_store.h"

/* The name of a run's own queue: this, the machine, a dot, the process. */
#define OWN "rush."
#define LOG_AGAIN_NS INT64_C(10000000000)
#define TICK_BUDGET 250 /* people; what one script call moves */

static int64_t virtual_clock(void *arg)
{
  return RUN_START_MS + *(const int64_t *)arg;
}

/* Not fit for secrets; it makes one seed give one run. */
static int seeded_random(void *arg, void *buf, size_t len)
{
  uint64_t *state = arg;
  unsigned char *out = buf;
  for (size_t i = 0; i < len; i++) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    out[i] = (unsigned char)(*state >> 56);
  }
  return 0;
}

/* FNV-1a (Fowler, Noll, Vo 1991). */
static uint64_t hash_of(const char *text, size_t len)
{
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < len; i++)
    hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
  return hash;
}

/* Errors and warnings; what is said over and over, now and then. */
static void show_log(void *arg, int level, const char *text, size_t len)
{
  struct rush *rush = arg;
  uint64_t hash = hash_of(text, len);
  int64_t now_ns = clock_now_ns();
  struct store_line *line = &rush->log[hash % STORE_LINES];
  if (level > 1 || (line->hash == hash && now_ns - line->shown_ns < LOG_AGAIN_NS))
    return;
  *line = (struct store_line){hash, now_ns};
  fprintf(stderr, "rush: %.*s\n", (int)len, text);
}

void store_shown(const char *uri, char out[STORE_SHOWN_SIZE])
{
  const char *start = strstr(uri, "//"), *at = strrchr(uri, '@');
  const char *colon = start != NULL && at != NULL ? memchr(start, ':', (size_t)(at - start)) : NULL;
  if (colon != NULL)
    snprintf(out, STORE_SHOWN_SIZE, "%.*s:***%s", (int)(colon - uri), uri, at);
  else
    snprintf(out, STORE_SHOWN_SIZE, "%s", uri);
}

static int is_redis(const char *uri)
{
  return strncmp(uri, "redis", strlen("redis")) == 0;
}

/* The URI to open, to be freed: where servers have a clock of their own, virtual time must be asked for. */
static char *full_uri(const struct rush_options *options)
{
  const char *uri = options->uri, *query = strchr(uri, '?');
  const char *more = "";
  if (!options->realtime && is_redis(uri) && (query == NULL || strstr(query, "clock=") == NULL))
    more = query != NULL ? "&clock=host" : "?clock=host";
  size_t size = strlen(uri) + strlen(more) + 1;
  char *out = malloc(size);
  if (out != NULL)
    snprintf(out, size, "%s%s", uri, more);
  return out;
}

/* On one seed a run in memory is the same each time. A store that lives longer keeps secrets, which nobody
 * may be able to draw again. */
static void fill_options(struct rush *rush, qk_options *options)
{
  qk_options_init(options);
  options->create = 0;
  options->log = show_log;
  options->log_arg = rush;
  options->on_event = audit_event;
  options->event_arg = &rush->audit;
  if (rush->options.realtime) {
    /* What is submitted behind a tick waits for it: many short ones keep that wait short. */
    options->tick_budget = TICK_BUDGET;
    return;
  }
  options->clock = virtual_clock;
  options->clock_arg = &rush->now_ms;
  if (options_embedded(&rush->options)) {
    options->random = seeded_random;
    options->random_arg = &rush->random;
  }
}

int store_open(struct rush *rush)
{
  qk_options options;
  qk_error error;
  char *uri = full_uri(&rush->options);
  if (uri == NULL)
    return run_trouble("starting", QK_ENOMEM, NULL);
  fill_options(rush, &options);
  int code = qk_open(&rush->store, uri, &options, &error);
  free(uri);
  return code == QK_OK ? 0 : run_trouble(rush->shown, code, &error);
}

/* This machine's part of the names of its runs' queues. */
static void machine(char *out, size_t size)
{
  char name[32] = "";
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
    snprintf(name, sizeof name, "localhost");
  snprintf(out, size, OWN "%s.", name);
}

void store_own_queue(char out[STORE_QUEUE_SIZE])
{
  char prefix[STORE_QUEUE_SIZE - 24];
  machine(prefix, sizeof prefix);
  snprintf(out, STORE_QUEUE_SIZE, "%s%ld", prefix, (long)getpid());
}

/* Whether queue belongs to a run on this machine that is gone. */
static int is_left_over(const char *queue)
{
  char prefix[STORE_QUEUE_SIZE - 24], *end;
  machine(prefix, sizeof prefix);
  size_t len = strlen(prefix);
  if (strncmp(queue, prefix, len) != 0 || queue[len] < '1' || queue[len] > '9')
    return 0;
  long process = strtol(queue + len, &end, 10);
  return *end == '\0' && (process == (long)getpid() || (kill((pid_t)process, 0) != 0 && errno == ESRCH));
}

#define LEFT_OVER 16

struct left_over {
  size_t count;
  char names[LEFT_OVER][STORE_QUEUE_SIZE];
};

static int note_left_over(void *arg, const char *queue)
{
  struct left_over *left = arg;
  if (is_left_over(queue))
    snprintf(left->names[left->count++], STORE_QUEUE_SIZE, "%s", queue);
  return left->count == LEFT_OVER;
}

/* Remove what runs have left behind that could not clean up. */
static void clean_up(qk_store *store)
{
  struct left_over left = {0};
  qk_each_queue(store, note_left_over, &left);
  for (size_t i = 0; i < left.count; i++)
    qk_remove(store, left.names[i]);
}

static void fill_policy(qk_policy *policy, const struct rush_options *options)
{
  qk_policy_init(policy);
  policy->max_active = options->seats;
  policy->max_waiting = options->max_waiting;
  policy->rate = options->rate;
  policy->rate_window_ms = (uint32_t)options->rate_window_ms;
  policy->ready_ms = (uint32_t)options->ready_ms;
  policy->active_ms = (uint32_t)options->active_ms;
  policy->max_extends = (uint32_t)options->max_extends;
  policy->idle_ms = (uint32_t)options->idle_ms;
  policy->eager = !options->no_eager;
}

int store_make_queue(struct rush *rush)
{
  const char *name = rush->options.queue;
  qk_policy policy;
  qk_stats stats;
  qk_error error;
  clean_up(rush->store);
  if (rush->options.replace)
    qk_remove(rush->store, name);
  int code = qk_get_stats(rush->store, name, &stats);
  if (code == QK_OK) {
    fprintf(stderr,
            "rush: the queue '%s' exists: choose another with --queue, or "
            "--replace it\n",
            name);
    return -1;
  }
  if (code != QK_ENOTFOUND)
    return run_trouble(name, code, NULL);
  fill_policy(&policy, &rush->options);
  code = qk_set_policy(rush->store, name, &policy, &error);
  rush->made = code == QK_OK;
  return rush->made ? 0 : run_trouble(name, code, &error);
}

void store_close(struct rush *rush)
{
  if (rush->made && qk_remove(rush->store, rush->options.queue) != QK_OK)
    fprintf(stderr, "rush: the queue '%s' could not be removed\n", rush->options.queue);
  qk_close(rush->store);
  rush->store = NULL;
  rush->made = 0;
}
