/* Makes a queue with people in it, for tests/qk.sh: fill URI QUEUE WAITING READY ACTIVE [KEY]. Prints a token
 * of one person in each state, as "WAITING token". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <qk.h>

struct crowd {
  qk_store *store;
  const char *queue;
  uint64_t waiting, ready, active;
};

static int fail(const char *what, int code)
{
  fprintf(stderr, "fill: %s: %s\n", what, qk_strerror(code));
  return -1;
}

static int set_policy(const struct crowd *crowd)
{
  qk_policy policy;
  qk_policy_init(&policy);
  policy.max_active = crowd->ready + crowd->active;
  int code = qk_set_policy(crowd->store, crowd->queue, &policy, NULL);
  return code == QK_OK ? 0 : fail("policy", code);
}

/* Person n comes as far as the crowd's numbers say, in the order of their coming. */
static int let_come(const struct crowd *crowd, uint64_t n)
{
  char user[32], token[QK_TOKEN_SIZE];
  qk_ticket ticket;
  int is_last = n == crowd->active || n == crowd->active + crowd->ready ||
                n == crowd->active + crowd->ready + crowd->waiting;
  snprintf(user, sizeof user, "user%llu", (unsigned long long)n);
  int code = qk_enter(crowd->store, crowd->queue, user, &ticket);
  if (code == QK_OK && n <= crowd->active)
    code = qk_activate(crowd->store, crowd->queue, user, &ticket);
  if (code == QK_OK && is_last) {
    code = qk_token(crowd->store, &ticket, token);
    printf("%s %s\n", qk_state_name(ticket.state), token);
  }
  return code == QK_OK ? 0 : fail(user, code);
}

static int fill(const struct crowd *crowd)
{
  int failed = set_policy(crowd);
  for (uint64_t n = 1; !failed && n <= crowd->active + crowd->ready + crowd->waiting; n++)
    failed = let_come(crowd, n);
  return failed;
}

int main(int argc, char **argv)
{
  qk_error error;
  qk_options options;
  struct crowd crowd = {0};
  if (argc < 6 || argc > 7) {
    fprintf(stderr, "usage: fill URI QUEUE WAITING READY ACTIVE [KEY]\n");
    return 2;
  }
  crowd.queue = argv[2];
  crowd.waiting = strtoull(argv[3], NULL, 10);
  crowd.ready = strtoull(argv[4], NULL, 10);
  crowd.active = strtoull(argv[5], NULL, 10);
  qk_options_init(&options);
  if (argc == 7) {
    options.key = argv[6];
    options.key_len = strlen(argv[6]);
  }
  if (qk_open(&crowd.store, argv[1], &options, &error) != QK_OK) {
    fprintf(stderr, "fill: %s\n", error.text);
    return 1;
  }
  int failed = fill(&crowd);
  qk_close(crowd.store);
  return failed ? 1 : 0;
}
