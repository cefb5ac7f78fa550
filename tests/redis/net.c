#include "net.h"

#include <stdio.h>
#include <string.h>
#include "faults.h"

static const char *const people[] = {"ann", "bob", "cid", "dan"};

enum { PEOPLE = sizeof people / sizeof people[0] };

/* ---- Time ------------------------------------------------------------------------------------------ */

static int64_t began_ms, had_waited_ns;

/* How long this thread has waited for a processor; 0 where the kernel does not say. */
static int64_t waited_ns(void)
{
  long long ran = 0, waited = 0;
  FILE *file = fopen("/proc/thread-self/schedstat", "r");
  if (!file)
    return 0;
  if (fscanf(file, "%lld %lld", &ran, &waited) != 2)
    waited = 0;
  fclose(file);
  return waited;
}

void net_begin(void)
{
  began_ms = servers_now_ms();
  had_waited_ns = waited_ns();
}

int64_t net_took_ms(void)
{
  return servers_now_ms() - began_ms;
}

int64_t net_worked_ms(void)
{
  return net_took_ms() - (waited_ns() - had_waited_ns) / 1000000;
}

int net_is_late(uint32_t timeout_ms)
{
  return net_worked_ms() > (int64_t)timeout_ms + SLACK_MS;
}

/* ---- Opening --------------------------------------------------------------------------------------- */

void net_open(struct net *net, uint32_t timeout_ms)
{
  *net = (struct net){.timeout_ms = timeout_ms};
  net->server = server_start(NULL);
  net->fake = fake_start(net->server);
  net->direct = open_with_clock(server_uri(net->server, ""), 5000);
  net->store = open_with_clock(fake_uri(net->fake, ""), timeout_ms);
}

void net_close(struct net *net)
{
  qk_close(net->store);
  qk_close(net->direct);
  fake_stop(net->fake);
  server_stop(net->server);
}

void net_new_queue(struct net *net)
{
  qk_policy policy = calm_policy();
  policy.max_active = 2;
  snprintf(net->queue, sizeof net->queue, "q%u", net->queues++);
  CHECK_OK(qk_set_policy(net->direct, net->queue, &policy, NULL));
}

static int answers(void *arg)
{
  struct net *net = arg;
  qk_policy policy;
  return qk_get_policy(net->store, net->queue, &policy) == QK_OK;
}

void net_await(struct net *net)
{
  servers_await("the store answers again", answers, net);
}

/* ---- The scene ------------------------------------------------------------------------------------- */

static int enter_ann(qk_store *store, const char *queue, qk_ticket *out)
{
  return qk_enter(store, queue, "ann", out);
}

static int enter_bob(qk_store *store, const char *queue, qk_ticket *out)
{
  return qk_enter(store, queue, "bob", out);
}

/* The first code that is not QK_OK; the ticket is the last one's. */
static int enter_two(qk_store *store, const char *queue, qk_ticket *out)
{
  qk_op ops[3];
  qk_ticket unseen;
  memset(ops, 0, sizeof ops);
  for (int i = 0; i < 3; i++) {
    ops[i].size = sizeof ops[i];
    ops[i].verb = i == 1 ? QK_POLL : QK_ENTER;
    ops[i].queue = queue;
    ops[i].user = i == 0 ? "cid" : i == 1 ? "ann" : "dan";
    ops[i].ticket = i == 2 ? out : &unseen;
  }
  int code = qk_batch(store, ops, 3);
  for (int i = 0; code == QK_OK && i < 3; i++)
    code = ops[i].result;
  return code;
}

static int tick(qk_store *store, const char *queue, qk_ticket *out)
{
  memset(out, 0, sizeof *out);
  return qk_tick(store, queue, NULL);
}

static int activate_ann(qk_store *store, const char *queue, qk_ticket *out)
{
  return qk_activate(store, queue, "ann", out);
}

static int extend_ann(qk_store *store, const char *queue, qk_ticket *out)
{
  return qk_extend(store, queue, "ann", out);
}

static int poll_cid(qk_store *store, const char *queue, qk_ticket *out)
{
  return qk_poll(store, queue, "cid", out);
}

static int release_ann(qk_store *store, const char *queue, qk_ticket *out)
{
  return qk_release(store, queue, "ann", out);
}

static int get_stats(qk_store *store, const char *queue, qk_ticket *out)
{
  qk_stats stats;
  int code = qk_get_stats(store, queue, &stats);
  memset(out, 0, sizeof *out);
  out->waiting = stats.waiting;
  out->number = stats.last_number;
  return code;
}

const struct scene_step scene_steps[SCENE_STEPS] = {
    {.name = "ann enters", .call = enter_ann},           {.name = "bob enters", .call = enter_bob},
    {.name = "cid and dan enter", .call = enter_two},    {.name = "tick", .call = tick, .ends_in_a_look = 1},
    {.name = "ann is activated", .call = activate_ann},  {.name = "ann extends", .call = extend_ann},
    {.name = "cid polls", .call = poll_cid, .reads = 1}, {.name = "ann is released", .call = release_ann},
    {.name = "stats", .call = get_stats, .reads = 1},
};

/* ---- The truth ------------------------------------------------------------------------------------- */

static int draw_person(const struct net *net, const char *user, char *out, size_t size)
{
  qk_ticket ticket;
  int code = qk_poll(net->direct, net->queue, user, &ticket);
  ck_assert_msg(code == QK_OK || code == QK_ENOTFOUND, "a poll gives %d", code);
  return snprintf(out, size, "%s: %s %llu at %llu, %u, %lld\n", user, qk_state_name(ticket.state),
                  (unsigned long long)ticket.number, (unsigned long long)ticket.position, ticket.extends,
                  (long long)ticket.expires_at_ms);
}

void net_picture(const struct net *net, char picture[PICTURE_SIZE])
{
  qk_stats stats;
  CHECK_OK(qk_get_stats(net->direct, net->queue, &stats));
  char *json = qk_stats_json(&stats);
  int used = snprintf(picture, PICTURE_SIZE, "%s\n", json);
  qk_free(json);
  for (int i = 0; i < PEOPLE; i++)
    used += draw_person(net, people[i], picture + used, PICTURE_SIZE - (size_t)used);
  ck_assert_int_lt(used, PICTURE_SIZE);
}

static void play_undisturbed(struct net *net, struct script *script)
{
  net_new_queue(net);
  net_picture(net, script->after[0]);
  fake_arm(net->fake, FAKE_NONE, 0, NULL);
  unsigned long before = fake_counts(net->fake).commands;
  script->bytes[0] = 0;
  for (int i = 0; i < SCENE_STEPS; i++) {
    int code = scene_steps[i].call(net->store, net->queue, &script->tickets[i]);
    ck_assert_msg(code == QK_OK, "%s: %d (%s)", scene_steps[i].name, code, qk_strerror(code));
    script->bytes[i + 1] = fake_counts(net->fake).bytes;
    net_picture(net, script->after[i + 1]);
  }
  script->commands = fake_counts(net->fake).commands - before;
}

/* Twice, since the first time the server does not know the Lua scripts yet. */
void net_rehearse(struct net *net, struct script *script)
{
  play_undisturbed(net, script);
  play_undisturbed(net, script);
}

/* ---- Playing --------------------------------------------------------------------------------------- */

static void expect_picture(const char *picture, const char *wanted, const char *name, int code)
{
  ck_assert_msg(!strcmp(picture, wanted), "%s gives %d (%s), but the truth is %s, not %s", name, code,
                qk_strerror(code), picture, wanted);
}

/* A repeated enter is not fresh any more, and a repeated release finds nobody to tell about. */
static void expect_ticket(const struct net *net, const qk_ticket *got, const qk_ticket *wanted,
                          const char *name)
{
  int is_gone = got->state == QK_NONE && got->number == 0;
  int is_same = got->state == wanted->state && (is_gone || got->number == wanted->number) &&
                got->cls == wanted->cls && got->position == wanted->position &&
                (is_gone || got->waiting == wanted->waiting) && got->extends == wanted->extends &&
                got->expires_at_ms == wanted->expires_at_ms && got->fresh <= wanted->fresh &&
                !strcmp(got->user, wanted->user);
  ck_assert_msg(is_same, "%s: another ticket: %s, state %d, number %llu, position %llu, extends %u", name,
                got->user, got->state, (unsigned long long)got->number, (unsigned long long)got->position,
                got->extends);
  ck_assert_msg(!got->queue[0] || !strcmp(got->queue, net->queue), "%s: queue %s", name, got->queue);
}

/* Returns 1 if the step has happened. */
static int check_truth(const struct net *net, const struct script *script, int step, int code)
{
  const char *name = scene_steps[step].name;
  char picture[PICTURE_SIZE];
  net_picture(net, picture);
  int happened = !strcmp(picture, script->after[step + 1]);
  if (code == QK_OK)
    expect_picture(picture, script->after[step + 1], name, code);
  else if (code == QK_ESTORE || !happened)
    expect_picture(picture, script->after[step], name, code);
  return happened;
}

int net_play_step(struct net *net, const struct script *script, int step)
{
  const struct scene_step *it = &scene_steps[step];
  qk_ticket ticket;
  int had_struck = fake_counts(net->fake).has_struck;
  net_begin();
  int code = it->call(net->store, net->queue, &ticket);
  int64_t took_ms = net_took_ms();
  ck_assert_msg(!net_is_late(net->timeout_ms), "%s takes %lld ms", it->name, (long long)took_ms);
  if (code == QK_OK && had_struck == fake_counts(net->fake).has_struck && step + 1 < SCENE_STEPS) {
    expect_ticket(net, &ticket, &script->tickets[step], it->name);
    return code;
  }
  int happened = check_truth(net, script, step, code);
  if (code == QK_OK) {
    expect_ticket(net, &ticket, &script->tickets[step], it->name);
    return code;
  }
  ck_assert_msg(code == QK_ESTORE || (code == QK_EUNKNOWN && !it->reads), "%s gives %d (%s)", it->name, code,
                qk_strerror(code));
  ck_assert_msg(took_ms + 5 >= net->timeout_ms, "%s gives up after %lld ms", it->name, (long long)took_ms);
  if (!happened) {
    fake_set(net->fake, FAKE_PASS);
    net_await(net);
    CHECK_OK(it->call(net->store, net->queue, &ticket));
    check_truth(net, script, step, QK_OK);
  }
  return code;
}

int net_play(struct net *net, const struct script *script)
{
  int failed = 0;
  for (int i = 0; i < SCENE_STEPS; i++)
    failed += net_play_step(net, script, i) != QK_OK;
  return failed;
}
