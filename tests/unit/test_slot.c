/* qkr_slot() of backends/redis/slot.c. The known values are those of the Redis cluster specification and of
 * CLUSTER KEYSLOT. */
#include <string.h>
#include "backends/redis/wire.h"
#include "tests/redis/unit.h"

static int slot(const char *key)
{
  return qkr_slot(key, strlen(key));
}

START_TEST(known_keys_have_their_slots)
{
  static const struct {
    const char *key;
    int slot;
  } cases[] = {
      {"123456789", 12739}, {"", 0},      {"foo", 12182},     {"bar", 5061},
      {"hello", 866},       {"a", 15495}, {"somekey", 11058}, {"foo{hash_tag}", 2515},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    ck_assert_msg(slot(cases[i].key) == cases[i].slot, "%s: %d", cases[i].key, slot(cases[i].key));
}
END_TEST

START_TEST(only_the_hash_tag_counts)
{
  static const struct {
    const char *key, *tag;
  } cases[] = {
      {"{user1000}.following", "user1000"},
      {"{user1000}.followers", "user1000"},
      {"foo{{bar}}zap", "{bar"},
      {"foo{bar}{zap}", "bar"},
      {"}foo{bar}", "bar"},
      {"{a}", "a"},
      {"qk:{hall}m", "hall"},
      {"{{}", "{"},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    ck_assert_msg(slot(cases[i].key) == slot(cases[i].tag), "%s: %d", cases[i].key, slot(cases[i].key));
}
END_TEST

START_TEST(without_a_whole_hash_tag_all_of_the_key_counts)
{
  ck_assert_int_eq(slot("foo{}{bar}"), 8363);
  ck_assert_int_eq(slot("{}"), 15257);
  ck_assert_int_eq(slot("foo{bar"), 15278);
  ck_assert_int_eq(slot("foo}bar{"), 11073);
  ck_assert_int_eq(qkr_slot("{bar}", 4), slot("{bar"));
}
END_TEST

/* CRC-16/XMODEM bit by bit. */
static int slow_slot(const char *key, size_t len)
{
  unsigned crc = 0;
  for (size_t i = 0; i < len; i++) {
    crc ^= (unsigned)(unsigned char)key[i] << 8;
    for (int bit = 0; bit < 8; bit++)
      crc = (crc & 0x8000u ? (crc << 1) ^ 0x1021u : crc << 1) & 0xffffu;
  }
  return (int)(crc % 16384);
}

START_TEST(random_keys_have_the_slot_of_their_checksum)
{
  uint64_t random = 11;
  for (int round = 0; round < 20000; round++) {
    char key[64];
    uint32_t len = unit_pick(&random, sizeof key);
    for (uint32_t i = 0; i < len; i++) {
      key[i] = (char)unit_pick(&random, 256);
      if (key[i] == '{')
        key[i] = '}';
    }
    EXPECT_EQ(qkr_slot(key, len), slow_slot(key, len));
  }
}
END_TEST

TCase *slot_case(void)
{
  TCase *tests = tcase_create("slot");
  tcase_add_test(tests, known_keys_have_their_slots);
  tcase_add_test(tests, only_the_hash_tag_counts);
  tcase_add_test(tests, without_a_whole_hash_tag_all_of_the_key_counts);
  tcase_add_test(tests, random_keys_have_the_slot_of_their_checksum);
  return tests;
}
