/* qk_metrics: the totals and gauges of every queue in Prometheus' text format, version 0.0.4. Nothing but
 * what a backend knows without I/O, so only QK_CAP_INSTANT ones show their queues. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define NAMES_PAGE 64

struct metric {
  const char *name, *type, *help;
  size_t offset;
};

#define COUNTER(field, help)                                                                                 \
  {                                                                                                          \
    "libqueue_" #field "_total", "counter", help, offsetof(qk_stats, field)                                  \
  }
#define GAUGE(field, help)                                                                                   \
  {                                                                                                          \
    "libqueue_" #field, "gauge", help, offsetof(qk_stats, field)                                             \
  }

static const struct metric metrics[] = {
    COUNTER(entered, "People who entered the queue."),
    COUNTER(admitted, "Admissions."),
    COUNTER(activated, "Offers that were claimed."),
    COUNTER(left, "People released while WAITING or READY."),
    COUNTER(dropped, "People dropped because they stopped polling."),
    COUNTER(lapsed, "Offers that nobody claimed in time."),
    COUNTER(expired, "Active people whose time was up."),
    COUNTER(completed, "People released while ACTIVE."),
    GAUGE(waiting, "People in line."),
    GAUGE(ready, "Seats held by an offer."),
    GAUGE(active, "Seats in use."),
};

/* One queue and what it counts. */
struct sample {
  char queue[QK_QUEUE_MAX + 1];
  qk_stats stats;
};

struct samples {
  struct sample *list;
  size_t n, room;
};

static struct sample *add_sample(struct samples *samples)
{
  if (samples->n == samples->room) {
    size_t room = samples->room ? samples->room * 2 : 16;
    struct sample *list = realloc(samples->list, room * sizeof *list);
    if (!list)
      return NULL;
    samples->list = list;
    samples->room = room;
  }
  return &samples->list[samples->n++];
}

/* QK_OK or a code; a queue that vanishes meanwhile is left out. */
static int take_samples(qk_store *store, struct samples *samples)
{
  char names[NAMES_PAGE][QK_QUEUE_MAX + 1];
  uint64_t position = 0;
  do {
    int n = store->ops->queues(store->backend, &position, names, NAMES_PAGE, INT64_MAX);
    if (n < 0)
      return n;
    for (int i = 0; i < n; i++) {
      qk_name name;
      struct sample *sample = add_sample(samples);
      if (!sample)
        return QK_ENOMEM;
      memcpy(sample->queue, names[i], sizeof names[i]);
      qki_store_name(store, &name, sample->queue, strlen(sample->queue));
      if (store->ops->stats(store->backend, &name, qki_store_clock(store), &sample->stats, INT64_MAX) !=
          QK_OK)
        samples->n--;
    }
  } while (position != 0);
  return QK_OK;
}

/* A label value: backslash and quote are escaped; names hold no control bytes. */
static void print_label(FILE *out, const char *text)
{
  for (; *text; text++) {
    if (*text == '\\' || *text == '"')
      fputc('\\', out);
    fputc(*text, out);
  }
}

static void print_metric(FILE *out, const struct metric *metric, const struct samples *samples)
{
  fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name, metric->type);
  for (size_t i = 0; i < samples->n; i++) {
    uint64_t value;
    memcpy(&value, (const char *)&samples->list[i].stats + metric->offset, sizeof value);
    fprintf(out, "%s{queue=\"", metric->name);
    print_label(out, samples->list[i].queue);
    fprintf(out, "\"} %" PRIu64 "\n", value);
  }
}

static char *render(const struct samples *samples)
{
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (!out)
    return NULL;
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
    print_metric(out, &metrics[i], samples);
  int failed = ferror(out);
  if (fclose(out) != 0 || failed) {
    free(text);
    return NULL;
  }
  return text;
}

char *qk_metrics(qk_store *store)
{
  struct samples samples = {0};
  if (qki_store_usable(store) != QK_OK)
    return NULL;
  int code = store->ops->caps & QK_CAP_INSTANT ? take_samples(store, &samples) : QK_OK;
  char *text = code == QK_OK ? render(&samples) : NULL;
  free(samples.list);
  qki_store_leave(store, code, NULL);
  return text;
}
