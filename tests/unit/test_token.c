/* lib/token.c: one spelling per token, nothing accepted that was not signed, and a layout that never changes
 * silently. */
#include <sodium.h>
#include <string.h>
#include "lib/base64.h"
#include "lib/token.h"
#include "unit.h"

static const char secret[] = "0123456789abcdef0123456789abcdef";
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void set_up(void)
{
  EXPECT(sodium_init() >= 0);
}

static struct qki_keys make_keys(const char *first, const char *second)
{
  struct qki_keys keys = {.count = 0};
  qki_keys_add(&keys, first, strlen(first));
  if (second)
    qki_keys_add(&keys, second, strlen(second));
  return keys;
}

static qk_ticket make_ticket(int32_t state, const char *queue, const char *user)
{
  qk_ticket ticket = {.state = state, .number = 1, .epoch = 2};
  strcpy(ticket.queue, queue);
  strcpy(ticket.user, user);
  return ticket;
}

static void write_token(const struct qki_keys *keys, const qk_ticket *ticket, char token[QK_TOKEN_SIZE])
{
  EXPECT_EQ(qki_token_write(keys, ticket, token), QK_OK);
  EXPECT(strlen(token) < QK_TOKEN_SIZE);
}

static int read_token(const struct qki_keys *keys, const char *token)
{
  struct qki_claims claims;
  return qki_token_read(keys, token, &claims);
}

/* Made from the layout in libqueue(3) by another program (BLAKE2b of Python's hashlib). */
START_TEST(the_layout_is_that_of_the_manual)
{
  struct qki_keys keys = make_keys(secret, NULL);
  qk_ticket ann = make_ticket(QK_WAITING, "hall", "ann");
  qk_ticket bob = make_ticket(QK_ACTIVE, "K\xc3\xb6ln", "bob");
  char token[QK_TOKEN_SIZE];
  write_token(&keys, &ann, token);
  ck_assert_str_eq(token, "AQEABAMVpcNnAAAAAAAAAQAAAAAAAAIAAAAAAAAAAGhhbGxhbm4asVvoqKRizY8d4Y1j33N31tcTQN_"
                          "ivEuQIzZ5m4TqaQ");
  bob.cls = 7;
  bob.number = QK_NUMBER_MAX;
  bob.epoch = QK_INTEGER_MAX;
  bob.expires_at_ms = 1750000060000;
  write_token(&keys, &bob, token);
  ck_assert_str_eq(token,
                   "AQMHBQMVpcNnAf_______x________8AAAGXdCHGYEvDtmxuYm9idyqdyuAr1s0kKYminenFJsw5tjT64wP"
                   "6xpIDoV24nKQ");
}
END_TEST

START_TEST(a_token_of_a_later_layout_is_told_from_a_forged_one)
{
  static const char later[] =
      "AgEABAMVpcNnAAAAAAAAAQAAAAAAAAIAAAAAAAAAAGhhbGxhbm5hIGxhdGVyIGZpZWxkOJTT7AkNTXzL2i6FDz6"
      "UZcTmVKQRtJbh87_hZ2tcJ7A";
  struct qki_keys keys = make_keys(secret, NULL), other = make_keys("another secret 16", NULL);
  EXPECT_EQ(read_token(&keys, later), QK_EVERSION);
  EXPECT_EQ(read_token(&other, later), QK_ETOKEN);
}
END_TEST

static void fill_name(uint64_t *random, char *name, uint32_t max)
{
  uint32_t len = 1 + unit_pick(random, max);
  for (uint32_t i = 0; i < len; i++)
    name[i] = (char)('!' + unit_pick(random, 90));
  name[len] = '\0';
}

START_TEST(what_is_written_is_read)
{
  struct qki_keys keys = make_keys(secret, NULL);
  uint64_t random = 1;
  for (int i = 0; i < 20000; i++) {
    qk_ticket ticket = {.state = QK_WAITING + (int32_t)unit_pick(&random, 3), .cls = unit_pick(&random, 8)};
    struct qki_claims claims;
    char token[QK_TOKEN_SIZE];
    ticket.number = 1 + unit_random(&random) % QK_NUMBER_MAX;
    ticket.epoch = 1 + unit_random(&random) % QK_INTEGER_MAX;
    ticket.expires_at_ms = (int64_t)(unit_random(&random) >> 10);
    fill_name(&random, ticket.queue, QK_QUEUE_MAX);
    fill_name(&random, ticket.user, QK_USER_MAX);
    write_token(&keys, &ticket, token);
    EXPECT_EQ(strspn(token, alphabet), strlen(token));
    EXPECT_EQ(qki_token_read(&keys, token, &claims), QK_OK);
    EXPECT_EQ(claims.kind, ticket.state);
    EXPECT_EQ(claims.cls, ticket.cls);
    EXPECT_EQ(claims.number, ticket.number);
    EXPECT_EQ(claims.epoch, ticket.epoch);
    EXPECT_EQ(claims.expires_at_ms, ticket.state == QK_WAITING ? 0 : ticket.expires_at_ms);
    ck_assert_str_eq(claims.queue, ticket.queue);
    ck_assert_str_eq(claims.user, ticket.user);
    EXPECT_EQ(claims.queue_len, strlen(ticket.queue));
    EXPECT_EQ(claims.user_len, strlen(ticket.user));
  }
}
END_TEST

/* Names of 1 to 3 bytes more: the last group of base64 has 2, 3 and 4 characters, so 4, 2 and 0 spare bits.
 */
START_TEST(every_other_spelling_is_refused)
{
  static const char *const users[] = {"a", "ab", "abc"};
  struct qki_keys keys = make_keys(secret, NULL);
  for (size_t i = 0; i < COUNT(users); i++) {
    qk_ticket ticket = make_ticket(QK_READY, "hall", users[i]);
    char token[QK_TOKEN_SIZE], other[QK_TOKEN_SIZE];
    write_token(&keys, &ticket, token);
    for (size_t at = 0; at < strlen(token); at++) {
      strcpy(other, token);
      for (int c = 1; c < 256; c++) {
        other[at] = (char)c;
        EXPECT_EQ(read_token(&keys, other), other[at] == token[at] ? QK_OK : QK_ETOKEN);
      }
    }
  }
}
END_TEST

START_TEST(a_token_cut_or_lengthened_is_refused)
{
  static const char *const tails[] = {"=", "==", "A", "AA", "AAAA", " ", "\n", "."};
  struct qki_keys keys = make_keys(secret, NULL);
  qk_ticket ticket = make_ticket(QK_READY, "hall", "ann");
  char token[QK_TOKEN_SIZE], other[QK_TOKEN_SIZE];
  write_token(&keys, &ticket, token);
  for (size_t len = 0; len < strlen(token); len++) {
    memcpy(other, token, len);
    other[len] = '\0';
    EXPECT_EQ(read_token(&keys, other), QK_ETOKEN);
  }
  for (size_t i = 0; i < COUNT(tails); i++) {
    strcpy(other, token);
    EXPECT_EQ(read_token(&keys, strcat(other, tails[i])), QK_ETOKEN);
    strcpy(other, tails[i]);
    EXPECT_EQ(read_token(&keys, strcat(other, token)), QK_ETOKEN);
  }
}
END_TEST

START_TEST(text_of_any_length_is_refused_and_not_overrun)
{
  struct qki_keys keys = make_keys(secret, NULL);
  static char text[3 * QK_TOKEN_SIZE];
  for (size_t len = 0; len < sizeof text - 1; len++) {
    memset(text, 'A', len);
    text[len] = '\0';
    EXPECT_EQ(read_token(&keys, text), QK_ETOKEN);
  }
}
END_TEST

START_TEST(the_first_key_signs_and_both_are_accepted)
{
  struct qki_keys old = make_keys(secret, NULL), new = make_keys("the secret after it", NULL);
  struct qki_keys both = make_keys("the secret after it", secret);
  qk_ticket ticket = make_ticket(QK_READY, "hall", "ann");
  char from_old[QK_TOKEN_SIZE], from_new[QK_TOKEN_SIZE], from_both[QK_TOKEN_SIZE];
  write_token(&old, &ticket, from_old);
  write_token(&new, &ticket, from_new);
  write_token(&both, &ticket, from_both);
  ck_assert_str_eq(from_both, from_new);
  EXPECT_EQ(read_token(&both, from_old), QK_OK);
  EXPECT_EQ(read_token(&both, from_new), QK_OK);
  EXPECT_EQ(read_token(&new, from_old), QK_ETOKEN);
  EXPECT_EQ(read_token(&old, from_new), QK_ETOKEN);
  qki_keys_forget(&both);
  EXPECT_EQ(read_token(&both, from_new), QK_ETOKEN);
}
END_TEST

START_TEST(what_is_no_ticket_is_not_signed)
{
  struct qki_keys keys = make_keys(secret, NULL);
  const qk_ticket good = make_ticket(QK_READY, "hall", "ann");
  qk_ticket bad[12];
  char token[QK_TOKEN_SIZE];
  for (size_t i = 0; i < COUNT(bad); i++)
    bad[i] = good;
  bad[0].state = QK_NONE;
  bad[1].state = QK_ACTIVE + 1;
  bad[2].cls = QK_CLASSES;
  bad[3].number = 0;
  bad[4].number = QK_NUMBER_MAX + 1;
  bad[5].epoch = 0;
  bad[6].epoch = QK_INTEGER_MAX + 1;
  bad[7].expires_at_ms = -1;
  bad[8].queue[0] = '\0';
  bad[9].user[0] = '\0';
  bad[10].user[1] = '\n';
  memset(bad[11].queue, 'x', sizeof bad[11].queue);
  EXPECT_EQ(qki_token_write(&keys, &good, token), QK_OK);
  for (size_t i = 0; i < COUNT(bad); i++)
    EXPECT_MSG(qki_token_write(&keys, &bad[i], token) == QK_EINVAL, "bad ticket %zu was signed", i);
}
END_TEST

/* libsodium's decoder, which lets bytes above 127 pass now and then, is the oracle. */
static void compare_base64(const char *text, size_t len)
{
  unsigned char want[16], got[16];
  size_t size = 0;
  if (sodium_base642bin(want, sizeof want, text, len, NULL, &size, NULL,
                        sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
    size = 0;
  EXPECT_MSG(qki_base64_read(got, text, len) == size && !memcmp(want, got, size), "'%.*s' is read otherwise",
             (int)len, text);
}

START_TEST(base64_is_read_as_by_libsodium)
{
  char text[8];
  uint64_t random = 1;
  for (int a = 0; a < 128; a++)
    for (int b = 0; b < 128; b++) {
      memcpy(text, (const char[]){(char)a, (char)b, 'Q', 'A'}, 4);
      for (size_t len = 0; len <= 4; len++)
        compare_base64(text, len);
      memcpy(text, (const char[]){'-', '_', (char)a, (char)b}, 4);
      compare_base64(text, 3);
      compare_base64(text, 4);
    }
  for (int i = 0; i < 200000; i++) {
    size_t len = unit_pick(&random, sizeof text + 1);
    for (size_t k = 0; k < len; k++)
      text[k] = unit_pick(&random, 20) ? alphabet[unit_pick(&random, 64)] : (char)unit_pick(&random, 128);
    compare_base64(text, len);
  }
  for (int c = 128; c < 256; c++)
    for (size_t at = 0; at < 4; at++) {
      unsigned char got[4];
      memcpy(text, "AAAA", 4);
      text[at] = (char)c;
      EXPECT_EQ(qki_base64_read(got, text, 4), 0);
    }
}
END_TEST

TCase *token_case(void)
{
  TCase *tests = tcase_create("token");
  tcase_add_checked_fixture(tests, set_up, NULL);
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, the_layout_is_that_of_the_manual);
  tcase_add_test(tests, a_token_of_a_later_layout_is_told_from_a_forged_one);
  tcase_add_test(tests, what_is_written_is_read);
  tcase_add_test(tests, every_other_spelling_is_refused);
  tcase_add_test(tests, a_token_cut_or_lengthened_is_refused);
  tcase_add_test(tests, text_of_any_length_is_refused_and_not_overrun);
  tcase_add_test(tests, the_first_key_signs_and_both_are_accepted);
  tcase_add_test(tests, what_is_no_ticket_is_not_signed);
  tcase_add_test(tests, base64_is_read_as_by_libsodium);
  return tests;
}
