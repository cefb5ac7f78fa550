/* What is owed against what was got, field by field. */
#ifndef TESTS_MODEL_COMPARE_H
#define TESTS_MODEL_COMPARE_H

#include <stddef.h>
#include <qk.h>

/* What became of a trace. */
struct verdict {
  size_t op; /* the operation under way */
  int failed;
  char what[64];   /* the first thing that was wrong, as "ticket.number": failures with the same one count as
                      the same */
  char text[4096]; /* a line for each thing that was wrong */
};

/* Note one thing that was wrong. */
void verdict_add(struct verdict *verdict, const char *what, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

void compare_number(struct verdict *verdict, const char *what, int64_t want, int64_t got);
void compare_code(struct verdict *verdict, const char *what, int want, int got);
void compare_text(struct verdict *verdict, const char *what, const char *want, const char *got);

/* All fields but poll_after_ms. */
void compare_ticket(struct verdict *verdict, const qk_ticket *want, const qk_ticket *got);
/* poll_after_ms is 0 unless told is 1, and then within its bounds for idle_ms. */
void compare_poll_after(struct verdict *verdict, const qk_ticket *got, int told, uint32_t idle_ms);
/* The ticket of a call that was refused before anybody was looked up: nothing but names. */
void compare_blank_ticket(struct verdict *verdict, const char *what, const qk_ticket *got);
/* All fields but elapsed_us. */
void compare_report(struct verdict *verdict, const qk_tick_report *want, const qk_tick_report *got);
void compare_stats(struct verdict *verdict, const qk_stats *want, const qk_stats *got);
void compare_cursor(struct verdict *verdict, const qk_cursor *want, const qk_cursor *got);
void compare_policy(struct verdict *verdict, const qk_policy *want, const qk_policy *got);

#endif
