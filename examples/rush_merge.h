/* The judgement on all hosts together, from what each has written down. */
#ifndef RUSH_MERGE_H
#define RUSH_MERGE_H

#include "rush_audit.h"
#include "rush_ledger.h"

/* Add what one host has written down to sum. Returns 0, or -1 without memory. */
int merge_add(struct ledger *sum, const struct ledger *ledger);
/* Play all of it again, in the order of the store's clock, into audit, which keeps the accounts and whose
 * now_ms is now_ms; and compare the order of the numbers with the order of the calls. Sorts the ledger. */
void merge_judge(struct ledger *sum, struct audit *audit, int64_t *now_ms);

#endif
