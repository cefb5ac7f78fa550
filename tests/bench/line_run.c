#include <stdlib.h>
#include "line.h"

#define WINDOW 8192 /* ops under way */
#define GROUP 512   /* in one submit */

struct job {
  qk_op op;
  qk_ticket ticket;
  char id[PEOPLE_ID_SIZE];
};

struct pump {
  qk_store *store;
  int verb;
  uint32_t next, end;
  uint32_t left; /* have not come back */
  size_t spares;
  struct job *spare[WINDOW];
  struct job job[WINDOW];
};

static int submit_group(struct pump *pump)
{
  qk_op *ops[GROUP];
  size_t count = 0;
  while (count < GROUP && pump->next < pump->end && pump->spares > 0) {
    struct job *job = pump->spare[--pump->spares];
    people_id(job->id, pump->next++);
    job->op = (qk_op){.size = sizeof job->op,
                      .verb = pump->verb,
                      .queue = LINE_QUEUE,
                      .user = job->id,
                      .ticket = &job->ticket,
                      .data = job};
    ops[count++] = &job->op;
  }
  int rc = qk_submit(pump->store, ops, count);
  return rc == QK_OK ? 0 : line_complain("qk_submit", rc, NULL);
}

static int take_back(struct pump *pump, int timeout_ms)
{
  qk_op *done[GROUP];
  int count = qk_reap(pump->store, done, GROUP, timeout_ms);
  if (count < 0)
    return line_complain("qk_reap", count, NULL);
  for (int i = 0; i < count; i++) {
    struct job *job = done[i]->data;
    if (job->op.result != QK_OK)
      return line_complain("an op", job->op.result, NULL);
    if (pump->verb == QK_ENTER && job->ticket.fresh != 1)
      return line_complain("an enter made no new place", QK_OK, NULL);
    pump->spare[pump->spares++] = job;
  }
  pump->left -= (uint32_t)count;
  return 0;
}

int line_run(qk_store *store, int verb, uint32_t first, uint32_t count)
{
  int rc = 0;
  struct pump *pump = calloc(1, sizeof *pump);
  if (!pump)
    return line_complain("starting", QK_ENOMEM, NULL);
  pump->store = store;
  pump->verb = verb;
  pump->next = first;
  pump->end = first + count;
  pump->left = count;
  for (; pump->spares < WINDOW; pump->spares++)
    pump->spare[pump->spares] = &pump->job[pump->spares];
  while (rc == 0 && pump->left > 0) {
    while (rc == 0 && pump->next < pump->end && pump->spares >= GROUP)
      rc = submit_group(pump);
    if (rc == 0)
      rc = take_back(pump, -1);
  }
  /* After a failure ops may be under way: they stay the library's until the process ends. */
  if (rc == 0)
    free(pump);
  return rc;
}
