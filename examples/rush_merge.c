/* Events of several hosts come with the store's clock, which has milliseconds: what happened in one of them
 * has no known order. It is played in phases, an order that is right if any is: whoever goes makes room
 * before anybody is admitted, and is gone by then only if that began earlier. */
#include <stdlib.h>
#include <string.h>
#include "rush_merge.h"

enum { ENDS, ENTERS, ENDS_AT_ONCE, IS_ADMITTED, IS_ACTIVATED, IS_EXTENDED, ENDS_LATE, HEARS_OF_IT };

static int order(int64_t a, int64_t b)
{
  return (a > b) - (a < b);
}

static int append(void **list, size_t *count, const void *more, size_t more_count, size_t size)
{
  if (more_count == 0)
    return 0;
  char *out = realloc(*list, (*count + more_count) * size);
  if (out == NULL)
    return -1;
  memcpy(out + *count * size, more, more_count * size);
  *list = out;
  *count += more_count;
  return 0;
}

int merge_add(struct ledger *sum, const struct ledger *ledger)
{
  void *deeds = sum->deeds, *arrivals = sum->arrivals;
  int code = append(&deeds, &sum->deeds_count, ledger->deeds, ledger->deeds_count, sizeof *sum->deeds);
  sum->deeds = deeds;
  if (code == 0)
    code = append(&arrivals, &sum->arrivals_count, ledger->arrivals, ledger->arrivals_count,
                  sizeof *sum->arrivals);
  sum->arrivals = arrivals;
  if (ledger->ahead_ms > sum->ahead_ms)
    sum->ahead_ms = ledger->ahead_ms;
  sum->lost += ledger->lost;
  return code;
}

/* The steps of one entry's life, in order. */
static int step_of(const struct deed *deed)
{
  switch (deed->type) {
  case QK_EVENT_ENTERED:
    return 0;
  case QK_EVENT_ADMITTED:
    return 1;
  case QK_EVENT_ACTIVATED:
    return 2;
  case QK_EVENT_EXTENDED:
    return 3;
  case 0:
    return 5;
  default:
    return 4;
  }
}

static int by_life(const void *one, const void *other)
{
  const struct deed *a = one, *b = other;
  int result = order((int64_t)a->person, (int64_t)b->person);
  if (result == 0)
    result = order((int64_t)a->number, (int64_t)b->number);
  if (result == 0)
    result = order(step_of(a), step_of(b));
  return result != 0 ? result : order(a->at_ms, b->at_ms);
}

static int by_time(const void *one, const void *other)
{
  const struct deed *a = one, *b = other;
  int result = order(a->at_ms, b->at_ms);
  if (result == 0)
    result = order(a->phase, b->phase);
  if (result == 0 && a->phase == IS_ADMITTED)
    result = order(a->cls, b->cls);
  return result != 0 ? result : order((int64_t)a->number, (int64_t)b->number);
}

static int by_begin(const void *one, const void *other)
{
  const struct arrival *a = one, *b = other;
  return order(a->span.began_ns, b->span.began_ns);
}

static int by_end(const void *one, const void *other)
{
  const struct arrival *a = one, *b = other;
  return order(a->span.ended_ns, b->span.ended_ns);
}

static int by_person(const void *one, const void *other)
{
  const struct arrival *a = one, *b = other;
  int result = order((int64_t)a->person, (int64_t)b->person);
  return result != 0 ? result : order((int64_t)a->number, (int64_t)b->number);
}

/* before: what the same entry did last; NULL: nothing. */
static uint8_t phase_of(const struct deed *deed, const struct deed *before)
{
  static const uint8_t phases[] = {ENTERS, IS_ADMITTED, IS_ACTIVATED, IS_EXTENDED, ENDS, HEARS_OF_IT};
  int step = step_of(deed);
  if (step != 4 || before == NULL || before->at_ms != deed->at_ms)
    return phases[step];
  return before->type == QK_EVENT_ENTERED ? ENDS_AT_ONCE : ENDS_LATE;
}

/* Look at each entry's life: what happens in it happens in order. */
static void set_phases(struct ledger *sum, struct audit *audit)
{
  struct deed *before = NULL;
  qsort(sum->deeds, sum->deeds_count, sizeof *sum->deeds, by_life);
  for (size_t i = 0; i < sum->deeds_count; i++) {
    struct deed *deed = &sum->deeds[i];
    if (before != NULL && (before->person != deed->person || before->number != deed->number))
      before = NULL;
    deed->phase = phase_of(deed, before);
    if (before != NULL && deed->type != 0 && before->at_ms > deed->at_ms)
      audit->out_of_turn++;
    if (deed->type != 0)
      before = deed;
  }
}

/* Every enter that made an entry, as answered, is an event, and the other way round. */
static void compare_arrivals(struct ledger *sum, struct audit *audit)
{
  const struct arrival *arrival = sum->arrivals, *end = sum->arrivals + sum->arrivals_count;
  qsort(sum->arrivals, sum->arrivals_count, sizeof *sum->arrivals, by_person);
  for (size_t i = 0; i < sum->deeds_count; i++) {
    const struct deed *deed = &sum->deeds[i];
    if (deed->type != QK_EVENT_ENTERED)
      continue;
    struct arrival wanted = {.person = deed->person, .number = deed->number};
    for (; arrival != end && by_person(arrival, &wanted) < 0; arrival++)
      audit->disagree++;
    if (arrival != end && by_person(arrival, &wanted) == 0)
      arrival++;
    else
      audit->disagree++;
  }
  audit->disagree += (uint64_t)(end - arrival);
}

/* Whoever entered when somebody else had entered already has a higher number, on whatever hosts. */
static void compare_numbers(struct ledger *sum, struct audit *audit)
{
  size_t count = sum->arrivals_count, ended = 0;
  uint64_t highest = 0;
  struct arrival *ends = malloc((count + 1) * sizeof *ends);
  if (ends == NULL) {
    sum->lost++;
    return;
  }
  qsort(sum->arrivals, count, sizeof *sum->arrivals, by_begin);
  if (count > 0)
    memcpy(ends, sum->arrivals, count * sizeof *ends);
  qsort(ends, count, sizeof *ends, by_end);
  for (size_t i = 0; i < count; i++) {
    const struct arrival *arrival = &sum->arrivals[i];
    for (; ended < count && ends[ended].span.ended_ns < arrival->span.began_ns; ended++)
      highest = ends[ended].number > highest ? ends[ended].number : highest;
    audit->overtaken += arrival->number <= highest;
  }
  free(ends);
}

static void play(const struct deed *deed, struct audit *audit)
{
  char id[AUDIT_ID_SIZE];
  if (deed->type == 0) {
    audit_nobody(audit, deed->person, deed->number);
    return;
  }
  audit_id(deed->person, id);
  audit_event(
      audit,
      &(qk_event){
          .type = deed->type, .cls = deed->cls, .user = id, .number = deed->number, .at_ms = deed->at_ms});
}

void merge_judge(struct ledger *sum, struct audit *audit, int64_t *now_ms)
{
  audit->coarse = 1;
  if (sum->ahead_ms == INT64_MIN)
    sum->ahead_ms = 0;
  for (size_t i = 0; i < sum->deeds_count; i++) {
    if (sum->deeds[i].type == 0)
      sum->deeds[i].at_ms += sum->ahead_ms;
  }
  set_phases(sum, audit);
  compare_arrivals(sum, audit);
  qsort(sum->deeds, sum->deeds_count, sizeof *sum->deeds, by_time);
  for (size_t i = 0; i < sum->deeds_count; i++) {
    *now_ms = sum->deeds[i].at_ms - sum->ahead_ms;
    play(&sum->deeds[i], audit);
    if (i + 1 == sum->deeds_count || sum->deeds[i + 1].at_ms != sum->deeds[i].at_ms)
      audit_after_call(audit);
  }
  compare_numbers(sum, audit);
  audit->surprises += sum->lost;
}
