/* What really happened to the line of a queue, step by step, as its hosts' events tell: against this the
 * answers from a cursor are checked.
 *
 * A version counts the changes of the line in one epoch: entered + admitted + left + dropped. So the totals
 * of a view say of which version it is. */
#ifndef TESTS_CURSOR_TRUTH_H
#define TESTS_CURSOR_TRUTH_H

#include <stddef.h>
#include <stdint.h>
#include <qk.h>

#define TRUTH_NEVER UINT64_MAX

enum { TRUTH_WAITING, TRUTH_ADMITTED, TRUTH_LEFT, TRUTH_DROPPED };

/* One entry: the versions at which something happened to it. */
struct truth_entry {
  uint32_t cls;
  int end; /* how it stopped to wait */
  uint64_t entered, ended;
};

struct truth {
  struct truth *older;
  uint64_t epoch, version, last; /* last: the highest number */
  struct truth_entry *entries;   /* by number; entered 0: there is none */
  size_t room;
};

struct history {
  struct truth *newest;
};

/* An on_event callback; arg is a struct history. */
void truth_take(void *arg, const qk_event *event);
void truth_finish(struct history *history);

uint64_t truth_version(const qk_stats *stats);
/* NULL: nothing is known of it. */
struct truth *truth_find(const struct history *history, uint64_t epoch);
/* What an entry was at a version. */
int truth_state(const struct truth *truth, uint64_t number, uint64_t version);
/* The place in line of somebody who waited then; 1 = the head. */
uint64_t truth_position(const struct truth *truth, uint64_t number, uint64_t version);
/* How many entered classes below cls after one version, until another. */
uint64_t truth_entered_below(const struct truth *truth, uint32_t cls, uint64_t after, uint64_t until);
/* 1 if somebody of a class was admitted past somebody who still waits there. */
int truth_was_passed(const struct truth *truth, uint32_t cls, uint64_t version);

#endif
