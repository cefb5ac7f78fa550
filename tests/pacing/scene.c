#include "scene.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The rush: 10 s of 1,000 people a second, then 60 s of 5,000; the doors open half a minute after the first.
 */
#define ARRIVALS 310000
#define TRICKLE 10000
#define TRICKLE_S 10
#define PEAK_S 60
#define ROOMY 60000 /* seats that never run out at the rates below */

static const struct phase steady[] = {{0, QK_MODE_HOLD, 300, ROOMY}, {30, QK_MODE_OPEN, 300, ROOMY}};

static const struct phase changing[] = {{0, QK_MODE_HOLD, 200, ROOMY},   {30, QK_MODE_OPEN, 200, ROOMY},
                                        {180, QK_MODE_OPEN, 400, ROOMY}, {300, QK_MODE_HOLD, 400, ROOMY},
                                        {420, QK_MODE_OPEN, 400, ROOMY}, {540, QK_MODE_OPEN, 150, ROOMY},
                                        {720, QK_MODE_OPEN, 300, ROOMY}, {840, QK_MODE_OPEN, 0, 35000}};

static const struct phase seats[] = {{0, QK_MODE_HOLD, 0, 50000}, {30, QK_MODE_OPEN, 0, 50000}};

int scene_init(struct scene *scene, const char *name, uint64_t people, uint64_t seed)
{
  static const struct {
    const char *name;
    const struct phase *phases;
    size_t count;
    int patient;
  } scenes[] = {{"steady", steady, COUNT(steady), 0},
                {"changing", changing, COUNT(changing), 0},
                {"patient", changing, COUNT(changing), 1},
                {"seats", seats, COUNT(seats), 0}};
  for (size_t i = 0; i < COUNT(scenes); i++) {
    if (strcmp(name, scenes[i].name) != 0)
      continue;
    *scene = (struct scene){.name = scenes[i].name,
                            .phases = scenes[i].phases,
                            .phase_count = scenes[i].count,
                            .people = people,
                            .seed = seed,
                            .patient = scenes[i].patient};
    return 0;
  }
  return -1;
}

uint64_t scene_scaled(const struct scene *scene, uint64_t per_300000)
{
  uint64_t scaled = (per_300000 * scene->people + ARRIVALS / 2) / ARRIVALS;
  return scaled == 0 && per_300000 > 0 ? 1 : scaled;
}

int64_t scene_arrival_ms(const struct scene *scene, uint64_t person)
{
  uint64_t i = person * ARRIVALS / scene->people;
  if (i < TRICKLE)
    return (int64_t)(i * TRICKLE_S * 1000 / TRICKLE);
  return TRICKLE_S * 1000 + (int64_t)((i - TRICKLE) * PEAK_S * 1000 / (ARRIVALS - TRICKLE));
}

void scene_policy(const struct scene *scene, const struct phase *phase, qk_policy *policy)
{
  qk_policy_init(policy);
  policy->mode = phase->mode;
  policy->rate = scene_scaled(scene, phase->rate);
  policy->max_active = scene_scaled(scene, phase->seats);
  policy->ready_ms = 60000;
  policy->idle_ms = scene->idle_ms;
}

uint64_t scene_draw(uint64_t *state)
{
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static int64_t draw_between(uint64_t *state, int64_t low, int64_t high)
{
  return low + (int64_t)(scene_draw(state) % (uint64_t)(high - low + 1));
}

static uint64_t source_of(const struct scene *scene, uint64_t person, uint64_t poll)
{
  uint64_t state = scene->seed + person * UINT64_C(0xd1342543de82ef95) + poll * UINT64_C(0xa24baed4963ee407);
  (void)scene_draw(&state);
  return state;
}

/* Three in ten lose interest some time in the first five minutes. */
void scene_ways(const struct scene *scene, uint64_t person, struct ways *ways)
{
  uint64_t source = source_of(scene, person, 0);
  int comes = scene_draw(&source) % 10 >= 3 || scene->patient;
  int64_t patience_ms = draw_between(&source, 0, 300000);
  ways->gone_after_ms = comes ? -1 : patience_ms;
  ways->claim_ms = draw_between(&source, 500, 5000);
  ways->stay_ms = draw_between(&source, 30000, 240000);
}

int64_t scene_network_ms(const struct scene *scene, uint64_t person, uint64_t poll)
{
  uint64_t source = source_of(scene, person, poll);
  return draw_between(&source, 20, 200);
}

int64_t scene_last_change_ms(const struct scene *scene, int64_t at_ms)
{
  int64_t last_ms = -1;
  for (size_t i = 1; i < scene->phase_count && scene->phases[i].from_s * 1000 <= at_ms; i++)
    last_ms = scene->phases[i].from_s * 1000;
  return last_ms;
}
