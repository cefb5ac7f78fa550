/* The hall that the fault tests break into: ann is ACTIVE, bob READY, cid and dan wait; two seats, no eager
 * admission. A second queue, "yard", has fay waiting. */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include <qk.h>
#include "helpers.h"

#define YARD "yard"

struct scene {
  qk_store *store;
  char ann[QK_TOKEN_SIZE], bob[QK_TOKEN_SIZE], cid[QK_TOKEN_SIZE]; /* tokens */
};

/* Options of every scene: the fixture's clock and random source, and no answer from the cursor. */
void scene_options(qk_options *options);
/* Open uri and let the people in. Fails the test if that fails. */
void scene_open(struct scene *scene, const char *uri);
void scene_open_with(struct scene *scene, const char *uri, const qk_options *options);
void scene_close(struct scene *scene);

/* Everything that can be asked about both queues, as text: two pictures are equal if nothing has changed. The
 * clock must stand still between them. */
#define SCENE_PICTURE_SIZE 32768
void scene_picture(const struct scene *scene, char picture[SCENE_PICTURE_SIZE]);
/* Fail the test if the two differ; what says when. */
void scene_same(const char *before, const char *after, const char *what);

#endif
