/* The benchmark behind `make bench`: one report of everything that has a goal of speed or size, each figure
 * beside a peer's in the same run. Uses the public API alone. */
#include <stdio.h>
#include <qk.h>
#include "compare.h"
#include "options.h"
#include "plots.h"
#include "report.h"
#include "sections.h"

static int compare(const struct options *options)
{
  static struct report old, new;
  if (report_read(&old, options->old) != 0 || report_read(&new, options->new) != 0)
    return 2;
  int regressions = compare_reports(&old, &new);
  return regressions < 0 ? 2 : regressions > 0;
}

static int measure(const struct options *options, struct report *report)
{
  report->quick = options->quick;
  report->rounds = options->rounds;
  snprintf(report->version, sizeof report->version, "%s", qk_version());
  machine_describe(&report->machine);
  return sections_run(options, report);
}

static int show(const struct options *options, const struct report *report)
{
  int rc = 0;
  if (options->markdown)
    report_markdown(report);
  else
    report_table(report);
  if (options->json && report_write(report, options->json) != 0)
    rc = -1;
  if (options->plots && plots_draw(report, options->plots) != 0)
    rc = -1;
  return rc;
}

int main(int argc, char **argv)
{
  static struct report report;
  struct options options;
  int rc = options_parse(&options, argc, argv);
  if (rc != 0) {
    if (rc > 0)
      fputs(options_usage, stdout);
    return rc > 0 ? 0 : 2;
  }
  if (options.old)
    return compare(&options);
  for (size_t i = 0; options.only[i]; i++) {
    if (sections_have(options.only[i]))
      continue;
    fprintf(stderr, "bench: no section %s\n%s", options.only[i], options_usage);
    return 2;
  }
  rc = options.from ? report_read(&report, options.from) : measure(&options, &report);
  if (options.from && rc != 0)
    return 2;
  return show(&options, &report) == 0 && rc == 0 ? 0 : 1;
}
