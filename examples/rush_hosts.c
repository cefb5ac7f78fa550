#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "rush_clock.h"
#include "rush_host.h"
#include "rush_hosts.h"
#include "rush_merge.h"
#include "rush_message.h"
#include "rush_run.h"
#include "rush_term.h"

#define NS_PER_MS INT64_C(1000000)
/* Until all hosts have heard when to start. */
#define START_NS (20 * NS_PER_MS)

struct member {
  pid_t pid;
  int fd;
  struct report report; /* the latest */
};

struct hosts {
  size_t count;
  struct member *members;
  struct ledger sum;
};

static int gone(size_t i)
{
  fprintf(stderr, "rush: host %zu ended too early\n", i + 1);
  return -1;
}

/* In the child: the others' sockets are not its own. */
static void be_host(struct rush *rush, size_t number, int fd)
{
  struct hosts *hosts = rush->hosts;
  for (size_t i = 0; i < number; i++)
    close(hosts->members[i].fd);
  free(hosts->members);
  free(hosts);
  rush->hosts = NULL;
  _exit(host_main(rush, number, fd));
}

static int start_member(struct rush *rush, size_t i)
{
  struct member *member = &rush->hosts->members[i];
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
    return -1;
  member->pid = fork();
  if (member->pid == 0) {
    close(fds[0]);
    be_host(rush, i, fds[1]);
  }
  close(fds[1]);
  member->fd = fds[0];
  rush->hosts->count = i + 1;
  return member->pid > 0 ? 0 : -1;
}

int hosts_start(struct rush *rush)
{
  size_t count = (size_t)rush->options.hosts;
  struct hosts *hosts = calloc(1, sizeof *hosts);
  rush->hosts = hosts;
  if (hosts != NULL)
    hosts->members = calloc(count, sizeof *hosts->members);
  if (hosts == NULL || hosts->members == NULL) {
    hosts_finish(rush);
    return run_trouble("starting", QK_ENOMEM, NULL);
  }
  ledger_init(&hosts->sum, NULL, NULL);
  for (size_t i = 0; i < count; i++) {
    if (start_member(rush, i) != 0) {
      fprintf(stderr, "rush: starting host %zu: %s\n", i + 1, strerror(errno));
      hosts_finish(rush);
      return -1;
    }
  }
  return 0;
}

/* A host whose socket is closed ends by itself. */
void hosts_finish(struct rush *rush)
{
  struct hosts *hosts = rush->hosts;
  if (hosts == NULL)
    return;
  for (size_t i = 0; i < hosts->count; i++)
    close(hosts->members[i].fd);
  for (size_t i = 0; i < hosts->count; i++) {
    while (hosts->members[i].pid > 0 && waitpid(hosts->members[i].pid, NULL, 0) < 0 && errno == EINTR) {
    }
  }
  free(hosts->members);
  ledger_finish(&hosts->sum);
  free(hosts);
  rush->hosts = NULL;
}

static int tell(struct hosts *hosts, enum order_kind kind, int64_t at)
{
  struct order order = {.at = at, .kind = kind};
  for (size_t i = 0; i < hosts->count; i++) {
    if (message_send(hosts->members[i].fd, &order, sizeof order) != 0)
      return gone(i);
  }
  return 0;
}

static int hear(struct hosts *hosts, size_t i)
{
  struct member *member = &hosts->members[i];
  return message_receive(member->fd, &member->report, sizeof member->report) == 0 ? 0 : gone(i);
}

static int hear_all(struct hosts *hosts)
{
  int code = 0;
  for (size_t i = 0; i < hosts->count && code == 0; i++)
    code = hear(hosts, i);
  return code;
}

/* Take in what has come in the next wait_ms. */
static int hear_some(struct hosts *hosts, int wait_ms)
{
  clock_sleep_until(clock_now_ns() + wait_ms * NS_PER_MS);
  int code = 0;
  for (size_t i = 0; i < hosts->count; i++) {
    while (code == 0 && message_waits(hosts->members[i].fd))
      code = hear(hosts, i);
  }
  return code;
}

static int is_busy(const struct hosts *hosts)
{
  int busy = 0;
  for (size_t i = 0; i < hosts->count; i++)
    busy |= hosts->members[i].report.busy;
  return busy;
}

/* How often a type of event has come to the hosts' ears. */
static uint64_t sum_of(const struct hosts *hosts, int type)
{
  uint64_t sum = 0;
  for (size_t i = 0; i < hosts->count; i++)
    sum += hosts->members[i].report.events[type];
  return sum;
}

/* What the hosts have reported goes into the account; who waits is what the store says, and where nothing is
 * under way who is inside follows. */
static void account(struct rush *rush, const qk_stats *stats)
{
  const struct hosts *hosts = rush->hosts;
  struct audit *audit = &rush->audit;
  uint64_t admitted = sum_of(hosts, QK_EVENT_ADMITTED);
  if (admitted > audit->admitted)
    audit->last_admitted_ms = rush->now_ms;
  audit->admitted = admitted;
  audit->entered = sum_of(hosts, QK_EVENT_ENTERED);
  audit->activated = sum_of(hosts, QK_EVENT_ACTIVATED);
  audit->left = sum_of(hosts, QK_EVENT_LEFT);
  audit->dropped = sum_of(hosts, QK_EVENT_DROPPED);
  audit->lapsed = sum_of(hosts, QK_EVENT_LAPSED);
  audit->expired = sum_of(hosts, QK_EVENT_EXPIRED);
  audit->completed = sum_of(hosts, QK_EVENT_COMPLETED);
  audit->waiting[0] = stats->waiting;
  audit->active = stats->active;
  audit->ready = rush->options.realtime ? stats->ready
                                        : audit->entered - audit_over(audit) - stats->waiting - stats->active;
  memset(&rush->people.tally, 0, sizeof rush->people.tally);
  for (size_t i = 0; i < hosts->count; i++)
    tally_add(&rush->people.tally, &hosts->members[i].report.tally);
}

/* See how things stand. In virtual time nothing is under way between two steps. Returns whether anybody is in
 * the queue, or -1 without memory. */
static int watch(struct rush *rush)
{
  qk_stats stats = {0};
  int code = qk_get_stats(rush->store, rush->options.queue, &stats);
  if (code != QK_OK) {
    audit_surprise(&rush->audit, code);
    return 1;
  }
  account(rush, &stats);
  audit_after_call(&rush->audit);
  audit_compare(&rush->audit, &stats, !rush->options.realtime);
  if (run_watch(rush) != 0)
    return run_trouble("playing", QK_ENOMEM, NULL);
  view_update(&rush->view, rush);
  return stats.waiting + stats.ready + stats.active > 0;
}

static int is_to_stop(struct rush *rush)
{
  rush->limit_reached = rush->now_ms >= (int64_t)rush->options.limit_s * 1000;
  return term_interrupted() || rush->limit_reached;
}

/* The first step at which a host has something to do. */
static int64_t next_step_ms(const struct rush *rush)
{
  const struct hosts *hosts = rush->hosts;
  int64_t step_ms = (int64_t)rush->options.step_ms, next_ms = INT64_MAX;
  for (size_t i = 0; i < hosts->count; i++) {
    int64_t ms = hosts->members[i].report.next_ms;
    next_ms = ms < next_ms ? ms : next_ms;
  }
  if (next_ms <= rush->now_ms)
    next_ms = rush->now_ms + 1;
  return (next_ms + step_ms - 1) / step_ms * step_ms;
}

static int lead_virtual(struct rush *rush)
{
  struct hosts *hosts = rush->hosts;
  int code = 0;
  /* Every host says once more that it is ready. */
  if (hear_all(hosts) != 0)
    return -1;
  while (!is_to_stop(rush)) {
    if (tell(hosts, ORDER_STEP, rush->now_ms) != 0 || hear_all(hosts) != 0)
      return -1;
    int busy = is_busy(hosts);
    if (!busy || rush->now_ms >= (int64_t)rush->series.count * 1000)
      code = watch(rush);
    if (code < 0 || (!busy && code == 0))
      return code;
    rush->now_ms = next_step_ms(rush);
  }
  return 0;
}

static int lead_realtime(struct rush *rush)
{
  struct hosts *hosts = rush->hosts;
  int code = 1;
  while (!is_to_stop(rush) && (code > 0 || is_busy(hosts))) {
    if (hear_some(hosts, REPORT_MS / 2) != 0)
      return -1;
    rush->now_ms = (clock_now_ns() - rush->start_ns) / NS_PER_MS;
    code = watch(rush);
    if (code < 0)
      return -1;
  }
  return 0;
}

/* Receive a list of count parts, allocated. */
static int receive_list(int fd, void **list, size_t count, size_t size)
{
  *list = malloc(count * size + 1);
  return *list != NULL ? message_receive(fd, *list, count * size) : -1;
}

static void add_found(struct audit *audit, uint64_t two_places, uint64_t fell_back, uint64_t surprises,
                      const uint64_t codes[AUDIT_CODES])
{
  audit->two_places += two_places;
  audit->fell_back += fell_back;
  audit->surprises += surprises;
  for (size_t i = 0; i < AUDIT_CODES; i++)
    audit->codes[i] += codes[i];
}

/* Take host i's testimony into the account. */
static int take(struct rush *rush, size_t i, struct testimony *testimony)
{
  struct hosts *hosts = rush->hosts;
  int fd = hosts->members[i].fd;
  struct ledger ledger = {0};
  void *deeds = NULL, *arrivals = NULL;
  do {
    if (hear(hosts, i) != 0)
      return -1;
  } while (!hosts->members[i].report.last);
  int code = message_receive(fd, testimony, sizeof *testimony);
  if (code == 0)
    code = receive_list(fd, &deeds, testimony->deeds, sizeof *ledger.deeds);
  if (code == 0)
    code = receive_list(fd, &arrivals, testimony->arrivals, sizeof *ledger.arrivals);
  ledger.deeds = deeds;
  ledger.arrivals = arrivals;
  if (code != 0) {
    ledger_finish(&ledger);
    return gone(i);
  }
  ledger.deeds_count = testimony->deeds;
  ledger.arrivals_count = testimony->arrivals;
  ledger.ahead_ms = testimony->ahead_ms;
  ledger.lost = testimony->lost;
  code = merge_add(&hosts->sum, &ledger);
  ledger_finish(&ledger);
  add_found(&rush->audit, testimony->two_places, testimony->fell_back, testimony->surprises,
            testimony->codes);
  calls_add(&rush->calls, &testimony->calls);
  rush->cpu_ns += testimony->cpu_ns;
  return code == 0 ? 0 : run_trouble("judging", QK_ENOMEM, NULL);
}

/* The account so far was made of totals. Make it anew, of what each host has written down. */
static int judge(struct rush *rush)
{
  const struct audit live = rush->audit;
  int64_t end_ms = rush->now_ms;
  audit_finish(&rush->audit);
  if (audit_init(&rush->audit, &rush->options, &rush->now_ms, NULL) != 0)
    return run_trouble("judging", QK_ENOMEM, NULL);
  merge_judge(&rush->hosts->sum, &rush->audit, &rush->now_ms);
  rush->now_ms = end_ms;
  rush->audit.unbalanced += live.unbalanced;
  rush->audit.over_capacity += live.over_capacity;
  add_found(&rush->audit, live.two_places, live.fell_back, live.surprises, live.codes);
  return 0;
}

int hosts_judge(struct rush *rush)
{
  struct testimony *testimony = malloc(sizeof *testimony);
  if (testimony == NULL)
    return run_trouble("judging", QK_ENOMEM, NULL);
  int code = 0;
  for (size_t i = 0; i < rush->hosts->count && code == 0; i++)
    code = take(rush, i, testimony);
  free(testimony);
  memset(&rush->people.tally, 0, sizeof rush->people.tally);
  for (size_t i = 0; i < rush->hosts->count; i++)
    tally_add(&rush->people.tally, &rush->hosts->members[i].report.tally);
  return code == 0 ? judge(rush) : -1;
}

int hosts_play(struct rush *rush)
{
  if (tell(rush->hosts, ORDER_OPEN, 0) != 0 || hear_all(rush->hosts) != 0)
    return -1;
  rush->start_ns = clock_now_ns() + START_NS;
  if (tell(rush->hosts, ORDER_START, rush->start_ns) != 0)
    return -1;
  int code = rush->options.realtime ? lead_realtime(rush) : lead_virtual(rush);
  return code == 0 ? tell(rush->hosts, ORDER_STOP, 0) : -1;
}

uint64_t hosts_people(const struct rush *rush, size_t i)
{
  return rush->hosts->members[i].report.tally.arrived;
}

uint64_t hosts_admitted(const struct rush *rush, size_t i)
{
  return rush->hosts->members[i].report.events[QK_EVENT_ADMITTED];
}
