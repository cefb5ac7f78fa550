/* qk: look at the queues of a libqueue store, and steer them. */
#include <locale.h>
#include <qk.h>
#include <stdio.h>

#include "run.h"
#include "say.h"
#include "uri.h"

const struct command commands[] = {
    {"stats", "URI [QUEUE]", "how a queue stands, or all of them",
     "Show a queue's totals, who is in it, how long the first has waited, and whether the totals\n"
     "balance; without QUEUE a table of all. Exit status 1: they do not balance.",
     1, 2, 0, run_stats},
    {"watch", "URI [QUEUE]", "the same, live",
     "Look at the queues again and again, on a screen that q ends. Where standard output is no\n"
     "terminal, a line for each queue every time; with --json, an object every time.",
     1, 2, TAKES_WATCH, run_watch},
    {"queues", "URI", "the names of the queues", "List the names of the queues, one on each line, sorted.", 1,
     1, 0, run_queues},
    {"policy", "URI QUEUE [FIELD=VALUE]... | --load FILE", "show or change how a queue admits",
     "Show a queue's policy, or change the named fields of it and leave the others. --load sets the\n"
     "policies of all queues that a JSON file names; fields that are missing there get their default.\n"
     "The mode has commands of its own: open, hold, drain, close, bypass.",
     1, OPERANDS, TAKES_CREATE | TAKES_LOAD, run_policy},
    {"open", "URI QUEUE", "people enter and are admitted",
     "Set the mode OPEN: people enter and are admitted.", 2, 2, TAKES_CREATE, run_open},
    {"hold", "URI QUEUE", "people enter, nobody is admitted",
     "Set the mode HOLD: people enter, nobody is admitted.", 2, 2, TAKES_CREATE, run_hold},
    {"drain", "URI QUEUE", "new people are refused, the line is admitted",
     "Set the mode DRAIN: new people are refused, those in line are admitted.", 2, 2, TAKES_CREATE,
     run_drain},
    {"close", "URI QUEUE", "new people are refused, nobody is admitted",
     "Set the mode CLOSED: new people are refused, nobody is admitted.", 2, 2, TAKES_CREATE, run_close},
    {"bypass", "URI QUEUE", "everybody is let in at once",
     "Set the mode BYPASS: everybody is let in at once, whatever seats and rate say.", 2, 2, TAKES_CREATE,
     run_bypass},
    {"remove", "URI QUEUE", "end a queue, with everybody's place",
     "End a queue's life: its people lose their place, and its policy and totals are gone. Asks first\n"
     "on a terminal; elsewhere --yes is needed.",
     2, 2, TAKES_YES, run_remove},
    {"verify", "URI TOKEN", "what a token says, and whether it is good",
     "Show what a token says, and whether it lets its owner in. Exit status 1: it does not. TOKEN - is\n"
     "read from standard input. With --key and the URI memory: no server is needed.",
     2, 2, 0, run_verify},
    {"doctor", "URI", "what is wrong with a Redis, and what to do",
     "Look at the servers of a store on Redis: version, eviction, persistence, rights, clocks, replicas.\n"
     "Exit status 1: something failed; 3: no server could be asked.",
     1, 1, TAKES_STRICT, run_doctor},
    {NULL, NULL, NULL, NULL, 0, 0, 0, NULL},
};

/* What was written and cannot be is a failure, whatever the command thinks. */
static int finish(int status)
{
  if (fflush(stdout) == 0 && !ferror(stdout))
    return status;
  return say_error(QK_ESTORE, "standard output cannot be written");
}

int main(int argc, char **argv)
{
  static struct args args;
  setlocale(LC_CTYPE, "");
  int status = args_parse(&args, argc, argv);
  if (status != STATUS_OK)
    return status;
  if (args.help)
    help_print(args.command);
  else if (args.version)
    printf("qk %s, libqueue %s\n", PACKAGE_VERSION, qk_version());
  else
    status = uri_read(&args);
  if (status != STATUS_OK || args.help || args.version)
    return finish(status);
  return finish(args.command->run(&args));
}
