#include "faults.h"

#include <stdio.h>
#include <string.h>
#include "runner.h"

static const struct fixture bare = {.name = "faults"};

static void take_fixture(void)
{
  fixture = &bare;
  fixture_now_ms = FIXTURE_START;
}

int faults_main(const char *name, void (*const *adds)(TCase *tests))
{
  int status = servers_missing();
  if (status)
    return status;
  Suite *suite = suite_create(name);
  TCase *tests = tcase_create(name);
  tcase_add_checked_fixture(tests, take_fixture, NULL);
  tcase_set_timeout(tests, 120);
  for (size_t i = 0; adds[i]; i++)
    adds[i](tests);
  suite_add_tcase(suite, tests);
  return runner_main(suite);
}

const char *server_uri(const struct server *server, const char *query)
{
  static char uri[256];
  snprintf(uri, sizeof uri, "redis://127.0.0.1:%u/%s", (unsigned)server->port, query);
  return uri;
}

static qk_store *open_or_fail(const char *uri, const qk_options *options)
{
  qk_store *store;
  qk_error error;
  int code = qk_open(&store, uri, options, &error);
  ck_assert_msg(code == QK_OK, "%s gives %d: %s", uri, code, error.text);
  return store;
}

qk_store *open_with_clock(const char *uri, uint32_t timeout_ms)
{
  char text[512];
  qk_options options;
  int64_t now_ms = fixture_now_ms; /* a second host does not set it back */
  fixture_options(&options);
  fixture_now_ms = now_ms;
  options.random = NULL; /* two hosts must not draw the same epochs and secrets */
  options.timeout_ms = timeout_ms;
  options.cursor_ms = 0;
  snprintf(text, sizeof text, "%s%sclock=host", uri, strchr(uri, '?') ? "&" : "?");
  return open_or_fail(text, &options);
}

qk_store *open_plain(const char *uri, uint32_t timeout_ms)
{
  qk_options options;
  qk_options_init(&options);
  options.timeout_ms = timeout_ms;
  options.cursor_ms = 0;
  return open_or_fail(uri, &options);
}

qk_store *open_hall_at(const struct server *server, const qk_policy *policy)
{
  qk_policy calm = calm_policy();
  qk_store *store = open_with_clock(server_uri(server, ""), 5000);
  SET_POLICY(store, policy ? policy : &calm);
  return store;
}
