/* The rush in real time, as an open loop: who arrives or polls when is set by the clock alone, however slow
 * the store is, and a call's latency counts from the moment at which it was due. So a store that stalls shows
 * all the time that people would have waited, not only the one call that stood still (no coordinated
 * omission). */
#include <stdlib.h>
#include "rush_clock.h"
#include "rush_run.h"

#define NS_PER_MS INT64_C(1000000)
/* Calls in one submit or reap: one of them takes well under a millisecond in memory. */
#define GROUP 256

struct job {
  qk_op op;
  qk_ticket ticket;
  qk_tick_report report;
  char id[AUDIT_ID_SIZE];
  uint32_t node; /* TIMERS_NONE: the tick */
  int64_t due_ms, sent_ns;
  struct job *next;
};

struct load {
  struct rush *rush;
  struct job *jobs, *spare;
  size_t under_way;
  qk_op *group[GROUP]; /* to be submitted; the first `count` */
  size_t count;
  int ticking, ticked; /* a tick is under way; one has come back, and the totals are to be compared */
};

static struct job *job_of(const qk_op *op)
{
  return op->data;
}

static int load_init(struct load *load, struct rush *rush)
{
  size_t room = (size_t)rush->options.window;
  *load = (struct load){.rush = rush, .jobs = calloc(room, sizeof *load->jobs)};
  if (load->jobs == NULL)
    return -1;
  for (size_t i = 0; i < room; i++) {
    load->jobs[i].next = load->spare;
    load->spare = &load->jobs[i];
  }
  return 0;
}

static struct job *take_spare(struct load *load, uint32_t node, int64_t due_ms)
{
  struct job *job = load->spare;
  load->spare = job->next;
  job->node = node;
  job->due_ms = due_ms;
  job->op.ticket = &job->ticket;
  return job;
}

static void give_back(struct load *load, struct job *job)
{
  job->next = load->spare;
  load->spare = job;
}

static void add_to_group(struct load *load, struct job *job)
{
  job->op.data = job;
  load->group[load->count++] = &job->op;
}

/* Fill the group with what is due. Without spare jobs the rest stays in the calendar, and its latency grows
 * there. */
static void gather(struct load *load)
{
  struct rush *rush = load->rush;
  uint32_t node;
  if (load->count < GROUP && load->spare != NULL && !load->ticking && rush->now_ms >= rush->tick_ms) {
    struct job *job = take_spare(load, TIMERS_NONE, rush->tick_ms);
    job->op = (qk_op){
        .size = sizeof job->op, .verb = QK_TICK, .queue = run_tick_queue(rush), .report = &job->report};
    add_to_group(load, job);
    load->ticking = 1;
    while (rush->tick_ms <= rush->now_ms)
      rush->tick_ms += (int64_t)rush->options.tick_ms;
  }
  while (load->count < GROUP && load->spare != NULL && (node = run_next_due(rush)) != TIMERS_NONE) {
    struct job *job = take_spare(load, node, rush->timers.due_ms[node]);
    if (people_ask(&rush->people, node, job->due_ms, rush->now_ms, &job->op, job->id))
      add_to_group(load, job);
    else
      give_back(load, job);
  }
}

static void job_done(struct load *load, struct job *job)
{
  struct rush *rush = load->rush;
  struct span span = {job->sent_ns, clock_now_ns()};
  calls_note(&rush->calls, &job->op, span.ended_ns - rush->start_ns - job->due_ms * NS_PER_MS);
  if (job->node != TIMERS_NONE) {
    people_answer(&rush->people, job->node, rush->now_ms, &job->op, &span);
  } else {
    load->ticking = 0;
    load->ticked = 1;
    if (job->op.result != QK_OK)
      audit_surprise(&rush->audit, job->op.result);
    else if (job->report.more)
      rush->tick_ms = rush->now_ms;
  }
  give_back(load, job);
}

/* QK_EAGAIN leaves the group for the next turn; any other refusal is every op's result. */
static void submit(struct load *load)
{
  int64_t now_ns = clock_now_ns();
  for (size_t i = 0; i < load->count; i++)
    job_of(load->group[i])->sent_ns = now_ns;
  int code = qk_submit(load->rush->store, load->group, load->count);
  audit_after_call(&load->rush->audit);
  if (code == QK_EAGAIN)
    return;
  if (code == QK_OK) {
    load->under_way += load->count;
  } else {
    for (size_t i = 0; i < load->count; i++) {
      load->group[i]->result = code;
      job_done(load, job_of(load->group[i]));
    }
  }
  load->count = 0;
}

/* Take what has come back, waiting for the first up to timeout_ms. Returns how many. */
static int reap(struct load *load, int timeout_ms)
{
  qk_op *done[GROUP];
  int count = qk_reap(load->rush->store, done, GROUP, timeout_ms);
  load->rush->now_ms = (clock_now_ns() - load->rush->start_ns) / NS_PER_MS;
  audit_after_call(&load->rush->audit);
  if (count < 0)
    audit_surprise(&load->rush->audit, count);
  for (int i = 0; i < count; i++) {
    load->under_way--;
    job_done(load, job_of(done[i]));
  }
  return count;
}

/* Everything that is due and fits in a group; then what has come back by now. Returns whether there was
 * anything: the answers may have made more due at once. */
static int turn(struct load *load)
{
  gather(load);
  int busy = load->count > 0;
  if (load->count > 0)
    submit(load);
  while (load->under_way > 0 && reap(load, 0) == GROUP) {
  }
  if (load->ticked && load->under_way == 0) {
    run_after_tick(load->rush, QK_OK, 1);
    load->ticked = 0;
  }
  return busy;
}

int realtime_play(struct rush *rush)
{
  struct load load;
  int code = load_init(&load, rush);
  while (code == 0 && run_goes_on(rush, load.under_way > 0)) {
    rush->now_ms = (clock_now_ns() - rush->start_ns) / NS_PER_MS;
    int busy = turn(&load);
    code = run_watch(rush);
    view_update(&rush->view, rush);
    if (load.under_way > 0)
      reap(&load, busy ? 0 : 1);
    else if (!busy)
      clock_sleep_until(rush->start_ns + (rush->now_ms + 1) * NS_PER_MS);
  }
  while (load.under_way > 0 && reap(&load, -1) >= 0) {
  }
  /* What is under way belongs to the library until it is closed: then better a leak at the end of the
   * program. */
  if (load.under_way == 0)
    free(load.jobs);
  return code == 0 ? 0 : run_trouble("playing", QK_ENOMEM, NULL);
}
