#include "people.h"

#include <stdlib.h>
#include <string.h>

#include "record.h"

/* Compilers without the builtin only run slower. */
#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)(address))
#endif

static uint32_t hash32(const qk_name *user)
{
  return (uint32_t)(user->hash >> 32);
}

/* ---- Beginning and end ---- */

/* A person was moved to another handle: whoever points there follows. */
static void follow_waiting(void *owner, uint32_t from, uint32_t to)
{
  struct qkm_people *people = owner;
  qkm_index_repoint(&people->index, qkm_record(people->pool, to)->hash, from, to);
}

static void follow_seat(void *owner, uint32_t from, uint32_t to)
{
  struct qkm_people *people = owner;
  follow_waiting(owner, from, to);
  qkm_deadlines_repoint(&people->deadlines, qkm_place(qkm_record(people->pool, to)), to);
}

void qkm_people_init(struct qkm_people *people, struct qkm_pool *pool)
{
  people->pool = pool;
  for (uint32_t cls = 0; cls < QK_CLASSES; cls++)
    qkm_lane_init(&people->lane[cls], pool, 1, follow_waiting, people);
  qkm_lane_init(&people->seats, pool, 0, follow_seat, people);
  qkm_index_init(&people->index);
  qkm_deadlines_init(&people->deadlines, pool);
  people->last_given = 0;
  people->effort = 0;
  people->spare_id = NULL;
}

static void free_id(const struct qkm_record *record)
{
  if (qkm_len(record) > QKM_INLINE_ID)
    free(qkm_long_id(record));
}

static void end_lane(struct qkm_people *people, struct qkm_lane *lane, void (*end)(struct qkm_lane *lane))
{
  for (uint32_t at = qkm_lane_head(lane); at; at = qkm_lane_after(lane, at))
    free_id(qkm_record(people->pool, at));
  end(lane);
}

static void end_people(struct qkm_people *people, void (*end)(struct qkm_lane *lane))
{
  for (uint32_t cls = 0; cls < QK_CLASSES; cls++)
    end_lane(people, &people->lane[cls], end);
  end_lane(people, &people->seats, end);
  qkm_index_finish(&people->index);
  qkm_deadlines_finish(&people->deadlines);
  free(people->spare_id);
}

void qkm_people_finish(struct qkm_people *people)
{
  end_people(people, qkm_lane_finish);
}

void qkm_people_drop(struct qkm_people *people)
{
  end_people(people, qkm_lane_drop);
}

void qkm_people_trim(struct qkm_people *people)
{
  for (uint32_t cls = 0; cls < QK_CLASSES; cls++)
    qkm_lane_trim(&people->lane[cls]);
  qkm_lane_trim(&people->seats);
}

/* ---- Looking ---- */

static void show(const struct qkm_people *people, uint32_t handle, qk_entry *out)
{
  const struct qkm_record *record = qkm_record(people->pool, handle);
  out->number = qkm_number(record);
  out->cls = qkm_class(record);
  out->state = qkm_state(record);
  out->user_len = qkm_len(record);
  out->user = qkm_id(record);
  out->time_ms = record->a;
  out->extends = out->state == QK_WAITING ? 0 : qkm_extends(record);
  out->since_ms = out->state == QK_WAITING  ? (int64_t)record->b
                  : out->state == QK_ACTIVE ? qkm_deadlines_since(&people->deadlines, qkm_place(record))
                                            : 0;
  out->handle = handle;
}

static int is_user(const struct qkm_record *record, const qk_name *user)
{
  return qkm_len(record) == user->len && !memcmp(qkm_id(record), user->text, user->len);
}

static int find(void *self, const qk_name *user, qk_entry *out)
{
  const struct qkm_people *people = self;
  struct qkm_probe probe = qkm_probe_start(&people->index, hash32(user));
  for (uint32_t handle; (handle = qkm_probe_next(&probe)) != 0;) {
    if (!is_user(qkm_record(people->pool, handle), user))
      continue;
    show(people, handle, out);
    return 1;
  }
  return 0;
}

static int ahead(void *self, const qk_entry *entry, uint64_t *count)
{
  const struct qkm_people *people = self;
  *count = qkm_lane_rank(&people->lane[entry->cls], (uint32_t)entry->handle);
  return QK_OK;
}

/* Whether the walk stands at number of class cls. */
static int stands_at(const struct qkm_people *people, uint32_t cls, uint64_t number)
{
  if (!people->last_given)
    return 0;
  const struct qkm_record *record = qkm_record(people->pool, people->last_given);
  return qkm_number(record) == number && qkm_class(record) == cls;
}

static int next(void *self, uint32_t cls, uint64_t after, qk_entry *out)
{
  struct qkm_people *people = self;
  const struct qkm_lane *lane = &people->lane[cls];
  uint32_t handle;
  if (after == 0)
    handle = qkm_lane_head(lane);
  else if (stands_at(people, cls, after))
    handle = qkm_lane_after(lane, people->last_given);
  else
    handle = qkm_lane_above(lane, after);
  people->last_given = handle;
  if (!handle)
    return 0;
  show(people, handle, out);
  return 1;
}

static int due(void *self, qk_entry *out)
{
  const struct qkm_people *people = self;
  uint32_t handle = qkm_deadlines_first(&people->deadlines);
  if (!handle)
    return 0;
  show(people, handle, out);
  return 1;
}

static int stalest(void *self, uint32_t cls, int64_t from_ms, int64_t until_ms, qk_entry *out)
{
  struct qkm_people *people = self;
  uint32_t handle;
  int got = qkm_lane_stalest(&people->lane[cls], from_ms, until_ms, &people->effort, &handle);
  if (got > 0)
    show(people, handle, out);
  return got < 0 ? QK_EAGAIN : got;
}

/* ---- Changing ---- */

static int reserve_id(struct qkm_people *people, const qk_entry *entry)
{
  if (entry->user_len <= QKM_INLINE_ID)
    return QK_OK;
  free(people->spare_id);
  people->spare_id = malloc(entry->user_len);
  return people->spare_id ? QK_OK : QK_ENOMEM;
}

static int reserve(void *self, const qk_name *user, const qk_entry *entry)
{
  struct qkm_people *people = self;
  int waits = entry && entry->state == QK_WAITING;
  int code = qkm_lane_reserve(waits ? &people->lane[entry->cls] : &people->seats);
  if (code == QK_OK && !waits)
    code = qkm_deadlines_reserve(&people->deadlines);
  if (code == QK_OK && user)
    code = qkm_index_reserve(&people->index, hash32(user));
  if (code == QK_OK && entry)
    code = reserve_id(people, entry);
  return code;
}

/* Give a record a seat in the last place. Returns its handle. */
static uint32_t seat(struct qkm_people *people, struct qkm_record *record, const qk_entry *entry)
{
  record->key = qkm_make_key(entry->number, entry->cls, entry->state, entry->user_len);
  record->a = entry->time_ms;
  record->b = (uint64_t)entry->extends << 32;
  uint32_t handle = qkm_lane_append(&people->seats, record, 0);
  qkm_deadlines_add(&people->deadlines, entry->time_ms, entry->since_ms, entry->number, handle);
  return handle;
}

static void store_id(struct qkm_people *people, struct qkm_record *record, const qk_entry *entry)
{
  if (entry->user_len <= QKM_INLINE_ID) {
    memcpy(record->id.text, entry->user, entry->user_len);
    return;
  }
  char *text = people->spare_id;
  people->spare_id = NULL;
  memcpy(text, entry->user, entry->user_len);
  memcpy(record->id.pointer, &text, sizeof text);
}

static int add(void *self, const qk_name *user, const qk_entry *entry)
{
  struct qkm_people *people = self;
  struct qkm_record record = {.hash = hash32(user)};
  uint32_t handle;
  store_id(people, &record, entry);
  people->last_given = 0;
  if (entry->state == QK_WAITING) {
    record.key = qkm_make_key(entry->number, entry->cls, QK_WAITING, entry->user_len);
    record.a = entry->time_ms;
    record.b = (uint64_t)entry->since_ms;
    handle = qkm_lane_append(&people->lane[entry->cls], &record, entry->time_ms);
  } else {
    handle = seat(people, &record, entry);
  }
  qkm_index_insert(&people->index, record.hash, handle);
  return QK_OK;
}

#define SOON 4

/* Whoever stands a little behind is likely to be admitted next: start to load their index entry. */
static void prefetch_soon(const struct qkm_people *people, uint32_t handle)
{
  const struct qkm_index *index = &people->index;
  if ((handle + SOON) >> 6 != handle >> 6)
    return;
  uint32_t hash = qkm_record(people->pool, handle + SOON)->hash;
  PREFETCH(&qkm_index_segment(index, hash)->entries[qkm_index_home(index, hash)]);
}

/* From the line to a seat. */
static void take_seat(struct qkm_people *people, uint32_t from, const qk_entry *entry)
{
  struct qkm_record record = *qkm_record(people->pool, from);
  prefetch_soon(people, from);
  uint32_t to = seat(people, &record, entry);
  qkm_index_repoint(&people->index, record.hash, from, to);
  qkm_lane_erase(&people->lane[entry->cls], from);
  people->last_given = 0;
}

static int update(void *self, const qk_entry *was, const qk_entry *entry)
{
  struct qkm_people *people = self;
  uint32_t handle = (uint32_t)was->handle;
  struct qkm_record *record = qkm_record(people->pool, handle);
  if (entry->state == QK_WAITING) {
    record->a = entry->time_ms;
    return QK_OK;
  }
  if (was->state == QK_WAITING) {
    take_seat(people, handle, entry);
    return QK_OK;
  }
  record->key = qkm_make_key(entry->number, entry->cls, entry->state, entry->user_len);
  record->a = entry->time_ms;
  record->b = (uint64_t)entry->extends << 32 | qkm_place(record);
  qkm_deadlines_change(&people->deadlines, qkm_place(record), entry->time_ms, entry->since_ms);
  return QK_OK;
}

static int forget(void *self, const qk_entry *entry)
{
  struct qkm_people *people = self;
  uint32_t handle = (uint32_t)entry->handle;
  const struct qkm_record *record = qkm_record(people->pool, handle);
  people->last_given = 0;
  free_id(record);
  qkm_index_remove(&people->index, record->hash, handle);
  if (entry->state == QK_WAITING) {
    qkm_lane_erase(&people->lane[entry->cls], handle);
    return QK_OK;
  }
  qkm_deadlines_remove(&people->deadlines, qkm_place(record));
  qkm_lane_erase(&people->seats, handle);
  return QK_OK;
}

/* ---- Prefetch ---- */

/* The first handle under a hash in its home line, without looking at records: nearly always the right one. 0
 * if none. */
static uint32_t guess(const struct qkm_index *index, uint32_t hash)
{
  const uint64_t *line = &qkm_index_segment(index, hash)->entries[qkm_index_home(index, hash)];
  for (uint32_t i = 0; i < QKM_LINE_SLOTS && line[i]; i++)
    if ((uint32_t)(line[i] >> 32) == hash)
      return (uint32_t)line[i];
  return 0;
}

static void prefetch_index(const struct qkm_index *index, const qk_work *works, size_t n)
{
  for (size_t i = 0; i < n; i++)
    PREFETCH(&index->directory[(uint64_t)hash32(&works[i].user) >> (32 - index->bits)]);
  for (size_t i = 0; i < n; i++) {
    uint32_t hash = hash32(&works[i].user);
    const struct qkm_segment *segment = qkm_index_segment(index, hash);
    PREFETCH(&segment->entries[qkm_index_home(index, hash)]);
    PREFETCH(&segment->count);
  }
}

void qkm_people_prefetch(const struct qkm_people *people, const qk_work *works, size_t n)
{
  uint32_t handles[QKM_PREFETCH_MAX];
  if (!people->index.directory)
    return;
  if (n > QKM_PREFETCH_MAX)
    n = QKM_PREFETCH_MAX;
  prefetch_index(&people->index, works, n);
  for (size_t i = 0; i < n; i++) {
    /* Who enters is rarely there already. */
    handles[i] = works[i].verb == QK_ENTER ? 0 : guess(&people->index, hash32(&works[i].user));
    if (handles[i]) {
      PREFETCH(qkm_record(people->pool, handles[i]));
      PREFETCH(qkm_block(people->pool, handles[i] >> 6));
    }
  }
  for (size_t i = 0; i < n; i++) {
    const struct qkm_block *block = handles[i] ? qkm_block(people->pool, handles[i] >> 6) : NULL;
    if (block && block->parent)
      PREFETCH(&block->parent->pre[block->index]);
  }
}

const qk_people_ops qkm_people_ops = {.find = find,
                                      .reserve = reserve,
                                      .add = add,
                                      .update = update,
                                      .remove = forget,
                                      .ahead = ahead,
                                      .next = next,
                                      .due = due,
                                      .stalest = stalest};
