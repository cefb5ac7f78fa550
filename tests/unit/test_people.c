/* backends/memory/people.c against the people of the example backend: the same operations on both must give
 * the same answers, and qkm_people_check() finds nothing broken after any of them. */
#include <stdio.h>
#include <string.h>
#include "backends/memory/people.h"
#include "unit.h"
#include "examples/backend/naive.c"

enum { NAMES = 900 };

static struct qkm_pool pool;
static struct qkm_people mine;
static struct queue oracle;
static qk_queue_state state; /* the counts that qkm_people_check() compares with */
static char names[NAMES][QK_USER_MAX + 1];
static qk_name users[NAMES];
static uint64_t random_;
static int64_t now_ms, from_ms;

/* Short names and long ones, with hashes that many share. */
static void set_up(void)
{
  random_ = (uint64_t)1;
  now_ms = from_ms = 0;
  memset(&state, 0, sizeof state);
  memset(&oracle, 0, sizeof oracle);
  for (uint32_t i = 0; i < NAMES; i++) {
    int width = (int)unit_pick(&random_, 4) == 0 ? 30 + (int)unit_pick(&random_, 90) : 1;
    int len = snprintf(names[i], sizeof names[i], "u%0*u", width, i);
    users[i] = (qk_name){.text = names[i],
                         .len = (uint32_t)len,
                         .hash = (unit_random(&random_) & UINT64_C(0x3f000000ff)) << 24};
  }
  EXPECT_EQ(qkm_pool_init(&pool), QK_OK);
  qkm_people_init(&mine, &pool);
}

static void tear_down(void)
{
  qkm_people_finish(&mine);
  EXPECT_EQ(pool.used_count, 0);
  qkm_pool_finish(&pool, 0);
  free(oracle.people);
}

static uint64_t *seats_of(int32_t in)
{
  return in == QK_READY ? &state.ready : &state.active;
}

static void check(void)
{
  state.entered = state.ready + state.active;
  for (uint32_t cls = 0; cls < QK_CLASSES; cls++)
    state.entered += state.waiting[cls];
  state.polled_ms = from_ms;
  const char *broken = qkm_people_check(&mine, &state);
  EXPECT_MSG(!broken, "%s", broken);
  EXPECT_EQ(state.entered, oracle.count);
}

/* since_ms may be lost while the person is READY. */
static void same(const qk_entry *a, const qk_entry *b)
{
  EXPECT_EQ(a->number, b->number);
  EXPECT_EQ(a->cls, b->cls);
  EXPECT_EQ(a->state, b->state);
  EXPECT_EQ(a->extends, b->extends);
  EXPECT_EQ(a->time_ms, b->time_ms);
  EXPECT(a->state == QK_READY || a->since_ms == b->since_ms);
  EXPECT_EQ(a->user_len, b->user_len);
  ck_assert_mem_eq(a->user, b->user, a->user_len);
}

/* A person in both stores; 0 if there is nobody. */
struct both {
  qk_entry mine, oracle;
};

static int find_both(uint32_t user, struct both *out)
{
  int got = qkm_people_ops.find(&mine, &users[user], &out->mine);
  EXPECT_EQ(got, people_ops.find(&oracle, &users[user], &out->oracle));
  if (got)
    same(&out->mine, &out->oracle);
  return got;
}

static void enter(uint32_t user)
{
  int32_t in = unit_pick(&random_, 6) == 0 ? QK_READY : QK_WAITING;
  qk_entry entry = {.number = ++state.last_number,
                    .cls = unit_pick(&random_, 4) ? 0 : unit_pick(&random_, QK_CLASSES),
                    .state = in,
                    .user_len = users[user].len,
                    .user = users[user].text,
                    .since_ms = now_ms,
                    .time_ms = in == QK_READY ? now_ms + unit_pick(&random_, 50) : now_ms};
  EXPECT_EQ(qkm_people_ops.reserve(&mine, &users[user], &entry), QK_OK);
  EXPECT_EQ(people_ops.reserve(&oracle, &users[user], &entry), QK_OK);
  EXPECT_EQ(qkm_people_ops.add(&mine, &users[user], &entry), QK_OK);
  EXPECT_EQ(people_ops.add(&oracle, &users[user], &entry), QK_OK);
  ++*(in == QK_WAITING ? &state.waiting[entry.cls] : seats_of(in));
}

static void remove_both(const struct both *both)
{
  const qk_entry *was = &both->mine;
  --*(was->state == QK_WAITING ? &state.waiting[was->cls] : seats_of(was->state));
  EXPECT_EQ(qkm_people_ops.remove(&mine, &both->mine), QK_OK);
  EXPECT_EQ(people_ops.remove(&oracle, &both->oracle), QK_OK);
}

static int64_t later(int64_t a, int64_t b)
{
  return a > b ? a : b;
}

static void update_both(const struct both *both, int32_t in, uint32_t extends, int64_t time_ms)
{
  struct both now = *both;
  now.mine.state = now.oracle.state = in;
  now.mine.extends = now.oracle.extends = extends;
  now.mine.time_ms = now.oracle.time_ms = time_ms;
  if (both->mine.state == QK_READY && in == QK_ACTIVE)
    now.mine.since_ms = now.oracle.since_ms = now_ms;
  EXPECT_EQ(qkm_people_ops.update(&mine, &both->mine, &now.mine), QK_OK);
  EXPECT_EQ(people_ops.update(&oracle, &both->oracle, &now.oracle), QK_OK);
}

static void admit(const struct both *both)
{
  EXPECT_EQ(qkm_people_ops.reserve(&mine, NULL, NULL), QK_OK);
  update_both(both, QK_READY, 0, now_ms + unit_pick(&random_, 50));
  state.waiting[both->mine.cls]--;
  state.ready++;
}

static void go_on(const struct both *both)
{
  const qk_entry *was = &both->mine;
  if (was->state == QK_WAITING) {
    if (unit_pick(&random_, 3) == 0)
      admit(both);
    else
      update_both(both, QK_WAITING, 0, now_ms);
  } else {
    uint32_t extends = was->state == QK_ACTIVE ? was->extends + 1 : 0;
    --*seats_of(was->state);
    state.active++;
    update_both(both, QK_ACTIVE, extends, later(was->time_ms, now_ms) + unit_pick(&random_, 50));
  }
}

/* What an eager release does: a seat is reserved, then somebody removed, then somebody admitted. */
static void replace(const struct both *both)
{
  struct both head;
  EXPECT_EQ(qkm_people_ops.reserve(&mine, NULL, NULL), QK_OK);
  remove_both(both);
  for (uint32_t cls = 0; cls < QK_CLASSES; cls++) {
    int got = qkm_people_ops.next(&mine, cls, 0, &head.mine);
    EXPECT_EQ(got, people_ops.next(&oracle, cls, 0, &head.oracle));
    if (!got)
      continue;
    update_both(&head, QK_READY, 0, now_ms + 5);
    state.waiting[cls]--;
    state.ready++;
    return;
  }
}

static void look_ahead(const struct both *both)
{
  uint64_t ahead, wanted;
  if (both->mine.state != QK_WAITING)
    return;
  EXPECT_EQ(qkm_people_ops.ahead(&mine, &both->mine, &ahead), QK_OK);
  EXPECT_EQ(people_ops.ahead(&oracle, &both->oracle, &wanted), QK_OK);
  EXPECT_EQ(ahead, wanted);
}

/* A walk of a few steps, from anywhere or from where the last one ended, whoever has left or come since. */
static void walk(void)
{
  static uint32_t cls;
  static uint64_t after;
  if (unit_pick(&random_, 2)) {
    cls = unit_pick(&random_, QK_CLASSES);
    after = unit_pick(&random_, 3) ? unit_random(&random_) % (state.last_number + 2) : 0;
  }
  for (uint32_t i = unit_pick(&random_, 5); i > 0; i--) {
    struct both both;
    int got = qkm_people_ops.next(&mine, cls, after, &both.mine);
    EXPECT_EQ(got, people_ops.next(&oracle, cls, after, &both.oracle));
    if (!got)
      return;
    same(&both.mine, &both.oracle);
    look_ahead(&both);
    after = both.mine.number;
  }
}

static void look_for_due(void)
{
  struct both both;
  int got = qkm_people_ops.due(&mine, &both.mine);
  EXPECT_EQ(got, people_ops.due(&oracle, &both.oracle));
  if (got)
    same(&both.mine, &both.oracle);
}

static void look_for_stalest(void)
{
  struct both both;
  uint32_t cls = unit_pick(&random_, QK_CLASSES);
  int64_t until_ms = now_ms - unit_pick(&random_, 400);
  mine.effort = unit_pick(&random_, 3);
  int got = qkm_people_ops.stalest(&mine, cls, from_ms, until_ms, &both.mine);
  if (got == QK_EAGAIN) {
    mine.effort = UINT32_MAX;
    got = qkm_people_ops.stalest(&mine, cls, from_ms, until_ms, &both.mine);
  }
  EXPECT_EQ(got, people_ops.stalest(&oracle, cls, from_ms, until_ms, &both.oracle));
  if (got)
    same(&both.mine, &both.oracle);
}

static void step(int phase)
{
  struct both both;
  uint32_t user = unit_pick(&random_, NAMES), kind = unit_pick(&random_, 12);
  now_ms += unit_pick(&random_, 3);
  if (unit_pick(&random_, 300) == 0)
    from_ms = later(from_ms, now_ms - unit_pick(&random_, 100));
  if (!find_both(user, &both)) {
    if (phase % 2 == 0 || kind == 0)
      enter(user);
    return;
  }
  look_ahead(&both);
  if (kind < (phase % 2 == 0 ? 1u : 6u))
    remove_both(&both);
  else if (kind == 6)
    replace(&both);
  else
    go_on(&both);
}

START_TEST(the_people_of_memory_are_those_of_the_example)
{
  random_ = (uint64_t)_i * 1000 + 17;
  for (int i = 0; i < 8000; i++) {
    step(i / 2000);
    if (i % 8 == 0)
      check();
    walk();
    look_for_due();
    look_for_stalest();
  }
}
END_TEST

START_TEST(everybody_can_leave_and_come_again)
{
  struct both both;
  for (int round = 0; round < 3; round++) {
    for (uint32_t user = 0; user < NAMES; user++)
      enter(user);
    check();
    for (uint32_t user = 0; user < NAMES; user++) {
      EXPECT_EQ(find_both((user * 7) % NAMES, &both), 1);
      remove_both(&both);
    }
    check();
    qkm_people_trim(&mine);
    EXPECT_EQ(pool.used_count, 0);
  }
}
END_TEST

/* With so many neighbours that blocks are joined meanwhile. */
START_TEST(a_walk_goes_on_when_whoever_it_stood_at_has_left)
{
  for (uint32_t at = 1; at < NAMES - 100; at += 37) {
    struct both both, next;
    for (uint32_t user = 0; user < NAMES; user++)
      if (!find_both(user, &both))
        enter(user);
    EXPECT_EQ(find_both(at, &both), 1);
    uint32_t cls = both.mine.cls;
    uint64_t number = both.mine.number;
    if (both.mine.state != QK_WAITING)
      continue;
    EXPECT_EQ(qkm_people_ops.next(&mine, cls, number - 1, &next.mine), 1);
    EXPECT_EQ(next.mine.number, number);
    for (uint32_t user = at < 90 ? 0 : at - 90; user < at + 90; user++)
      if (user % 9 != 1 || user == at) {
        EXPECT_EQ(find_both(user, &both), 1);
        remove_both(&both);
      }
    int got = qkm_people_ops.next(&mine, cls, number, &next.mine);
    EXPECT_EQ(got, people_ops.next(&oracle, cls, number, &next.oracle));
    if (got)
      same(&next.mine, &next.oracle);
    check();
  }
}
END_TEST

/* As in a child of fork(), where another thread held the lock and is gone. */
START_TEST(people_are_dropped_while_somebody_holds_the_pool)
{
  struct qkm_pool own;
  struct qkm_people people;
  EXPECT_EQ(qkm_pool_init(&own), QK_OK);
  qkm_people_init(&people, &own);
  for (uint32_t i = 0; i < NAMES; i++) {
    qk_entry entry = {.number = i + 1,
                      .state = i % 2 ? QK_READY : QK_WAITING,
                      .user_len = users[i].len,
                      .user = users[i].text};
    EXPECT_EQ(qkm_people_ops.reserve(&people, &users[i], &entry), QK_OK);
    EXPECT_EQ(qkm_people_ops.add(&people, &users[i], &entry), QK_OK);
  }
  EXPECT_EQ(qkm_people_ops.reserve(&people, NULL, NULL), QK_OK);
  pthread_mutex_lock(&own.lock);
  qkm_people_drop(&people);
  pthread_mutex_unlock(&own.lock);
  qkm_pool_finish(&own, 0);
}
END_TEST

TCase *people_case(void)
{
  TCase *tests = tcase_create("people");
  tcase_add_checked_fixture(tests, set_up, tear_down);
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, the_people_of_memory_are_those_of_the_example, 0, 4);
  tcase_add_test(tests, a_walk_goes_on_when_whoever_it_stood_at_has_left);
  tcase_add_test(tests, everybody_can_leave_and_come_again);
  tcase_add_test(tests, people_are_dropped_while_somebody_holds_the_pool);
  return tests;
}
