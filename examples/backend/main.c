/* Three people, one seat, on the backend of this folder. */
#include <stdio.h>
#include <qk.h>
#include "naive.h"

int main(void)
{
  static const char *const people[] = {"ann", "bob", "cid"};
  qk_store *store;
  qk_policy policy;
  qk_ticket ticket;
  qk_policy_init(&policy);
  policy.max_active = 1;
  if (naive_register() != QK_OK || qk_open(&store, "naive:", NULL, NULL) != QK_OK ||
      qk_set_policy(store, "hall", &policy, NULL) != QK_OK) {
    fputs("the naive store does not open\n", stderr);
    return 1;
  }
  for (int i = 0; i < 3; i++) {
    qk_enter(store, "hall", people[i], &ticket);
    printf("%s is %s, place %llu\n", people[i], qk_state_name(ticket.state),
           (unsigned long long)ticket.position);
  }
  /* Nobody ticks: a release hands the seat to the head of the line (qk_policy.eager). */
  for (int i = 0; i < 3; i++) {
    qk_activate(store, "hall", people[i], &ticket);
    printf("%s is %s\n", people[i], qk_state_name(ticket.state));
    qk_release(store, "hall", people[i], NULL);
  }
  qk_close(store);
  return ticket.state == QK_ACTIVE ? 0 : 1;
}
