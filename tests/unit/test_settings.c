/* backends/redis/settings.c, fed by lib/uri.c as qk_open feeds it. */
#include <stdio.h>
#include <string.h>
#include "backends/redis/settings.h"
#include "lib/store.h"
#include "lib/uri.h"
#include "tests/redis/unit.h"

static struct qkr_settings settings;
static qk_error err;

/* Returns the code; the settings are to be finished if it is QK_OK. */
static int read_uri(const char *text)
{
  static struct qki_uri uri;
  qk_host host;
  memset(&host, 0, sizeof host);
  host.options.timeout_ms = 1234;
  memset(&err, 0, sizeof err);
  int code = qki_uri_parse(&uri, text, &err);
  ck_assert_msg(code == QK_OK, "%s: %s", text, err.text);
  code = qkr_settings_init(&settings, &uri.uri, &host, &err);
  ck_assert_msg(code == err.code, "%s: %d, but the error says %d", text, code, err.code);
  return code;
}

static void expect_good(const char *text)
{
  int code = read_uri(text);
  ck_assert_msg(code == QK_OK, "%s: %d %s", text, code, err.text);
}

static void expect_text(const char *what, const char *got, const char *wanted)
{
  ck_assert_msg(got ? wanted && !strcmp(got, wanted) : !wanted, "%s is %s, not %s", what,
                got ? got : "absent", wanted ? wanted : "absent");
}

static void expect_address(const char *text, enum qkr_kind kind, const char *host, unsigned port)
{
  expect_good(text);
  ck_assert_msg(settings.kind == kind, "%s: kind %d", text, (int)settings.kind);
  ck_assert_uint_eq(settings.address_count, 1);
  expect_text(text, settings.addresses[0].host, host);
  ck_assert_msg(settings.addresses[0].port == port, "%s: port %u", text, settings.addresses[0].port);
  qkr_settings_finish(&settings);
}

/* Refused with a sentence that begins with the part and holds word; secret is not in it. */
static void expect_refused(const char *text, const char *part, const char *word, const char *secret)
{
  char start[32];
  ck_assert_msg(read_uri(text) == QK_EINVAL, "%s is taken", text);
  snprintf(start, sizeof start, "URI: %s: ", part);
  ck_assert_msg(!strncmp(err.text, start, strlen(start)), "%s: \"%s\" does not begin with %s", text, err.text,
                start);
  ck_assert_msg(strstr(err.text, word) != NULL, "%s: \"%s\" does not say %s", text, err.text, word);
  ck_assert_msg(!secret || !strstr(err.text, secret), "%s: \"%s\" quotes %s", text, err.text, secret);
}

/* ---- Where ---- */

START_TEST(each_scheme_has_its_kind_and_port)
{
  expect_address("redis://h", QKR_SINGLE, "h", 6379);
  expect_address("redis://h:1", QKR_SINGLE, "h", 1);
  expect_address("redis://10.0.0.1:65535/", QKR_SINGLE, "10.0.0.1", 65535);
  expect_address("redis+unix:///run/redis.sock", QKR_UNIX, "/run/redis.sock", 0);
  expect_address("redis+cluster://h", QKR_CLUSTER, "h", 6379);
  expect_address("redis+sentinel://h/main", QKR_SENTINEL, "h", 26379);
  expect_address("redis+sentinel://h:6379/main", QKR_SENTINEL, "h", 6379);
}
END_TEST

START_TEST(an_ipv6_address_stands_in_brackets)
{
  expect_address("redis://[::1]", QKR_SINGLE, "::1", 6379);
  expect_address("redis://[fe80::1%25eth0]:7000", QKR_SINGLE, "fe80::1%eth0", 7000);
  expect_refused("redis://::1", "host", "brackets", "::1:");
  expect_refused("redis://[::1]x:22", "host", "name or an address", NULL);
  expect_refused("redis://[]:22", "host", "name or an address", "22");
}
END_TEST

START_TEST(several_hosts_are_kept_in_order)
{
  expect_good("redis+cluster://a:1,b,[::1]:3");
  ck_assert_uint_eq(settings.address_count, 3);
  expect_text("first", settings.addresses[0].host, "a");
  expect_text("second", settings.addresses[1].host, "b");
  expect_text("third", settings.addresses[2].host, "::1");
  ck_assert_uint_eq(settings.addresses[0].port, 1);
  ck_assert_uint_eq(settings.addresses[1].port, 6379);
  ck_assert_uint_eq(settings.addresses[2].port, 3);
  qkr_settings_finish(&settings);
}
END_TEST

START_TEST(one_server_is_one_host)
{
  expect_refused("redis:", "host", "exactly one", NULL);
  expect_refused("redis:///3", "host", "exactly one", NULL);
  expect_refused("redis://left,right", "host", "redis+cluster", "left");
  expect_refused("redis+cluster:", "host", "1 to 32", NULL);
  expect_refused("redis+sentinel:///main", "host", "1 to 32", NULL);
}
END_TEST

START_TEST(a_host_has_a_longest_name)
{
  char text[512] = "redis://", host[256];
  memset(host, 'h', 255);
  host[255] = '\0';
  strcat(text, host);
  expect_address(text, QKR_SINGLE, host, 6379);
  strcat(text, "h:7777");
  expect_refused(text, "host", "255", "7777");
}
END_TEST

START_TEST(a_socket_is_a_path_and_nothing_else)
{
  char text[256] = "redis+unix:///", path[128];
  path[0] = '/';
  memset(path + 1, 'p', 106);
  path[107] = '\0';
  strcat(text, path + 1);
  expect_address(text, QKR_UNIX, path, 0);
  strcat(text, "p");
  expect_refused(text, "path", "107", NULL);
  expect_refused("redis+unix:", "path", "redis+unix:///path", NULL);
  expect_refused("redis+unix://host/path", "host", "redis+unix:///path", "//host");
}
END_TEST

/* ---- Who ---- */

START_TEST(user_and_password_are_kept)
{
  static const struct {
    const char *text, *user, *password;
  } cases[] = {
      {"redis://h", NULL, NULL},
      {"redis://ann:s3cret@h", "ann", "s3cret"},
      {"redis://:s3cret@h", NULL, "s3cret"},
      {"redis://ann:@h", "ann", ""},
      {"redis://:@h", NULL, NULL},
      {"redis://@h", NULL, NULL},
      {"redis://a%3Ab:p%40%2F@h", "a:b", "p@/"},
      {"redis+unix://ann:s3cret@/run/redis.sock", "ann", "s3cret"},
      {"redis+unix://:s3cret@/run/redis.sock", NULL, "s3cret"},
      {"redis+cluster://ann:s3cret@a,b", "ann", "s3cret"},
      {"redis+sentinel://ann:s3cret@a,b/main", "ann", "s3cret"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    expect_good(cases[i].text);
    expect_text(cases[i].text, settings.user, cases[i].user);
    expect_text(cases[i].text, settings.password, cases[i].password);
    qkr_settings_finish(&settings);
  }
}
END_TEST

START_TEST(a_user_without_a_password_is_refused)
{
  expect_refused("redis://s3cret@h", "user", ":password@", "s3cret");
}
END_TEST

START_TEST(a_sentinel_needs_the_name_of_its_master)
{
  expect_good("redis+sentinel://a,b:2/my-master_1.x");
  expect_text("master", settings.master, "my-master_1.x");
  ck_assert_uint_eq(settings.address_count, 2);
  qkr_settings_finish(&settings);
  expect_refused("redis+sentinel://a,b", "path", "master's name", NULL);
  expect_refused("redis+sentinel://a,b/main/3", "path", "?db=", NULL);
  expect_refused("redis+sentinel://a,b/my%20master", "path", "master's name", NULL);
}
END_TEST

/* ---- Settings ---- */

static void expect_database(const char *text, uint32_t database)
{
  expect_good(text);
  ck_assert_msg(settings.database == database, "%s: %u", text, settings.database);
  qkr_settings_finish(&settings);
}

START_TEST(a_database_is_a_path_or_a_setting)
{
  expect_database("redis://h", 0);
  expect_database("redis://h/15", 15);
  expect_database("redis://h?db=3", 3);
  expect_database("redis://h/?db=3", 3);
  expect_database("redis://h/2147483647", INT32_MAX);
  expect_database("redis+unix:///s?db=4", 4);
  expect_database("redis+sentinel://h/main?db=5", 5);
  expect_database("redis+cluster://h/0", 0);
  expect_database("redis+cluster://h?db=0", 0);
  expect_refused("redis://h/2147483648", "path", "number", NULL);
  expect_refused("redis://h/00000000001", "path", "number", NULL);
  expect_refused("redis://h/x", "path", "number", NULL);
  expect_refused("redis://h/3/", "path", "number", NULL);
  expect_refused("redis://h?db=-1", "db", "number", NULL);
  expect_refused("redis://h?db=", "db", "number", NULL);
  expect_refused("redis://h/3?db=3", "db", "once", NULL);
}
END_TEST

START_TEST(a_cluster_has_one_database)
{
  expect_refused("redis+cluster://h/1", "path", "leave it out", NULL);
  expect_refused("redis+cluster://h?db=1", "db", "leave it out", NULL);
  expect_refused("redis+cluster://h/x", "path", "number", NULL);
}
END_TEST

START_TEST(what_is_not_set_has_its_default)
{
  expect_good("redis://h");
  expect_text("prefix", settings.prefix, "qk:");
  expect_text("master", settings.master, NULL);
  ck_assert_uint_eq(settings.replicas, 0);
  ck_assert_int_eq(settings.allow_eviction, 0);
  ck_assert_int_eq(settings.host_clock, 0);
  ck_assert_uint_eq(settings.timeout_ms, 1234);
  qkr_settings_finish(&settings);
}
END_TEST

START_TEST(settings_are_taken)
{
  expect_good("redis://h?prefix=shop!~&replicas=16&allow_eviction=1&clock=host");
  expect_text("prefix", settings.prefix, "shop!~");
  ck_assert_uint_eq(settings.replicas, 16);
  ck_assert_int_eq(settings.allow_eviction, 1);
  ck_assert_int_eq(settings.host_clock, 1);
  qkr_settings_finish(&settings);
  expect_good("redis://h?prefix=&allow_eviction=0");
  expect_text("prefix", settings.prefix, "");
  ck_assert_int_eq(settings.allow_eviction, 0);
  qkr_settings_finish(&settings);
}
END_TEST

START_TEST(wrong_settings_are_named)
{
  expect_refused("redis://h?replicas=17", "replicas", "0 to 16", NULL);
  expect_refused("redis://h?replicas=4294967297", "replicas", "0 to 16", NULL);
  expect_refused("redis://h?replicas=two", "replicas", "0 to 16", NULL);
  expect_refused("redis://h?allow_eviction=2", "allow_eviction", "0 to 1", NULL);
  expect_refused("redis://h?allow_eviction=yes", "allow_eviction", "0 to 1", "yes");
  expect_refused("redis://h?clock=server", "clock", "write host", NULL);
  expect_refused("redis://h?clock=", "clock", "write host", NULL);
}
END_TEST

START_TEST(a_prefix_is_short_and_printable_and_no_hash_tag)
{
  static const char *const bad[] = {"%7B", "%7D", "a%7Bb", "a%20b", "a%0Ab", "%7F", "%C3%A4", "%01"};
  char text[128] = "redis://h?prefix=";
  for (size_t i = 0; i < COUNT(bad); i++) {
    snprintf(text, sizeof text, "redis://h?prefix=%s", bad[i]);
    expect_refused(text, "prefix", "brace", NULL);
  }
  snprintf(text, sizeof text, "redis://h?prefix=%064d", 0);
  expect_good(text);
  ck_assert_uint_eq(strlen(settings.prefix), 64);
  qkr_settings_finish(&settings);
  strcat(text, "0");
  expect_refused(text, "prefix", "64", NULL);
}
END_TEST

START_TEST(its_names_are_known_to_the_library)
{
  static const char *const names[] = {"prefix", "replicas", "allow_eviction", "clock", "db"};
  for (size_t i = 0; i < COUNT(names); i++) {
    size_t at = 0;
    while (qkr_setting_names[at] && strcmp(qkr_setting_names[at], names[i]) != 0)
      at++;
    ck_assert_ptr_nonnull(qkr_setting_names[at]);
  }
}
END_TEST

TCase *settings_case(void)
{
  TCase *tests = tcase_create("settings");
  tcase_add_test(tests, each_scheme_has_its_kind_and_port);
  tcase_add_test(tests, an_ipv6_address_stands_in_brackets);
  tcase_add_test(tests, several_hosts_are_kept_in_order);
  tcase_add_test(tests, one_server_is_one_host);
  tcase_add_test(tests, a_host_has_a_longest_name);
  tcase_add_test(tests, a_socket_is_a_path_and_nothing_else);
  tcase_add_test(tests, user_and_password_are_kept);
  tcase_add_test(tests, a_user_without_a_password_is_refused);
  tcase_add_test(tests, a_sentinel_needs_the_name_of_its_master);
  tcase_add_test(tests, a_database_is_a_path_or_a_setting);
  tcase_add_test(tests, a_cluster_has_one_database);
  tcase_add_test(tests, what_is_not_set_has_its_default);
  tcase_add_test(tests, settings_are_taken);
  tcase_add_test(tests, wrong_settings_are_named);
  tcase_add_test(tests, a_prefix_is_short_and_printable_and_no_hash_tag);
  tcase_add_test(tests, its_names_are_known_to_the_library);
  return tests;
}
