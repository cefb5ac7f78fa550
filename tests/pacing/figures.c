#include "figures.h"

#include <stdlib.h>
#include <string.h>
#include "spread.h"

#define LAG_MS 60000
#define LATE_MS 3000
#define TOO_SHORT 0.1

/* How answers of one sort were off: either way, and those that were too optimistic. */
struct off {
  struct spread either, below;
};

struct sheet {
  struct off eta[ETA_KINDS], wait[WAIT_BUCKETS];
  struct spread slack, notice, notice_change, polls;
};

static void off_init(struct off *off)
{
  spread_init(&off->either, 0.001);
  spread_init(&off->below, 0.001);
}

static void sheet_init(struct sheet *sheet)
{
  for (int i = 0; i < ETA_KINDS; i++)
    off_init(&sheet->eta[i]);
  for (int i = 0; i < WAIT_BUCKETS; i++)
    off_init(&sheet->wait[i]);
  spread_init(&sheet->slack, 0.001);
  spread_init(&sheet->notice, 10);
  spread_init(&sheet->notice_change, 10);
  spread_init(&sheet->polls, 1);
}

static void off_add(struct off *off, int64_t told_ms, int64_t true_ms)
{
  double whole = true_ms > 1000 ? (double)true_ms : 1000;
  double error = (double)(told_ms - true_ms) / whole;
  spread_add(&off->either, error < 0 ? -error : error);
  if (error < -TOO_SHORT)
    spread_add(&off->below, -error);
}

static struct eta_error off_result(const struct off *off)
{
  uint64_t answers = off->either.count;
  return (struct eta_error){.answers = answers,
                            .median = spread_quantile(&off->either, 0.5),
                            .p95 = spread_quantile(&off->either, 0.95),
                            .short_share = answers > 0 ? (double)off->below.count / (double)answers : 0,
                            .short_median = spread_quantile(&off->below, 0.5),
                            .short_p95 = spread_quantile(&off->below, 0.95)};
}

static enum eta_kind kind_of(const struct scene *scene, int64_t at_ms, int64_t admitted_ms)
{
  int64_t last_ms = scene_last_change_ms(scene, at_ms);
  if (scene_last_change_ms(scene, admitted_ms) != last_ms)
    return ETA_OVERTAKEN;
  return at_ms - last_ms < LAG_MS ? ETA_LAGGING : ETA_STEADY;
}

static int bucket_of(int64_t wait_ms)
{
  static const int64_t ends_ms[WAIT_BUCKETS - 1] = {10000, 30000, 60000, 180000, 600000};
  int bucket = 0;
  while (bucket < WAIT_BUCKETS - 1 && wait_ms >= ends_ms[bucket])
    bucket++;
  return bucket;
}

/* The buckets hold the steady answers: how the formula does by itself. */
static void read_answers(struct figures *figures, struct sheet *sheet, const struct scene *scene,
                         const struct record *record)
{
  for (size_t i = 0; i < record->count; i++) {
    const struct answer *answer = &record->answers[i];
    int64_t admitted_ms = record->admitted_ms[answer->person];
    if (answer->slack > 0)
      spread_add(&sheet->slack, answer->slack);
    figures->unknown += answer->eta_ms < 0;
    if (answer->eta_ms < 0 || admitted_ms == RECORD_NEVER)
      continue;
    int64_t true_ms = admitted_ms > answer->at_ms ? admitted_ms - answer->at_ms : 0;
    enum eta_kind kind = kind_of(scene, answer->at_ms, admitted_ms);
    off_add(&sheet->eta[ETA_ALL], answer->eta_ms, true_ms);
    off_add(&sheet->eta[kind], answer->eta_ms, true_ms);
    if (kind == ETA_STEADY)
      off_add(&sheet->wait[bucket_of(true_ms)], answer->eta_ms, true_ms);
  }
  figures->answers = record->count;
}

static void read_people(struct figures *figures, struct sheet *sheet, const struct scene *scene,
                        const struct record *record)
{
  for (uint64_t i = 0; i < record->people; i++) {
    int64_t admitted_ms = record->admitted_ms[i], noticed_ms = record->noticed_ms[i];
    figures->dropped += admitted_ms == RECORD_NEVER;
    if (admitted_ms == RECORD_NEVER || noticed_ms == RECORD_NEVER) {
      figures->unseen += admitted_ms != RECORD_NEVER;
      continue;
    }
    int64_t change_ms = scene_last_change_ms(scene, admitted_ms);
    spread_add(&sheet->notice, (double)(noticed_ms - admitted_ms));
    if (admitted_ms - change_ms < LAG_MS)
      spread_add(&sheet->notice_change, (double)(noticed_ms - admitted_ms));
  }
}

static struct notice notice_result(const struct spread *spread)
{
  return (struct notice){.people = spread->count,
                         .median_ms = spread_quantile(spread, 0.5),
                         .p95_ms = spread_quantile(spread, 0.95),
                         .max_ms = spread->max,
                         .late_share = spread_share_above(spread, LATE_MS)};
}

/* The mean is over the time in which more than two thirds of the longest line wait. */
static void read_seconds(struct figures *figures, struct sheet *sheet, const struct record *record)
{
  double sum = 0, seconds = 0, minute = 0;
  for (int i = 0; i < RECORD_SECONDS; i++) {
    if (record->waiting[i] > figures->peak_waiting)
      figures->peak_waiting = record->waiting[i];
  }
  for (int i = 0; i < RECORD_SECONDS; i++) {
    double polls = record->polls[i];
    minute += polls - (i >= 60 ? record->polls[i - 60] : 0);
    figures->polls_minute = minute / 60 > figures->polls_minute ? minute / 60 : figures->polls_minute;
    if (record->waiting[i] > 0) {
      spread_add(&sheet->polls, polls);
      figures->seconds = i;
    }
    if (record->waiting[i] * 3 > figures->peak_waiting * 2) {
      sum += polls;
      seconds++;
    }
  }
  figures->polls_limit = 12000.0 * (double)figures->peak_waiting / 300000;
  figures->polls_mean = seconds > 0 ? sum / seconds : 0;
  figures->polls_p99 = spread_quantile(&sheet->polls, 0.99);
  figures->polls_max = sheet->polls.max;
}

int figures_make(struct figures *figures, const struct scene *scene, const struct record *record)
{
  struct sheet *sheet = malloc(sizeof *sheet);
  if (sheet == NULL)
    return -1;
  *figures = (struct figures){.estimated = record->estimated, .strangers = record->strangers};
  sheet_init(sheet);
  read_answers(figures, sheet, scene, record);
  read_people(figures, sheet, scene, record);
  read_seconds(figures, sheet, record);
  for (int i = 0; i < ETA_KINDS; i++)
    figures->eta[i] = off_result(&sheet->eta[i]);
  for (int i = 0; i < WAIT_BUCKETS; i++)
    figures->wait[i] = off_result(&sheet->wait[i]);
  figures->notice = notice_result(&sheet->notice);
  figures->notice_change = notice_result(&sheet->notice_change);
  figures->slack_median = spread_quantile(&sheet->slack, 0.5);
  figures->slack_p95 = spread_quantile(&sheet->slack, 0.95);
  free(sheet);
  return 0;
}
