/* lib/uri.c. */
#include <string.h>
#include "lib/uri.h"
#include "unit.h"

static struct qki_uri uri;
static qk_error err;

static void parse(const char *text)
{
  int code = qki_uri_parse(&uri, text, &err);
  ck_assert_msg(code == QK_OK, "%s: %d %s", text, code, err.text);
}

static void check_text(const char *got, const char *wanted)
{
  if (wanted)
    ck_assert_str_eq(got, wanted);
  else
    ck_assert_ptr_null(got);
}

START_TEST(a_scheme_alone_is_a_uri)
{
  parse("memory:");
  ck_assert_str_eq(uri.uri.scheme, "memory");
  ck_assert_str_eq(uri.uri.path, "");
  check_text(uri.uri.user, NULL);
  check_text(uri.uri.password, NULL);
  ck_assert_uint_eq(uri.uri.host_count, 0);
  ck_assert_uint_eq(uri.uri.setting_count, 0);
}
END_TEST

START_TEST(every_part_is_cut_out_and_decoded)
{
  parse("redis+cluster://an%6E:p%40s%2Fs@h1:7001,[::1]:7002,h3/d%69r/x?prefix=a%26b&window=5");
  ck_assert_str_eq(uri.uri.scheme, "redis+cluster");
  check_text(uri.uri.user, "ann");
  check_text(uri.uri.password, "p@s/s");
  ck_assert_uint_eq(uri.uri.host_count, 3);
  ck_assert_str_eq(uri.uri.hosts[0], "h1:7001");
  ck_assert_str_eq(uri.uri.hosts[1], "[::1]:7002");
  ck_assert_str_eq(uri.uri.hosts[2], "h3");
  ck_assert_str_eq(uri.uri.path, "dir/x");
  ck_assert_uint_eq(uri.uri.setting_count, 2);
  ck_assert_str_eq(uri.uri.names[0], "prefix");
  ck_assert_str_eq(uri.uri.values[0], "a&b");
  ck_assert_str_eq(uri.uri.names[1], "window");
  ck_assert_str_eq(uri.uri.values[1], "5");
}
END_TEST

START_TEST(parts_may_be_absent)
{
  static const struct {
    const char *text, *user, *password, *host, *path;
  } cases[] = {
      {"redis://h", NULL, NULL, "h", ""},
      {"redis://h/", NULL, NULL, "h", ""},
      {"redis://h/3", NULL, NULL, "h", "3"},
      {"redis://:pw@h", "", "pw", "h", ""},
      {"redis://ann@h", "ann", NULL, "h", ""},
      {"redis://ann:@h:1", "ann", "", "h:1", ""},
      {"redis://[fe80::1]", NULL, NULL, "[fe80::1]", ""},
      {"redis+unix:///run/redis.sock", NULL, NULL, NULL, "run/redis.sock"},
      {"memory:/dir", NULL, NULL, NULL, "dir"},
      {"memory:dir", NULL, NULL, NULL, "dir"},
      {"memory:?window=5", NULL, NULL, NULL, ""},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    parse(cases[i].text);
    check_text(uri.uri.user, cases[i].user);
    check_text(uri.uri.password, cases[i].password);
    ck_assert_uint_eq(uri.uri.host_count, cases[i].host ? 1 : 0);
    if (cases[i].host)
      ck_assert_str_eq(uri.uri.hosts[0], cases[i].host);
    ck_assert_str_eq(uri.uri.path, cases[i].path);
  }
}
END_TEST

START_TEST(what_is_no_uri_is_refused_with_a_reason)
{
  static const char *const bad[] = {"",
                                    "memory",
                                    ":x",
                                    "1redis:",
                                    "re dis:",
                                    "redis://h:0",
                                    "redis://h:",
                                    "redis://h:x",
                                    "redis://h:70000",
                                    "redis://h:12x",
                                    "redis://h1,,h2",
                                    "redis://h1,",
                                    "redis://:1",
                                    "redis://[::1",
                                    "redis://a@",
                                    "redis://h/%",
                                    "redis://h/%4",
                                    "redis://h/%zz",
                                    "redis://h/%00",
                                    "redis://h#f",
                                    "memory:?x",
                                    "memory:?a=1&a=2",
                                    "memory:?a=%0g",
                                    "redis://h:-1",
                                    "redis://h: 1",
                                    "redis://h:+1",
                                    "redis://h:99999999999999999999"};
  for (size_t i = 0; i < COUNT(bad); i++) {
    memset(&err, 0, sizeof err);
    ck_assert_msg(qki_uri_parse(&uri, bad[i], &err) == QK_EINVAL, "'%s' was taken", bad[i]);
    ck_assert_int_eq(err.code, QK_EINVAL);
    ck_assert(err.text[0] != '\0');
    ck_assert_int_eq(qki_uri_parse(&uri, bad[i], NULL), QK_EINVAL);
  }
}
END_TEST

START_TEST(a_uri_may_be_as_long_as_the_buffer)
{
  static char text[QKI_URI_MAX + 2];
  memset(text, 'a', sizeof text);
  memcpy(text, "memory:/", 8);
  text[QKI_URI_MAX - 1] = '\0';
  parse(text);
  text[QKI_URI_MAX - 1] = 'a';
  text[QKI_URI_MAX] = '\0';
  ck_assert_int_eq(qki_uri_parse(&uri, text, &err), QK_EINVAL);
}
END_TEST

START_TEST(too_many_hosts_or_settings_are_refused)
{
  char text[512] = "redis://h";
  for (int i = 1; i < QKI_URI_HOSTS; i++)
    strcat(text, ",h");
  parse(text);
  ck_assert_uint_eq(uri.uri.host_count, QKI_URI_HOSTS);
  ck_assert_int_eq(qki_uri_parse(&uri, strcat(text, ",h"), &err), QK_EINVAL);
  strcpy(text, "memory:?a=1");
  for (int i = 1; i < QKI_URI_SETTINGS; i++) {
    char pair[8] = "&?=1";
    pair[1] = (char)('a' + i);
    strcat(text, pair);
  }
  parse(text);
  ck_assert_uint_eq(uri.uri.setting_count, QKI_URI_SETTINGS);
  ck_assert_int_eq(qki_uri_parse(&uri, strcat(text, "&z=1"), &err), QK_EINVAL);
}
END_TEST

/* With characters in the password that should have been escaped, the URI is cut in the wrong place: no part
 * of what is behind the first colon may show then either. */
START_TEST(an_error_never_shows_a_password)
{
  static const char *const bad[] = {
      "redis://ann:hunter2@h:x",     "redis://ann:hunter2@h/%",     "redis://ann:hunter2@h?x",
      "redis://ann:hunter2%@h",      "redis://ann:hunter2",         "redis://ann:hunter2/@h",
      "redis://ann:hun/hunter2@h:1", "redis://ann:hun?hunter2@h/1", "redis://:hunter2",
      "redis://ann:@hunter2@h,",     "redis://ann:hunter2@",        "redis://ann:x#hunter2@h"};
  for (size_t i = 0; i < COUNT(bad); i++) {
    memset(&err, 0, sizeof err);
    if (qki_uri_parse(&uri, bad[i], &err) == QK_OK)
      (void)qki_uri_check_rest(&uri, NULL, &err);
    ck_assert_msg(strstr(err.text, "hunter2") == NULL, "%s: %s", bad[i], err.text);
  }
}
END_TEST

START_TEST(a_setting_is_taken_once_and_in_its_range)
{
  static const char *const bad[] = {
      "", "x", "-1", "+1", " 1", "1 ", "0x10", "1e3", "0", "101", "99999999999999999999"};
  char text[64];
  uint64_t value = 7;
  parse("memory:?b=2&window=100&c=3");
  ck_assert_int_eq(qki_uri_take(&uri, "other", 1, 100, &value, &err), 0);
  ck_assert_uint_eq(value, 7);
  ck_assert_int_eq(qki_uri_take(&uri, "window", 1, 100, &value, &err), 1);
  ck_assert_uint_eq(value, 100);
  ck_assert_int_eq(qki_uri_take(&uri, "window", 1, 100, &value, &err), 0);
  ck_assert_uint_eq(uri.uri.setting_count, 2);
  for (size_t i = 0; i < COUNT(bad); i++) {
    strcpy(text, "memory:?window=");
    parse(strcat(text, bad[i]));
    ck_assert_msg(qki_uri_take(&uri, "window", 1, 100, &value, &err) == QK_EINVAL, "'%s' was taken", bad[i]);
    ck_assert_ptr_nonnull(strstr(err.text, "window"));
  }
}
END_TEST

START_TEST(an_unknown_setting_names_the_nearest_known_one)
{
  static const char *const known[] = {"prefix", "replicas", NULL};
  parse("redis://h?prefx=a");
  ck_assert_int_eq(qki_uri_check_rest(&uri, known, &err), QK_EINVAL);
  ck_assert_ptr_nonnull(strstr(err.text, "'prefix'"));
  ck_assert_int_eq(qki_uri_check_rest(&uri, NULL, &err), QK_EINVAL);
  parse("redis://h?windw=1");
  ck_assert_int_eq(qki_uri_check_rest(&uri, known, &err), QK_EINVAL);
  ck_assert_ptr_nonnull(strstr(err.text, "'window'"));
  parse("redis://h?replicas=2&prefix=");
  ck_assert_int_eq(qki_uri_check_rest(&uri, known, &err), QK_OK);
}
END_TEST

TCase *uri_case(void)
{
  TCase *tests = tcase_create("uri");
  tcase_add_test(tests, a_scheme_alone_is_a_uri);
  tcase_add_test(tests, every_part_is_cut_out_and_decoded);
  tcase_add_test(tests, parts_may_be_absent);
  tcase_add_test(tests, what_is_no_uri_is_refused_with_a_reason);
  tcase_add_test(tests, a_uri_may_be_as_long_as_the_buffer);
  tcase_add_test(tests, too_many_hosts_or_settings_are_refused);
  tcase_add_test(tests, an_error_never_shows_a_password);
  tcase_add_test(tests, a_setting_is_taken_once_and_in_its_range);
  tcase_add_test(tests, an_unknown_setting_names_the_nearest_known_one);
  return tests;
}
