#include <signal.h>
#include <string.h>
#include "rush_clock.h"
#include "rush_host.h"
#include "rush_ledger.h"
#include "rush_message.h"
#include "rush_run.h"

#define NS_PER_MS INT64_C(1000000)

struct host {
  int fd;
  int alone; /* the leading process is gone */
  int64_t report_ns;
  struct ledger ledger;
};

/* The first moment, up to the next tick, at which there may be something to do. */
static int64_t next_ms(const struct rush *rush)
{
  const struct people *people = &rush->people;
  int64_t soon_ms = timers_next(&rush->timers, rush->tick_ms);
  if (people->next < people->count) {
    int64_t arrival_ms = options_arrival_ms(&rush->options, people->next);
    soon_ms = arrival_ms < soon_ms ? arrival_ms : soon_ms;
  }
  return soon_ms;
}

static int report(struct rush *rush, int calls_under_way, int last)
{
  struct report report = {
      .tally = rush->people.tally,
      .next_ms = next_ms(rush),
      .busy = calls_under_way || rush->people.next < rush->people.count || rush->timers.count > 0,
      .last = last,
  };
  for (size_t i = 0; i <= QK_EVENT_COMPLETED; i++)
    report.events[i] = rush->host->ledger.events[i];
  return message_send(rush->host->fd, &report, sizeof report);
}

/* Whether the run goes on. */
static int obey(struct rush *rush)
{
  struct order order;
  if (message_receive(rush->host->fd, &order, sizeof order) != 0) {
    rush->host->alone = 1;
    return 0;
  }
  if (order.kind == ORDER_START)
    rush->start_ns = order.at;
  if (order.kind == ORDER_STEP)
    rush->now_ms = order.at;
  return order.kind != ORDER_STOP;
}

int host_goes_on(struct rush *rush, int calls_under_way)
{
  struct host *host = rush->host;
  if (rush->options.realtime) {
    int64_t now_ns = clock_now_ns();
    if (now_ns < host->report_ns)
      return 1;
    host->report_ns = now_ns + REPORT_MS * NS_PER_MS;
  }
  if (report(rush, calls_under_way, 0) != 0) {
    host->alone = 1;
    return 0;
  }
  return rush->options.realtime && !message_waits(host->fd) ? 1 : obey(rush);
}

static int testify(struct rush *rush, int64_t cpu_ns)
{
  const struct ledger *ledger = &rush->host->ledger;
  int fd = rush->host->fd;
  struct testimony testimony = {
      .calls = rush->calls,
      .deeds = ledger->deeds_count,
      .arrivals = ledger->arrivals_count,
      .ahead_ms = ledger->ahead_ms,
      .cpu_ns = cpu_ns,
      .two_places = rush->audit.two_places,
      .fell_back = rush->audit.fell_back,
      .surprises = rush->audit.surprises,
      .lost = ledger->lost,
  };
  memcpy(testimony.codes, rush->audit.codes, sizeof testimony.codes);
  if (report(rush, 0, 1) != 0 || message_send(fd, &testimony, sizeof testimony) != 0 ||
      message_send(fd, ledger->deeds, ledger->deeds_count * sizeof *ledger->deeds) != 0)
    return -1;
  return message_send(fd, ledger->arrivals, ledger->arrivals_count * sizeof *ledger->arrivals);
}

static int start(struct rush *rush, uint64_t number)
{
  struct ledger *ledger = &rush->host->ledger;
  ledger_init(ledger, &rush->now_ms, rush->options.realtime ? &rush->start_ns : NULL);
  if (timers_init(&rush->timers, 2 * (size_t)options_people(&rush->options)) != 0 ||
      audit_init(&rush->audit, &rush->options, &rush->now_ms, ledger) != 0 ||
      people_init(&rush->people, &rush->options, &rush->timers, &rush->audit, number) != 0)
    return run_trouble("starting", QK_ENOMEM, NULL);
  return store_open(rush);
}

int host_main(struct rush *rush, uint64_t number, int fd)
{
  struct host host = {.fd = fd};
  rush->host = &host;
  rush->options.quiet = 1;
  /* The leading process is interrupted too, and says stop. */
  signal(SIGINT, SIG_IGN);
  /* The store can be reached, and the queue is there, once the leading process speaks. */
  if (!obey(rush) || start(rush, number) != 0 || report(rush, 0, 0) != 0 || !obey(rush))
    return 2;
  if (rush->options.realtime)
    clock_sleep_until(rush->start_ns);
  int64_t cpu_ns = clock_cpu_ns();
  int code = rush->options.realtime ? realtime_play(rush) : virtual_play(rush);
  cpu_ns = clock_cpu_ns() - cpu_ns;
  if (code != 0 || rush->gave_up || host.alone || testify(rush, cpu_ns) != 0)
    return 2;
  store_close(rush);
  people_finish(&rush->people);
  timers_finish(&rush->timers);
  ledger_finish(&host.ledger);
  return 0;
}
