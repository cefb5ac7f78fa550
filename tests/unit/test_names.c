/* lib/names.c: which bytes are a name. The oracle decodes a code point and encodes it again. */
#include <stdlib.h>
#include <string.h>
#include "lib/names.h"
#include "unit.h"

/* The length of the sequence at text that encodes a code point in the one right way, 0 if there is none. */
static size_t oracle_sequence(const unsigned char *text, size_t left)
{
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t need = text[0] < 0x80       ? 1
                : text[0] >> 5 == 6  ? 2
                : text[0] >> 4 == 14 ? 3
                : text[0] >> 3 == 30 ? 4
                                     : 0;
  if (need == 0 || left < need)
    return 0;
  uint32_t point = need == 1 ? text[0] : text[0] & (0x7fu >> need);
  for (size_t i = 1; i < need; i++) {
    if (text[i] >> 6 != 2)
      return 0;
    point = point << 6 | (text[i] & 0x3fu);
  }
  int surrogate = point >= 0xd800 && point <= 0xdfff;
  return point >= least[need] && point <= 0x10ffff && !surrogate ? need : 0;
}

static int oracle_is_name(const unsigned char *text, size_t len)
{
  for (size_t at = 0; at < len;) {
    size_t step = oracle_sequence(text + at, len - at);
    if (step == 0 || text[at] < 0x20 || text[at] == 0x7f)
      return 0;
    at += step;
  }
  return 1;
}

/* The sequence alone, and behind 1 to 9 letters: the fast path takes eight bytes at a time. */
static void compare_everywhere(const unsigned char *sequence, size_t len)
{
  char text[16];
  for (size_t shift = 0; shift < 10; shift++) {
    memset(text, 'a', sizeof text);
    memcpy(text + shift, sequence, len);
    for (size_t size = shift + len; size <= shift + len + 2; size++) {
      int got = qki_bytes_check(text, size) == NULL;
      EXPECT_MSG(got == oracle_is_name((unsigned char *)text, size),
                 "%02x %02x %02x %02x at %zu of %zu bytes: %d", sequence[0], sequence[1], sequence[2],
                 sequence[3], shift, size, got);
    }
  }
}

START_TEST(every_sequence_of_two_bytes_is_judged_as_unicode_says)
{
  unsigned char text[4] = {0};
  for (uint32_t i = 0; i < 1u << 16; i++) {
    text[0] = (unsigned char)(i >> 8);
    text[1] = (unsigned char)i;
    compare_everywhere(text, 2);
  }
}
END_TEST

START_TEST(every_sequence_of_three_bytes_is_judged_as_unicode_says)
{
  unsigned char text[4] = {0};
  for (uint32_t i = 0x80 << 16; i < 1u << 24; i++) {
    text[0] = (unsigned char)(i >> 16);
    text[1] = (unsigned char)(i >> 8);
    text[2] = (unsigned char)i;
    int got = qki_bytes_check((char *)text, 3) == NULL;
    EXPECT_MSG(got == oracle_is_name(text, 3), "%02x %02x %02x: %d", text[0], text[1], text[2], got);
  }
}
END_TEST

START_TEST(sequences_of_four_bytes_are_judged_as_unicode_says)
{
  static const unsigned char edges[] = {0x00, 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0,
                                        0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
                                        0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff};
  enum { N = sizeof edges };
  for (size_t i = 0; i < N * N * N * N; i++) {
    unsigned char text[4] = {edges[i % N], edges[i / N % N], edges[i / N / N % N], edges[i / N / N / N]};
    int got = qki_bytes_check((char *)text, 4) == NULL;
    EXPECT_MSG(got == oracle_is_name(text, 4), "%02x %02x %02x %02x: %d", text[0], text[1], text[2], text[3],
               got);
    if (i % 61 == 0)
      compare_everywhere(text, 4);
  }
}
END_TEST

START_TEST(every_single_byte_is_judged_alone_and_in_every_place_of_a_word)
{
  unsigned char text[4] = {0};
  for (int byte = 0; byte < 256; byte++) {
    text[0] = (unsigned char)byte;
    compare_everywhere(text, 1);
  }
}
END_TEST

START_TEST(a_name_has_1_to_max_bytes)
{
  char text[200];
  size_t len;
  memset(text, 'x', sizeof text);
  for (size_t size = 0; size < 140; size++) {
    text[size] = '\0';
    const char *wrong = qki_name_check(text, 64, &len);
    EXPECT_EQ(wrong == NULL, size >= 1 && size <= 64);
    EXPECT_EQ(len, wrong ? 0 : size);
    text[size] = 'x';
  }
  ck_assert_ptr_nonnull(qki_name_check(NULL, 64, &len));
}
END_TEST

START_TEST(a_name_cut_inside_a_letter_is_refused)
{
  static const char text[] = "K\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x8e\xab";
  size_t len;
  char cut[sizeof text];
  EXPECT(!qki_name_check(text, 64, &len));
  for (size_t size = 1; size < sizeof text; size++) {
    memcpy(cut, text, size);
    cut[size] = '\0';
    EXPECT_EQ(qki_name_check(cut, 64, &len) == NULL, oracle_is_name((unsigned char *)cut, size));
  }
}
END_TEST

START_TEST(a_name_longer_than_max_is_not_read_to_its_end)
{
  char *text = malloc(65); /* a sanitizer sees byte 66 */
  size_t len;
  ck_assert_ptr_nonnull(text);
  memset(text, 'x', 65);
  ck_assert_ptr_nonnull(qki_name_check(text, 64, &len));
  free(text);
}
END_TEST

START_TEST(the_nearest_word_is_one_edit_away)
{
  static const char *const known[] = {"max_active", "max_waiting", "rate", "ready_ms", "active_ms", NULL};
  ck_assert_str_eq(qki_nearest("rat", known), "rate");
  ck_assert_str_eq(qki_nearest("max_activ", known), "max_active");
  ck_assert_str_eq(qki_nearest("max_wating", known), "max_waiting");
  ck_assert_str_eq(qki_nearest("raedy_ms", known), "ready_ms");
  ck_assert_str_eq(qki_nearest("activ_ms", known), "active_ms");
  ck_assert_str_eq(qki_nearest("", known), "rate");
  ck_assert_ptr_nonnull(
      qki_nearest("a word that is very much longer than any table of the algorithm", known));
}
END_TEST

TCase *names_case(void)
{
  TCase *tests = tcase_create("names");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, every_single_byte_is_judged_alone_and_in_every_place_of_a_word);
  tcase_add_test(tests, every_sequence_of_two_bytes_is_judged_as_unicode_says);
  tcase_add_test(tests, every_sequence_of_three_bytes_is_judged_as_unicode_says);
  tcase_add_test(tests, sequences_of_four_bytes_are_judged_as_unicode_says);
  tcase_add_test(tests, a_name_has_1_to_max_bytes);
  tcase_add_test(tests, a_name_cut_inside_a_letter_is_refused);
  tcase_add_test(tests, a_name_longer_than_max_is_not_read_to_its_end);
  tcase_add_test(tests, the_nearest_word_is_one_edit_away);
  return tests;
}
