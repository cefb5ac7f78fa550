#include "play.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <qk.h>
#include "examples/rush_timers.h"
#include "glance.h"

#define TICK_MS 100
#define START_MS INT64_C(1700000000000)
#define DONE 0 /* a verb that nobody does */

struct person {
  uint64_t number;
  int64_t gone_ms; /* -1 = never */
  uint32_t polls;
  uint8_t verb; /* what comes next */
};

struct play {
  const struct scene *scene;
  struct record *record;
  qk_store *store;
  struct timers timers;
  struct person *people;
  struct glance glance;
  size_t phase; /* the next one */
  int64_t tick_ms;
  uint64_t inside_or_waiting, arrived;
  uint64_t random; /* state of what the store draws */
};

static int64_t clock_of(void *arg)
{
  const struct play *play = arg;
  return START_MS + play->timers.now_ms;
}

static int random_of(void *arg, void *buf, size_t len)
{
  struct play *play = arg;
  for (size_t i = 0; i < len; i++)
    ((unsigned char *)buf)[i] = (unsigned char)scene_draw(&play->random);
  return 0;
}

static void name_of(uint32_t person, char name[16])
{
  (void)snprintf(name, 16, "user%08" PRIu32, person);
}

static void on_event(void *arg, const qk_event *event)
{
  struct play *play = arg;
  if (event->type == QK_EVENT_ADMITTED)
    play->record->admitted_ms[strtoul(event->user + strlen("user"), NULL, 10)] = (int32_t)play->timers.now_ms;
}

static void do_at(struct play *play, uint32_t node, int verb, int64_t after_ms)
{
  play->people[node].verb = (uint8_t)verb;
  timers_add(&play->timers, node, play->timers.now_ms + after_ms);
}

static int is_gone(const struct play *play, const struct person *person)
{
  return person->gone_ms >= 0 && person->gone_ms <= play->timers.now_ms;
}

/* Somebody sees a ticket. */
static void look(struct play *play, uint32_t node, const qk_ticket *ticket)
{
  struct person *person = &play->people[node];
  struct ways ways;
  if (ticket->state == QK_WAITING) {
    person->number = ticket->number;
    int64_t network_ms = scene_network_ms(play->scene, node, ++person->polls);
    do_at(play, node, QK_POLL, ticket->poll_after_ms + network_ms);
    return;
  }
  play->record->noticed_ms[node] = (int32_t)play->timers.now_ms;
  scene_ways(play->scene, node, &ways);
  if (ways.gone_after_ms < 0)
    do_at(play, node, QK_ACTIVATE, ways.claim_ms);
}

static int enter(struct play *play, uint32_t node, const char *name)
{
  qk_ticket ticket;
  struct ways ways;
  scene_ways(play->scene, node, &ways);
  play->people[node].gone_ms = ways.gone_after_ms < 0 ? -1 : play->timers.now_ms + ways.gone_after_ms;
  play->arrived++;
  int code = qk_enter(play->store, SCENE_QUEUE, name, &ticket);
  if (code == QK_OK)
    look(play, node, &ticket);
  return code;
}

/* Where the cursor may answer it does; the store then hears only that the person is there still. */
static int ask(struct play *play, uint32_t node, const char *name, qk_ticket *ticket, float *slack)
{
  qk_ticket guess = {.state = QK_WAITING, .number = play->people[node].number};
  int estimated = play->scene->cursor && glance_answer(&play->glance, play->timers.now_ms, &guess);
  int code = qk_poll(play->store, SCENE_QUEUE, name, ticket);
  *slack = 0;
  if (code != QK_OK || !estimated)
    return code;
  *slack = ticket->position > 0 ? (float)guess.position / (float)ticket->position : 1;
  *ticket = guess;
  play->record->estimated++;
  return QK_OK;
}

static int poll(struct play *play, uint32_t node, const char *name)
{
  int64_t now_ms = play->timers.now_ms;
  struct answer answer = {.person = node, .at_ms = (int32_t)now_ms};
  qk_ticket ticket;
  if (is_gone(play, &play->people[node]))
    return QK_OK;
  int code = ask(play, node, name, &ticket, &answer.slack);
  play->record->polls[now_ms / 1000]++;
  if (code == QK_ENOTFOUND)
    play->record->strangers++;
  if (code != QK_OK)
    return code == QK_ENOTFOUND ? QK_OK : code;
  answer.eta_ms = ticket.eta_ms < INT32_MAX ? (int32_t)ticket.eta_ms : INT32_MAX;
  if (ticket.state == QK_WAITING && record_answer(play->record, &answer) != 0)
    return QK_ENOMEM;
  look(play, node, &ticket);
  return QK_OK;
}

static int activate(struct play *play, uint32_t node, const char *name)
{
  struct ways ways;
  int code = qk_activate(play->store, SCENE_QUEUE, name, NULL);
  if (code == QK_ENOTFOUND) {
    play->record->strangers++;
    return QK_OK;
  }
  scene_ways(play->scene, node, &ways);
  do_at(play, node, QK_RELEASE, ways.stay_ms);
  return code;
}

static int act(struct play *play, uint32_t node)
{
  char name[16];
  name_of(node, name);
  switch (play->people[node].verb) {
  case QK_ENTER:
    return enter(play, node, name);
  case QK_POLL:
    return poll(play, node, name);
  case QK_ACTIVATE:
    return activate(play, node, name);
  default:
    return qk_release(play->store, SCENE_QUEUE, name, NULL);
  }
}

static int change_phase(struct play *play)
{
  const struct phase *phase = &play->scene->phases[play->phase++];
  qk_policy policy;
  scene_policy(play->scene, phase, &policy);
  int code = qk_set_policy(play->store, SCENE_QUEUE, &policy, NULL);
  return code == QK_OK ? qk_set_mode(play->store, SCENE_QUEUE, phase->mode) : code;
}

static int tick(struct play *play)
{
  qk_tick_report report;
  int64_t second = play->timers.now_ms / 1000;
  if (second >= RECORD_SECONDS)
    return QK_ESTATE;
  int code = qk_tick(play->store, SCENE_QUEUE, &report);
  play->record->waiting[second] = (uint32_t)report.waiting;
  play->inside_or_waiting = report.waiting + report.ready + report.active;
  play->tick_ms += TICK_MS;
  return code;
}

/* One millisecond. */
static int step(struct play *play)
{
  int code = QK_OK;
  uint32_t node;
  while (code == QK_OK && play->phase < play->scene->phase_count &&
         play->scene->phases[play->phase].from_s * 1000 <= play->timers.now_ms)
    code = change_phase(play);
  if (code == QK_OK && play->tick_ms <= play->timers.now_ms)
    code = tick(play);
  while (code == QK_OK && (node = timers_take(&play->timers)) != TIMERS_NONE)
    code = act(play, node);
  timers_advance(&play->timers);
  return code;
}

static int goes_on(const struct play *play)
{
  return play->arrived < play->scene->people || play->inside_or_waiting > 0;
}

static int open_store(struct play *play)
{
  qk_options options;
  qk_options_init(&options);
  options.clock = clock_of;
  options.clock_arg = play;
  options.random = random_of;
  options.random_arg = play;
  options.on_event = on_event;
  options.event_arg = play;
  options.cursor_ms = 0;
  return qk_open(&play->store, NULL, &options, NULL);
}

static int start(struct play *play)
{
  size_t people = (size_t)play->scene->people;
  if (timers_init(&play->timers, people) != 0)
    return QK_ENOMEM;
  play->people = calloc(people, sizeof *play->people);
  if (play->people == NULL)
    return QK_ENOMEM;
  for (size_t i = 0; i < people; i++)
    do_at(play, (uint32_t)i, QK_ENTER, scene_arrival_ms(play->scene, i));
  int code = open_store(play);
  glance_init(&play->glance, play->scene, play->store);
  return code;
}

int play(const struct scene *scene, struct record *record)
{
  struct play play = {.scene = scene, .record = record, .random = scene->seed};
  if (record_init(record, scene->people) != 0)
    return QK_ENOMEM;
  int code = start(&play);
  while (code == QK_OK && goes_on(&play))
    code = step(&play);
  qk_close(play.store);
  timers_finish(&play.timers);
  free(play.people);
  return code;
}
