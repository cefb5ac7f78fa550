#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "run.h"
#include "say.h"
#include "term.h"
#include "uri.h"
#include "watch.h"

#define INTERVAL_MS 2000

struct watch {
  const struct args *args;
  const char *queue; /* NULL: all */
  struct store store;
  struct tracks tracks;
  struct screen screen;
  int64_t interval_ms;
  int live;
};

/* ---- Without a screen ---- */

static struct text wall_clock(void)
{
  struct text out;
  struct tm parts;
  time_t now = time(NULL);
  if (localtime_r(&now, &parts) == NULL || strftime(out.s, sizeof out.s, "%H:%M:%S", &parts) == 0)
    out.s[0] = '\0';
  return out;
}

static void print_lines(const struct tracks *tracks)
{
  struct page page;
  page_init(&page, 0);
  if (tracks->count == 0 && tracks->code == QK_OK) {
    page_format(&page, PLAIN, "%s  no queues", wall_clock().s);
    page_end_line(&page);
  }
  for (size_t i = 0; i < tracks->count; i++) {
    const struct track *track = tracks->list[i];
    const struct sample *now = &track->now;
    if (!track->is_fresh)
      continue;
    page_format(&page, PLAIN, "%s  ", wall_clock().s);
    page_put(&page, PLAIN, now->queue);
    page_format(&page, PLAIN, "  %s  waiting %s  inside %s/%s  in/s %s  out/s %s  head-age %s  eta %s",
                qk_mode_name(now->policy.mode), text_count(now->stats.waiting).s,
                text_count(now->stats.ready + now->stats.active).s, text_count(now->policy.max_active).s,
                text_rate(track->in_per_s).s, text_rate(track->out_per_s).s,
                text_span(now->stats.waiting > 0 ? now->stats.head_age_ms : -1).s, sample_wait(now).s);
    page_end_line(&page);
  }
  page_print(&page);
  page_finish(&page);
}

static void print_object(const struct tracks *tracks)
{
  json_t *list = json_array();
  for (size_t i = 0; i < tracks->count; i++)
    if (tracks->list[i]->is_fresh && json_array_append_new(list, track_json(tracks->list[i])) != 0)
      say_no_memory();
  json_t *object = json_pack("{s:I, s:o}", "at_ms", (json_int_t)clock_unix_ms(), "queues", list);
  if (tracks->code != QK_OK &&
      json_object_set_new(object, "error",
                          json_pack("{s:s, s:s}", "code", code_name(tracks->code), "text", tracks->trouble)))
    say_no_memory();
  print_json(object);
}

/* ---- The rounds ---- */

static void show(struct watch *watch)
{
  const struct tracks *tracks = &watch->tracks;
  if (watch->live) {
    screen_draw(&watch->screen, tracks);
    return;
  }
  if (watch->args->json)
    print_object(tracks);
  else
    print_lines(tracks);
  if (tracks->code != QK_OK && !watch->args->json)
    say_error(tracks->code, "%s", tracks->trouble);
  fflush(stdout);
}

/* Until the next round: 1; 0 if somebody wants to go. */
static int pause_until(struct watch *watch, int64_t end_ms)
{
  int key;
  while ((key = term_wait(end_ms)) != TERM_TIME) {
    if (key == 'q' || key == 'Q')
      return 0;
    if (key == TERM_RESIZED && watch->live)
      show(watch);
  }
  return 1;
}

static void go_round(struct watch *watch)
{
  const struct args *args = watch->args;
  int64_t next_ms = clock_now_ms();
  uint64_t rounds = 0;
  for (;;) {
    tracks_look(&watch->tracks, &watch->store, watch->queue);
    show(watch);
    rounds++;
    if (rounds == args->rounds || ferror(stdout))
      return;
    next_ms += watch->interval_ms;
    if (next_ms < clock_now_ms())
      next_ms = clock_now_ms() + watch->interval_ms;
    if (!pause_until(watch, next_ms))
      return;
  }
}

/* A name with a typo is an error now, not an empty screen. */
static int check_queue(const struct watch *watch)
{
  qk_policy policy;
  int code = watch->queue != NULL ? qk_get_policy(watch->store.handle, watch->queue, &policy) : QK_OK;
  return code == QK_OK ? STATUS_OK : store_fail(&watch->store, code, watch->queue);
}

static int run(struct watch *watch)
{
  char place[URI_SIZE];
  uri_show(watch->args->uri, place, sizeof place);
  screen_init(&watch->screen, watch->args, place, watch->interval_ms);
  if (watch->live)
    term_enter();
  go_round(watch);
  if (watch->live)
    term_leave();
  screen_finish(&watch->screen);
  const struct tracks *tracks = &watch->tracks;
  if (tracks->code == QK_OK)
    return STATUS_OK;
  if (!watch->live)
    return tracks->code == QK_ENOTFOUND ? STATUS_QUEUE : STATUS_STORE;
  return say_error(tracks->code, "%s", tracks->trouble);
}

int run_watch(const struct args *args)
{
  static struct watch watch;
  watch = (struct watch){.args = args, .queue = args->count > 1 ? args->operands[1] : NULL};
  watch.interval_ms = args->interval_ms > 0 ? (int64_t)args->interval_ms : INTERVAL_MS;
  watch.live = !args->json && term_can_be_live();
  int status = store_open(&watch.store, args);
  if (status == STATUS_OK)
    status = check_queue(&watch);
  if (status == STATUS_OK)
    status = run(&watch);
  tracks_finish(&watch.tracks);
  store_close(&watch.store);
  return status;
}
