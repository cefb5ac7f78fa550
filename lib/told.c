#include "told.h"

#include <stdlib.h>
#include <string.h>

#include "errand.h"
#include "store.h"

#define CONFIRMED_PARTS 2 /* of idle_ms */
#define DUE_PARTS 12
#define BATCH 512 /* notes in one errand: what a script call takes */
#define ERRANDS_MAX 4
#define ROOM_MIN 64

struct qki_note {
  struct qki_note *next;
  uint64_t number;
  int64_t noted_ms;
  uint32_t user_len;
  char user[];
};

/* ---- People ---- */

static struct qki_person *find(const struct qki_told *told, uint64_t number)
{
  if (told->room == 0)
    return NULL;
  size_t at = (size_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (told->room - 1);
  while (told->people[at].number != 0 && told->people[at].number != number)
    at = (at + 1) & (told->room - 1);
  return &told->people[at];
}

static struct qki_person *find_known(const struct qki_told *told, uint64_t number)
{
  struct qki_person *person = find(told, number);
  return person && person->number == number ? person : NULL;
}

static int is_of_use(const struct qki_person *person, int64_t since_ms)
{
  return person->number != 0 &&
         (person->is_noted || person->asked_ms >= since_ms || person->confirmed_ms >= since_ms);
}

/* Make room, leaving out whom nobody asks for any more. 0 without memory: everything stays. */
static int rebuild(struct qki_told *told, int64_t since_ms)
{
  struct qki_told wide = {.room = ROOM_MIN};
  size_t live = 0;
  for (size_t i = 0; i < told->room; i++)
    live += (size_t)is_of_use(&told->people[i], since_ms);
  while (wide.room < 4 * live)
    wide.room *= 2;
  wide.people = calloc(wide.room, sizeof *wide.people);
  if (!wide.people)
    return 0;
  for (size_t i = 0; i < told->room; i++)
    if (is_of_use(&told->people[i], since_ms))
      *find(&wide, told->people[i].number) = told->people[i];
  free(told->people);
  told->people = wide.people;
  told->room = wide.room;
  told->used = live;
  return 1;
}

/* Somebody in the table, added if need be. NULL without memory. */
static struct qki_person *get(struct qki_told *told, uint64_t number, int64_t since_ms)
{
  if (2 * told->used >= told->room && !rebuild(told, since_ms))
    return find_known(told, number);
  struct qki_person *person = find(told, number);
  if (person->number == 0) {
    *person = (struct qki_person){.number = number, .asked_ms = INT64_MIN, .confirmed_ms = INT64_MIN};
    told->used++;
  }
  return person;
}

/* ---- Notes ---- */

static void append(struct qki_told *told, struct qki_note *note)
{
  note->next = NULL;
  if (!told->first)
    told->last = &told->first;
  *told->last = note;
  told->last = &note->next;
}

static void prepend(struct qki_told *told, struct qki_note *note)
{
  note->next = told->first;
  if (!told->first)
    told->last = &note->next;
  told->first = note;
}

static struct qki_note *take_first(struct qki_told *told)
{
  struct qki_note *note = told->first;
  told->first = note->next;
  return note;
}

static void drop_notes(struct qki_told *told)
{
  while (told->first) {
    free(take_first(told));
    atomic_fetch_sub(&told->notes, 1);
  }
}

void qki_told_finish(struct qki_told *told)
{
  drop_notes(told);
  free(told->people);
  told->people = NULL;
  told->room = told->used = 0;
}

void qki_told_enter_epoch(struct qki_told *told, uint64_t epoch)
{
  if (told->epoch == epoch)
    return;
  qki_told_finish(told);
  told->epoch = epoch;
}

/* Note a poll of somebody in the table. 0 without memory. */
static int note_locked(qk_store *store, struct qki_told *told, struct qki_person *person, const char *user,
                       uint32_t user_len, int64_t now_ms, int64_t idle_ms)
{
  struct qki_note *note = malloc(sizeof *note + user_len);
  if (!note)
    return 0;
  note->number = person->number;
  note->noted_ms = now_ms;
  note->user_len = user_len;
  memcpy(note->user, user, user_len);
  person->is_noted = 1;
  append(told, note);
  if (atomic_fetch_add(&told->notes, 1) == 0)
    qki_engine_alarm(store, idle_ms / DUE_PARTS);
  return 1;
}

/* ---- Telling ---- */

static void settle_note_locked(struct qki_told *told, struct qki_note *note, const qk_work *work,
                               int64_t begun_ms)
{
  struct qki_person *person = work->epoch == told->epoch ? find_known(told, note->number) : NULL;
  if (person && (work->result == QK_ESTORE || work->result == QK_EUNKNOWN || work->result == QK_ENOMEM)) {
    prepend(told, note);
    return;
  }
  if (person) {
    person->is_noted = 0;
    person->confirmed_ms = work->result == QK_OK ? begun_ms : INT64_MIN;
  }
  atomic_fetch_sub(&told->notes, 1);
  free(note);
}

/* From last to first, so that what failed stands in order again. */
static void errand_over(qk_store *store, struct qki_errand *errand)
{
  struct qki_known *known = errand->known;
  for (size_t i = errand->count; i-- > 0;) {
    struct qki_note *note = errand->works[i].detail;
    if (!store) {
      free(note);
      continue;
    }
    qki_store_heard(store, errand->works[i].result);
    pthread_mutex_lock(&known->lock);
    settle_note_locked(&known->told, note, &errand->works[i], errand->begun_ms);
    pthread_mutex_unlock(&known->lock);
  }
  if (!store)
    return;
  pthread_mutex_lock(&known->lock);
  known->told.under_way--;
  int goes_on = known->told.first && errand->works->result == QK_OK;
  pthread_mutex_unlock(&known->lock);
  if (goes_on)
    qki_engine_alarm(store, 0);
}

static size_t count_due_locked(const struct qki_told *told, int64_t until_ms)
{
  size_t n = 0;
  for (const struct qki_note *note = told->first; note && n < BATCH && note->noted_ms <= until_ms;
       note = note->next)
    n++;
  return n;
}

/* An errand of what is due. NULL if nothing is, or much is under way, or there is no memory: later, then. */
static struct qki_errand *pack_locked(qk_store *store, struct qki_known *known, int64_t now_ms)
{
  struct qki_told *told = &known->told;
  int64_t due_ms = (int64_t)known->view.pace.idle_ms / DUE_PARTS;
  size_t n = told->under_way < ERRANDS_MAX ? count_due_locked(told, now_ms - due_ms) : 0;
  struct qki_errand *errand = n > 0 ? qki_errand_create(n) : NULL;
  if (!errand)
    return NULL;
  errand->over = errand_over;
  errand->known = known;
  errand->begun_ms = now_ms;
  for (size_t i = 0; i < n; i++) {
    struct qki_note *note = take_first(told);
    qk_work *work = &errand->works[i];
    work->verb = QK_POLL;
    work->queue = qki_known_name(known);
    qki_store_name(store, &work->user, note->user, note->user_len);
    work->by_token = 1;
    work->epoch = told->epoch;
    work->number = note->number;
    work->now_ms = qki_store_clock(store);
    work->detail = note;
  }
  told->under_way++;
  return errand;
}

void qki_told_send(qk_store *store, struct qki_known *known, int64_t now_ms)
{
  if (atomic_load_explicit(&known->told.notes, memory_order_relaxed) == 0)
    return;
  for (int i = 0; i < ERRANDS_MAX; i++) {
    pthread_mutex_lock(&known->lock);
    struct qki_errand *errand = pack_locked(store, known, now_ms);
    pthread_mutex_unlock(&known->lock);
    if (!errand)
      return;
    qki_errand_start(store, errand);
  }
}

void qki_told_send_all(qk_store *store)
{
  int64_t now_ms = qki_store_ticks(store), soonest_ms = INT64_MAX;
  struct qki_known *known = NULL;
  while ((known = qki_known_after(&store->knowns, known)) != NULL) {
    if (atomic_load_explicit(&known->told.notes, memory_order_relaxed) == 0)
      continue;
    qki_told_send(store, known, now_ms);
    pthread_mutex_lock(&known->lock);
    int64_t due_ms = (int64_t)known->view.pace.idle_ms / DUE_PARTS;
    if (due_ms < soonest_ms)
      soonest_ms = due_ms;
    pthread_mutex_unlock(&known->lock);
  }
  if (soonest_ms != INT64_MAX)
    qki_engine_alarm(store, soonest_ms);
}

/* ---- Polls ---- */

int qki_told_note(qk_store *store, struct qki_known *known, const struct qki_claims *claims, int64_t now_ms)
{
  struct qki_told *told = &known->told;
  pthread_mutex_lock(&known->lock);
  int64_t idle_ms = known->view.pace.idle_ms, since_ms = now_ms - idle_ms / CONFIRMED_PARTS;
  struct qki_person *person = told->epoch == claims->epoch ? get(told, claims->number, since_ms) : NULL;
  int fits = person && person->confirmed_ms >= since_ms;
  if (fits && !person->is_noted)
    fits = note_locked(store, told, person, claims->user, claims->user_len, now_ms, idle_ms);
  if (person && !fits)
    person->asked_ms = now_ms;
  int is_due = told->first && told->first->noted_ms <= now_ms - idle_ms / DUE_PARTS;
  pthread_mutex_unlock(&known->lock);
  if (is_due)
    qki_told_send(store, known, now_ms);
  return fits;
}

void qki_told_answered(qk_store *store, struct qki_known *known, const qk_work *work, int64_t now_ms)
{
  struct qki_told *told = &known->told;
  int failed = work->result == QK_ESTORE || work->result == QK_EUNKNOWN;
  pthread_mutex_lock(&known->lock);
  int64_t idle_ms = known->view.pace.idle_ms;
  struct qki_person *person = told->epoch != work->epoch ? NULL
                              : failed ? get(told, work->number, now_ms - idle_ms / CONFIRMED_PARTS)
                                       : find_known(told, work->number);
  if (person && failed && !person->is_noted)
    note_locked(store, told, person, work->user.text, work->user.len, now_ms, idle_ms);
  else if (person && !failed)
    person->confirmed_ms = work->result == QK_OK ? person->asked_ms : INT64_MIN;
  pthread_mutex_unlock(&known->lock);
}
