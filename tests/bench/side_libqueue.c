#include <stdio.h>
#include <stdlib.h>
#include <qk.h>
#include "side.h"

#define QUEUE "sale"
#define NO_LIMIT ((UINT64_C(1) << 53) - 1)

struct line {
  qk_store *store;
  qk_op ops[SIDE_BATCH];
  qk_ticket tickets[SIDE_BATCH];
};

static int complain(const char *call, int code)
{
  fprintf(stderr, "bench: %s: %s\n", call, qk_strerror(code));
  return -1;
}

static int set_seats(qk_store *store, uint64_t max_active)
{
  qk_policy policy;
  qk_policy_init(&policy);
  policy.max_active = max_active;
  int rc = qk_set_policy(store, QUEUE, &policy, NULL);
  return rc == QK_OK ? 0 : complain("qk_set_policy", rc);
}

static void *create(void)
{
  struct line *line = calloc(1, sizeof *line);
  if (!line)
    return NULL;
  qk_options options;
  qk_options_init(&options);
  options.tick_budget = SIDE_TICK;
  int rc = qk_open(&line->store, "memory:", &options, NULL);
  if (rc != QK_OK) {
    complain("qk_open", rc);
    goto fail;
  }
  if (set_seats(line->store, 0) != 0)
    goto close;
  for (size_t i = 0; i < SIDE_BATCH; i++)
    line->ops[i] =
        (qk_op){.size = sizeof(qk_op), .verb = QK_POLL, .queue = QUEUE, .ticket = &line->tickets[i]};
  return line;
close:
  qk_close(line->store);
fail:
  free(line);
  return NULL;
}

static int enter(void *arg, const char *user)
{
  struct line *line = arg;
  qk_ticket ticket;
  int rc = qk_enter(line->store, QUEUE, user, &ticket);
  if (rc != QK_OK)
    return complain("qk_enter", rc);
  return ticket.fresh == 1 && ticket.state == QK_WAITING ? 0 : -1;
}

static int poll_one(void *arg, const char *user, uint64_t *position)
{
  struct line *line = arg;
  qk_ticket ticket;
  int rc = qk_poll(line->store, QUEUE, user, &ticket);
  if (rc != QK_OK)
    return complain("qk_poll", rc);
  *position = ticket.position;
  return 0;
}

static int poll_batch(void *arg, char (*users)[SIDE_ID_SIZE], size_t count, uint64_t *positions)
{
  struct line *line = arg;
  for (size_t i = 0; i < count; i++)
    line->ops[i].user = users[i];
  int rc = qk_batch(line->store, line->ops, count);
  for (size_t i = 0; i < count && rc == QK_OK; i++) {
    rc = line->ops[i].result;
    positions[i] = line->tickets[i].position;
  }
  return rc == QK_OK ? 0 : complain("qk_batch", rc);
}

static int release(void *arg, const char *user)
{
  struct line *line = arg;
  qk_ticket ticket;
  int rc = qk_release(line->store, QUEUE, user, &ticket);
  return rc == QK_OK ? 0 : complain("qk_release", rc);
}

static int open_doors(void *arg)
{
  struct line *line = arg;
  return set_seats(line->store, NO_LIMIT);
}

static int tick(void *arg, uint64_t *moved)
{
  struct line *line = arg;
  qk_tick_report report;
  int rc = qk_tick(line->store, QUEUE, &report);
  *moved = report.admitted;
  return rc == QK_OK ? 0 : complain("qk_tick", rc);
}

const struct side side_libqueue = {
    .name = "libqueue",
    .create = create,
    .enter = enter,
    .poll = poll_one,
    .poll_batch = poll_batch,
    .release = release,
    .open_doors = open_doors,
    .tick = tick,
};
