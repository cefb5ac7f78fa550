/* rush.c: a concert sale. 310,000 people want 50,000 seats; libqueue keeps them in order, and this program
 * checks from outside that it did. Start reading at rush_people.c (what people do) and rush_audit.c (how they
 * are checked). */
#include <stdlib.h>
#include <string.h>
#include "rush_run.h"
#include "rush_summary.h"
#include "rush_term.h"

static int is_stdout(const char *path)
{
  return path != NULL && strcmp(path, "-") == 0;
}

/* Returns the exit status. */
static int show(const struct rush *rush)
{
  struct summary summary;
  const struct rush_options *options = &rush->options;
  int lost = 0;
  if (summary_init(&summary, rush) != 0)
    return 2;
  if (!is_stdout(options->json) && !is_stdout(options->plot))
    report_print(rush, &summary);
  if (options->json != NULL)
    lost |= json_write(rush, &summary, options->json);
  if (options->plot != NULL)
    lost |= plot_write(rush, &summary, options->plot);
  if (term_interrupted())
    return 130;
  return lost ? 2 : summary.failed > 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
  struct rush_options options;
  switch (options_parse(&options, argc, argv)) {
  case OPTIONS_DONE:
    return 0;
  case OPTIONS_BAD:
    return 2;
  case OPTIONS_RUN:
    break;
  }
  /* What goes to standard output is then that file alone. */
  if (is_stdout(options.json) || is_stdout(options.plot))
    options.quiet = 1;
  struct rush *rush = malloc(sizeof *rush);
  if (rush == NULL || run_init(rush, &options) != 0) {
    free(rush);
    return 2;
  }
  int status = run_play(rush) == 0 ? show(rush) : 2;
  run_finish(rush);
  free(rush);
  return status;
}
