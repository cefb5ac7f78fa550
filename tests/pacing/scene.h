/* What happens in a simulation: who comes when, how the queue is run meanwhile, and what people do. Every
 * number of people is per 300,000 and scales with the scene, so that a small scene takes as long as a large
 * one and its figures compare. */
#ifndef PACING_SCENE_H
#define PACING_SCENE_H

#include <stddef.h>
#include <stdint.h>
#include <qk.h>

#define SCENE_QUEUE "hall"
#define SCENE_IDLE_MS 120000 /* of scenes in which people are dropped */

/* How the queue is run from a second on, until the next phase. */
struct phase {
  int64_t from_s;
  uint32_t mode;
  uint32_t rate;  /* admissions a second; 0 = no limit */
  uint32_t seats; /* people inside */
};

struct scene {
  const char *name;
  const struct phase *phases;
  size_t phase_count;
  uint64_t people, seed;
  int patient; /* 1: nobody loses interest */
  uint32_t idle_ms;
  int cursor; /* 1: hosts answer from a cursor what storage.md lets them */
};

/* One person's own ways, drawn from the seed and nothing else. */
struct ways {
  int64_t
      gone_after_ms; /* does not look any more so long after entering, and claims nothing; -1 = comes back */
  int64_t claim_ms;  /* from seeing READY to activating */
  int64_t stay_ms;   /* from activating to releasing */
};

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t scene_draw(uint64_t *state);

/* The phases by the name of a scene: "steady", "changing", "seats", or "patient", which
 * is "changing" without no-shows. Returns 0, or -1 if there is none. */
int scene_init(struct scene *scene, const char *name, uint64_t people, uint64_t seed);

/* What per_300000 people are in this scene; at least 1 unless it is 0. */
uint64_t scene_scaled(const struct scene *scene, uint64_t per_300000);
int64_t scene_arrival_ms(const struct scene *scene, uint64_t person);
void scene_policy(const struct scene *scene, const struct phase *phase, qk_policy *policy);
void scene_ways(const struct scene *scene, uint64_t person, struct ways *ways);
/* Between two polls lies what the person was told and this, for the network and the device's timer. */
int64_t scene_network_ms(const struct scene *scene, uint64_t person, uint64_t poll);
/* The last change of phase at or before at_ms; the opening is one. -1 = none yet. */
int64_t scene_last_change_ms(const struct scene *scene, int64_t at_ms);

#endif
