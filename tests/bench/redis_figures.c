#include <stdio.h>
#include "redis_figures.h"

#define NO_PEER (-1)
#define LIKE_ABOVE NULL /* the group of the row above */

struct kind {
  const char *group;
  int figure, peer;
  const char *name, *label;
  enum unit unit;
  enum goal goal_kind;
  double goal;
};

#define RATE UNIT_PER_SECOND
#define NS UNIT_NS
#define COUNT UNIT_COUNT
#define BYTES UNIT_BYTES
#define TIMES_PEER(n) GOAL_RATIO, n
#define AT_MOST(n) GOAL_AT_MOST, n
#define NO_GOAL GOAL_NONE, 0
#define MS 1e6

/* clang-format off: a table */
static const struct kind kinds[] = {
    {"new people, one process", ENTERS, ZADDS, "enters_per_s", "enters/s : redis-benchmark ZADD", RATE,
     TIMES_PEER(1.5)},
    {LIKE_ABOVE, ENTERS_SEATED, ZADDS, "enters_50000_seated_per_s", "50,000 get seats : the same", RATE,
     TIMES_PEER(1.5)},
    {LIKE_ABOVE, ENTERS, ENTER_SCRIPTS, "enters_beside_script_per_s", "enters/s : a script per call", RATE,
     TIMES_PEER(6)},
    {LIKE_ABOVE, ENTERS, SIX_CALLS, "enters_beside_six_calls_per_s", "enters/s : six calls each", RATE,
     NO_GOAL},

    {"64 threads that wait", OURS_64 + THREADS_ENTERS, PEER_64 + THREADS_ENTERS, "enters_64_threads_per_s",
     "enters/s", RATE, TIMES_PEER(2)},
    {LIKE_ABOVE, OURS_64 + THREADS_ENTER_P99, PEER_64 + THREADS_ENTER_P99, "enter_64_threads_p99_ns", "  p99",
     NS, TIMES_PEER(1)},
    {LIKE_ABOVE, OURS_64 + THREADS_POLLS, PEER_64 + THREADS_POLLS, "polls_64_threads_per_s", "random polls/s",
     RATE, TIMES_PEER(2)},
    {LIKE_ABOVE, OURS_64 + THREADS_POLL_P99, PEER_64 + THREADS_POLL_P99, "poll_64_threads_p99_ns", "  p99",
     NS, TIMES_PEER(1)},

    {"256 threads that wait", OURS_256 + THREADS_ENTERS, PEER_256 + THREADS_ENTERS,
     "enters_256_threads_per_s", "enters/s", RATE, TIMES_PEER(2)},
    {LIKE_ABOVE, OURS_256 + THREADS_ENTER_P99, PEER_256 + THREADS_ENTER_P99, "enter_256_threads_p99_ns",
     "  p99", NS, TIMES_PEER(1)},
    {LIKE_ABOVE, OURS_256 + THREADS_POLLS, PEER_256 + THREADS_POLLS, "polls_256_threads_per_s",
     "random polls/s", RATE, TIMES_PEER(2)},
    {LIKE_ABOVE, OURS_256 + THREADS_POLL_P99, PEER_256 + THREADS_POLL_P99, "poll_256_threads_p99_ns", "  p99",
     NS, TIMES_PEER(1)},

    {"25,000 moved every 5 s", TAIL_OURS + TAIL_P50, TAIL_PEER + TAIL_P50, "tail_p50_ns",
     "a poll each ms, p50", NS, NO_GOAL},
    {LIKE_ABOVE, TAIL_OURS + TAIL_P99, TAIL_PEER + TAIL_P99, "tail_p99_ns", "  p99", NS, NO_GOAL},
    {LIKE_ABOVE, TAIL_OURS + TAIL_P999, TAIL_PEER + TAIL_P999, "tail_p999_ns", "  p99.9", NS,
     AT_MOST(5 * MS)},
    {LIKE_ABOVE, TAIL_OURS + TAIL_MAX, TAIL_PEER + TAIL_MAX, "tail_max_ns", "  longest", NS,
     AT_MOST(20 * MS)},
    {LIKE_ABOVE, TAIL_OURS + TAIL_MOVE, TAIL_PEER + TAIL_MOVE, "move_ns", "moving 25,000 takes", NS, NO_GOAL},

    {"bytes in Redis per person", BYTES_WAITING, BYTES_ZSET, "bytes_waiting", "waiting", BYTES, AT_MOST(130)},
    {LIKE_ABOVE, BYTES_IDLE, NO_PEER, "bytes_waiting_idle", "  idle_ms set, all polled", BYTES, AT_MOST(250)},
    {LIKE_ABOVE, BYTES_ACTIVE, BYTES_SEAT, "bytes_active", "active", BYTES, AT_MOST(210)},

    {"rush, 5,000/s in real time", RUSH_OFFERED, NO_PEER, "rush_offered", "offered", COUNT, NO_GOAL},
    {LIKE_ABOVE, RUSH_ACCEPTED, NO_PEER, "rush_accepted", "accepted", COUNT, NO_GOAL},
    {LIKE_ABOVE, RUSH_DROPPED, NO_PEER, "rush_dropped", "dropped: not served in 5 s", COUNT, AT_MOST(0)},
    {LIKE_ABOVE, RUSH_FAULTS, NO_PEER, "rush_faults", "faults seen from outside", COUNT, AT_MOST(0)},
    {LIKE_ABOVE, RUSH_ENTER + RUSH_P50, NO_PEER, "rush_enter_p50_ns", "enter, p50", NS, NO_GOAL},
    {LIKE_ABOVE, RUSH_ENTER + RUSH_P95, NO_PEER, "rush_enter_p95_ns", "  p95", NS, NO_GOAL},
    {LIKE_ABOVE, RUSH_ENTER + RUSH_P99, NO_PEER, "rush_enter_p99_ns", "  p99", NS, AT_MOST(10 * MS)},
    {LIKE_ABOVE, RUSH_POLL + RUSH_P50, NO_PEER, "rush_poll_p50_ns", "poll, p50", NS, NO_GOAL},
    {LIKE_ABOVE, RUSH_POLL + RUSH_P95, NO_PEER, "rush_poll_p95_ns", "  p95", NS, NO_GOAL},
    {LIKE_ABOVE, RUSH_POLL + RUSH_P99, NO_PEER, "rush_poll_p99_ns", "  p99", NS, AT_MOST(10 * MS)},

    {"1 ms away; peer: one host", HOSTS_NEAR + HOSTS_1, NO_PEER, "host_1_1ms_per_s", "1 host, enters/s", RATE,
     NO_GOAL},
    {LIKE_ABOVE, HOSTS_NEAR + HOSTS_2, HOSTS_NEAR + HOSTS_1, "hosts_2_1ms_per_s", "2 hosts", RATE,
     TIMES_PEER(1.8)},
    {LIKE_ABOVE, HOSTS_NEAR + HOSTS_4, HOSTS_NEAR + HOSTS_1, "hosts_4_1ms_per_s", "4 hosts", RATE,
     TIMES_PEER(3.5)},

    {"5 ms away; peer: one host", HOSTS_FAR + HOSTS_1, NO_PEER, "host_1_5ms_per_s", "1 host, enters/s", RATE,
     NO_GOAL},
    {LIKE_ABOVE, HOSTS_FAR + HOSTS_2, HOSTS_FAR + HOSTS_1, "hosts_2_5ms_per_s", "2 hosts", RATE,
     TIMES_PEER(1.8)},
    {LIKE_ABOVE, HOSTS_FAR + HOSTS_4, HOSTS_FAR + HOSTS_1, "hosts_4_5ms_per_s", "4 hosts", RATE,
     TIMES_PEER(3.5)},
};
/* clang-format on */

#define KINDS (sizeof kinds / sizeof *kinds)
_Static_assert(KINDS <= ROWS_MAX, "every row has room");

void figures_add(struct figures *figures, int figure, double value)
{
  if (figures->count[figure] < MEDIAN_MAX)
    figures->value[figure][figures->count[figure]++] = value;
}

void figures_add_all(struct figures *figures, int first, const double *values, int count)
{
  for (int i = 0; i < count; i++)
    figures_add(figures, first + i, values[i]);
}

double figures_median(const struct figures *figures, int figure)
{
  if (figure == NO_PEER || figures->count[figure] == 0)
    return -1;
  return median(figures->value[figure], figures->count[figure]);
}

static void add_row(struct rows *rows, const struct kind *kind, const char *group, double ours, double peer)
{
  struct row *row = &rows->row[rows->count++];
  *row = (struct row){.name = kind->name,
                      .label = kind->label,
                      .unit = kind->unit,
                      .ours = ours,
                      .peer = peer,
                      .ratio = -1,
                      .goal_kind = kind->goal_kind,
                      .goal = kind->goal};
  snprintf(row->group, sizeof row->group, "%s", group);
  if (ours > 0 && peer > 0)
    row->ratio = kind->unit == RATE ? ours / peer : peer / ours;
}

void figures_rows(const struct figures *figures, struct rows *rows)
{
  const char *group = "";
  rows->count = 0;
  for (size_t i = 0; i < KINDS; i++) {
    if (kinds[i].group != LIKE_ABOVE)
      group = kinds[i].group;
    double ours = figures_median(figures, kinds[i].figure);
    if (ours >= 0)
      add_row(rows, &kinds[i], group, ours, figures_median(figures, kinds[i].peer));
  }
}
