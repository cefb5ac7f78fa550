#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "child.h"
#include "line.h"
#include "machine.h"
#include "redis_client.h"
#include "redis_original.h"
#include "redis_parts.h"

#define POLLERS 10000
#define TOKEN_ROOM 128   /* close together: a host has just read the token from its socket */
#define IDLE_MS 12000    /* polls are told within a second */
#define CLOCK_EVERY 1024 /* polls */
#define SCRIPT_CALLS "cmdstat_evalsha:calls="

struct tokens {
  const struct bench *bench;
  uint32_t idle_ms;
  qk_store *store;
  redisContext *context; /* the peer's */
  struct original original;
  char (*token)[TOKEN_ROOM];
};

struct outcome {
  double per_second, scripts_per_million;
};

/* In the back half of the line. */
static uint32_t poller(const struct tokens *tokens, uint64_t turn)
{
  uint32_t half = tokens->bench->options->waiting / 2;
  return half + people_random(turn % POLLERS, half);
}

static int make_token(struct tokens *tokens, uint32_t turn)
{
  char id[PEOPLE_ID_SIZE], token[QK_TOKEN_SIZE];
  qk_ticket ticket;
  people_id(id, poller(tokens, turn));
  int rc = qk_poll(tokens->store, LINE_QUEUE, id, &ticket);
  if (rc == QK_OK)
    rc = qk_token(tokens->store, &ticket, token);
  if (rc != QK_OK || strlen(token) >= TOKEN_ROOM)
    return line_complain("making a token", rc, NULL);
  memcpy(tokens->token[turn], token, strlen(token) + 1);
  return 0;
}

static int make_tokens(struct tokens *tokens)
{
  tokens->token = malloc(POLLERS * sizeof *tokens->token);
  if (!tokens->token)
    return line_complain("making tokens", QK_ENOMEM, NULL);
  int rc = 0;
  for (uint32_t turn = 0; turn < POLLERS && rc == 0; turn++)
    rc = make_token(tokens, turn);
  return rc;
}

static int poll_token(struct tokens *tokens, uint64_t turn)
{
  qk_ticket ticket;
  int rc = qk_poll_token(tokens->store, tokens->token[turn % POLLERS], &ticket);
  return rc == QK_OK && ticket.state == QK_WAITING ? 0 : line_complain("qk_poll_token", rc, NULL);
}

static int ask_status(struct tokens *tokens, uint64_t turn)
{
  return original_status(tokens->context, &tokens->original, poller(tokens, turn));
}

/* With idle_ms set the first poll of each is the store's to answer. */
static int warm_up(struct tokens *tokens)
{
  for (uint64_t turn = 0; turn < POLLERS; turn++) {
    if (poll_token(tokens, turn) != 0)
      return -1;
  }
  return 0;
}

/* Call until the time is over. */
static int measure_calls(struct tokens *tokens, int (*call)(struct tokens *tokens, uint64_t turn),
                         struct outcome *outcome)
{
  const struct server *server = tokens->bench->server;
  int64_t before = client_info(server, "commandstats", SCRIPT_CALLS);
  int64_t start = machine_now_ns(), now = start;
  int64_t end = start + tokens->bench->options->tokens_s * INT64_C(1000000000);
  uint64_t calls = 0;
  while (now < end) {
    if (call(tokens, calls) != 0)
      return -1;
    if (++calls % CLOCK_EVERY == 0)
      now = machine_now_ns();
  }
  int64_t after = client_info(server, "commandstats", SCRIPT_CALLS);
  if (before < 0 || after < before)
    return -1;
  outcome->per_second = (double)calls * 1e9 / (double)(now - start);
  outcome->scripts_per_million = (double)(after - before) * 1e6 / (double)calls;
  return 0;
}

static int run_ours(void *arg, void *out)
{
  struct tokens *tokens = arg;
  qk_policy policy;
  qk_policy_init(&policy);
  policy.max_active = 0;
  policy.idle_ms = tokens->idle_ms;
  tokens->store = line_open(tokens->bench->server->uri, 0);
  if (!tokens->store || line_configure(tokens->store, &policy) != 0 ||
      line_run(tokens->store, QK_ENTER, 0, tokens->bench->options->waiting) != 0 ||
      make_tokens(tokens) != 0 || warm_up(tokens) != 0)
    return -1;
  int rc = measure_calls(tokens, poll_token, out);
  qk_close(tokens->store);
  return rc;
}

static int run_peer(void *arg, void *out)
{
  struct tokens *tokens = arg;
  tokens->context = client_connect(tokens->bench->server->port);
  if (!tokens->context || original_load(tokens->context, &tokens->original) != 0 ||
      original_fill(tokens->context, 0, tokens->bench->options->waiting) != 0)
    return -1;
  return measure_calls(tokens, ask_status, out);
}

static int measure(struct bench *bench, child_work *run, uint32_t idle_ms, struct outcome *outcome)
{
  struct tokens tokens = {.bench = bench, .idle_ms = idle_ms};
  return client_flush(bench->server) == 0 ? child_run(run, &tokens, outcome, sizeof *outcome) : -1;
}

int tokens_measure(struct bench *bench)
{
  struct outcome plain, idle, peer;
  if (measure(bench, run_ours, 0, &plain) != 0 || measure(bench, run_ours, IDLE_MS, &idle) != 0 ||
      measure(bench, run_peer, 0, &peer) != 0)
    return -1;
  bench_add(bench, TOKENS_PLAIN + TOKENS_POLLS, LIBQUEUE, plain.per_second);
  bench_add(bench, TOKENS_PLAIN + TOKENS_SCRIPTS, LIBQUEUE, plain.scripts_per_million);
  bench_add(bench, TOKENS_IDLE + TOKENS_POLLS, LIBQUEUE, idle.per_second);
  bench_add(bench, TOKENS_IDLE + TOKENS_SCRIPTS, LIBQUEUE, idle.scripts_per_million);
  bench_add(bench, TOKENS_PLAIN + TOKENS_POLLS, PEER, peer.per_second);
  bench_add(bench, TOKENS_IDLE + TOKENS_POLLS, PEER, peer.per_second);
  return 0;
}
