/* Plays a scene in virtual time over the memory store, through the public interface. */
#ifndef PACING_PLAY_H
#define PACING_PLAY_H

#include "record.h"
#include "scene.h"

/* Returns QK_OK; the code of a call that should not have failed; or QK_ESTATE if somebody is still there
 * after RECORD_SECONDS. The record is the caller's to finish in any case. */
int play(const struct scene *scene, struct record *record);

#endif
