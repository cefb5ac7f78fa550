#include "events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"
#include "store.h"

/* An event or a log line on its way. */
struct qki_notice {
  struct qki_notice *next;
  qk_event event; /* type 0: a log line */
  int level;
  size_t text_len;
  char text[]; /* queue NUL user NUL, or the line */
};

int qki_events_init(struct qki_events *events)
{
  memset(events, 0, sizeof *events);
  events->last = &events->first;
  return pthread_mutex_init(&events->lock, NULL) == 0 ? QK_OK : QK_ENOMEM;
}

void qki_events_finish(struct qki_events *events)
{
  while (events->first) {
    struct qki_notice *notice = events->first;
    events->first = notice->next;
    free(notice);
  }
  pthread_mutex_destroy(&events->lock);
}

static void append(struct qki_events *events, struct qki_notice *notice)
{
  notice->next = NULL;
  pthread_mutex_lock(&events->lock);
  *events->last = notice;
  events->last = &notice->next;
  pthread_mutex_unlock(&events->lock);
}

int qk_host_listens(const qk_host *host)
{
  return host->options.on_event != NULL;
}

void qk_host_event(qk_host *host, const qk_event *event)
{
  if (!host->options.on_event)
    return;
  size_t queue_size = strlen(event->queue) + 1, user_size = strlen(event->user) + 1;
  struct qki_notice *notice = malloc(sizeof *notice + queue_size + user_size);
  if (!notice)
    return;
  notice->event = *event;
  memcpy(notice->text, event->queue, queue_size);
  memcpy(notice->text + queue_size, event->user, user_size);
  notice->event.queue = notice->text;
  notice->event.user = notice->text + queue_size;
  append(&host->events, notice);
}

/* FNV-1a, 64 bits: Fowler, Noll, Vo 1991. Only tells log lines apart. */
static uint64_t text_hash(const char *text)
{
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *text; text++)
    hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
  return hash;
}

/* At most one line per code, queue and second, and QKI_LOG_MEMORY a second in all. */
static int may_log(struct qki_events *events, int code, const char *queue)
{
  uint64_t hash = text_hash(queue ? queue : "");
  int64_t second = qki_monotonic_ms() / 1000;
  struct qki_log_seen *room = NULL;
  int seen = 0;
  pthread_mutex_lock(&events->lock);
  for (size_t i = 0; i < QKI_LOG_MEMORY && !seen; i++) {
    struct qki_log_seen *one = &events->seen[i];
    if (one->second != second)
      room = one;
    else
      seen = one->queue_hash == hash && one->code == code;
  }
  int fresh = !seen && room;
  if (fresh)
    *room = (struct qki_log_seen){.queue_hash = hash, .second = second, .code = code};
  pthread_mutex_unlock(&events->lock);
  return fresh;
}

void qk_host_log(qk_host *host, int level, int code, const char *queue, const char *text)
{
  char line[512];
  if (!host->options.log || !may_log(&host->events, code, queue))
    return;
  int len = queue ? snprintf(line, sizeof line, "queue '%s': %s", queue, text)
                  : snprintf(line, sizeof line, "%s", text);
  size_t size = len < (int)sizeof line ? (size_t)len : sizeof line - 1;
  struct qki_notice *notice = malloc(sizeof *notice + size);
  if (!notice)
    return;
  notice->event.type = 0;
  notice->level = level;
  notice->text_len = size;
  memcpy(notice->text, line, size);
  append(&host->events, notice);
}

static void hand_over(const qk_options *options, const struct qki_notice *notice)
{
  if (notice->event.type)
    options->on_event(options->event_arg, &notice->event);
  else
    options->log(options->log_arg, notice->level, notice->text, notice->text_len);
}

void qki_events_deliver(qk_host *host)
{
  struct qki_events *events = &host->events;
  struct qki_notice *notice;
  if (!host->options.on_event && !host->options.log)
    return;
  pthread_mutex_lock(&events->lock);
  if (events->delivering) {
    pthread_mutex_unlock(&events->lock);
    return;
  }
  events->delivering = 1;
  while ((notice = events->first) != NULL) {
    events->first = notice->next;
    if (!events->first)
      events->last = &events->first;
    pthread_mutex_unlock(&events->lock);
    hand_over(&host->options, notice);
    free(notice);
    pthread_mutex_lock(&events->lock);
  }
  events->delivering = 0;
  pthread_mutex_unlock(&events->lock);
}
