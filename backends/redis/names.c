#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "steps.h"

#define LISTS 16
#define PAGE 1000          /* names per reply */
#define FORGET_MS 86400000 /* a name without a queue goes after a day */
#define DELISTS_MAX 16     /* dead names that one reading looks after */
#define UNKNOWN_EPOCH UINT64_MAX
#define WALK_FAILED UINT64_MAX /* the position where a walk ends with a code */

/* A reading of all lists, and then of who is still there. */
struct qkr_load {
  struct qkr_store *store;
  struct qkr_listed *all;
  size_t count, size;
  size_t under_way; /* requests */
  size_t delists;
  int64_t deadline_ms;
  int code;       /* the first failure */
  unsigned stale; /* bits: lists that did not answer */
  int checking;
};

/* A request of such a reading. */
struct piece {
  struct qkr_request request; /* first */
  struct qkr_load *load;
  unsigned list;
  uint64_t after;  /* the score before the page */
  size_t first, n; /* of load->all, whose existence is asked for; n = 0: a page of names */
  int went_on;     /* the page was full */
};

/* A name to put on the list or to take off. */
struct entry {
  struct qkr_request request; /* first */
  struct qkr_store *store;
  struct qkr_lane *lane; /* whose works wait for this, or NULL */
  char name[QK_QUEUE_MAX + 1];
};

void qkr_names_init(struct qkr_names *names)
{
  *names = (struct qkr_names){0};
  names->last = &names->waiting;
}

void qkr_names_finish(struct qkr_names *names)
{
  free(names->all);
  if (names->load)
    free(names->load->all);
  free(names->load);
}

/* ---- Keys ---- */

/* FNV-1a, the same on every host: http://www.isthe.com/chongo/tech/comp/fnv/ */
static unsigned list_of(const char *name)
{
  uint32_t hash = UINT32_C(2166136261);
  for (; *name; name++)
    hash = (hash ^ (unsigned char)*name) * UINT32_C(16777619);
  return (hash ^ hash >> 16) % LISTS;
}

/* prefix{=N} and a letter: '=' begins no queue's tag. */
static size_t list_key(char out[QKR_BASE_MAX], const struct qkr_store *store, unsigned list, char letter)
{
  return (size_t)snprintf(out, QKR_BASE_MAX, "%s{=%x}%c", store->settings.prefix, list, letter);
}

static int list_slot(const struct qkr_store *store, unsigned list)
{
  char key[QKR_BASE_MAX];
  return qkr_slot(key, list_key(key, store, list, 'n'));
}

/* ---- One name ---- */

static void add_entry(const struct entry *entry, struct qkr_command *command)
{
  char key[QKR_BASE_MAX];
  unsigned list = list_of(entry->name);
  qkr_add_text(command, "2");
  qkr_add(command, key, list_key(key, entry->store, list, 'n'));
  qkr_add(command, key, list_key(key, entry->store, list, 'd'));
  qkr_add_text(command, entry->name);
}

static void build_enlist(struct qkr_request *request, const struct qkr_server *server,
                         struct qkr_command *command)
{
  (void)server;
  add_entry((struct entry *)request, command);
}

static void build_delist(struct qkr_request *request, const struct qkr_server *server,
                         struct qkr_command *command)
{
  char text[24];
  (void)server;
  add_entry((struct entry *)request, command);
  snprintf(text, sizeof text, "%d", FORGET_MS);
  qkr_add_text(command, text);
}

static int answer_entry(struct qkr_request *request, const struct qkr_reply *reply)
{
  (void)request;
  return reply->values[0].type == QKR_ARRAY ? QK_OK : QKR_NONSENSE;
}

static void fail_pending(struct qkr_store *store, struct qkr_lane *lane, int code)
{
  qk_work *work = lane->first;
  lane->first = NULL;
  lane->last = &lane->first;
  lane->pending = 0;
  while (work) {
    qk_work *next = work->next;
    qkr_work_fail(work, code);
    qk_host_done(store->host, work);
    work = next;
  }
}

static void done_entry(struct qkr_request *request, int code)
{
  struct entry *entry = (struct entry *)request;
  struct qkr_store *store = entry->store;
  struct qkr_lane *lane = entry->lane;
  free(entry);
  if (!lane)
    return;
  lane->is_listing = 0;
  lane->listed = code == QK_OK ? UNKNOWN_EPOCH : 0;
  if (code != QK_OK) /* nothing of theirs was sent */
    fail_pending(store, lane, code == QK_EUNKNOWN ? QK_ESTORE : code);
  qkr_call_flush(store, lane);
  qkr_lane_leave(store, lane);
}

static void forget(struct qkr_request *request)
{
  free(request);
}

/* lane: whose works wait for it, or NULL. */
static int send_entry(struct qkr_store *store, struct qkr_lane *lane, const char *name, int puts,
                      int64_t deadline_ms)
{
  struct entry *entry = calloc(1, sizeof *entry);
  if (!entry)
    return 0;
  entry->store = store;
  entry->lane = lane;
  memcpy(entry->name, name, strlen(name) + 1);
  entry->request.slot = list_slot(store, list_of(name));
  entry->request.deadline_ms = deadline_ms;
  entry->request.script = puts ? &qkr_script_enlist : &qkr_script_delist;
  entry->request.build = puts ? build_enlist : build_delist;
  entry->request.answer = answer_entry;
  entry->request.done = done_entry;
  entry->request.forget = forget;
  qkr_wire_send(store->wire, &entry->request);
  return 1;
}

void qkr_enlist(struct qkr_store *store, struct qkr_lane *lane, int64_t deadline_ms)
{
  lane->is_listing = 1;
  qkr_lane_enter(store, lane);
  if (send_entry(store, lane, lane->name, 1, deadline_ms))
    return;
  lane->is_listing = 0;
  fail_pending(store, lane, QK_ENOMEM);
  qkr_lane_leave(store, lane);
}

void qkr_relist(struct qkr_store *store, struct qkr_lane *lane, uint64_t epoch)
{
  if (lane->listed == 0 || lane->listed == epoch)
    return;
  if (lane->listed == UNKNOWN_EPOCH ||
      send_entry(store, NULL, lane->name, 1, qkr_now_ms() + store->settings.timeout_ms))
    lane->listed = epoch;
}

/* ---- Pages ---- */

static int by_position(const void *a, const void *b)
{
  uint64_t x = ((const struct qkr_listed *)a)->position, y = ((const struct qkr_listed *)b)->position;
  return x < y ? -1 : x > y;
}

/* Fill a page from what was read last. */
static int fill(const struct qkr_names *names, qk_page *page)
{
  size_t low = 0, high = names->count, n = 0;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (names->all[middle].position <= page->position)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < names->count && n < page->max; low++, n++) {
    memcpy(page->names[n], names->all[low].name, sizeof page->names[n]);
    page->position = names->all[low].position;
  }
  if (low < names->count)
    return (int)n;
  if (names->code == QK_OK || n == 0)
    page->position = 0;
  else
    page->position = WALK_FAILED;
  return n == 0 ? names->code : (int)n;
}

static void hand_out(struct qkr_store *store)
{
  struct qkr_names *names = &store->names;
  qk_work *work = names->waiting;
  names->waiting = NULL;
  names->last = &names->waiting;
  while (work) {
    qk_work *next = work->next;
    work->result = fill(names, work->detail);
    qk_host_done(store->host, work);
    work = next;
  }
}

void qkr_names_forget(struct qkr_names *names, const char *name)
{
  for (size_t i = 0; i < names->count; i++)
    if (!strcmp(names->all[i].name, name)) {
      memmove(&names->all[i], &names->all[i + 1], (--names->count - i) * sizeof *names->all);
      return;
    }
}

/* ---- Reading ---- */

static int make_room(struct qkr_load *load)
{
  if (load->count < load->size)
    return 1;
  size_t size = load->size ? 2 * load->size : 64;
  struct qkr_listed *all = realloc(load->all, size * sizeof *all);
  if (!all)
    return 0;
  load->all = all;
  load->size = size;
  return 1;
}

/* What was known before of the lists that did not answer. */
static void keep_stale(struct qkr_load *load)
{
  const struct qkr_names *names = &load->store->names;
  for (size_t i = 0; i < names->count; i++)
    if (load->stale >> (names->all[i].position >> 49) & 1 && make_room(load))
      load->all[load->count++] = names->all[i];
}

static void finish_load(struct qkr_load *load)
{
  struct qkr_store *store = load->store;
  struct qkr_names *names = &store->names;
  names->load = NULL;
  free(names->all);
  names->all = load->all;
  names->count = load->count;
  names->code = load->code;
  names->is_read = load->code == QK_OK || load->count > 0;
  free(load);
  hand_out(store);
}

static void send_piece(struct qkr_load *load, struct piece piece);

/* All names are there: ask which still have a queue. */
static void check_all(struct qkr_load *load)
{
  keep_stale(load);
  if (load->count > 1)
    qsort(load->all, load->count, sizeof *load->all, by_position);
  load->checking = 1;
  load->under_way++; /* not done before all are sent */
  for (size_t i = 0; i < load->count; i++)
    send_piece(load, (struct piece){.first = i, .n = 1});
  load->under_way--;
}

static void drop_missing(struct qkr_load *load)
{
  size_t kept = 0;
  for (size_t i = 0; i < load->count; i++)
    if (load->all[i].name[0])
      load->all[kept++] = load->all[i];
  load->count = kept;
}

/* A request less: on with the next stage? */
static void one_less(struct qkr_load *load)
{
  if (--load->under_way > 0)
    return;
  if (!load->checking)
    check_all(load);
  if (load->under_way > 0)
    return;
  drop_missing(load);
  finish_load(load);
}

static void build_piece(struct qkr_request *request, const struct qkr_server *server,
                        struct qkr_command *command)
{
  const struct piece *piece = (struct piece *)request;
  const struct qkr_store *store = piece->load->store;
  char key[QKR_BASE_MAX + 1], after[32];
  (void)server;
  if (piece->n > 0) {
    const char *name = piece->load->all[piece->first].name;
    size_t len = qkr_base(key, store->settings.prefix, name, strlen(name));
    key[len] = 'm';
    qkr_add_text(command, "EXISTS");
    qkr_add(command, key, len + 1);
    return;
  }
  snprintf(after, sizeof after, "(%llu", (unsigned long long)piece->after);
  qkr_add_text(command, "ZRANGE");
  qkr_add(command, key, list_key(key, store, piece->list, 'n'));
  qkr_add_text(command, after);
  qkr_add_text(command, "+inf");
  qkr_add_text(command, "BYSCORE");
  qkr_add_text(command, "LIMIT");
  qkr_add_text(command, "0");
  snprintf(after, sizeof after, "%d", PAGE);
  qkr_add_text(command, after);
  qkr_add_text(command, "WITHSCORES");
}

/* Names and scores in turn. */
static int answer_page(struct piece *piece, const struct qkr_reply *reply)
{
  struct qkr_load *load = piece->load;
  size_t before = load->count;
  for (size_t i = 1; i + 1 < reply->count; i += 2) {
    const struct qkr_value *name = &reply->values[i], *score = &reply->values[i + 1];
    if (name->type != QKR_STRING || score->type != QKR_STRING || name->len > QK_QUEUE_MAX) {
      load->count = before;
      return QKR_NONSENSE;
    }
    if (!make_room(load))
      return QK_ENOMEM;
    struct qkr_listed *listed = &load->all[load->count++];
    memset(listed, 0, sizeof *listed);
    memcpy(listed->name, name->text, name->len);
    piece->after = strtoull(score->text, NULL, 10);
    listed->position = (uint64_t)piece->list << 49 | piece->after;
  }
  piece->went_on = reply->count > 2 * PAGE;
  return QK_OK;
}

static int answer_piece(struct qkr_request *request, const struct qkr_reply *reply)
{
  struct piece *piece = (struct piece *)request;
  struct qkr_load *load = piece->load;
  if (piece->n == 0)
    return reply->values[0].type == QKR_ARRAY ? answer_page(piece, reply) : QKR_NONSENSE;
  if (reply->values[0].type != QKR_INTEGER)
    return QKR_NONSENSE;
  if (reply->values[0].integer == 0) {
    char *name = load->all[piece->first].name;
    if (load->delists++ < DELISTS_MAX)
      send_entry(load->store, NULL, name, 0, load->deadline_ms);
    name[0] = '\0';
  }
  return QK_OK;
}

static void done_piece(struct qkr_request *request, int code)
{
  struct piece *piece = (struct piece *)request;
  struct qkr_load *load = piece->load;
  struct piece next = {.list = piece->list, .after = piece->after};
  int goes_on = code == QK_OK && piece->went_on;
  free(piece);
  if (code != QK_OK && !load->checking)
    load->stale |= 1u << next.list;
  if (code != QK_OK && load->code == QK_OK)
    load->code = code;
  if (goes_on)
    send_piece(load, next);
  one_less(load);
}

static void send_piece(struct qkr_load *load, struct piece like)
{
  struct piece *piece = malloc(sizeof *piece);
  if (!piece) {
    load->code = QK_ENOMEM;
    return;
  }
  *piece = like;
  piece->load = load;
  struct qkr_request *request = &piece->request;
  request->deadline_ms = load->deadline_ms;
  request->reads = request->impatient = 1;
  request->build = build_piece;
  request->answer = answer_piece;
  request->done = done_piece;
  request->forget = forget;
  if (piece->n > 0) {
    char key[QKR_BASE_MAX];
    const char *name = load->all[piece->first].name;
    request->slot = qkr_slot(key, qkr_base(key, load->store->settings.prefix, name, strlen(name)));
  } else {
    request->slot = list_slot(load->store, piece->list);
  }
  load->under_way++;
  qkr_wire_send(load->store->wire, request);
}

static void start_load(struct qkr_store *store, int64_t deadline_ms)
{
  struct qkr_load *load = calloc(1, sizeof *load);
  if (!load) {
    store->names.code = QK_ENOMEM;
    hand_out(store);
    return;
  }
  load->store = store;
  load->deadline_ms = qkr_now_ms() + store->settings.timeout_ms / 4; /* the caller has more to do */
  if (deadline_ms < load->deadline_ms)
    load->deadline_ms = deadline_ms;
  store->names.load = load;
  load->under_way = 1;
  for (unsigned list = 0; list < LISTS; list++)
    send_piece(load, (struct piece){.list = list});
  one_less(load);
}

void qkr_names_take(struct qkr_store *store, qk_work *work)
{
  struct qkr_names *names = &store->names;
  qk_page *page = work->detail;
  if (names->is_read && page->position > 0) {
    work->result = fill(names, page);
    qk_host_done(store->host, work);
    return;
  }
  work->next = NULL;
  *names->last = work;
  names->last = &work->next;
  if (!names->load)
    start_load(store, work->deadline_ms);
}
