#include "spark.h"
#include "watch.h"

#define FIGURES 22  /* columns of name and figure */
#define LINE_ROWS 4 /* of the line's picture */

static size_t picture_columns(const struct screen *screen)
{
  int columns = screen->page.width - 1 - FIGURES - 2;
  return columns > 0 ? (size_t)columns : 0;
}

/* Its name at the left, the figure so that figures end in one column. */
static void put_figure(struct page *page, enum style style, const char *name, const char *figure)
{
  page_put(page, PLAIN, "  ");
  page_put(page, DIM, name);
  page_pad(page, FIGURES - text_columns(figure));
  page_put(page, style, figure);
  page_pad(page, FIGURES + 2);
}

static void put_line(struct screen *screen, const struct track *track)
{
  struct page *page = &screen->page;
  for (int row = 0; row < LINE_ROWS; row++) {
    if (row < LINE_ROWS - 1)
      page_pad(page, FIGURES + 2);
    else
      put_figure(page, BOLD, "waiting", text_count(track->now.stats.waiting).s);
    spark_draw_row(page, track, WAITING_PAST, picture_columns(screen), row, LINE_ROWS, screen->is_ascii);
    page_end_line(page);
  }
}

static void put_flow(struct screen *screen, const struct track *track, const char *name, double per_second,
                     enum curve curve)
{
  put_figure(&screen->page, PLAIN, name, text_rate(per_second).s);
  spark_draw(&screen->page, track, curve, picture_columns(screen), screen->is_ascii);
  page_end_line(&screen->page);
}

static void put_inside(struct screen *screen, const struct sample *now)
{
  struct page *page = &screen->page;
  const qk_stats *stats = &now->stats;
  uint64_t inside = stats->ready + stats->active, seats = now->policy.max_active;
  put_figure(page, BOLD, "inside", text_count(inside).s);
  spark_bar(page, inside >= seats ? CARE : GOOD, inside, seats, picture_columns(screen), screen->is_ascii);
  page_end_line(page);
  page_pad(page, FIGURES + 2);
  page_format(page, DIM, "%s ready, %s active, %s seats", text_count(stats->ready).s,
              text_count(stats->active).s, text_count(seats).s);
  page_end_line(page);
}

static void put_times(struct screen *screen, const struct sample *now)
{
  struct page *page = &screen->page;
  put_figure(page, PLAIN, "head", text_span(now->stats.waiting > 0 ? now->stats.head_age_ms : -1).s);
  page_put(page, DIM, "since the first in line entered");
  page_end_line(page);
  put_figure(page, PLAIN, "ETA", sample_wait(now).s);
  page_put(page, DIM, "for somebody who enters now");
  page_end_line(page);
}

static void put_over(struct screen *screen, const struct sample *now)
{
  struct page *page = &screen->page;
  const qk_stats *stats = &now->stats;
  put_figure(page, PLAIN, "over", text_count(now->over).s);
  page_format(page, DIM, "completed %s, left %s, dropped %s, lapsed %s, expired %s",
              text_count(stats->completed).s, text_count(stats->left).s, text_count(stats->dropped).s,
              text_count(stats->lapsed).s, text_count(stats->expired).s);
  page_end_line(page);
  page_pad(page, FIGURES + 2);
  if (now->balances)
    page_put(page, DIM, "the totals balance");
  else
    page_put(page, BAD, "THE TOTALS DO NOT BALANCE");
  page_end_line(page);
}

void single_draw(struct screen *screen, const struct track *track)
{
  struct page *page = &screen->page;
  const struct sample *now = &track->now;
  page_put(page, PLAIN, "  ");
  page_put(page, BOLD, now->queue);
  page_put(page, PLAIN, "  ");
  page_put(page, now->policy.mode == QK_MODE_OPEN ? GOOD : CARE, qk_mode_name(now->policy.mode));
  page_end_line(page);
  put_line(screen, track);
  put_flow(screen, track, "in/s", track->in_per_s, IN_PAST);
  put_flow(screen, track, "out/s", track->out_per_s, OUT_PAST);
  page_end_line(page);
  put_inside(screen, now);
  put_times(screen, now);
  put_over(screen, now);
}
