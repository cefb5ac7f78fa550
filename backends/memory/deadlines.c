#include "deadlines.h"

#include <stdlib.h>
#include <string.h>

#include <qk.h>

#include "record.h"

#define PAGE_SHIFT 8
#define PAGE_ENTRIES (1u << PAGE_SHIFT)
#define WAYS 4

void qkm_deadlines_init(struct qkm_deadlines *deadlines, struct qkm_pool *pool)
{
  *deadlines = (struct qkm_deadlines){.pool = pool};
}

void qkm_deadlines_finish(struct qkm_deadlines *deadlines)
{
  for (uint32_t i = 0; i < deadlines->page_count; i++)
    free(deadlines->pages[i]);
  free(deadlines->pages);
}

static int grow_directory(struct qkm_deadlines *deadlines)
{
  uint32_t room = deadlines->page_room ? deadlines->page_room * 2 : 4;
  struct qkm_deadline **pages = realloc(deadlines->pages, room * sizeof *pages);
  if (!pages)
    return QK_ENOMEM;
  deadlines->pages = pages;
  deadlines->page_room = room;
  return QK_OK;
}

int qkm_deadlines_reserve(struct qkm_deadlines *deadlines)
{
  if (deadlines->count < deadlines->page_count << PAGE_SHIFT)
    return QK_OK;
  if (deadlines->page_count == deadlines->page_room && grow_directory(deadlines) != QK_OK)
    return QK_ENOMEM;
  struct qkm_deadline *page = malloc(PAGE_ENTRIES * sizeof *page);
  if (!page)
    return QK_ENOMEM;
  deadlines->pages[deadlines->page_count++] = page;
  return QK_OK;
}

static struct qkm_deadline *entry(const struct qkm_deadlines *deadlines, uint32_t place)
{
  return &deadlines->pages[place >> PAGE_SHIFT][place & (PAGE_ENTRIES - 1)];
}

static int is_before(const struct qkm_deadline *a, const struct qkm_deadline *b)
{
  return a->time_ms != b->time_ms ? a->time_ms < b->time_ms : a->number < b->number;
}

static void put(struct qkm_deadlines *deadlines, uint32_t place, const struct qkm_deadline *what)
{
  *entry(deadlines, place) = *what;
  qkm_set_place(qkm_record(deadlines->pool, what->handle), place);
}

static void sift_up(struct qkm_deadlines *deadlines, uint32_t place, struct qkm_deadline what)
{
  while (place > 0) {
    uint32_t parent = (place - 1) / WAYS;
    if (!is_before(&what, entry(deadlines, parent)))
      break;
    put(deadlines, place, entry(deadlines, parent));
    place = parent;
  }
  put(deadlines, place, &what);
}

static uint32_t first_child(const struct qkm_deadlines *deadlines, uint32_t place)
{
  uint32_t child = place * WAYS + 1, best = child;
  for (uint32_t i = child + 1; i < child + WAYS && i < deadlines->count; i++)
    if (is_before(entry(deadlines, i), entry(deadlines, best)))
      best = i;
  return best;
}

static void sift_down(struct qkm_deadlines *deadlines, uint32_t place, struct qkm_deadline what)
{
  while (place * WAYS + 1 < deadlines->count) {
    uint32_t child = first_child(deadlines, place);
    if (!is_before(entry(deadlines, child), &what))
      break;
    put(deadlines, place, entry(deadlines, child));
    place = child;
  }
  put(deadlines, place, &what);
}

/* what belongs at place or somewhere above or below it. */
static void settle(struct qkm_deadlines *deadlines, uint32_t place, struct qkm_deadline what)
{
  if (place > 0 && is_before(&what, entry(deadlines, (place - 1) / WAYS)))
    sift_up(deadlines, place, what);
  else
    sift_down(deadlines, place, what);
}

void qkm_deadlines_add(struct qkm_deadlines *deadlines, int64_t time_ms, int64_t since_ms, uint64_t number,
                       uint32_t handle)
{
  struct qkm_deadline what = {
      .time_ms = time_ms, .number = number, .handle = handle, .since = (uint32_t)since_ms};
  sift_up(deadlines, deadlines->count++, what);
}

void qkm_deadlines_change(struct qkm_deadlines *deadlines, uint32_t place, int64_t time_ms, int64_t since_ms)
{
  struct qkm_deadline what = *entry(deadlines, place);
  what.time_ms = time_ms;
  what.since = (uint32_t)since_ms;
  settle(deadlines, place, what);
}

/* Keep one empty page, so that a count on a page's edge does not allocate at every step. */
static void shrink(struct qkm_deadlines *deadlines)
{
  while (deadlines->page_count > 1 && deadlines->count + PAGE_ENTRIES <= (deadlines->page_count - 1)
                                                                             << PAGE_SHIFT)
    free(deadlines->pages[--deadlines->page_count]);
}

void qkm_deadlines_remove(struct qkm_deadlines *deadlines, uint32_t place)
{
  struct qkm_deadline last = *entry(deadlines, --deadlines->count);
  if (place < deadlines->count)
    settle(deadlines, place, last);
  shrink(deadlines);
}

int64_t qkm_deadlines_since(const struct qkm_deadlines *deadlines, uint32_t place)
{
  const struct qkm_deadline *what = entry(deadlines, place);
  return what->time_ms - (int64_t)((uint32_t)what->time_ms - what->since);
}

void qkm_deadlines_repoint(struct qkm_deadlines *deadlines, uint32_t place, uint32_t handle)
{
  entry(deadlines, place)->handle = handle;
}

uint32_t qkm_deadlines_first(const struct qkm_deadlines *deadlines)
{
  return deadlines->count > 0 ? entry(deadlines, 0)->handle : 0;
}
