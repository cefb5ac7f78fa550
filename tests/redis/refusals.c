/* What qk_open does not accept, each with a sentence that says what to do, and none with a secret. */
#include <stdio.h>
#include <string.h>
#include "faults.h"

/* ---- Helpers --------------------------------------------------------------------------------------- */

/* "redis://USER@127.0.0.1:PORT/" and query. */
static const char *uri_as(const struct server *server, const char *user, const char *query)
{
  static char uri[256];
  snprintf(uri, sizeof uri, "redis://%s@127.0.0.1:%u/%s", user, (unsigned)server->port, query);
  return uri;
}

#define REFUSE(uri, code, word) refuse(__LINE__, uri, code, word)
static void refuse(int line, const char *uri, int code, const char *word)
{
  qk_store *store;
  qk_error error;
  int got = qk_open(&store, uri, NULL, &error);
  ck_assert_msg(got == code, "line %d: open gives %d (%s), not %d", line, got, error.text, code);
  ck_assert_ptr_null(store);
  ck_assert_msg(strstr(error.text, word), "line %d: \"%s\" does not name %s", line, error.text, word);
  ck_assert_msg(!strstr(error.text, "s3cret"), "line %d: \"%s\" tells a secret", line, error.text);
}

#define ACCEPT(uri) accept_uri(__LINE__, uri)
static void accept_uri(int line, const char *uri)
{
  qk_store *store;
  qk_error error;
  int got = qk_open(&store, uri, NULL, &error);
  ck_assert_msg(got == QK_OK, "line %d: open gives %d (%s)", line, got, error.text);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  CHECK_OK(qk_tick(store, NULL, NULL));
  CHECK_OK(qk_release(store, HALL, "ann", NULL));
  qk_close(store);
}

/* ---- Passwords ------------------------------------------------------------------------------------- */

START_TEST(a_wrong_password_is_denied)
{
  struct server *server = server_start(NULL);
  server_must(server, "CONFIG SET requirepass s3cret");
  server->password = "s3cret";
  REFUSE(server_uri(server, ""), QK_EDENIED, "password");
  REFUSE(uri_as(server, ":wrong-s3cret", ""), QK_EDENIED, "password");
  REFUSE(uri_as(server, "eve:s3cret", ""), QK_EDENIED, "password");
  ACCEPT(uri_as(server, ":s3cret", ""));
  ACCEPT(uri_as(server, "default:s3cret", ""));
  server_stop(server);
}
END_TEST

START_TEST(a_password_that_changes_is_denied_at_the_next_connection)
{
  struct server *server = server_start(NULL);
  server_must(server, "ACL SETUSER host on >s3cret ~* &* +@all");
  qk_store *store = open_plain(uri_as(server, "host:s3cret", ""), 2000);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  server_must(server, "ACL SETUSER host resetpass >another");
  server_must(server, "CLIENT KILL USER host");
  int code = qk_enter(store, HALL, "bob", NULL);
  if (code == QK_EUNKNOWN) /* sent before the cut was seen */
    code = qk_enter(store, HALL, "bob", NULL);
  ck_assert_msg(code == QK_EDENIED, "enter gives %d (%s)", code, qk_strerror(code));
  qk_close(store);
  server_stop(server);
}
END_TEST

/* ---- Rights ---------------------------------------------------------------------------------------- */

START_TEST(a_missing_right_is_denied_and_named)
{
  static const char *const commands[] = {"evalsha", "zadd", "hset", "zmscore", "unlink", "hdel", "time"};
  struct server *server = server_start(NULL);
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    server_must(server, "ACL SETUSER host reset on >s3cret ~* &* +@all -%s", commands[i]);
    qk_store *store;
    qk_error error;
    int code = qk_open(&store, uri_as(server, "host:s3cret", ""), NULL, &error);
    ck_assert_msg(code == QK_EDENIED, "without %s open gives %d (%s)", commands[i], code, error.text);
    ck_assert_msg(strstr(error.text, commands[i]), "\"%s\" does not name %s", error.text, commands[i]);
  }
  server_stop(server);
}
END_TEST

START_TEST(keys_out_of_reach_are_denied)
{
  struct server *server = server_start(NULL);
  server_must(server, "ACL SETUSER host on >s3cret ~ours:* &* +@all");
  REFUSE(uri_as(server, "host:s3cret", "?prefix=theirs:"), QK_EDENIED, "key");
  ACCEPT(uri_as(server, "host:s3cret", "?prefix=ours:"));
  server_stop(server);
}
END_TEST

static void keep_log(void *arg, int level, const char *text, size_t len)
{
  char *log = arg;
  size_t used = strlen(log);
  (void)level;
  snprintf(log + used, 4096 - used, "%.*s\n", (int)len, text);
}

START_TEST(without_info_there_is_a_warning_and_no_more)
{
  char log[4096] = "";
  qk_options options;
  qk_store *store;
  qk_error error;
  struct server *server = server_start(NULL);
  server_must(server, "ACL SETUSER host on >s3cret ~* &* +@all -info");
  qk_options_init(&options);
  options.log = keep_log;
  options.log_arg = log;
  int code = qk_open(&store, uri_as(server, "host:s3cret", ""), &options, &error);
  ck_assert_msg(code == QK_OK, "without INFO open gives %d (%s)", code, error.text);
  CHECK_OK(qk_enter(store, HALL, "ann", NULL));
  CHECK_OK(qk_tick(store, HALL, NULL));
  ck_assert_msg(strstr(log, "INFO"), "the log says \"%s\"", log);
  ck_assert_ptr_null(strstr(log, "s3cret"));
  qk_close(store);
  server_stop(server);
}
END_TEST

START_TEST(the_rights_of_the_manual_are_enough)
{
  struct server *server = server_start(NULL);
  server_must(server, "ACL SETUSER host on >s3cret ~* &* +@all -@dangerous -@admin -keys -config +info");
  ACCEPT(uri_as(server, "host:s3cret", ""));
  server_stop(server);
}
END_TEST

/* ---- Eviction, replicas ---------------------------------------------------------------------------- */

START_TEST(a_server_that_evicts_is_denied_unless_allowed)
{
  static const char *const bad[] = {"allkeys-lru", "allkeys-lfu", "allkeys-random"};
  static const char *const good[] = {"noeviction", "volatile-lru", "volatile-ttl"};
  struct server *server = server_start(NULL);
  for (int i = 0; i < 3; i++) {
    server_must(server, "CONFIG SET maxmemory-policy %s", bad[i]);
    REFUSE(server_uri(server, ""), QK_EDENIED, "maxmemory-policy");
    REFUSE(server_uri(server, "?allow_eviction=0"), QK_EDENIED, "allow_eviction");
    ACCEPT(server_uri(server, "?allow_eviction=1"));
  }
  for (int i = 0; i < 3; i++) {
    server_must(server, "CONFIG SET maxmemory-policy %s", good[i]);
    ACCEPT(server_uri(server, ""));
  }
  server_stop(server);
}
END_TEST

START_TEST(nobody_at_the_address_is_estore_within_the_time)
{
  int64_t start_ms = servers_now_ms();
  char uri[128];
  snprintf(uri, sizeof uri, "redis://127.0.0.1:%u/?timeout_ms=300", (unsigned)servers_free_port());
  REFUSE(uri, QK_ESTORE, "127.0.0.1");
  REFUSE("redis+unix:///nowhere/at/all?timeout_ms=300", QK_ESTORE, "/nowhere/at/all");
  ck_assert_int_lt(servers_now_ms() - start_ms, 3000);
}
END_TEST

START_TEST(a_cluster_node_wants_the_cluster_scheme)
{
  static const char *const settings[] = {"cluster-enabled", "yes", NULL};
  struct server *server = server_start(settings);
  qk_store *store;
  qk_error error;
  int code = qk_open(&store, server_uri(server, ""), NULL, &error);
  ck_assert_msg(code != QK_OK && strstr(error.text, "redis+cluster"), "open gives %d (%s)", code, error.text);
  server_stop(server);
}
END_TEST

void add_refusal_tests(TCase *tests)
{
  tcase_add_test(tests, a_wrong_password_is_denied);
  tcase_add_test(tests, a_password_that_changes_is_denied_at_the_next_connection);
  tcase_add_test(tests, a_missing_right_is_denied_and_named);
  tcase_add_test(tests, keys_out_of_reach_are_denied);
  tcase_add_test(tests, without_info_there_is_a_warning_and_no_more);
  tcase_add_test(tests, the_rights_of_the_manual_are_enough);
  tcase_add_test(tests, a_server_that_evicts_is_denied_unless_allowed);
  tcase_add_test(tests, nobody_at_the_address_is_estore_within_the_time);
  tcase_add_test(tests, a_cluster_node_wants_the_cluster_scheme);
}
