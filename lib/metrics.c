/* qk_metrics: what is known of every queue, and what this store counted, in Prometheus' text format, version
 * 0.0.4. No I/O: an instant backend is read as it is, of others the last view is shown with its age. */
#include <inttypes.h>
#include <locale.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "store.h"

#define NAMES_PAGE 64
#define STALE_MS 300000 /* a queue of which nothing was heard for so long is not shown */
#define LABELS 256

/* One queue, read at one moment. */
struct sample {
  char labels[LABELS];
  int has_view;
  qk_policy policy;
  qk_stats stats;
  int64_t age_ms;          /* of the view */
  struct qki_known *known; /* NULL: nothing was measured here */
};

struct page {
  qk_store *store;
  FILE *out;
  char labels[LABELS]; /* of the store */
  struct sample *samples;
  size_t n, room;
};

/* ---- Reading ---- */

/* Append name="value": backslash and quote are escaped; names hold no control bytes. */
static void add_label(char labels[LABELS], const char *name, const char *value)
{
  size_t at = strlen(labels);
  at += (size_t)snprintf(labels + at, LABELS - at, "%s%s=\"", at ? "," : "", name);
  for (; *value && at < LABELS - 4; value++) {
    if (*value == '\\' || *value == '"')
      labels[at++] = '\\';
    labels[at++] = *value;
  }
  memcpy(labels + at, "\"", 2);
}

static struct sample *add_sample(struct page *page, const char *queue)
{
  if (page->n == page->room) {
    size_t room = page->room ? page->room * 2 : 16;
    struct sample *samples = realloc(page->samples, room * sizeof *samples);
    if (!samples)
      return NULL;
    page->samples = samples;
    page->room = room;
  }
  struct sample *sample = &page->samples[page->n++];
  memset(sample, 0, sizeof *sample);
  memcpy(sample->labels, page->labels, sizeof sample->labels);
  add_label(sample->labels, "queue", queue);
  return sample;
}

/* A queue of an instant backend; one that vanishes meanwhile is left out. */
static int read_queue(struct page *page, const char *text)
{
  qk_name name;
  qk_store *store = page->store;
  struct sample *sample = add_sample(page, text);
  if (!sample)
    return QK_ENOMEM;
  qki_store_name(store, &name, text, strlen(text));
  sample->known = qki_known_find(&store->knowns, &name);
  sample->has_view =
      store->ops->get_policy(store->backend, &name, &sample->policy, INT64_MAX) == QK_OK &&
      store->ops->stats(store->backend, &name, qki_store_clock(store), &sample->stats, INT64_MAX) == QK_OK;
  if (!sample->has_view)
    page->n--;
  return QK_OK;
}

static int read_instant(struct page *page)
{
  char names[NAMES_PAGE][QK_QUEUE_MAX + 1];
  const qk_backend_ops *ops = page->store->ops;
  uint64_t position = 0;
  do {
    int n = ops->queues(page->store->backend, &position, names, NAMES_PAGE, INT64_MAX);
    if (n < 0)
      return n;
    for (int i = 0; i < n; i++)
      if (read_queue(page, names[i]) != QK_OK)
        return QK_ENOMEM;
  } while (position != 0);
  return QK_OK;
}

static int is_recent(int64_t then_ms, int64_t now_ms)
{
  return then_ms != 0 && now_ms - then_ms < STALE_MS;
}

static int read_known(struct page *page)
{
  int64_t now_ms = qki_monotonic_ms();
  for (struct qki_known *known = NULL; (known = qki_known_after(&page->store->knowns, known)) != NULL;) {
    pthread_mutex_lock(&known->lock);
    int64_t viewed_ms = known->viewed_ms;
    qk_view view = known->view;
    pthread_mutex_unlock(&known->lock);
    if (!is_recent(viewed_ms, now_ms) && !is_recent(atomic_load(&known->ticked_ms), now_ms)) {
      qki_known_retire(&page->store->knowns, known);
      continue;
    }
    struct sample *sample = add_sample(page, known->name);
    if (!sample)
      return QK_ENOMEM;
    sample->known = known;
    sample->has_view = is_recent(viewed_ms, now_ms);
    sample->policy = view.policy;
    sample->stats = view.stats;
    sample->age_ms = now_ms - viewed_ms;
  }
  return QK_OK;
}

/* ---- Families ---- */

static void head(const struct page *page, const char *name, const char *type, const char *help)
{
  fprintf(page->out, "# HELP libqueue_%s %s\n# TYPE libqueue_%s %s\n", name, help, name, type);
}

static void put(const struct page *page, const char *name, const char *labels, double value)
{
  fprintf(page->out, "libqueue_%s{%s} %.17g\n", name, labels, value);
}

static void put_count(const struct page *page, const char *name, const char *labels, uint64_t value)
{
  fprintf(page->out, "libqueue_%s{%s} %" PRIu64 "\n", name, labels, value);
}

/* One family with a single value of the store. */
static void put_one(const struct page *page, const char *name, const char *type, const char *help,
                    uint64_t value)
{
  head(page, name, type, help);
  put_count(page, name, page->labels, value);
}

/* ---- What the store says of its queues ---- */

static const struct total {
  const char *name, *type, *help;
  size_t offset;
} totals[] = {
#define TOTAL(field, help)                                                                                   \
  {                                                                                                          \
#field "_total", "counter", help, offsetof(qk_stats, field)                                              \
  }
#define PEOPLE(field, help)                                                                                  \
  {                                                                                                          \
#field, "gauge", help, offsetof(qk_stats, field)                                                         \
  }
    TOTAL(entered, "People who entered."),
    TOTAL(admitted, "Admissions."),
    TOTAL(activated, "Offers that were claimed."),
    TOTAL(completed, "People released while ACTIVE."),
    TOTAL(left, "People released while WAITING or READY."),
    TOTAL(dropped, "People dropped because they stopped polling."),
    TOTAL(lapsed, "Offers that nobody claimed in time."),
    TOTAL(expired, "People inside whose time was up."),
    PEOPLE(waiting, "People in line."),
    PEOPLE(ready, "Seats held by an offer."),
    PEOPLE(active, "Seats in use."),
};

static void print_totals(const struct page *page)
{
  for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
    head(page, totals[i].name, totals[i].type, totals[i].help);
    for (size_t k = 0; k < page->n; k++) {
      uint64_t value;
      memcpy(&value, (const char *)&page->samples[k].stats + totals[i].offset, sizeof value);
      if (page->samples[k].has_view)
        put_count(page, totals[i].name, page->samples[k].labels, value);
    }
  }
}

/* A gauge: 1 and *value, or 0 if it is unknown. */
static int max_active(const struct sample *sample, double *value)
{
  *value = (double)sample->policy.max_active;
  return 1;
}

static int head_age(const struct sample *sample, double *value)
{
  *value = (double)sample->stats.head_age_ms / 1000;
  return 1;
}

static int outflow(const struct sample *sample, double *value)
{
  *value = sample->stats.outflow_per_s > 0 ? sample->stats.outflow_per_s : 0;
  return 1;
}

static int estimated_wait(const struct sample *sample, double *value)
{
  const qk_stats *stats = &sample->stats;
  *value = 0;
  if (stats->waiting == 0)
    return 1;
  if (stats->outflow_per_s <= 0 || sample->policy.mode == QK_MODE_HOLD ||
      sample->policy.mode == QK_MODE_CLOSED)
    return 0;
  *value = ((double)stats->waiting + 1) / stats->outflow_per_s;
  return 1;
}

static int view_age(const struct sample *sample, double *value)
{
  *value = (double)sample->age_ms / 1000;
  return 1;
}

static const struct gauge {
  const char *name, *help;
  int (*read)(const struct sample *sample, double *value);
} gauges[] = {
    {"max_active", "Seats.", max_active},
    {"head_age_seconds", "How long the head of the line has waited.", head_age},
    {"outflow_per_second", "Admissions a second in the last minute, 0 while unknown.", outflow},
    {"estimated_wait_seconds", "Wait of somebody who enters now; absent while unknown.", estimated_wait},
    {"view_age_seconds", "How old the values of this queue are.", view_age},
};

static void print_gauges(const struct page *page)
{
  for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++) {
    head(page, gauges[i].name, "gauge", gauges[i].help);
    for (size_t k = 0; k < page->n; k++) {
      double value;
      if (page->samples[k].has_view && gauges[i].read(&page->samples[k], &value))
        put(page, gauges[i].name, page->samples[k].labels, value);
    }
  }
}

static void print_modes(const struct page *page)
{
  head(page, "mode", "gauge", "1 for the mode that the queue is in.");
  for (size_t k = 0; k < page->n; k++)
    for (uint32_t mode = QK_MODE_OPEN; page->samples[k].has_view && mode <= QK_MODE_BYPASS; mode++) {
      char labels[LABELS];
      memcpy(labels, page->samples[k].labels, sizeof labels);
      add_label(labels, "mode", qk_mode_name(mode));
      put_count(page, "mode", labels, page->samples[k].policy.mode == mode);
    }
}

/* ---- What was measured here, by queue ---- */

static const struct measured {
  const char *name, *help;
  size_t offset;
  const struct qki_scale *scale;
} measured[] = {
    {"wait_seconds", "From entering to being let in, by this host's doing.",
     offsetof(struct qki_known, times.wait), &qki_scale_spans},
    {"stay_seconds", "From activation to release or expiry, by this host's doing.",
     offsetof(struct qki_known, times.stay), &qki_scale_spans},
    {"tick_seconds", "A tick of one queue.", offsetof(struct qki_known, tick_us), &qki_scale_calls},
    {"tick_people", "People moved by a tick.", offsetof(struct qki_known, tick_people), &qki_scale_people},
};

static void print_measured(const struct page *page)
{
  for (size_t i = 0; i < sizeof measured / sizeof *measured; i++) {
    char name[64];
    snprintf(name, sizeof name, "libqueue_%s", measured[i].name);
    head(page, measured[i].name, "histogram", measured[i].help);
    for (size_t k = 0; k < page->n; k++)
      if (page->samples[k].known)
        qki_histogram_print(
            page->out, name, page->samples[k].labels,
            (const struct qki_histogram *)((const char *)page->samples[k].known + measured[i].offset),
            measured[i].scale);
  }
}

static void print_ticks(const struct page *page)
{
  int64_t now_ms = qki_monotonic_ms();
  head(page, "tick_skips_total", "counter", "Ticks left out because another host held the lease.");
  for (size_t k = 0; k < page->n; k++)
    if (page->samples[k].known)
      put_count(page, "tick_skips_total", page->samples[k].labels,
                atomic_load(&page->samples[k].known->tick_skips));
  head(page, "tick_age_seconds", "gauge", "Since a tick of this host, or since another host held the lease.");
  for (size_t k = 0; k < page->n; k++) {
    int64_t ticked_ms = page->samples[k].known ? atomic_load(&page->samples[k].known->ticked_ms) : 0;
    if (ticked_ms != 0)
      put(page, "tick_age_seconds", page->samples[k].labels, (double)(now_ms - ticked_ms) / 1000);
  }
}

static void print_polls(const struct page *page)
{
  static const char *const sources[QKI_SOURCES] = {"cursor", "store"};
  if (!(page->store->ops->caps & QK_CAP_ASYNC))
    return;
  head(page, "token_polls_total", "counter", "Polls by token, by what answered them.");
  for (size_t k = 0; k < page->n; k++)
    for (size_t source = 0; page->samples[k].known && source < QKI_SOURCES; source++) {
      char labels[LABELS];
      memcpy(labels, page->samples[k].labels, sizeof labels);
      add_label(labels, "source", sources[source]);
      put_count(page, "token_polls_total", labels, atomic_load(&page->samples[k].known->polls[source]));
    }
  head(page, "untold_polls", "gauge", "Polls answered from the cursor that the store is yet to be told of.");
  for (size_t k = 0; k < page->n; k++)
    if (page->samples[k].known)
      put_count(page, "untold_polls", page->samples[k].labels,
                atomic_load(&page->samples[k].known->told.notes));
}

/* ---- What was counted here ---- */

static void print_calls(const struct page *page)
{
  static const char *const verbs[QKI_COUNT_VERBS] = {
      [QK_ENTER] = "enter",   [QK_POLL] = "poll",       [QK_ACTIVATE] = "activate",
      [QK_EXTEND] = "extend", [QK_RELEASE] = "release", [QK_TICK] = "tick"};
  head(page, "calls_total", "counter", "Calls and ops by verb and result.");
  for (int32_t verb = QK_ENTER; verb <= QK_TICK; verb++)
    for (int32_t code = QK_OK; code >= QK_EDENIED; code--) {
      char labels[LABELS];
      uint64_t n = qki_count_of(&page->store->host.counts, verb, code);
      if (n == 0)
        continue;
      memcpy(labels, page->labels, sizeof labels);
      add_label(labels, "verb", verbs[verb]);
      add_label(labels, "result", qki_error_name(code));
      put_count(page, "calls_total", labels, n);
    }
}

static void print_script(const struct page *page, const char *name, const char *help,
                         const struct qki_histogram *histograms, const struct qki_scale *scale)
{
  char full[64];
  const char *const *calls = page->store->ops->calls;
  snprintf(full, sizeof full, "libqueue_%s", name);
  head(page, name, "histogram", help);
  for (size_t i = 0; calls && calls[i] && i < QKI_COUNT_CALLS; i++) {
    char labels[LABELS];
    memcpy(labels, page->labels, sizeof labels);
    add_label(labels, "script", calls[i]);
    qki_histogram_print(page->out, full, labels, &histograms[i], scale);
  }
}

static void print_wire(const struct page *page)
{
  static const struct {
    const char *name, *help;
  } kinds[QK_COUNT_KINDS] = {
      [QK_COUNT_CONNECTS] = {"connects_total", "Connections made."},
      [QK_COUNT_RECONNECTS] = {"reconnects_total", "Connections made again to a server that was lost."},
      [QK_COUNT_REDIRECTS] = {"redirects_total", "Calls that another server of a cluster was asked for."},
      [QK_COUNT_RELOADS] = {"script_reloads_total", "Scripts that a server did not know."},
      [QK_COUNT_REPEATS] = {"repeats_total", "Calls sent again because no answer came."},
      [QK_COUNT_BYTES_IN] = {"received_bytes_total", "Bytes read from servers."},
      [QK_COUNT_BYTES_OUT] = {"sent_bytes_total", "Bytes written to servers."},
  };
  const struct qki_counts *counts = &page->store->host.counts;
  if (!(page->store->ops->caps & QK_CAP_ASYNC))
    return;
  print_script(page, "script_seconds", "From sending a call to its answer.", counts->call_us,
               &qki_scale_calls);
  print_script(page, "script_people", "People that one call was about.", counts->call_people,
               &qki_scale_people);
  for (size_t i = 0; i < QK_COUNT_KINDS; i++)
    put_one(page, kinds[i].name, "counter", kinds[i].help, atomic_load(&counts->kind[i]));
}

static void print_store(const struct page *page)
{
  char labels[LABELS];
  qk_store *store = page->store;
  const struct qki_counts *counts = &store->host.counts;
  put_one(page, "ticked_queues_total", "counter", "Queues ticked.", atomic_load(&counts->ticked_queues));
  head(page, "batch_ops", "histogram", "Ops of one batch or submit.");
  qki_histogram_print(page->out, "libqueue_batch_ops", page->labels, &counts->batch_ops, &qki_scale_ops);
  put_one(page, "window_used", "gauge", "Ops submitted and not reaped.", qki_engine_taken(store));
  put_one(page, "window_size", "gauge", "Ops that may be.", store->engine.window);
  put_one(page, "store_up", "gauge", "1 if the last call that needed the store was answered.",
          !atomic_load(&counts->is_down));
  put_one(page, "queues", "gauge", "Queues shown here.", page->n);
  head(page, "build_info", "gauge", "The library.");
  memcpy(labels, page->labels, sizeof labels);
  add_label(labels, "version", PACKAGE_VERSION);
  put_count(page, "build_info", labels, 1);
}

/* ---- The page ---- */

static char *render(struct page *page)
{
  char *text = NULL;
  size_t size;
  page->out = open_memstream(&text, &size);
  locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  if (!page->out || !plain)
    goto fail;
  locale_t before = uselocale(plain); /* numbers with a point, whatever the host's language is */
  print_totals(page);
  print_gauges(page);
  print_modes(page);
  print_measured(page);
  print_ticks(page);
  print_polls(page);
  print_calls(page);
  print_wire(page);
  print_store(page);
  uselocale(before);
  freelocale(plain);
  int failed = ferror(page->out);
  if (fclose(page->out) == 0 && !failed)
    return text;
  free(text);
  return NULL;
fail:
  if (plain)
    freelocale(plain);
  if (page->out)
    fclose(page->out);
  free(text);
  return NULL;
}

char *qk_metrics(qk_store *store)
{
  struct page page = {.store = store};
  char instance[16];
  if (qki_store_usable(store) != QK_OK)
    return NULL;
  snprintf(instance, sizeof instance, "%" PRIu32, store->instance);
  add_label(page.labels, "backend", store->ops->name);
  add_label(page.labels, "instance", instance);
  int code = store->ops->caps & QK_CAP_INSTANT ? read_instant(&page) : read_known(&page);
  char *text = code == QK_OK ? render(&page) : NULL;
  free(page.samples);
  qki_store_leave(store, code, NULL);
  return text;
}
