#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "spark.h"
#include "term.h"
#include "watch.h"

enum { QUEUE, MODE, WAITING, INSIDE, SEATS, IN, OUT, AGE, ETA, TEXTS };

#define GAP 2         /* between figures and sparkline */
#define SPARK_LEAST 8 /* columns; with fewer a sparkline says nothing */
#define SPARK_MOST 120
#define FRAME_LINES 4 /* beside the queues: title, blank, heads, message */

void screen_init(struct screen *screen, const struct args *args, const char *place, int64_t interval_ms)
{
  *screen = (struct screen){.place = place, .interval_ms = interval_ms, .is_single = args->count > 1};
  page_init(&screen->page, page_has_color((int)args->no_color));
  screen->page.live = 1;
  grid_init(&screen->grid, "llrrrrrrr");
  screen->is_ascii = args->ascii || !page_is_utf8();
}

void screen_finish(struct screen *screen)
{
  page_finish(&screen->page);
  grid_finish(&screen->grid);
}

/* ---- Which queues, which columns ---- */

/* 1 if fewer than rows queues have more people waiting; of equals, those that come first. */
static int is_among(const struct tracks *tracks, size_t at, size_t rows)
{
  uint64_t waiting = tracks->list[at]->now.stats.waiting;
  size_t before = 0;
  for (size_t i = 0; i < tracks->count && before < rows; i++) {
    uint64_t other = tracks->list[i]->now.stats.waiting;
    before += other > waiting || (other == waiting && i < at);
  }
  return before < rows;
}

/* Hide columns of a list, one after the other, until the rest leaves room. 1 if it does. */
static int hide(struct grid *grid, int width, const int *order, size_t count)
{
  memset(grid->hidden, 0, sizeof grid->hidden);
  for (size_t i = 0; i < count && grid_width(grid) >= width; i++)
    grid->hidden[order[i]] = 1;
  return grid_width(grid) < width;
}

/* The sparkline is worth a column or two, but no more. */
static void fit(struct grid *grid, int width)
{
  static const int for_sparkline[] = {SEATS, AGE}, for_rest[] = {AGE, SEATS, ETA, IN, OUT, MODE, INSIDE};
  if (!hide(grid, width - GAP - SPARK_LEAST, for_sparkline, 2))
    hide(grid, width, for_rest, sizeof for_rest / sizeof for_rest[0]);
}

/* ---- The parts ---- */

static void put_title(struct screen *screen, const struct tracks *tracks)
{
  struct page *page = &screen->page;
  const char *dot = screen->is_ascii ? " - " : " · ", *leave = "q: quit";
  char now[16] = "";
  struct tm parts;
  time_t seconds = time(NULL);
  if (localtime_r(&seconds, &parts) != NULL)
    strftime(now, sizeof now, "%H:%M:%S", &parts);
  page_put(page, BOLD, "qk watch");
  page_put(page, DIM, dot);
  page_put(page, PLAIN, now);
  page_put(page, DIM, dot);
  page_format(page, PLAIN, "%s queue%s", text_count(tracks->count).s, tracks->count == 1 ? "" : "s");
  page_put(page, DIM, dot);
  page_put(page, PLAIN, screen->place);
  int end = page->width - 1 - (int)strlen(leave);
  if (page->column + 2 <= end) {
    page_pad(page, end);
    page_put(page, DIM, leave);
  }
  page_end_line(page);
}

static void put_heads(struct grid *grid)
{
  static const char *const heads[TEXTS] = {"QUEUE", "MODE",  "WAITING", "INSIDE", "SEATS",
                                           "IN/S",  "OUT/S", "HEAD",    "ETA"};
  for (size_t i = 0; i < TEXTS; i++)
    grid_put(grid, DIM, heads[i]);
}

static void put_queue(struct grid *grid, const struct track *track)
{
  const struct sample *now = &track->now;
  const qk_stats *stats = &now->stats;
  uint64_t inside = stats->ready + stats->active, seats = now->policy.max_active;
  uint32_t mode = now->policy.mode;
  grid_put(grid, BOLD, now->queue);
  grid_put(grid, mode == QK_MODE_OPEN ? PLAIN : CARE, qk_mode_name(mode));
  grid_put(grid, stats->waiting > 0 ? NOTICE : PLAIN, text_count(stats->waiting).s);
  grid_put(grid, inside >= seats ? BOLD : PLAIN, text_count(inside).s);
  grid_put(grid, PLAIN, text_count(seats).s);
  grid_put(grid, PLAIN, text_rate(track->in_per_s).s);
  grid_put(grid, PLAIN, text_rate(track->out_per_s).s);
  grid_put(grid, PLAIN, text_span(stats->waiting > 0 ? stats->head_age_ms : -1).s);
  grid_put(grid, PLAIN, sample_wait(now).s);
}

/* Columns for a sparkline beside the figures; 0 if there is no room. */
static size_t spark_columns(const struct screen *screen)
{
  int room = screen->page.width - 1 - grid_width(&screen->grid) - GAP;
  if (room < SPARK_LEAST)
    return 0;
  return (size_t)(room < SPARK_MOST ? room : SPARK_MOST);
}

static void put_sparkline(struct screen *screen, const struct track *track)
{
  page_pad(&screen->page, grid_width(&screen->grid) + GAP);
  spark_draw(&screen->page, track, WAITING_PAST, spark_columns(screen), screen->is_ascii);
}

static void put_sparkline_head(struct screen *screen)
{
  char head[80];
  size_t columns = spark_columns(screen);
  int len =
      snprintf(head, sizeof head, "WAITING, LAST %s", text_span((int64_t)columns * screen->interval_ms).s);
  if ((int)columns < len)
    return;
  page_pad(&screen->page, grid_width(&screen->grid) + GAP + (int)columns - len);
  page_put(&screen->page, DIM, head);
}

static void put_message(struct page *page, const struct tracks *tracks, size_t hidden)
{
  if (tracks->code != QK_OK) {
    page_format(page, BAD, "%s", tracks->trouble);
    page_format(page, DIM, "  for %s", text_span(clock_now_ms() - tracks->since_ms).s);
  } else if (hidden > 0) {
    page_format(page, DIM, "%s more with fewer people waiting", text_count(hidden).s);
  } else if (tracks->count == 0) {
    page_put(page, DIM, "no queues");
  }
}

/* ---- All of it ---- */

static void put_queues(struct screen *screen, const struct tracks *tracks, size_t rows)
{
  struct grid *grid = &screen->grid;
  size_t row = 1;
  grid_clear(grid);
  put_heads(grid);
  for (size_t i = 0; i < tracks->count; i++)
    if (is_among(tracks, i, rows))
      put_queue(grid, tracks->list[i]);
  fit(grid, screen->page.width);
  grid_draw(grid, 0, &screen->page);
  put_sparkline_head(screen);
  page_end_line(&screen->page);
  for (size_t i = 0; i < tracks->count; i++)
    if (is_among(tracks, i, rows)) {
      grid_draw(grid, row++, &screen->page);
      put_sparkline(screen, tracks->list[i]);
      page_end_line(&screen->page);
    }
}

void screen_draw(struct screen *screen, const struct tracks *tracks)
{
  struct page *page = &screen->page;
  int height;
  term_size(&page->width, &height);
  size_t rows = height > FRAME_LINES ? (size_t)(height - FRAME_LINES) : 1;
  page_raw(page, "\033[H", 3);
  put_title(screen, tracks);
  page_end_line(page);
  if (screen->is_single && tracks->count == 1 && height > SINGLE_LINES)
    single_draw(screen, tracks->list[0]);
  else
    put_queues(screen, tracks, rows);
  put_message(page, tracks, tracks->count > rows ? tracks->count - rows : 0);
  /* No line end after the last line: it would scroll. */
  page_raw(page, "\033[J", 3);
  page_print(page);
  fflush(stdout);
  page->column = 0;
}
