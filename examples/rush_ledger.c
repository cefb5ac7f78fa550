#include <stdlib.h>
#include "rush_clock.h"
#include "rush_ledger.h"

#define FIRST_ROOM 4096
#define NS_PER_MS INT64_C(1000000)

void ledger_init(struct ledger *ledger, const int64_t *now_ms, const int64_t *start_ns)
{
  *ledger = (struct ledger){.now_ms = now_ms, .start_ns = start_ns, .ahead_ms = INT64_MIN};
}

void ledger_finish(struct ledger *ledger)
{
  free(ledger->deeds);
  free(ledger->arrivals);
  *ledger = (struct ledger){0};
}

static int64_t run_ms(const struct ledger *ledger)
{
  return ledger->start_ns != NULL ? (clock_now_ns() - *ledger->start_ns) / NS_PER_MS : *ledger->now_ms;
}

static void add_deed(struct ledger *ledger, const struct deed *deed)
{
  if (ledger->deeds_count == ledger->deeds_room) {
    size_t room = ledger->deeds_room > 0 ? 2 * ledger->deeds_room : FIRST_ROOM;
    struct deed *deeds = realloc(ledger->deeds, room * sizeof *deeds);
    if (deeds == NULL) {
      ledger->lost++;
      return;
    }
    ledger->deeds = deeds;
    ledger->deeds_room = room;
  }
  ledger->deeds[ledger->deeds_count++] = *deed;
}

/* What is heard of now has happened before: that ties the two clocks together. */
void ledger_event(struct ledger *ledger, uint32_t person, const qk_event *event)
{
  int64_t ahead_ms = event->at_ms - run_ms(ledger);
  if (ahead_ms > ledger->ahead_ms)
    ledger->ahead_ms = ahead_ms;
  ledger->events[event->type]++;
  add_deed(ledger, &(struct deed){.at_ms = event->at_ms,
                                  .number = event->number,
                                  .person = person,
                                  .type = (uint8_t)event->type,
                                  .cls = (uint8_t)event->cls});
}

void ledger_nobody(struct ledger *ledger, uint32_t person, uint64_t number)
{
  add_deed(ledger, &(struct deed){.at_ms = run_ms(ledger), .number = number, .person = person});
}

void ledger_entered(struct ledger *ledger, uint32_t person, uint64_t number, const struct span *span)
{
  if (ledger->arrivals_count == ledger->arrivals_room) {
    size_t room = ledger->arrivals_room > 0 ? 2 * ledger->arrivals_room : FIRST_ROOM;
    struct arrival *arrivals = realloc(ledger->arrivals, room * sizeof *arrivals);
    if (arrivals == NULL) {
      ledger->lost++;
      return;
    }
    ledger->arrivals = arrivals;
    ledger->arrivals_room = room;
  }
  ledger->arrivals[ledger->arrivals_count++] = (struct arrival){*span, number, person};
}
