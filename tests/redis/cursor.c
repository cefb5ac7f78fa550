#include "cursor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char (*line_tokens)[QK_TOKEN_SIZE];

qk_store *open_host(const struct server *server, const char *query)
{
  char uri[256];
  qk_error error;
  qk_store *store;
  qk_options options;
  int64_t now_ms = fixture_now_ms; /* a second host does not set it back */
  fixture_options(&options);
  fixture_now_ms = now_ms;
  options.random = NULL;
  if (!strstr(query, "clock=host"))
    options.clock = NULL;
  snprintf(uri, sizeof uri, "redis+unix://%s?%s", server->socket, query);
  int code = qk_open(&store, uri, &options, &error);
  ck_assert_msg(code == QK_OK, "%s gives %d: %s", uri, code, error.text);
  return store;
}

void make_hall(qk_store *store, uint64_t max_active, uint32_t idle_ms)
{
  qk_policy policy = calm_policy();
  policy.max_active = max_active;
  policy.ready_ms = policy.active_ms = 3600000;
  policy.idle_ms = idle_ms;
  policy.clock_step_ms = 60000;
  SET_POLICY(store, &policy);
}

void enter_line(qk_store *store)
{
  qk_op *ops = calloc(LINE_ALL, sizeof *ops);
  qk_ticket *tickets = calloc(LINE_ALL, sizeof *tickets);
  char(*names)[16] = calloc(LINE_ALL, sizeof *names);
  free(line_tokens);
  line_tokens = calloc(LINE_ALL, sizeof *line_tokens);
  ck_assert(ops && tickets && names && line_tokens);
  for (int i = 0; i < LINE_ALL; i++) {
    snprintf(names[i], sizeof names[i], "u%d", i);
    ops[i] = (qk_op){.size = sizeof *ops, .verb = QK_ENTER, .queue = HALL, .user = names[i]};
    ops[i].ticket = &tickets[i];
  }
  CHECK_OK(qk_batch(store, ops, LINE_ALL));
  for (int i = 0; i < LINE_ALL; i++)
    CHECK_OK(qk_token(store, &tickets[i], line_tokens[i]));
  free(ops);
  free(tickets);
  free(names);
}

long long commands_done(const struct server *server)
{
  static long long asked; /* in this process: the reading counts itself only the next time */
  char text[32];
  server_info(server, "total_commands_processed", text, sizeof text);
  return atoll(text) - asked++;
}

double metric(qk_store *store, const char *name, const char *label)
{
  double value = -1;
  char *text = qk_metrics(store), *rest = NULL;
  ck_assert_ptr_nonnull(text);
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
    if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == '{' && strstr(line, label))
      value = atof(strrchr(line, ' '));
  qk_free(text);
  return value;
}

int main(void)
{
  static void (*const adds[])(TCase *) = {add_answer_tests, add_life_tests, add_told_tests, NULL};
  return faults_main("cursor: redis", adds);
}
