/* backends/redis/reply.c. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <qk.h>
#include "backends/redis/reply.h"
#include "tests/redis/unit.h"

/* ---- Replies as text: [5 "abc" [nil -ERR no]] ---- */

struct picture {
  char text[4096];
  size_t used;
};

static void draw(struct picture *picture, const char *format, ...)
{
  va_list args;
  size_t left = sizeof picture->text - picture->used;
  va_start(args, format);
  int len = vsnprintf(picture->text + picture->used, left, format, args);
  va_end(args);
  ck_assert_msg(len >= 0 && (size_t)len < left, "the picture is too small");
  picture->used += (size_t)len;
}

static void draw_text(struct picture *picture, const struct qkr_value *value)
{
  ck_assert_int_eq(value->text[value->len], '\0');
  for (size_t i = 0; i < value->len; i++) {
    unsigned char c = (unsigned char)value->text[i];
    draw(picture, c < ' ' || c > '~' ? "\\%02x" : "%c", c);
  }
}

static const struct qkr_value *draw_value(struct picture *picture, const struct qkr_value *value,
                                          const struct qkr_value *end)
{
  ck_assert_msg(value < end, "an array has fewer children than it says");
  const struct qkr_value *next = value + 1;
  switch (value->type) {
  case QKR_NIL:
    draw(picture, "nil");
    return next;
  case QKR_INTEGER:
    draw(picture, "%lld", (long long)value->integer);
    return next;
  case QKR_ARRAY:
    draw(picture, "[");
    for (size_t i = 0; i < value->count; i++) {
      draw(picture, i ? " " : "");
      next = draw_value(picture, next, end);
    }
    draw(picture, "]");
    return next;
  case QKR_STRING:
  case QKR_STATUS:
  case QKR_ERROR:
    break;
  }
  static const char *const open[] = {[QKR_STRING] = "\"", [QKR_STATUS] = "+", [QKR_ERROR] = "-"};
  draw(picture, "%s", open[value->type]);
  draw_text(picture, value);
  draw(picture, "%s", value->type == QKR_STRING ? "\"" : "");
  return next;
}

/* All whole replies that are there, a bar behind each. Returns how it ended: 0 or a code. */
static int draw_replies(struct picture *picture, struct qkr_reader *reader)
{
  struct qkr_reply reply;
  int got;
  while ((got = qkr_reader_next(reader, &reply)) == 1) {
    const struct qkr_value *end = reply.values + reply.count;
    ck_assert_msg(draw_value(picture, reply.values, end) == end, "values are left over");
    draw(picture, "|");
  }
  return got;
}

/* ---- Feeding ---- */

static struct qkr_reader *reader;

static void make_reader(void)
{
  reader = qkr_reader_create();
  ck_assert_ptr_nonnull(reader);
}

static void drop_reader(void)
{
  qkr_reader_destroy(reader);
  reader = NULL;
}

static void renew_reader(void)
{
  drop_reader();
  make_reader();
}

static int feed(struct picture *picture, const char *bytes, size_t len)
{
  int code = qkr_reader_feed(reader, bytes, len);
  return code == QK_OK ? draw_replies(picture, reader) : code;
}

static int feed_text(const char *text)
{
  struct picture picture = {.used = 0};
  return feed(&picture, text, strlen(text));
}

static void expect_text(const struct picture *picture, const char *wanted, const char *how, size_t at)
{
  ck_assert_msg(!strcmp(picture->text, wanted), "%s %zu: %s, not %s", how, at, picture->text, wanted);
}

/* Whole, cut in two everywhere, and byte by byte it is all the same. */
static void expect_at_every_cut(const char *bytes, size_t len, const char *wanted)
{
  for (size_t cut = 0; cut <= len; cut++) {
    struct picture picture = {.used = 0};
    renew_reader();
    ck_assert_int_eq(feed(&picture, bytes, cut), 0);
    ck_assert_int_eq(feed(&picture, bytes + cut, len - cut), 0);
    expect_text(&picture, wanted, "cut at", cut);
  }
  struct picture picture = {.used = 0};
  renew_reader();
  for (size_t i = 0; i < len; i++)
    ck_assert_int_eq(feed(&picture, bytes + i, 1), 0);
  expect_text(&picture, wanted, "byte by byte", len);
}

static void expect(const char *text, const char *wanted)
{
  expect_at_every_cut(text, strlen(text), wanted);
}

/* Refused by the last byte at the latest, and for ever, however it is cut. */
static void expect_refused(const char *text)
{
  size_t len = strlen(text);
  renew_reader();
  ck_assert_msg(feed_text(text) == QK_ESTATE, "not refused: %s", text);
  ck_assert_msg(feed_text(":1\r\n") == QK_ESTATE, "forgotten: %s", text);
  struct qkr_reply reply;
  ck_assert_int_eq(qkr_reader_next(reader, &reply), QK_ESTATE);
  renew_reader();
  int code = 0;
  for (size_t i = 0; i < len && code == 0; i++) {
    struct picture picture = {.used = 0};
    code = feed(&picture, text + i, 1);
  }
  ck_assert_msg(code == QK_ESTATE, "byte by byte not refused: %s", text);
}

/* ---- What is read ---- */

START_TEST(every_type_is_read)
{
  expect(":0\r\n:-7\r\n", "0|-7|");
  expect(":9223372036854775807\r\n:-9223372036854775808\r\n", "9223372036854775807|-9223372036854775808|");
  expect("+OK\r\n", "+OK|");
  expect("-ERR no\r\n", "-ERR no|");
  expect("$3\r\nabc\r\n$0\r\n\r\n", "\"abc\"|\"\"|");
  expect("$-1\r\n*-1\r\n", "nil|nil|");
  expect("*0\r\n", "[]|");
}
END_TEST

START_TEST(arrays_lie_flat_with_their_children_behind_them)
{
  expect("*3\r\n:5\r\n$3\r\nabc\r\n*3\r\n$-1\r\n*-1\r\n-ERR no\r\n", "[5 \"abc\" [nil nil -ERR no]]|");
  expect("*3\r\n*2\r\n:1\r\n*0\r\n*1\r\n*1\r\n:2\r\n:3\r\n", "[[1 []] [[2]] 3]|");
  expect("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "[[[[[1]]]]]|");
}
END_TEST

START_TEST(a_string_holds_any_byte)
{
  static const char bytes[] = "*2\r\n$7\r\na\0\r\n$1\xff\r\n$2\r\n\r\n\r\n";
  expect_at_every_cut(bytes, sizeof bytes - 1, "[\"a\\00\\0d\\0a$1\\ff\" \"\\0d\\0a\"]|");
}
END_TEST

START_TEST(replies_behind_one_another_come_one_by_one)
{
  expect("+a\r\n*2\r\n:1\r\n$1\r\nb\r\n-ERR c\r\n$-1\r\n:4\r\n", "+a|[1 \"b\"]|-ERR c|nil|4|");
}
END_TEST

START_TEST(an_unfinished_reply_is_awaited)
{
  static const char text[] = "*2\r\n$3\r\nabc\r\n:15\r\n";
  for (size_t len = 0; len < sizeof text - 1; len++) {
    struct picture picture = {.used = 0};
    renew_reader();
    ck_assert_int_eq(feed(&picture, text, len), 0);
    ck_assert_int_eq(draw_replies(&picture, reader), 0);
    expect_text(&picture, "", "first bytes", len);
  }
}
END_TEST

/* The arena moves while it grows; every text must point to where it ended up. */
START_TEST(many_texts_keep_their_bytes)
{
  enum { TEXTS = 20000 };
  char text[32];
  struct qkr_reply reply;
  int head = snprintf(text, sizeof text, "*%d\r\n", TEXTS);
  ck_assert_int_eq(qkr_reader_feed(reader, text, (size_t)head), QK_OK);
  for (int i = 0; i < TEXTS; i++) {
    ck_assert_int_eq(qkr_reader_next(reader, &reply), 0);
    int len = snprintf(text, sizeof text, "$6\r\nu%05d\r\n", i);
    ck_assert_int_eq(qkr_reader_feed(reader, text, (size_t)len), QK_OK);
  }
  ck_assert_int_eq(qkr_reader_next(reader, &reply), 1);
  ck_assert_uint_eq(reply.count, TEXTS + 1);
  for (int i = 0; i < TEXTS; i++) {
    snprintf(text, sizeof text, "u%05d", i);
    EXPECT_MSG(!strcmp(reply.values[i + 1].text, text), "text %d is %s", i, reply.values[i + 1].text);
    EXPECT_EQ(reply.values[i + 1].integer, 0);
  }
}
END_TEST

/* ---- What is not ---- */

START_TEST(garbage_is_refused)
{
  static const char *const texts[] = {
      "x",
      "\r\n",
      "HTTP/1.1 400 Bad Request\r\n",
      ":\r\n",
      ":abc\r\n",
      ":1x\r\n",
      ":9223372036854775808\r\n",
      "$x\r\n",
      "$-2\r\n",
      "*x\r\n",
      "*-2\r\n",
      "*2\r\n:1\r\nx",
      "$99999999999999999999\r\n",
      "*99999999999999999999\r\n",
      "*9223372036854775807\r\n",
      "*-9223372036854775808\r\n",
  };
  for (size_t i = 0; i < COUNT(texts); i++)
    expect_refused(texts[i]);
}
END_TEST

START_TEST(the_types_of_a_newer_protocol_are_refused)
{
  static const char *const texts[] = {",1.5\r\n",          "#t\r\n",       "_\r\n",    "%1\r\n:1\r\n:2\r\n",
                                      "~1\r\n:1\r\n",      ">1\r\n+x\r\n", "(123\r\n", "=7\r\ntxt:abc\r\n",
                                      "*2\r\n:1\r\n_\r\n", "*1\r\n#f\r\n"};
  for (size_t i = 0; i < COUNT(texts); i++)
    expect_refused(texts[i]);
}
END_TEST

START_TEST(what_came_before_garbage_is_still_given)
{
  struct picture picture = {.used = 0};
  static const char text[] = ":1\r\n*1\r\n+two\r\nthree\r\n";
  ck_assert_int_eq(feed(&picture, text, sizeof text - 1), QK_ESTATE);
  ck_assert_str_eq(picture.text, "1|[+two]|");
}
END_TEST

START_TEST(too_deep_an_array_is_refused)
{
  expect_refused("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n");
  expect_refused("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*0\r\n");
  renew_reader();
  int code = 0;
  for (int i = 0; i < 100000 && code == 0; i++)
    code = feed_text("*1\r\n");
  ck_assert_int_eq(code, QK_ESTATE);
}
END_TEST

START_TEST(more_values_than_the_cap_are_refused_when_announced)
{
  expect_refused("*65536\r\n");
  expect_refused("*2\r\n*65533\r\n:1\r\n*2\r\n");
  expect_refused("*2147483647\r\n");
  expect_refused("*2147483648\r\n");
  expect_refused("*4294967295\r\n");
  expect_refused("*4294967297\r\n");
  renew_reader();
  ck_assert_int_eq(feed_text("*65535\r\n"), 0);
  for (uint32_t i = 2; i < QKR_REPLY_VALUES; i++)
    EXPECT_EQ(feed_text(":1\r\n"), 0);
  struct qkr_reply reply;
  ck_assert_int_eq(qkr_reader_feed(reader, "$-1\r\n", 5), QK_OK);
  ck_assert_int_eq(qkr_reader_next(reader, &reply), 1);
  ck_assert_uint_eq(reply.count, QKR_REPLY_VALUES);
}
END_TEST

/* ---- Bytes ---- */

enum { CHUNK = 1 << 15 };

/* A string of len bytes after head, in chunks. Returns how it ended: 1, 0 or a code. */
static int feed_string(const char *head, size_t len)
{
  static char chunk[CHUNK];
  struct qkr_reply reply;
  memset(chunk, 'x', sizeof chunk);
  int code = qkr_reader_feed(reader, head, strlen(head));
  while (code == QK_OK && len > 0) {
    size_t part = len < CHUNK ? len : CHUNK;
    code = qkr_reader_feed(reader, chunk, part);
    if (code == QK_OK)
      code = qkr_reader_next(reader, &reply);
    len -= part;
  }
  if (code == 0)
    code = qkr_reader_feed(reader, "\r\n", 2);
  return code == QK_OK ? qkr_reader_next(reader, &reply) : code;
}

START_TEST(more_bytes_than_the_cap_are_refused)
{
  char head[32];
  int len = snprintf(head, sizeof head, "$%u\r\n", QKR_REPLY_BYTES - 12);
  ck_assert_int_eq(feed_string(head, QKR_REPLY_BYTES - 2 - (size_t)len - 1), 0);
  renew_reader();
  ck_assert_int_eq(feed_string(head, QKR_REPLY_BYTES - 12), 1);
  renew_reader();
  ck_assert_int_eq(feed_string("$1000000000\r\n", 2 * (size_t)QKR_REPLY_BYTES), QK_ESTATE);
  renew_reader();
  ck_assert_int_eq(feed_string("+", 2 * (size_t)QKR_REPLY_BYTES), QK_ESTATE);
  renew_reader();
  char *much = calloc(1, QKR_REPLY_BYTES + 1);
  ck_assert_int_eq(qkr_reader_feed(reader, much, QKR_REPLY_BYTES + 1), QK_ESTATE);
  free(much);
  ck_assert_int_eq(qkr_reader_feed(reader, ":1\r\n", 4), QK_ESTATE);
}
END_TEST

START_TEST(the_values_of_one_reply_share_its_cap)
{
  struct picture picture = {.used = 0};
  ck_assert_int_eq(feed(&picture, "*1000\r\n", 7), 0);
  int code = 0, strings = 0;
  for (; code == 0; strings++)
    code = feed_string("$32768\r\n", CHUNK);
  ck_assert_int_eq(code, QK_ESTATE);
  ck_assert_int_le(strings, (int)(QKR_REPLY_BYTES / CHUNK));
  ck_assert_int_ge(strings, (int)(QKR_REPLY_BYTES / CHUNK) - 1);
}
END_TEST

START_TEST(replies_that_were_taken_no_longer_count)
{
  struct picture picture = {.used = 0};
  ck_assert_int_eq(feed(&picture, "*127\r\n", 6), 0);
  for (int i = 1; i < 127; i++)
    ck_assert_int_eq(feed_string("$32768\r\n", CHUNK), 0);
  ck_assert_int_eq(feed_string("$32768\r\n", CHUNK), 1);
  static const char next[2 * CHUNK];
  ck_assert_int_eq(qkr_reader_feed(reader, next, sizeof next), QK_OK);
  renew_reader();
  for (int i = 0; i < 300; i++)
    ck_assert_int_eq(feed_string("$32768\r\n", CHUNK), 1);
  for (int i = 0; i < 200000; i++) {
    picture.used = 0;
    EXPECT_EQ(feed(&picture, "*2\r\n:1\r\n+some text\r\n", 20), 0);
    EXPECT_EQ(picture.used, 15);
  }
}
END_TEST

START_TEST(pieces_may_end_one_reply_and_begin_the_next)
{
  struct picture picture = {.used = 0};
  ck_assert_int_eq(feed(&picture, "*2\r\n:1\r\n", 8), 0);
  for (int i = 0; i < 200; i++)
    ck_assert_int_eq(feed(&picture, ":2\r\n*2\r\n:1\r\n", 12), 0);
  ck_assert_uint_eq(picture.used, 200 * 6);
}
END_TEST

/* Good replies with some bytes changed: it may read anything, but ends, and within its caps. */
START_TEST(mangled_replies_do_no_harm)
{
  static const char good[] = "*4\r\n:12\r\n$5\r\nhello\r\n*2\r\n+OK\r\n-ERR x\r\n$-1\r\n";
  uint64_t random = 7;
  for (int round = 0; round < 20000; round++) {
    char text[sizeof good];
    struct qkr_reply reply;
    memcpy(text, good, sizeof good);
    for (uint32_t i = unit_pick(&random, 4); i <= 4; i++)
      text[unit_pick(&random, sizeof good - 1)] = "*$:+-\r\n0123456789_%"[unit_pick(&random, 19)];
    renew_reader();
    int code = qkr_reader_feed(reader, text, sizeof text - 1);
    for (int n = 0; code == QK_OK || code == 1; n++) {
      code = qkr_reader_next(reader, &reply);
      EXPECT(n < (int)sizeof text);
      EXPECT(code != 1 || reply.count <= QKR_REPLY_VALUES);
      if (code == 0)
        break;
    }
    EXPECT(code == 0 || code == QK_ESTATE);
  }
}
END_TEST

TCase *reply_case(void)
{
  TCase *tests = tcase_create("reply");
  tcase_add_checked_fixture(tests, make_reader, drop_reader);
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, every_type_is_read);
  tcase_add_test(tests, arrays_lie_flat_with_their_children_behind_them);
  tcase_add_test(tests, a_string_holds_any_byte);
  tcase_add_test(tests, replies_behind_one_another_come_one_by_one);
  tcase_add_test(tests, an_unfinished_reply_is_awaited);
  tcase_add_test(tests, many_texts_keep_their_bytes);
  tcase_add_test(tests, garbage_is_refused);
  tcase_add_test(tests, the_types_of_a_newer_protocol_are_refused);
  tcase_add_test(tests, what_came_before_garbage_is_still_given);
  tcase_add_test(tests, too_deep_an_array_is_refused);
  tcase_add_test(tests, more_values_than_the_cap_are_refused_when_announced);
  tcase_add_test(tests, more_bytes_than_the_cap_are_refused);
  tcase_add_test(tests, the_values_of_one_reply_share_its_cap);
  tcase_add_test(tests, replies_that_were_taken_no_longer_count);
  tcase_add_test(tests, pieces_may_end_one_reply_and_begin_the_next);
  tcase_add_test(tests, mangled_replies_do_no_harm);
  return tests;
}
