/* One scene from beginning to end. */
#ifndef PACING_SIMULATE_H
#define PACING_SIMULATE_H

#include "figures.h"
#include "scene.h"

/* Play the scene and fill the figures. Returns QK_OK, or the code of what failed. */
int simulate(const struct scene *scene, struct figures *figures);

#endif
