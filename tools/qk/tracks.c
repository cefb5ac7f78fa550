#include "tracks.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "say.h"

/* ---- One ---- */

static double per_second(uint64_t now, uint64_t before, int64_t ms)
{
  return ms > 0 ? 1000.0 * (double)(now - before) / (double)ms : -1;
}

static void update(struct track *track, const struct sample *sample)
{
  int64_t at_ms = clock_now_ms();
  const qk_stats *now = &sample->stats, *before = &track->now.stats;
  /* Totals only rise, but in a queue that was removed and made anew. */
  int goes_on = track->looks > 0 && now->entered >= before->entered && now->admitted >= before->admitted;
  if (!goes_on)
    track->looks = 0;
  track->in_per_s = goes_on ? per_second(now->entered, before->entered, at_ms - track->at_ms) : -1;
  track->out_per_s = goes_on ? per_second(now->admitted, before->admitted, at_ms - track->at_ms) : -1;
  size_t at = track->looks++ % PAST;
  track->past[WAITING_PAST][at] = (double)now->waiting;
  track->past[IN_PAST][at] = goes_on ? track->in_per_s : 0;
  track->past[OUT_PAST][at] = goes_on ? track->out_per_s : 0;
  track->now = *sample;
  track->at_ms = at_ms;
  track->is_fresh = 1;
}

static json_t *rate_json(double per_second)
{
  return per_second >= 0 ? json_real(per_second) : json_null();
}

json_t *track_json(const struct track *track)
{
  json_t *object = sample_json(&track->now);
  int failed = json_object_set_new(object, "in_per_s", rate_json(track->in_per_s));
  failed |= json_object_set_new(object, "out_per_s", rate_json(track->out_per_s));
  if (failed)
    say_no_memory();
  return object;
}

/* ---- All ---- */

static void *grow(void *list, size_t *room, size_t size)
{
  *room = 2 * *room + 16;
  list = realloc(list, *room * size);
  if (list == NULL)
    say_no_memory();
  return list;
}

static struct track *find(const struct tracks *tracks, const char *queue)
{
  for (size_t i = 0; i < tracks->count; i++)
    if (strcmp(tracks->list[i]->now.queue, queue) == 0)
      return tracks->list[i];
  return NULL;
}

/* To its place by name. */
static struct track *add(struct tracks *tracks, const char *queue)
{
  struct track *track = calloc(1, sizeof *track);
  size_t at = tracks->count;
  if (track == NULL)
    say_no_memory();
  if (tracks->count == tracks->room)
    tracks->list = grow(tracks->list, &tracks->room, sizeof *tracks->list);
  for (; at > 0 && strcmp(tracks->list[at - 1]->now.queue, queue) > 0; at--)
    tracks->list[at] = tracks->list[at - 1];
  tracks->list[at] = track;
  tracks->count++;
  return track;
}

static int look_at(struct tracks *tracks, const struct store *store, const char *queue)
{
  struct sample sample;
  int code = sample_take(&sample, store, queue);
  if (code != QK_OK)
    return code;
  struct track *track = find(tracks, queue);
  update(track != NULL ? track : add(tracks, queue), &sample);
  return QK_OK;
}

static void forget_the_gone(struct tracks *tracks)
{
  size_t kept = 0;
  for (size_t i = 0; i < tracks->count; i++)
    if (tracks->list[i]->is_fresh)
      tracks->list[kept++] = tracks->list[i];
    else
      free(tracks->list[i]);
  tracks->count = kept;
}

/* What is wrong with one queue does not concern the others. */
static int is_of_queue(int code)
{
  return code == QK_ENOTFOUND || code == QK_ESTATE || code == QK_EVERSION;
}

/* The code of the first queue that fails, which is *failed. One that was removed between its name and its
 * totals is just gone. */
static int look_at_all(struct tracks *tracks, const struct store *store, char failed[NAME_SIZE])
{
  struct names names;
  int result = names_read(&names, store);
  for (size_t i = 0; i < names.count && (result == QK_OK || is_of_queue(result)); i++) {
    int code = look_at(tracks, store, names.list[i]);
    if (code == QK_OK || code == QK_ENOTFOUND || result != QK_OK)
      continue;
    memcpy(failed, names.list[i], NAME_SIZE);
    result = code;
  }
  names_finish(&names);
  return result;
}

void tracks_look(struct tracks *tracks, struct store *store, const char *queue)
{
  char failed[NAME_SIZE] = "";
  for (size_t i = 0; i < tracks->count; i++)
    tracks->list[i]->is_fresh = 0;
  int code = queue != NULL ? look_at(tracks, store, queue) : look_at_all(tracks, store, failed);
  if (failed[0] != '\0')
    queue = failed;
  if (code == QK_OK || is_of_queue(code))
    forget_the_gone(tracks);
  if (code == QK_OK)
    store->log[0] = '\0';
  else
    store_describe(store, code, queue, tracks->trouble, sizeof tracks->trouble);
  if (code != QK_OK && tracks->code == QK_OK)
    tracks->since_ms = clock_now_ms();
  tracks->code = code;
}

void tracks_finish(struct tracks *tracks)
{
  for (size_t i = 0; i < tracks->count; i++)
    free(tracks->list[i]);
  free(tracks->list);
}
