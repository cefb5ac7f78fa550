#include <stdlib.h>
#include "line.h"
#include "side.h"

struct line {
  qk_store *store;
  qk_op ops[SIDE_BATCH];
  qk_ticket tickets[SIDE_BATCH];
};

static void *create(void)
{
  struct line *line = calloc(1, sizeof *line);
  if (!line)
    return NULL;
  line->store = line_open("memory:", SIDE_TICK);
  if (!line->store || line_set_seats(line->store, 0) != 0) {
    qk_close(line->store);
    free(line);
    return NULL;
  }
  for (size_t i = 0; i < SIDE_BATCH; i++)
    line->ops[i] =
        (qk_op){.size = sizeof(qk_op), .verb = QK_POLL, .queue = LINE_QUEUE, .ticket = &line->tickets[i]};
  return line;
}

static void destroy(void *arg)
{
  struct line *line = arg;
  qk_close(line->store);
  free(line);
}

static int enter(void *arg, const char *user)
{
  struct line *line = arg;
  qk_ticket ticket;
  int rc = qk_enter(line->store, LINE_QUEUE, user, &ticket);
  if (rc != QK_OK)
    return line_complain("qk_enter", rc, NULL);
  return ticket.fresh == 1 && ticket.state == QK_WAITING ? 0 : -1;
}

static int poll_one(void *arg, const char *user, uint64_t *position)
{
  struct line *line = arg;
  qk_ticket ticket;
  int rc = qk_poll(line->store, LINE_QUEUE, user, &ticket);
  if (rc != QK_OK)
    return line_complain("qk_poll", rc, NULL);
  *position = ticket.position;
  return 0;
}

static int poll_batch(void *arg, char (*users)[PEOPLE_ID_SIZE], size_t count, uint64_t *positions)
{
  struct line *line = arg;
  for (size_t i = 0; i < count; i++)
    line->ops[i].user = users[i];
  int rc = qk_batch(line->store, line->ops, count);
  for (size_t i = 0; i < count && rc == QK_OK; i++) {
    rc = line->ops[i].result;
    positions[i] = line->tickets[i].position;
  }
  return rc == QK_OK ? 0 : line_complain("qk_batch", rc, NULL);
}

static int release(void *arg, const char *user)
{
  struct line *line = arg;
  qk_ticket ticket;
  int rc = qk_release(line->store, LINE_QUEUE, user, &ticket);
  return rc == QK_OK ? 0 : line_complain("qk_release", rc, NULL);
}

static int open_doors(void *arg)
{
  struct line *line = arg;
  return line_set_seats(line->store, LINE_NO_LIMIT);
}

static int tick(void *arg, uint64_t *moved)
{
  struct line *line = arg;
  qk_tick_report report;
  int rc = qk_tick(line->store, LINE_QUEUE, &report);
  *moved = report.admitted;
  return rc == QK_OK ? 0 : line_complain("qk_tick", rc, NULL);
}

const struct side side_libqueue = {
    .name = "libqueue",
    .create = create,
    .destroy = destroy,
    .enter = enter,
    .poll = poll_one,
    .poll_batch = poll_batch,
    .release = release,
    .open_doors = open_doors,
    .tick = tick,
};
