/* What counting for qk_metrics() costs, beside the verbs that are counted: prints ns per call that is
 * recorded, ns per enter and per random poll in memory, and bytes per queue. Reaches internals, and links
 * them. */
#include <stdio.h>
#include <qk.h>
#include "lib/counts.h"
#include "lib/known.h"
#include "line.h"
#include "machine.h"

#define PEOPLE 100000
#define CALLS 1000000
#define TRIES 9 /* the best one counts: other programs only add */
#define QUEUES 1000

/* Calls are counted by verb and result. -1 on failure, as from the others. */
static double time_counting(void *arg, uint32_t turn)
{
  struct qki_counts *counts = arg;
  (void)turn;
  int64_t start = machine_now_ns();
  for (uint32_t i = 0; i < CALLS; i++)
    qki_count_calls(counts, QK_ENTER + (int32_t)(i & 1), QK_OK, 1);
  return (double)(machine_now_ns() - start) / CALLS;
}

typedef int verb(qk_store *store, const char *queue, const char *user, qk_ticket *ticket);

static double time_verb(qk_store *store, verb *call, uint32_t first, int is_random)
{
  char id[PEOPLE_ID_SIZE];
  qk_ticket ticket;
  int64_t start = machine_now_ns();
  for (uint32_t i = 0; i < PEOPLE; i++) {
    people_id(id, is_random ? people_random(first + i, PEOPLE) : first + i);
    int rc = call(store, LINE_QUEUE, id, &ticket);
    if (rc != QK_OK)
      return line_complain("a verb", rc, NULL);
  }
  return (double)(machine_now_ns() - start) / PEOPLE;
}

static double time_enters(void *arg, uint32_t turn)
{
  return time_verb(arg, qk_enter, turn * PEOPLE, 0);
}

static double time_polls(void *arg, uint32_t turn)
{
  return time_verb(arg, qk_poll, turn * PEOPLE, 1);
}

static double best_of(double (*measure)(void *arg, uint32_t turn), void *arg)
{
  double best = -1;
  for (uint32_t turn = 0; turn < TRIES; turn++) {
    double got = measure(arg, turn);
    if (got < 0)
      return -1;
    best = best < 0 || got < best ? got : best;
  }
  return best;
}

static double measure_queue(void)
{
  static struct qki_knowns knowns;
  if (qki_knowns_init(&knowns) != QK_OK)
    return -1;
  uint64_t before = machine_heap_bytes();
  for (uint32_t i = 0; i < QUEUES; i++) {
    char text[PEOPLE_ID_SIZE];
    people_id(text, i);
    qk_name name = {.text = text, .len = PEOPLE_ID_SIZE - 4, .hash = i};
    if (!qki_known_get(&knowns, &name))
      return -1;
  }
  double bytes = (double)(machine_heap_bytes() - before) / QUEUES;
  qki_knowns_finish(&knowns, 0);
  return bytes;
}

int main(void)
{
  static struct qki_counts counts;
  machine_pin();
  qk_store *store = line_open("memory:", 0);
  if (!store || line_set_seats(store, 0) != 0)
    return 1;
  double queue_bytes = measure_queue(), count_ns = best_of(time_counting, &counts);
  double enter_ns = best_of(time_enters, store), poll_ns = best_of(time_polls, store);
  qk_close(store);
  printf("%f %f %f %f\n", count_ns, enter_ns, poll_ns, queue_bytes);
  return count_ns > 0 && enter_ns > 0 && poll_ns > 0 && queue_bytes > 0 ? 0 : 1;
}
