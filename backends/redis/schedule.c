#include "schedule.h"

#include <stdlib.h>

/* ---- Lists ---- */

void qkr_list_push(struct qkr_list *list, struct qkr_request *request)
{
  request->where = list;
  request->next = NULL;
  request->prev = list->last;
  if (list->last)
    list->last->next = request;
  else
    list->first = request;
  list->last = request;
  list->count++;
}

void qkr_list_unshift(struct qkr_list *list, struct qkr_request *request)
{
  request->where = list;
  request->prev = NULL;
  request->next = list->first;
  if (list->first)
    list->first->prev = request;
  else
    list->last = request;
  list->first = request;
  list->count++;
}

void qkr_list_remove(struct qkr_request *request)
{
  struct qkr_list *list = request->where;
  if (!list)
    return;
  if (request->prev)
    request->prev->next = request->next;
  else
    list->first = request->next;
  if (request->next)
    request->next->prev = request->prev;
  else
    list->last = request->prev;
  list->count--;
  request->where = NULL;
  request->next = request->prev = NULL;
}

/* ---- The heap ---- */

static void put(struct qkr_schedule *schedule, size_t place, struct qkr_request *request)
{
  schedule->heap[place] = request;
  request->place = place;
}

static void rise(struct qkr_schedule *schedule, struct qkr_request *request)
{
  size_t place = request->place;
  while (place > 0 && schedule->heap[(place - 1) / 2]->due_us > request->due_us) {
    put(schedule, place, schedule->heap[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  put(schedule, place, request);
}

static void sink(struct qkr_schedule *schedule, struct qkr_request *request)
{
  size_t place = request->place;
  for (size_t child; (child = 2 * place + 1) < schedule->count; place = child) {
    if (child + 1 < schedule->count && schedule->heap[child + 1]->due_us < schedule->heap[child]->due_us)
      child++;
    if (schedule->heap[child]->due_us >= request->due_us)
      break;
    put(schedule, place, schedule->heap[child]);
  }
  put(schedule, place, request);
}

void qkr_schedule_finish(struct qkr_schedule *schedule)
{
  free(schedule->heap);
  *schedule = (struct qkr_schedule){0};
}

int qkr_schedule_add(struct qkr_schedule *schedule, struct qkr_request *request)
{
  if (schedule->count == schedule->room) {
    size_t room = schedule->room ? schedule->room * 2 : 64;
    struct qkr_request **heap = realloc(schedule->heap, room * sizeof *heap);
    if (!heap)
      return QK_ENOMEM;
    schedule->heap = heap;
    schedule->room = room;
  }
  put(schedule, schedule->count++, request);
  rise(schedule, request);
  return QK_OK;
}

void qkr_schedule_move(struct qkr_schedule *schedule, struct qkr_request *request, int64_t due_us)
{
  request->due_us = due_us;
  rise(schedule, request);
  sink(schedule, request);
}

void qkr_schedule_remove(struct qkr_schedule *schedule, struct qkr_request *request)
{
  struct qkr_request *last = schedule->heap[--schedule->count];
  if (last == request)
    return;
  put(schedule, request->place, last);
  rise(schedule, last);
  sink(schedule, last);
}

struct qkr_request *qkr_schedule_first(const struct qkr_schedule *schedule)
{
  return schedule->count > 0 ? schedule->heap[0] : NULL;
}
