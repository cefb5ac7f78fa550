#include <stdio.h>
#include <string.h>
#include "rush_clock.h"
#include "rush_run.h"
#include "rush_text.h"

#define FRAME_NS 50000000 /* 20 frames a second */
#define LINE_MS 10000
#define MARGIN 2
#define FIGURES 28 /* where the part behind label and figure begins */
#define SPARK_ROWS 3

static double admitted_per_second(const struct rush *rush)
{
  const struct series *series = &rush->series;
  return series->count > 0 ? series_value(series, MEASURE_ADMITTED, series->count - 1) : 0;
}

/* Each person has three steps to go: arrive; be admitted, or give up before; be over. */
static double share_done(const struct rush *rush)
{
  const struct people *people = &rush->people;
  const struct audit *audit = &rush->audit;
  double away = (double)(people->tally.refused + people->tally.gone);
  double through = (double)(audit->admitted + audit->left + audit->dropped) + away;
  double steps = (double)people->tally.arrived + through + (double)audit_over(audit) + away;
  double share = steps / (3 * (double)people->count);
  return share < 1 ? share : 1;
}

/* How long it takes, in real time, until all is over: if admission goes on as in the last second, and the
 * last one admitted stays longest. -1: nobody knows. */
static int64_t eta_ms(const struct rush *rush)
{
  const struct people *people = &rush->people;
  int64_t spent_ms = (clock_now_ns() - rush->start_ns) / 1000000;
  int64_t arrivals_end_ms = options_arrival_ms(&rush->options, people->count - 1);
  int64_t last_ms = rush->audit.last_admitted_ms;
  uint64_t to_come = people->count - people->tally.arrived + audit_waiting(&rush->audit);
  double per_second = admitted_per_second(rush);
  if (rush->now_ms == 0 || (to_come > 0 && per_second <= 0))
    return -1;
  if (to_come > 0) {
    last_ms = rush->now_ms + (int64_t)(1000 * (double)to_come / per_second);
    last_ms = last_ms > arrivals_end_ms ? last_ms : arrivals_end_ms;
  }
  int64_t left_ms = last_ms + (int64_t)rush->options.stay_max_ms - rush->now_ms;
  return (int64_t)((double)left_ms * (double)spent_ms / (double)rush->now_ms);
}

static void put_title(struct frame *frame, const struct rush *rush)
{
  const char *dot = frame->term.utf8 ? " · " : " - ";
  frame_put(frame, STYLE_BOLD, "The rush");
  frame_put(frame, STYLE_DIM, dot);
  frame_put(frame, STYLE_PLAIN, text_count(rush->people.count).s);
  frame_put(frame, STYLE_PLAIN, " people");
  frame_put(frame, STYLE_DIM, dot);
  frame_put(frame, STYLE_PLAIN, text_count(rush->options.seats).s);
  frame_put(frame, STYLE_PLAIN, " seats");
  frame_put(frame, STYLE_DIM, dot);
  frame_put(frame, STYLE_PLAIN, rush->shown);
  if (rush->options.hosts > 1) {
    frame_put(frame, STYLE_DIM, dot);
    frame_put(frame, STYLE_PLAIN, text_count(rush->options.hosts).s);
    frame_put(frame, STYLE_PLAIN, " hosts");
  }
}

static void put_progress(struct frame *frame, const struct rush *rush)
{
  double done = share_done(rush);
  char text[16];
  snprintf(text, sizeof text, " %3.0f %%", 100 * done);
  frame_pad(frame, MARGIN);
  frame_bar(frame, STYLE_BOLD, done, frame->width - 2 * MARGIN - (int)strlen(text));
  frame_put(frame, STYLE_PLAIN, text);
}

static void put_times(struct frame *frame, const struct rush *rush)
{
  const char *dot = frame->term.utf8 ? " · " : " - ";
  int64_t spent_ms = (clock_now_ns() - rush->start_ns) / 1000000;
  int64_t left_ms = eta_ms(rush);
  frame_pad(frame, MARGIN);
  frame_put(frame, STYLE_BOLD, text_clock(rush->now_ms).s);
  frame_put(frame, STYLE_DIM, " into the sale");
  if (!rush->options.realtime && spent_ms > 0) {
    frame_put(frame, STYLE_DIM, dot);
    frame_put(frame, STYLE_PLAIN, text_count((uint64_t)(rush->now_ms / spent_ms)).s);
    frame_put(frame, STYLE_DIM, " x real time");
  }
  if (left_ms > 0 && share_done(rush) < 1) {
    frame_put(frame, STYLE_DIM, dot);
    frame_put(frame, STYLE_PLAIN, text_ms(left_ms).s);
    frame_put(frame, STYLE_DIM, " left");
  }
}

static void put_label(struct frame *frame, enum style style, const char *label, uint64_t figure)
{
  struct text text = text_count(figure);
  int width = (int)strlen(text.s);
  frame_pad(frame, MARGIN);
  frame_put(frame, STYLE_DIM, label);
  frame_pad(frame, FIGURES - 2 - width);
  frame_put(frame, style, text.s);
  frame_pad(frame, FIGURES);
}

/* The highest value of samples first to end - 1. */
static double highest_of(const struct series *series, enum measure measure, size_t first, size_t end)
{
  double highest = 0;
  for (size_t i = first; i < end; i++) {
    double value = series_value(series, measure, i);
    highest = value > highest ? value : highest;
  }
  return highest;
}

/* One row, from the top, of a sparkline that is rows high: the whole run so far in the columns that are left.
 */
static void put_sparkline(struct frame *frame, enum style style, const struct series *series,
                          enum measure measure, int row, int rows)
{
  size_t columns = frame->width > FIGURES + MARGIN ? (size_t)(frame->width - FIGURES - MARGIN) : 0;
  double highest = highest_of(series, measure, 0, series->count);
  if (columns > series->count)
    columns = series->count;
  frame_pad(frame, FIGURES);
  for (size_t i = 0; i < columns && highest > 0; i++) {
    double here = highest_of(series, measure, i * series->count / columns, (i + 1) * series->count / columns);
    frame_spark(frame, style, here / highest * rows - (rows - 1 - row));
  }
}

static void put_end(struct frame *frame, const char *name, uint64_t count)
{
  frame_put(frame, STYLE_DIM, name);
  frame_put(frame, STYLE_PLAIN, " ");
  frame_put(frame, STYLE_PLAIN, text_count(count).s);
  frame_put(frame, STYLE_PLAIN, "  ");
}

static void put_over(struct frame *frame, const struct audit *audit)
{
  put_label(frame, STYLE_BOLD, "over", audit_over(audit));
  put_end(frame, "completed", audit->completed);
  put_end(frame, "left", audit->left);
  put_end(frame, "dropped", audit->dropped);
  frame_line(frame);
  frame_pad(frame, FIGURES);
  put_end(frame, "lapsed", audit->lapsed);
  put_end(frame, "expired", audit->expired);
  frame_line(frame);
}

static void draw(struct view *view, const struct rush *rush)
{
  struct frame *frame = &view->frame;
  uint64_t inside = audit_inside(&rush->audit);
  frame_begin(frame);
  frame_line(frame);
  frame_pad(frame, MARGIN);
  put_title(frame, rush);
  frame_line(frame);
  put_progress(frame, rush);
  frame_line(frame);
  put_times(frame, rush);
  frame_line(frame);
  frame_line(frame);
  for (int row = 0; row < SPARK_ROWS; row++) {
    if (row == 0)
      put_label(frame, STYLE_DIM, "longest line", rush->audit.peak_waiting);
    if (row == SPARK_ROWS - 1)
      put_label(frame, STYLE_WAITING, "waiting", audit_waiting(&rush->audit));
    put_sparkline(frame, STYLE_WAITING, &rush->series, MEASURE_WAITING, row, SPARK_ROWS);
    frame_line(frame);
  }
  put_label(frame, STYLE_ADMITTED, "admitted/s", (uint64_t)admitted_per_second(rush));
  put_sparkline(frame, STYLE_ADMITTED, &rush->series, MEASURE_ADMITTED, 0, 1);
  frame_line(frame);
  put_label(frame, STYLE_INSIDE, "inside", inside);
  if (rush->options.seats > 0)
    frame_bar(frame, STYLE_INSIDE, (double)inside / (double)rush->options.seats,
              frame->width - FIGURES - MARGIN);
  frame_line(frame);
  put_over(frame, &rush->audit);
  frame_line(frame);
  frame_show(frame);
}

/* A line for each second at most: the last one may fall on a regular one. */
static void print_line(struct view *view, const struct rush *rush)
{
  if (rush->now_ms / 1000 == view->last_line_s)
    return;
  view->last_line_s = rush->now_ms / 1000;
  printf("%6s  %5.1f %%  waiting %9s  inside %8s  admitted/s %7s  over %9s\n", text_clock(rush->now_ms).s,
         100 * share_done(rush), text_count(audit_waiting(&rush->audit)).s,
         text_count(audit_inside(&rush->audit)).s, text_count((uint64_t)admitted_per_second(rush)).s,
         text_count(audit_over(&rush->audit)).s);
  fflush(stdout);
}

void view_begin(struct view *view, const struct rush *rush)
{
  if (!rush->options.quiet)
    term_init(&view->frame.term);
  view->last_line_s = -1;
  term_enter(&view->frame.term);
}

void view_update(struct view *view, const struct rush *rush)
{
  if (view->frame.term.live) {
    int64_t now_ns = clock_now_ns();
    if (now_ns < view->next_ns)
      return;
    view->next_ns = now_ns + FRAME_NS;
    draw(view, rush);
  } else if (!rush->options.quiet && rush->now_ms >= view->next_line_ms) {
    view->next_line_ms += LINE_MS;
    print_line(view, rush);
  }
}

void view_end(struct view *view, const struct rush *rush)
{
  if (view->frame.term.live) {
    draw(view, rush);
  } else if (!rush->options.quiet) {
    print_line(view, rush);
    putchar('\n');
  }
  term_leave(&view->frame.term);
}
