#include <stdio.h>
#include "rush_hosts.h"
#include "rush_summary.h"
#include "rush_term.h"
#include "rush_text.h"

static void print_heading(const char *text)
{
  struct term term;
  term_init(&term);
  printf(term.color ? "\033[1m%s\033[0m" : "%s", text);
}

static void print_people(const struct rush *rush)
{
  const struct people *people = &rush->people;
  const struct audit *audit = &rush->audit;
  print_heading("Arrivals");
  printf("   %s offered, %s accepted, %s refused", text_count(people->tally.arrived).s,
         text_count(people->tally.accepted).s, text_count(people->tally.refused).s);
  if (rush->options.realtime)
    printf(", %s dropped (not served in %s)", text_count(people->tally.gone).s,
           text_ms((int64_t)rush->options.patience_ms).s);
  putchar('\n');
  printf("           %s came on a second device as well, for the place they had\n",
         text_count(people->tally.second_devices).s);
  print_heading("Ends    ");
  printf("   completed %s, left %s, dropped %s, lapsed %s, expired %s\n", text_count(audit->completed).s,
         text_count(audit->left).s, text_count(audit->dropped).s, text_count(audit->lapsed).s,
         text_count(audit->expired).s);
}

static void print_line(const struct rush *rush, const struct summary *summary)
{
  double saved = summary->polls_unpaced - (double)rush->people.tally.polls;
  print_heading("Wait    ");
  printf("   median %s, 95 %% within %s, longest %s\n", text_ms(summary->wait_median_ms).s,
         text_ms(summary->wait_p95_ms).s, text_ms(summary->wait_longest_ms).s);
  print_heading("Line    ");
  printf("   at most %s people\n", text_count(rush->audit.peak_waiting).s);
  print_heading("Inside  ");
  printf("   at most %s people on %s seats\n", text_count(rush->audit.peak_inside).s,
         text_count(rush->options.seats).s);
  print_heading("Polls   ");
  if (summary->polls_unpaced > 0)
    printf("   %s; %s saved by pacing (one a second of each who waits: %s)\n",
           text_count(rush->people.tally.polls).s,
           text_percent(saved > 0 ? saved : 0, summary->polls_unpaced).s,
           text_count((uint64_t)summary->polls_unpaced).s);
  else
    printf("   none: nobody had to wait\n");
}

/* The least and the most that any host has. */
static void print_range(const struct rush *rush, uint64_t (*figure)(const struct rush *, size_t))
{
  uint64_t least = UINT64_MAX, most = 0;
  for (size_t i = 0; i < rush->options.hosts; i++) {
    uint64_t here = figure(rush, i);
    least = here < least ? here : least;
    most = here > most ? here : most;
  }
  printf("%s to %s", text_count(least).s, text_count(most).s);
}

static void print_hosts(const struct rush *rush)
{
  print_heading("Hosts   ");
  printf("   %s share the queue; each served ", text_count(rush->options.hosts).s);
  print_range(rush, hosts_people);
  printf(" people and admitted ");
  print_range(rush, hosts_admitted);
  putchar('\n');
}

static void print_calls(const struct rush *rush)
{
  const char *how = rush->options.realtime    ? "from the moment at which each was due"
                    : rush->options.batch > 1 ? "each as long as its batch"
                                              : "each one timed";
  print_heading("Calls");
  printf(", %s\n  %-12s%10s  %10s  %10s%10s%10s%10s\n", how, "", "number", "a second", "p50", "p95", "p99",
         "max");
  for (int verb = QK_ENTER; verb <= QK_TICK; verb++) {
    const struct hist *hist = &rush->calls.verbs[verb].latency_ns;
    if (hist->count == 0)
      continue;
    printf("  %-12s%10s  %10s  %10s%10s%10s%10s\n", calls_verb_name(verb), text_count(hist->count).s,
           text_rate(summary_per_second(rush, verb)).s, text_ns(hist_quantile(hist, 0.5)).s,
           text_ns(hist_quantile(hist, 0.95)).s, text_ns(hist_quantile(hist, 0.99)).s, text_ns(hist->max).s);
  }
}

static void print_checks(const struct rush *rush, const struct summary *summary)
{
  struct term term;
  term_init(&term);
  const char *bad = term.color ? "\033[1;31m" : "", *good = term.color ? "\033[32m" : "";
  const char *end = term.color ? "\033[0m" : "";
  print_heading("Checks");
  printf(", counted from outside the library\n");
  for (size_t i = 0; i < AUDIT_CHECKS; i++) {
    const struct check *check = &summary->checks[i];
    if (!rush->options.quiet || check->found > 0)
      printf("  %-16s%s%8s  %s%s  %s\n", check->name, check->found > 0 ? bad : good,
             text_count(check->found).s, check->found > 0 ? "FAILED" : "ok    ", end, check->meaning);
  }
}

/* What explains failed checks. */
static void print_causes(const struct audit *audit)
{
  for (int code = 1; code < AUDIT_CODES; code++) {
    if (audit->codes[code] > 0)
      printf("  %-16s%8s  of them: %s\n", "", text_count(audit->codes[code]).s, qk_strerror(-code));
  }
  if (audit->unheard > 0)
    printf("  %s events never came, since answers were lost: checks that rest on them fail too\n",
           text_count(audit->unheard).s);
}

static void print_end(const struct rush *rush, const struct summary *summary)
{
  if (term_interrupted())
    printf("Interrupted. ");
  else if (rush->limit_reached)
    printf("Stopped at the limit of %s. ", text_ms((int64_t)rush->options.limit_s * 1000).s);
  if (summary->failed > 0)
    printf("%zu of %d checks FAILED. ", summary->failed, AUDIT_CHECKS);
  else
    printf("All %d checks hold. ", AUDIT_CHECKS);
  printf("%s people and %s of the sale in %s (CPU %s).\n", text_count(rush->people.tally.arrived).s,
         text_ms(rush->now_ms).s, text_ns((uint64_t)rush->wall_ns).s, text_ns((uint64_t)rush->cpu_ns).s);
}

void report_print(const struct rush *rush, const struct summary *summary)
{
  if (!rush->options.quiet) {
    print_people(rush);
    print_line(rush, summary);
    if (rush->hosts != NULL)
      print_hosts(rush);
    putchar('\n');
    print_calls(rush);
    putchar('\n');
  }
  if (!rush->options.quiet || summary->failed > 0) {
    print_checks(rush, summary);
    print_causes(&rush->audit);
    putchar('\n');
  }
  print_end(rush, summary);
}
