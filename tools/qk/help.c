#include <stdio.h>
#include <string.h>

#include "options.h"

#define LEFT 22 /* columns before the words */

/* Those that belong to some TAKES_ bits; 0: those of every command. */
static void print_options(unsigned bits)
{
  for (size_t i = 0; i < option_count; i++) {
    const struct option *option = &option_table[i];
    char left[40];
    if (bits == 0 ? option->commands != 0 : (option->commands & bits) == 0)
      continue;
    int len = option->letter != 0 ? snprintf(left, sizeof left, "-%c, ", option->letter) : 0;
    snprintf(left + len, sizeof left - (size_t)len, "--%s%s%s", option->name,
             option->value != NULL ? " " : "", option->value != NULL ? option->value : "");
    printf("  %-*s  %s\n", LEFT, left, option->help);
  }
}

static void print_command(const struct command *command)
{
  printf("Usage: qk %s [OPTION]... %s\n\n%s\n", command->name, command->synopsis, command->details);
  if (command->options != 0) {
    printf("\nOptions:\n");
    print_options(command->options);
  }
  printf("\nOf every command:\n");
  print_options(0);
}

static void print_all(void)
{
  printf("Usage: qk COMMAND [OPTION]... URI [QUEUE]\n\n"
         "Look at the queues of a libqueue store, and steer them.\n\nCommands:\n");
  for (const struct command *command = commands; command->name != NULL; command++)
    printf("  %-*s  %s\n", LEFT, command->name, command->summary);
  printf("\nOptions of every command (qk COMMAND --help has the others):\n");
  print_options(0);
  printf("\nURI is where the store is, as redis://host:6379, or @FILE, whose first line says it.\n"
         "Exit status: 0; 1 the answer is no; 2 usage; 3 the store; 4 no such queue.\n");
}

void help_print(const struct command *command)
{
  if (command != NULL)
    print_command(command);
  else
    print_all();
}
