#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "audit.h"

#define SHORT_LINE 40 /* lines up to this are read after every operation */
#define LONG_EVERY 64 /* longer ones after every so many */

/* ---- Lists ------------------------------------------------------------------------------------- */

/* Compare a page; *last = its last ticket. Returns how many tickets it had. */
static int compare_page(struct world *w, uint32_t queue, uint32_t cls, uint64_t after, uint32_t max,
                        qk_ticket *last)
{
  const struct line *line = &w->oracle.lines[queue];
  qk_ticket *pages = calloc((size_t)max * 2, sizeof *pages), *want = pages, *got = pages + max;
  if (!pages)
    abort();
  memset(got, 0xa5, max * sizeof *got);
  int n = oracle_list(&w->oracle, queue, cls, after, want, max);
  int have = qk_list(w->store, names_queue(queue), cls, after, got, max);
  compare_number(w->verdict, "qk_list", n, have);
  for (int i = 0; i < n && !w->verdict->failed; i++) {
    want[i].epoch = line->epoch;
    compare_ticket(w->verdict, &want[i], &got[i]);
    compare_poll_after(w->verdict, &got[i], 1, line->policy.idle_ms);
    if (w->verdict->failed)
      verdict_add(w->verdict, "qk_list", "item %d of %d", i, n);
  }
  if (n > 0)
    *last = got[n - 1];
  free(pages);
  return n;
}

void audit_list(struct world *w, uint32_t queue, uint32_t cls, uint64_t after, uint32_t max)
{
  qk_ticket last;
  compare_page(w, queue, cls, after, max, &last);
}

/* The whole line, page by page. */
static void audit_line(struct world *w, uint32_t queue, uint32_t page)
{
  qk_ticket last = {0};
  int n;
  do {
    n = compare_page(w, queue, last.cls, last.number, page, &last);
  } while (n == (int)page && !w->verdict->failed);
}

struct visit {
  int seen[NAMES_QUEUES], others;
};

static int visit_queue(void *arg, const char *queue)
{
  struct visit *visit = arg;
  for (uint32_t i = 0; i < NAMES_QUEUES; i++)
    if (strcmp(queue, names_queue(i)) == 0) {
      visit->seen[i]++;
      return 0;
    }
  visit->others++;
  return 0;
}

static int stop_visit(void *arg, const char *queue)
{
  (void)queue;
  ++*(int *)arg;
  return 7;
}

void audit_queues(struct world *w)
{
  struct visit visit = {0};
  int visits = 0, any = 0;
  compare_code(w->verdict, "qk_each_queue", QK_OK, qk_each_queue(w->store, visit_queue, &visit));
  for (uint32_t i = 0; i < NAMES_QUEUES; i++) {
    compare_number(w->verdict, "qk_each_queue visits", w->oracle.lines[i].exists, visit.seen[i]);
    any |= w->oracle.lines[i].exists;
  }
  compare_number(w->verdict, "qk_each_queue others", 0, visit.others);
  compare_number(w->verdict, "qk_each_queue stopped", any ? 7 : 0,
                 qk_each_queue(w->store, stop_visit, &visits));
  compare_number(w->verdict, "qk_each_queue stopped", any, visits);
}

/* ---- Ticks ------------------------------------------------------------------------------------- */

/* I3: whoever a tick let in stood before whoever still waits. */
static void audit_order(struct world *w, uint32_t queue)
{
  const struct events *events = &w->events;
  qk_ticket head;
  if (qk_list(w->store, names_queue(queue), 0, 0, &head, 1) != 1)
    return;
  for (size_t i = 0; i < events->count; i++) {
    const struct event *e = &events->seen[i];
    if (e->type == QK_EVENT_ADMITTED &&
        (e->cls > head.cls || (e->cls == head.cls && e->number > head.number)))
      verdict_add(w->verdict, "I3 order",
                  "class %" PRIu32 " number %" PRIu64 " was let in before class %" PRIu32 " number %" PRIu64,
                  e->cls, e->number, head.cls, head.number);
  }
}

void audit_tick(struct world *w, uint32_t queue, const qk_tick_report *report)
{
  const struct line *line = &w->oracle.lines[queue];
  qk_stats stats;
  audit_order(w, queue);
  if (qk_get_stats(w->store, names_queue(queue), &stats) != QK_OK)
    return;
  watch_stats(w->watch, w->verdict, queue, &stats, &line->policy, oracle_time(&w->oracle, queue));
  watch_tick(w->watch, w->verdict, queue, report, oracle_time(&w->oracle, queue));
}

/* ---- Everything -------------------------------------------------------------------------------- */

static void audit_views(struct world *w, uint32_t queue)
{
  const struct line *line = &w->oracle.lines[queue];
  const char *name = names_queue(queue);
  qk_stats want_stats, stats;
  qk_cursor want_cursor, cursor;
  qk_policy policy;
  memset(&stats, 0xa5, sizeof stats);
  memset(&cursor, 0xa5, sizeof cursor);
  memset(&policy, 0xa5, sizeof policy);
  compare_code(w->verdict, "qk_get_stats", oracle_stats(&w->oracle, queue, &want_stats),
               qk_get_stats(w->store, name, &stats));
  compare_stats(w->verdict, &want_stats, &stats);
  compare_code(w->verdict, "qk_get_cursor", oracle_cursor(&w->oracle, queue, &want_cursor),
               qk_get_cursor(w->store, name, &cursor));
  want_cursor.epoch = line->epoch;
  compare_cursor(w->verdict, &want_cursor, &cursor);
  compare_code(w->verdict, "qk_get_policy", line->exists ? QK_OK : QK_ENOTFOUND,
               qk_get_policy(w->store, name, &policy));
  compare_policy(w->verdict, &line->policy, &policy);
  if (line->exists)
    watch_stats(w->watch, w->verdict, queue, &stats, &line->policy, oracle_time(&w->oracle, queue));
}

void audit_all(struct world *w, size_t index)
{
  for (uint32_t queue = 0; queue < w->trace->queues && !w->verdict->failed; queue++) {
    uint64_t waiting = 0;
    const struct line *line = &w->oracle.lines[queue];
    for (size_t i = 0; i < line->count; i++)
      waiting += line->people[i].state == QK_WAITING;
    audit_views(w, queue);
    if (!w->verdict->failed && line->exists && (waiting <= SHORT_LINE || index % LONG_EVERY == 0))
      audit_line(w, queue, waiting <= SHORT_LINE ? 1 + (uint32_t)(index % SHORT_LINE) : 1000);
  }
  events_compare(&w->events, &w->oracle, w->verdict);
}
