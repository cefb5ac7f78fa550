#include "exporter_crowd.h"

#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IDLE_MS 60000
/* People come at 100 a second, so that nothing starts with a flood. */
#define ARRIVAL_MS 10
#define AGAIN_MS 2000

/* A queue, how many people share it, and how long they stay inside, and away before they come again. */
struct scene {
  const char *queue;
  uint32_t mode, people;
  uint64_t seats, rate; /* admissions a second, 0 = no limit */
  uint32_t stay_ms, pause_ms;
};

static const struct scene scenes[] = {
    {"concert", QK_MODE_OPEN, 2000, 50, 0, 4000, 5000},     /* a long line, every seat taken */
    {"registration", QK_MODE_OPEN, 200, 500, 8, 5000, 500}, /* held back by the rate, not by the seats */
    {"museum", QK_MODE_OPEN, 60, 100, 0, 5000, 5000},       /* room for everybody */
    {"presale", QK_MODE_HOLD, 150, 100, 0, 5000, 5000},     /* has not begun */
};
#define SCENES (sizeof scenes / sizeof *scenes)

struct person {
  const struct scene *scene;
  struct crowd *crowd;
  struct event *timer;
  int32_t verb; /* the next */
  qk_op op;
  qk_ticket ticket;
  char id[32], token[QK_TOKEN_SIZE];
};

struct crowd {
  qk_store *store;
  size_t count;
  struct person people[];
};

static uint32_t below(uint32_t n)
{
  uint32_t random;
  evutil_secure_rng_get_bytes(&random, sizeof random);
  return random % n;
}

static int chance(uint32_t percent)
{
  return below(100) < percent;
}

/* About so long: half to one and a half times as much. */
static uint32_t about(uint32_t ms)
{
  return ms / 2 + below(ms);
}

static void later(struct person *person, int32_t verb, uint32_t ms)
{
  struct timeval time = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
  person->verb = verb;
  event_add(person->timer, &time);
}

static void on_time(evutil_socket_t fd, short events, void *arg)
{
  (void)fd;
  (void)events;
  struct person *person = arg;
  qk_op *op = &person->op;
  *op = (qk_op){.size = sizeof *op, .verb = person->verb, .ticket = &person->ticket, .data = person};
  if (op->verb == QK_ENTER) {
    op->queue = person->scene->queue;
    op->user = person->id;
  } else {
    op->token = person->token;
  }
  if (qk_submit(person->crowd->store, &op, 1) != QK_OK)
    later(person, person->verb, about(AGAIN_MS));
}

/* What one does next who knows the place. */
static void go_on(struct person *person)
{
  const struct scene *scene = person->scene;
  uint32_t stay_ms = about(scene->stay_ms);
  switch (person->ticket.state) {
  case QK_WAITING:
    if (chance(1)) /* leaves */
      later(person, QK_RELEASE, about(AGAIN_MS));
    else /* one in a hundred is away until the place is lost */
      later(person, QK_POLL, chance(1) ? 2 * IDLE_MS : person->ticket.poll_after_ms);
    break;
  case QK_READY: /* one in ten comes too late */
    later(person, QK_ACTIVATE, chance(10) ? 3 * scene->stay_ms : about(500));
    break;
  case QK_ACTIVE: /* some want more time, some forget to say that they are done */
    if (person->verb == QK_ACTIVATE && chance(20))
      later(person, QK_EXTEND, stay_ms);
    else
      later(person, QK_RELEASE, chance(5) ? 6 * scene->stay_ms : stay_ms);
    break;
  default:
    later(person, QK_ENTER, about(scene->pause_ms));
  }
}

void crowd_answer(qk_op *op)
{
  struct person *person = op->data;
  switch (op->result) {
  case QK_OK:
    if (person->ticket.state != QK_NONE)
      qk_token(person->crowd->store, &person->ticket, person->token);
    go_on(person);
    break;
  case QK_EEXPIRED:
  case QK_ETOKEN:
    later(person, QK_ENTER, about(person->scene->pause_ms));
    break;
  default:
    later(person, person->verb, about(AGAIN_MS));
  }
}

static int set_policies(qk_store *store, qk_error *error)
{
  for (size_t i = 0; i < SCENES; i++) {
    const struct scene *scene = &scenes[i];
    qk_policy policy;
    qk_policy_init(&policy);
    policy.mode = scene->mode;
    policy.max_active = scene->seats;
    policy.rate = scene->rate;
    policy.ready_ms = 2 * scene->stay_ms;
    policy.active_ms = 3 * scene->stay_ms;
    policy.idle_ms = IDLE_MS;
    int code = qk_set_policy(store, scene->queue, &policy, error);
    if (code != QK_OK)
      return code;
  }
  return QK_OK;
}

static int add_people(struct crowd *crowd, const struct scene *scene, struct event_base *base)
{
  for (uint32_t i = 0; i < scene->people; i++) {
    struct person *person = &crowd->people[crowd->count];
    person->scene = scene;
    person->crowd = crowd;
    snprintf(person->id, sizeof person->id, "%ld-%zu", (long)getpid(), crowd->count);
    person->timer = evtimer_new(base, on_time, person);
    if (!person->timer)
      return QK_ENOMEM;
    crowd->count++;
    later(person, QK_ENTER, i * ARRIVAL_MS);
  }
  return QK_OK;
}

struct crowd *crowd_create(qk_store *store, struct event_base *base, qk_error *error)
{
  size_t people = 0;
  for (size_t i = 0; i < SCENES; i++)
    people += scenes[i].people;
  if (set_policies(store, error) != QK_OK)
    return NULL;
  struct crowd *crowd = calloc(1, sizeof *crowd + people * sizeof *crowd->people);
  if (!crowd)
    return NULL;
  crowd->store = store;
  for (size_t i = 0; i < SCENES; i++) {
    if (add_people(crowd, &scenes[i], base) != QK_OK) {
      crowd_destroy(crowd);
      return NULL;
    }
  }
  return crowd;
}

void crowd_destroy(struct crowd *crowd)
{
  for (size_t i = 0; crowd && i < crowd->count; i++)
    event_free(crowd->people[i].timer);
  free(crowd);
}
