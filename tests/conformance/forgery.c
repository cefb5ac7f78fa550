/* Keys, and that nobody without one makes or alters a token. */
#include <stdio.h>
#include <string.h>
#include "tokens.h"

#define KEY_A "key A, 16 bytes and more"
#define KEY_B "key B, 16 bytes and more"

/* The options of a store that signs with key and takes key2 too; NULL = none. Resets the fixture's clock. */
static qk_options keyed_options(const char *key, const char *key2)
{
  qk_options options;
  fixture_options(&options);
  options.key = key;
  options.key_len = key ? strlen(key) : 0;
  options.key2 = key2;
  options.key2_len = key2 ? strlen(key2) : 0;
  return options;
}

static qk_store *open_keyed(const char *key, const char *key2)
{
  qk_options options = keyed_options(key, key2);
  qk_policy policy = calm_policy();
  qk_store *store = fixture_open(&options);
  CHECK_OK(qk_set_policy(store, HALL, &policy, NULL));
  return store;
}

/* ---- Keys ---------------------------------------------------------------------------------------- */

START_TEST(another_key_is_etoken)
{
  qk_store *store = open_keyed(KEY_A, NULL);
  qk_ticket ticket = ENTER(store, "ann");
  struct token token = token_of(store, &ticket);
  qk_store *other = open_keyed(KEY_B, NULL);
  CHECK_FORGED(other, token.text);
  qk_close(other);
  other = open_keyed(NULL, NULL);
  CHECK_FORGED(other, token.text);
  qk_close(other);
  qk_close(store);
}
END_TEST

START_TEST(one_key_verifies_in_another_store)
{
  qk_store *store = open_keyed(KEY_A, NULL), *other = open_keyed(KEY_A, NULL);
  CHECK_OK(qk_remove(other, HALL));
  qk_ticket ticket = ADMIT(store, "ann");
  struct token token = token_of(store, &ticket);
  VERIFY(other, &token, &ticket, QK_OK);
  CHECK_OVER(other, &token, &ticket);
  ck_assert_int_eq(count_queues(other), 0);
  qk_close(other);
  qk_close(store);
}
END_TEST

START_TEST(key2_is_accepted_and_never_signs)
{
  qk_store *old = open_keyed(KEY_A, NULL), *both = open_keyed(KEY_B, KEY_A), *new = open_keyed(KEY_B, NULL);
  qk_ticket in_old = ADMIT(old, "ann"), in_both = ADMIT(both, "bob");
  struct token by_old = token_of(old, &in_old), by_both = token_of(both, &in_both);
  VERIFY(both, &by_old, &in_old, QK_OK);
  VERIFY(both, &by_both, &in_both, QK_OK);
  VERIFY(new, &by_both, &in_both, QK_OK);
  CHECK_FORGED(old, by_both.text);
  CHECK_FORGED(new, by_old.text);
  CHECK_OK(qk_activate_token(both, by_both.text, NULL));
  qk_close(new);
  qk_close(both);
  qk_close(old);
}
END_TEST

START_TEST(rotating_a_key_costs_nobody_their_place)
{
  qk_store *store = open_keyed(KEY_A, NULL);
  qk_ticket ticket = ENTER(store, "ann");
  struct token token = token_of(store, &ticket);
  qk_options options = keyed_options(KEY_B, KEY_A);
  qk_store *second = fixture->second(store, &options);
  CHECK_OK(qk_poll_token(second, token.text, &ticket));
  ck_assert_uint_eq(ticket.position, 1);
  token = token_of(second, &ticket);
  CHECK_FORGED(store, token.text);
  qk_close(second);
  qk_close(store);
}
END_TEST

START_TEST(two_stores_have_two_default_secrets)
{
  qk_options options;
  fixture_options(&options); /* once: the random source goes on, as it does in life */
  qk_store *store = fixture_open(&options), *other = fixture_open(&options);
  qk_ticket ticket = verb_at(__LINE__, qk_enter, store, HALL, "ann", QK_OK);
  struct token token = token_of(store, &ticket);
  VERIFY(store, &token, &ticket, QK_OK);
  CHECK_FORGED(other, token.text);
  qk_close(other);
  qk_close(store);
}
END_TEST

START_TEST(hosts_of_one_store_share_the_default_secret)
{
  qk_options options;
  fixture_options(&options);
  qk_store *store = fixture_open(&options);
  qk_store *second = fixture->second(store, &options);
  qk_ticket ticket = verb_at(__LINE__, qk_enter, store, HALL, "ann", QK_OK);
  struct token token = token_of(store, &ticket);
  VERIFY(second, &token, &ticket, QK_OK);
  CHECK_OK(qk_activate_token(second, token.text, NULL));
  qk_close(second);
  qk_close(store);
}
END_TEST

/* ---- Forging ------------------------------------------------------------------------------------- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

START_TEST(tokens_are_unpadded_base64url)
{
  qk_store *store = open_hall(NULL);
  for (int i = 1; i <= 9; i++) {
    char user[16] = "";
    memset(user, 'u', (size_t)i);
    qk_ticket ticket = ENTER(store, user);
    struct token token = token_of(store, &ticket);
    ck_assert_uint_eq(strspn(token.text, alphabet), strlen(token.text));
    ck_assert_uint_ne(strlen(token.text) % 4, 1);
  }
  qk_close(store);
}
END_TEST

/* Each character replaced by each other: this also tries every other spelling of the same bytes. */
START_TEST(a_token_altered_anywhere_is_etoken)
{
  qk_store *store = open_hall(NULL);
  char user[] = "uuuu";
  user[_i] = '\0';
  qk_ticket ticket = ADMIT(store, user);
  struct token good = token_of(store, &ticket);
  for (size_t at = 0; good.text[at]; at++) {
    struct token bad = good;
    for (const char *other = alphabet; *other; other++) {
      bad.text[at] = *other;
      int code = qk_verify(store, bad.text, NULL);
      ck_assert_msg(code == (*other == good.text[at] ? QK_OK : QK_ETOKEN), "'%c' at %zu gives %d", *other, at,
                    code);
    }
    bad.text[at] = good.text[at] == 'A' ? 'B' : 'A';
    CHECK_FORGED(store, bad.text);
  }
  CHECK_OK(qk_poll_token(store, good.text, NULL));
  qk_close(store);
}
END_TEST

START_TEST(a_foreign_character_anywhere_is_etoken)
{
  static const char foreign[] = "+/=.,: \t\n\r%~\x7f\x80\xff\x01";
  qk_store *store = open_hall(NULL);
  qk_ticket ticket = ADMIT(store, "ann");
  struct token good = token_of(store, &ticket);
  for (size_t at = 0; at < strlen(good.text); at++) {
    for (const char *other = foreign; *other; other++) {
      struct token replaced = good, inserted = good;
      replaced.text[at] = inserted.text[at] = *other;
      memcpy(inserted.text + at + 1, good.text + at, strlen(good.text) - at + 1);
      int codes[2] = {qk_verify(store, replaced.text, NULL), qk_verify(store, inserted.text, NULL)};
      ck_assert_msg(codes[0] == QK_ETOKEN && codes[1] == QK_ETOKEN, "byte 0x%02x at %zu gives %d and %d",
                    (unsigned char)*other, at, codes[0], codes[1]);
    }
  }
  qk_close(store);
}
END_TEST

START_TEST(a_token_cut_anywhere_is_etoken)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ticket = ADMIT(store, "ann");
  struct token good = token_of(store, &ticket);
  for (size_t len = 0; len < strlen(good.text); len++) {
    struct token bad = good;
    bad.text[len] = '\0';
    CHECK_FORGED(store, bad.text);
    CHECK_FORGED(store, good.text + len + 1);
  }
  qk_close(store);
}
END_TEST

START_TEST(a_token_with_more_behind_it_is_etoken)
{
  static const char *const tails[] = {"=", "==", "===", "A", "AA", "AAAA", "\n", " ", ".", "A=", "AAA="};
  char bad[3 * QK_TOKEN_SIZE];
  qk_store *store = open_hall(NULL);
  for (int len = 1; len <= 3; len++) {
    qk_ticket ticket = ADMIT(store, &"uuu"[3 - len]);
    struct token good = token_of(store, &ticket);
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
      snprintf(bad, sizeof bad, "%s%s", good.text, tails[i]);
      CHECK_FORGED(store, bad);
    }
    snprintf(bad, sizeof bad, "%s%s", good.text, good.text);
    CHECK_FORGED(store, bad);
    snprintf(bad, sizeof bad, " %s", good.text);
    CHECK_FORGED(store, bad);
    for (size_t fill = strlen(good.text); fill < sizeof bad - 1; fill++) {
      memset(bad, 'A', fill);
      memcpy(bad, good.text, strlen(good.text));
      bad[fill] = '\0';
      CHECK_CODE(qk_verify(store, bad, NULL), fill == strlen(good.text) ? QK_OK : QK_ETOKEN);
    }
  }
  qk_close(store);
}
END_TEST

START_TEST(halves_of_two_tokens_make_none)
{
  qk_store *store = open_hall(NULL);
  qk_ticket ann = ADMIT(store, "ann"), bob = ADMIT(store, "bob");
  struct token one = token_of(store, &ann), two = token_of(store, &bob);
  ck_assert_uint_eq(strlen(one.text), strlen(two.text));
  for (size_t at = 1; at < strlen(one.text); at++) {
    struct token mixed = one;
    memcpy(mixed.text + at, two.text + at, strlen(two.text) - at);
    if (strcmp(mixed.text, one.text) != 0 && strcmp(mixed.text, two.text) != 0)
      CHECK_FORGED(store, mixed.text);
  }
  qk_close(store);
}
END_TEST

START_TEST(rubbish_is_etoken)
{
  uint32_t state = 12345;
  qk_store *store = open_hall(NULL);
  for (int round = 0; round < 5000; round++) {
    struct token bad;
    size_t len = (size_t)round % (sizeof bad.text - 1);
    for (size_t i = 0; i < len; i++) {
      state = state * 1664525 + 1013904223; /* Numerical Recipes */
      bad.text[i] = round % 2 ? alphabet[state >> 26] : (char)(1 + (state >> 16) % 255);
    }
    bad.text[len] = '\0';
    CHECK_FORGED(store, bad.text);
  }
  qk_close(store);
}
END_TEST

void add_forgery_tests(TCase *tests)
{
  tcase_add_test(tests, another_key_is_etoken);
  tcase_add_test(tests, one_key_verifies_in_another_store);
  tcase_add_test(tests, key2_is_accepted_and_never_signs);
  if (fixture->second)
    tcase_add_test(tests, rotating_a_key_costs_nobody_their_place);
  tcase_add_test(tests, two_stores_have_two_default_secrets);
  if (fixture->second)
    tcase_add_test(tests, hosts_of_one_store_share_the_default_secret);
  tcase_add_test(tests, tokens_are_unpadded_base64url);
  tcase_add_loop_test(tests, a_token_altered_anywhere_is_etoken, 1, 4);
  tcase_add_test(tests, a_foreign_character_anywhere_is_etoken);
  tcase_add_test(tests, a_token_cut_anywhere_is_etoken);
  tcase_add_test(tests, a_token_with_more_behind_it_is_etoken);
  tcase_add_test(tests, halves_of_two_tokens_make_none);
  tcase_add_test(tests, rubbish_is_etoken);
}
