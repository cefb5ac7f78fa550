/* The cursor: which polls need no store, and what they are told.
 *
 * A sight is read in one atomic step of the store. It has, per class, the highest number A that was ever
 * admitted (in BYPASS too), the lowest number H that waits (the next number to be issued if nobody does) and
 * how many wait; and the epoch and the last number N that was issued.
 *
 * The rule. A token is answered here if all of this holds: it is authentic, of kind WAITING and of the
 * sight's epoch; A < number <= N, with A of its class; number is in no gap that lost writes left; the sight
 * is younger than 4 x cursor_ms and than ready_ms / 8; its place is beyond 1,000 and beyond 10 s of outflow;
 * and, while idle_ms is set, the store has confirmed this entry here within idle_ms / 2 (told.h). The answer
 * is WAITING, at the place: people waiting in lower classes + number - H + 1, less the gap if it lies between
 * H and number.
 *
 * Proof. Each admission of a class raises A to at least the number admitted, and A never falls in an epoch:
 * so number > A means that the entry had not been admitted at the sight's time. Whoever waits ahead of it in
 * its class has a number from H to number - 1, and none of them in the gap: so the place is never below the
 * true one at that time, in BYPASS or not. H never falls in an epoch, since newcomers have higher numbers,
 * and an older sight never replaces a newer one (a counter of changes says which is newer, not a clock): so
 * for one token the places told by one store rise only with people who enter lower classes, or after lost
 * writes.
 *
 * Limits. It proves "not admitted", not "waiting". Who left on another device, or was dropped, is told
 * WAITING until a told poll or the front of the line shows it. The place is too high by those who left from
 * between H and number, and in a class by those of other classes who entered between. Hosts may differ by
 * what was admitted within the ages of their sights.
 *
 * Simpler rules fail. "number - A" as the place is too low once BYPASS has let somebody pass the line: 1 to
 * 100 wait, 101 is admitted, 102 enters behind 100 people: 1, where 101 is true. "At most the people waiting"
 * as a second bound rises when newcomers stand behind. An order of sights by time lets a late answer of a
 * second connection take a place back up. */
#include "cursor.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "errand.h"
#include "store.h"

#define NEAR_PLACES 1000
#define NEAR_SECONDS 10
#define AGE_MAX 4      /* x cursor_ms */
#define READY_PARTS 8  /* ready_ms / 8 */
#define REFRESH_MS 500 /* of views for qk_metrics() where cursor_ms is 0 */

/* ---- Sights ---- */

void qki_sight_put(struct qki_sight_box *box, const struct qki_sight *sight)
{
  uint64_t words[QKI_SIGHT_WORDS] = {0};
  uint32_t version = atomic_load_explicit(&box->version, memory_order_relaxed);
  memcpy(words, sight, sizeof *sight);
  atomic_store_explicit(&box->version, version | 1, memory_order_relaxed);
  for (size_t i = 0; i < QKI_SIGHT_WORDS; i++)
    atomic_store_explicit(&box->words[i], words[i], memory_order_release);
  version = (version | 1) + 1;
  atomic_store_explicit(&box->version, version ? version : 2, memory_order_release);
}

void qki_sight_clear(struct qki_sight_box *box)
{
  atomic_fetch_or_explicit(&box->version, 1, memory_order_release);
}

static inline void load(const struct qki_sight_box *box, size_t at, size_t bytes, struct qki_sight *out)
{
  for (; bytes > 0; at += 8, bytes -= 8) {
    uint64_t word = atomic_load_explicit(&box->words[at / 8], memory_order_acquire);
    memcpy((char *)out + at, &word, sizeof word);
  }
}

static inline int begin_load(const struct qki_sight_box *box, uint32_t *version)
{
  *version = atomic_load_explicit(&box->version, memory_order_acquire);
  return *version != 0 && *version % 2 == 0;
}

static inline int end_load(const struct qki_sight_box *box, uint32_t version)
{
  return atomic_load_explicit(&box->version, memory_order_relaxed) == version;
}

int qki_sight_get(const struct qki_sight_box *box, struct qki_sight *out)
{
  uint32_t version;
  if (!begin_load(box, &version))
    return 0;
  load(box, 0, sizeof *out, out);
  return end_load(box, version);
}

int qki_sight_get_class(const struct qki_sight_box *box, uint32_t cls, struct qki_sight *out)
{
  uint32_t version;
  if (!begin_load(box, &version))
    return 0;
  load(box, 0, offsetof(struct qki_sight, highest), out);
  load(box, offsetof(struct qki_sight, highest) + 8 * cls, 8, out);
  load(box, offsetof(struct qki_sight, head) + 8 * cls, 8, out);
  load(box, offsetof(struct qki_sight, before) + 8 * cls, 8, out);
  load(box, offsetof(struct qki_sight, share) + 8 * cls, 8, out);
  return end_load(box, version);
}

/* Numbers of a class from its head to number, the last one not counted, without the lost gap. */
static uint64_t numbers_before(const struct qki_sight *sight, uint32_t cls, uint64_t number)
{
  uint64_t head = sight->head[cls], ahead = number - head;
  if (sight->lost_to > 0 && head <= sight->lost_from && number > sight->lost_to)
    ahead -= sight->lost_to - sight->lost_from + 1;
  return ahead;
}

int qki_sight_place(const struct qki_sight *sight, const struct qki_claims *claims, uint64_t *position)
{
  uint64_t number = claims->number;
  if (claims->kind != QK_WAITING || claims->epoch != sight->epoch || number > sight->last ||
      number <= sight->highest[claims->cls] || number < sight->head[claims->cls])
    return 0;
  if (number >= sight->lost_from && number <= sight->lost_to)
    return 0;
  *position = sight->before[claims->cls] + numbers_before(sight, claims->cls, number) + 1;
  return *position > sight->near;
}

/* The place as it is to be expected, for the pace: of the numbers in front only a share still waits, that of
 * the whole class. Where three in ten have left, a wait by the bound alone is 44 % too long (make pacing). */
static uint64_t likely_place(const struct qki_sight *sight, uint32_t cls, uint64_t number)
{
  double ahead = (double)numbers_before(sight, cls, number) * sight->share[cls];
  return sight->before[cls] + 1 + (uint64_t)ahead;
}

/* ---- Views ---- */

int qki_cursor_serves(const qk_store *store)
{
  return (store->ops->caps & (QK_CAP_ASYNC | QK_CAP_INSTANT)) == QK_CAP_ASYNC &&
         store->host.options.cursor_ms > 0;
}

static struct qki_sight sight_of(const qk_view *view, int64_t taken_ms)
{
  const qk_cursor *cursor = &view->cursor;
  double flow = cursor->outflow_per_s > 0 ? cursor->outflow_per_s * NEAR_SECONDS : 0;
  struct qki_sight sight = {.epoch = cursor->epoch,
                            .last = cursor->last,
                            .lost_from = cursor->lost_from,
                            .lost_to = cursor->lost_to,
                            .near = flow > NEAR_PLACES ? (uint64_t)flow : NEAR_PLACES,
                            .taken_ms = taken_ms,
                            .ready_ms = view->policy.ready_ms,
                            .pace = view->pace};
  uint64_t before = 0;
  for (uint32_t cls = 0; cls < QK_CLASSES; cls++) {
    sight.highest[cls] = cursor->highest[cls];
    sight.head[cls] = cursor->head[cls];
    sight.before[cls] = before;
    sight.share[cls] = (double)cursor->waiting[cls] / (double)(numbers_before(&sight, cls, cursor->last) + 1);
    before += cursor->waiting[cls];
  }
  return sight;
}

/* In one epoch the counter of changes says which view is newer; of two epochs the one asked for later. */
static int is_newer_locked(const struct qki_known *known, const qk_view *view, int64_t taken_ms)
{
  struct qki_sight now;
  if (known->viewed_ms == 0 || !qki_sight_get(&known->sight, &now))
    return 1;
  if (known->view.cursor.epoch != view->cursor.epoch)
    return taken_ms >= now.taken_ms;
  return view->changes > known->view.changes ||
         (view->changes == known->view.changes && taken_ms >= now.taken_ms);
}

void qki_cursor_install(struct qki_known *known, const qk_view *view, int64_t taken_ms)
{
  pthread_mutex_lock(&known->lock);
  if (is_newer_locked(known, view, taken_ms)) {
    struct qki_sight sight = sight_of(view, taken_ms);
    known->view = *view;
    known->viewed_ms = qki_monotonic_ms();
    qki_sight_put(&known->sight, &sight);
    qki_told_enter_epoch(&known->told, view->cursor.epoch);
  }
  pthread_mutex_unlock(&known->lock);
}

int64_t qki_cursor_age_ms(qk_store *store, struct qki_known *known)
{
  struct qki_sight sight;
  if (!qki_sight_get(&known->sight, &sight))
    return INT64_MAX;
  int64_t age_ms = qki_store_ticks(store) - sight.taken_ms;
  return age_ms >= 0 ? age_ms : INT64_MAX;
}

int64_t qki_cursor_refresh_ms(const qk_store *store)
{
  uint32_t cursor_ms = store->host.options.cursor_ms;
  return cursor_ms > 0 ? cursor_ms : REFRESH_MS;
}

static int is_old(const qk_store *store, int64_t age_ms)
{
  return age_ms < 0 || age_ms >= qki_cursor_refresh_ms(store);
}

/* ---- Asking for views ---- */

static void view_over(qk_store *store, struct qki_errand *errand)
{
  struct qki_known *known = errand->known;
  if (!store)
    return;
  int code = errand->works->result;
  qki_store_heard(store, code);
  if (code == QK_OK)
    qki_cursor_install(known, &errand->view, errand->begun_ms);
  else if (code == QK_ENOTFOUND)
    qki_known_forget(&store->knowns, &errand->works->queue);
  else
    qki_store_note(store, code, known->name);
  atomic_store(&known->asking.is_asked, 0);
}

/* Was it asked for lately? */
static int was_asked(qk_store *store, struct qki_asking *asking)
{
  int64_t last_ms = atomic_load(&asking->last_ms);
  return last_ms != 0 && !is_old(store, qki_store_ticks(store) - last_ms);
}

/* Ask for a view, unless that was done lately. Does not wait. */
static void ask(qk_store *store, struct qki_known *known)
{
  struct qki_asking *asking = &known->asking;
  if (was_asked(store, asking) || atomic_exchange(&asking->is_asked, 1))
    return;
  if (was_asked(store, asking)) {
    atomic_store(&asking->is_asked, 0);
    return;
  }
  int64_t now_ms = qki_store_ticks(store);
  atomic_store(&asking->last_ms, now_ms);
  struct qki_errand *errand = qki_errand_create(1);
  if (!errand) {
    atomic_store(&asking->is_asked, 0);
    return;
  }
  errand->over = view_over;
  errand->known = known;
  errand->begun_ms = now_ms;
  errand->works->verb = QK_WORK_VIEW;
  errand->works->queue = qki_known_name(known);
  errand->works->now_ms = qki_store_clock(store);
  errand->works->detail = &errand->view;
  qki_errand_start(store, errand);
}

int qki_cursor_look(qk_store *store, const qk_name *queue, qk_view *out)
{
  int64_t now_ms = qki_store_ticks(store);
  qk_work work = {.verb = QK_WORK_VIEW, .queue = *queue, .now_ms = qki_store_clock(store), .detail = out};
  int code = qki_run_step(store, &work, qki_store_deadline(store));
  qki_store_heard(store, code);
  struct qki_known *known = code == QK_OK ? qki_known_get(&store->knowns, queue) : NULL;
  if (known)
    qki_cursor_install(known, out, now_ms);
  if (code == QK_ENOTFOUND)
    qki_known_forget(&store->knowns, queue);
  return code;
}

int qki_cursor_recent(qk_store *store, const qk_name *queue, qk_cursor *out)
{
  qk_view view;
  struct qki_known *known = qki_known_find(&store->knowns, queue);
  if (known && store->host.options.cursor_ms > 0 && !is_old(store, qki_cursor_age_ms(store, known))) {
    pthread_mutex_lock(&known->lock);
    *out = known->view.cursor;
    pthread_mutex_unlock(&known->lock);
    return QK_OK;
  }
  int code = qki_cursor_look(store, queue, &view);
  if (code == QK_OK)
    *out = view.cursor;
  return code;
}

/* ---- Polls ---- */

static int is_fresh(const qk_store *store, const struct qki_sight *sight, int64_t age_ms)
{
  int64_t most_ms = (int64_t)store->host.options.cursor_ms * AGE_MAX;
  if (most_ms > sight->ready_ms / READY_PARTS)
    most_ms = sight->ready_ms / READY_PARTS;
  return age_ms >= 0 && age_ms < most_ms;
}

static void fill(const struct qki_sight *sight, const struct qki_claims *claims, uint64_t position,
                 int64_t age_ms, qk_ticket *ticket)
{
  qk_pace pace = sight->pace;
  pace.time_ms += age_ms;
  ticket->state = QK_WAITING;
  ticket->cls = claims->cls;
  ticket->number = claims->number;
  ticket->epoch = claims->epoch;
  ticket->waiting = pace.waiting;
  ticket->estimated = 1;
  memcpy(ticket->queue, claims->queue, claims->queue_len);
  memcpy(ticket->user, claims->user, claims->user_len);
  qk_pace_ticket(&pace, likely_place(sight, claims->cls, claims->number), ticket);
  ticket->position = position;
}

int qki_cursor_poll(qk_store *store, const struct qki_claims *claims, qk_ticket *ticket)
{
  struct qki_sight sight;
  uint64_t position;
  qk_name queue;
  if (claims->kind != QK_WAITING || !qki_cursor_serves(store))
    return 0;
  qki_store_known_name(store, &queue, claims->queue, claims->queue_len);
  struct qki_known *known = qki_known_get(&store->knowns, &queue);
  if (!known)
    return 0;
  int has_sight = qki_sight_get_class(&known->sight, claims->cls, &sight);
  int64_t now_ms = qki_store_ticks(store); /* behind it: or it might seem to be of the future */
  int64_t age_ms = has_sight ? now_ms - sight.taken_ms : -1;
  if (is_old(store, age_ms))
    ask(store, known);
  qki_errands_nudge(store);
  int answers = has_sight && is_fresh(store, &sight, age_ms) && qki_sight_place(&sight, claims, &position) &&
                (sight.pace.idle_ms == 0 || qki_told_note(store, known, claims, now_ms));
  if (answers && ticket)
    fill(&sight, claims, position, age_ms, ticket);
  if (answers)
    atomic_fetch_add_explicit(&known->polls[QKI_BY_CURSOR], 1, memory_order_relaxed);
  return answers;
}

void qki_cursor_polled(qk_store *store, const qk_work *work)
{
  struct qki_sight sight;
  struct qki_known *known = qki_known_find(&store->knowns, &work->queue);
  if (!known)
    return;
  atomic_fetch_add_explicit(&known->polls[QKI_BY_STORE], 1, memory_order_relaxed);
  if (!qki_cursor_serves(store) || !qki_sight_get(&known->sight, &sight) || sight.pace.idle_ms == 0 ||
      sight.epoch != work->epoch)
    return;
  qki_told_answered(store, known, work, qki_store_ticks(store));
}
