#include <stdio.h>

#include "grid.h"
#include "run.h"
#include "sample.h"
#include "say.h"
#include "uri.h"

/* ---- One queue ---- */

static void row(struct grid *grid, const char *name, struct text figure, const char *note)
{
  grid_put(grid, DIM, name);
  grid_put(grid, PLAIN, figure.s);
  grid_put(grid, DIM, note);
}

static void put_now(struct grid *grid, const struct sample *sample)
{
  const qk_stats *stats = &sample->stats;
  char seats[160];
  snprintf(seats, sizeof seats, "taken of %s seats: %s ready, %s active",
           text_count(sample->policy.max_active).s, text_count(stats->ready).s, text_count(stats->active).s);
  row(grid, "  waiting", text_count(stats->waiting), "");
  row(grid, "  inside", text_count(stats->ready + stats->active), seats);
  row(grid, "  head age", text_span(stats->waiting > 0 ? stats->head_age_ms : -1),
      stats->waiting > 0 ? "since the first in line entered" : "nobody waits");
  row(grid, "  outflow", text_rate(stats->outflow_per_s), "admitted a second, in the last minute");
  row(grid, "  wait", sample_wait(sample), "for somebody who enters now");
  row(grid, "", (struct text){""}, "");
}

static void put_totals(struct grid *grid, const qk_stats *stats)
{
  row(grid, "  entered", text_count(stats->entered), "entries ever made");
  row(grid, "  admitted", text_count(stats->admitted), "times that somebody became ready");
  row(grid, "  activated", text_count(stats->activated), "times that somebody became active");
  row(grid, "  completed", text_count(stats->completed), "released from inside");
  row(grid, "  left", text_count(stats->left), "released before");
  row(grid, "  dropped", text_count(stats->dropped), "waited, and did not poll");
  row(grid, "  lapsed", text_count(stats->lapsed), "did not take their seat");
  row(grid, "  expired", text_count(stats->expired), "inside until their time was up");
}

static void put_balance(struct page *page, const struct sample *sample)
{
  const qk_stats *stats = &sample->stats;
  page_put(page, PLAIN, "  ");
  page_put(page, sample->balances ? GOOD : BAD,
           sample->balances ? "The totals balance:" : "THE TOTALS DO NOT BALANCE:");
  page_format(page, PLAIN, " %s entered %s %s waiting + %s inside + %s over", text_count(stats->entered).s,
              sample->balances ? "=" : "is not", text_count(stats->waiting).s,
              text_count(stats->ready + stats->active).s, text_count(sample->over).s);
  page_end_line(page);
}

static enum style mode_style(uint32_t mode)
{
  return mode == QK_MODE_OPEN ? GOOD : CARE;
}

static void print_one(struct page *page, const struct sample *sample)
{
  struct grid grid;
  page_put(page, BOLD, sample->queue);
  page_put(page, PLAIN, "  ");
  page_put(page, mode_style(sample->policy.mode), qk_mode_name(sample->policy.mode));
  page_end_line(page);
  page_end_line(page);
  grid_init(&grid, "lrl");
  put_now(&grid, sample);
  put_totals(&grid, &sample->stats);
  grid_draw_all(&grid, page);
  grid_finish(&grid);
  page_end_line(page);
  put_balance(page, sample);
}

static int show_one(const struct store *store, const struct args *args)
{
  struct sample sample;
  struct page page;
  int code = sample_take(&sample, store, args->operands[1]);
  if (code != QK_OK)
    return store_fail(store, code, args->operands[1]);
  if (args->json) {
    print_json(sample_json(&sample));
  } else {
    page_init(&page, page_has_color((int)args->no_color));
    print_one(&page, &sample);
    page_print(&page);
    page_finish(&page);
  }
  return sample.balances ? STATUS_OK : STATUS_NO;
}

/* ---- All queues ---- */

static void put_titles(struct grid *grid)
{
  static const char *const titles[] = {"QUEUE", "MODE",     "WAITING", "READY", "ACTIVE",
                                       "SEATS", "HEAD AGE", "OUT/S",   "WAIT",  "TOTALS"};
  for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
    grid_put(grid, DIM, titles[i]);
}

static void put_row(struct grid *grid, const struct sample *sample)
{
  const qk_stats *stats = &sample->stats;
  grid_put(grid, BOLD, sample->queue);
  grid_put(grid, mode_style(sample->policy.mode), qk_mode_name(sample->policy.mode));
  grid_put(grid, PLAIN, text_count(stats->waiting).s);
  grid_put(grid, PLAIN, text_count(stats->ready).s);
  grid_put(grid, PLAIN, text_count(stats->active).s);
  grid_put(grid, PLAIN, text_count(sample->policy.max_active).s);
  grid_put(grid, PLAIN, text_span(stats->waiting > 0 ? stats->head_age_ms : -1).s);
  grid_put(grid, PLAIN, text_rate(stats->outflow_per_s).s);
  grid_put(grid, PLAIN, sample_wait(sample).s);
  grid_put(grid, sample->balances ? PLAIN : BAD, sample->balances ? "balance" : "DO NOT BALANCE");
}

/* What was found on the way. */
struct tour {
  struct grid grid;
  json_t *list;
  int balances;
};

/* A queue may be removed between its name and its totals. */
static int visit_all(struct tour *tour, const struct store *store, const struct names *names)
{
  struct sample sample;
  int failed = QK_OK;
  for (size_t i = 0; i < names->count; i++) {
    int code = sample_take(&sample, store, names->list[i]);
    if (code == QK_ENOTFOUND)
      continue;
    if (code != QK_OK) {
      failed = code;
      store_fail(store, code, names->list[i]);
      continue;
    }
    tour->balances &= sample.balances;
    put_row(&tour->grid, &sample);
    if (json_array_append_new(tour->list, sample_json(&sample)) != 0)
      say_no_memory();
  }
  return failed;
}

static void print_all(struct tour *tour, const struct args *args)
{
  struct page page;
  if (args->json) {
    print_json(json_pack("{s:O, s:b}", "queues", tour->list, "balanced", tour->balances));
  } else if (grid_rows(&tour->grid) > 1) {
    page_init(&page, page_has_color((int)args->no_color));
    grid_draw_all(&tour->grid, &page);
    page_print(&page);
    page_finish(&page);
  } else if (!uri_is_memory(args->uri)) {
    puts("no queues");
  }
}

static int show_all(const struct store *store, const struct args *args)
{
  struct names names;
  struct tour tour = {.list = json_array(), .balances = 1};
  grid_init(&tour.grid, "llrrrrrrrl");
  put_titles(&tour.grid);
  int status = STATUS_OK, code = names_read(&names, store);
  if (code != QK_OK)
    status = store_fail(store, code, NULL);
  if (visit_all(&tour, store, &names) != QK_OK)
    status = STATUS_STORE;
  print_all(&tour, args);
  names_finish(&names);
  grid_finish(&tour.grid);
  json_decref(tour.list);
  return status == STATUS_OK && !tour.balances ? STATUS_NO : status;
}

int run_stats(const struct args *args)
{
  struct store store;
  int status = store_open(&store, args);
  if (status != STATUS_OK)
    return status;
  status = args->count > 1 ? show_one(&store, args) : show_all(&store, args);
  store_close(&store);
  return status;
}
