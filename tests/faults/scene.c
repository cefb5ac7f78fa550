#include "scene.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The helpers look into it. */
static const struct fixture bare = {.name = "scene"};

void scene_options(qk_options *options)
{
  fixture = &bare;
  fixture_options(options);
  options->cursor_ms = 0;
}

static void keep_token(const struct scene *scene, const qk_ticket *ticket, char token[QK_TOKEN_SIZE])
{
  CHECK_OK(qk_token(scene->store, ticket, token));
}

void scene_open_with(struct scene *scene, const char *uri, const qk_options *options)
{
  qk_policy policy = calm_policy();
  qk_ticket ticket;
  qk_error err;
  int code = qk_open(&scene->store, uri, options, &err);
  ck_assert_msg(code == QK_OK, "%s does not open: %d %s", uri, code, err.text);
  policy.max_active = 2;
  CHECK_OK(qk_set_policy(scene->store, HALL, &policy, NULL));
  CHECK_OK(qk_enter(scene->store, HALL, "ann", NULL));
  CHECK_OK(qk_enter(scene->store, HALL, "bob", NULL));
  CHECK_OK(qk_tick(scene->store, HALL, NULL));
  CHECK_OK(qk_activate(scene->store, HALL, "ann", &ticket));
  keep_token(scene, &ticket, scene->ann);
  CHECK_OK(qk_poll(scene->store, HALL, "bob", &ticket));
  keep_token(scene, &ticket, scene->bob);
  CHECK_OK(qk_enter(scene->store, HALL, "cid", &ticket));
  keep_token(scene, &ticket, scene->cid);
  CHECK_OK(qk_enter_class(scene->store, HALL, "dan", 3, NULL));
  CHECK_OK(qk_set_policy(scene->store, YARD, &policy, NULL));
  CHECK_OK(qk_enter(scene->store, YARD, "fay", NULL));
}

void scene_open(struct scene *scene, const char *uri)
{
  qk_options options;
  scene_options(&options);
  scene_open_with(scene, uri, &options);
}

void scene_close(struct scene *scene)
{
  qk_close(scene->store);
  scene->store = NULL;
}

/* ---- Pictures ------------------------------------------------------------------------------------ */

struct canvas {
  char *text;
  size_t used;
};

static void draw(struct canvas *canvas, const char *format, ...)
{
  va_list args;
  size_t left = SCENE_PICTURE_SIZE - canvas->used;
  va_start(args, format);
  int len = vsnprintf(canvas->text + canvas->used, left, format, args);
  va_end(args);
  ck_assert_msg(len >= 0 && (size_t)len < left, "the picture is too small");
  canvas->used += (size_t)len;
}

static void draw_json(struct canvas *canvas, const char *what, char *json)
{
  ck_assert_ptr_nonnull(json);
  draw(canvas, "%s %s\n", what, json);
  qk_free(json);
}

static void draw_person(struct canvas *canvas, qk_store *store, const char *queue, const char *user)
{
  qk_ticket ticket;
  int code = qk_poll(store, queue, user, &ticket);
  draw(canvas, "poll %s %d\n", user, code);
  draw_json(canvas, "ticket", qk_ticket_json(&ticket));
}

static void draw_queue(struct canvas *canvas, qk_store *store, const char *queue)
{
  static const char *const people[] = {"ann", "bob", "cid", "dan", "eve", "fay", "gus"};
  qk_ticket line[16];
  qk_policy policy;
  qk_cursor cursor;
  qk_stats stats;
  int code = qk_get_stats(store, queue, &stats);
  draw(canvas, "queue %s %d\n", queue, code);
  if (code != QK_OK)
    return;
  draw_json(canvas, "stats", qk_stats_json(&stats));
  CHECK_OK(qk_get_policy(store, queue, &policy));
  draw_json(canvas, "policy", qk_policy_json(&policy));
  CHECK_OK(qk_get_cursor(store, queue, &cursor));
  draw_json(canvas, "cursor", qk_cursor_json(&cursor));
  int waiting = qk_list(store, queue, 0, 0, line, 16);
  for (int i = 0; i < waiting; i++)
    draw_json(canvas, "line", qk_ticket_json(&line[i]));
  for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
    draw_person(canvas, store, queue, people[i]);
}

static int draw_name(void *arg, const char *queue)
{
  draw(arg, "there is %s\n", queue);
  return 0;
}

void scene_picture(const struct scene *scene, char picture[SCENE_PICTURE_SIZE])
{
  struct canvas canvas = {.text = picture};
  CHECK_OK(qk_each_queue(scene->store, draw_name, &canvas));
  draw_queue(&canvas, scene->store, HALL);
  draw_queue(&canvas, scene->store, YARD);
  draw_queue(&canvas, scene->store, "attic");
}

void scene_same(const char *before, const char *after, const char *what)
{
  size_t at = 0;
  while (before[at] && before[at] == after[at])
    at++;
  size_t from = at < 60 ? 0 : at - 60;
  ck_assert_msg(before[at] == after[at], "%s changed something: \"%.120s\" became \"%.120s\"", what,
                before + from, after + from);
}
