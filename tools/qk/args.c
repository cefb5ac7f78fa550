#include "args.h"

#include <qk.h>
#include <stdio.h>
#include <string.h>

#include "nearest.h"
#include "options.h"
#include "say.h"

enum { WORDS = 32 };

/* The words that have been read, and which options were among them. */
struct reader {
  struct args *args;
  char **next;         /* ends with NULL */
  unsigned seen;       /* a bit for each option */
  const char *first;   /* the first operand: the command's name */
  const char *unknown; /* the first option that there is not */
};

/* ---- Options ---- */

static int applies(const struct option *option, const struct command *command)
{
  return option->commands == 0 || command == NULL || (command->options & option->commands) != 0;
}

static int take(struct reader *reader, const struct option *option, const char *value)
{
  if (value == NULL && option->value != NULL)
    value = *reader->next != NULL ? *reader->next++ : NULL;
  if (value == NULL && option->value != NULL)
    return say_error(QK_EINVAL, "--%s: %s is missing", option->name, option->value);
  reader->seen |= 1U << (unsigned)(option - option_table);
  return option->read(option, reader->args, value != NULL ? value : "");
}

static int take_long(struct reader *reader, const char *word)
{
  size_t len = strcspn(word + 2, "=");
  const char *value = word[2 + len] == '=' ? word + 3 + len : NULL;
  for (size_t i = 0; i < option_count; i++)
    if (strlen(option_table[i].name) == len && strncmp(option_table[i].name, word + 2, len) == 0) {
      if (value != NULL && option_table[i].value == NULL)
        return say_error(QK_EINVAL, "--%s: takes no value", option_table[i].name);
      return take(reader, &option_table[i], value);
    }
  if (reader->unknown == NULL)
    reader->unknown = word;
  return STATUS_OK;
}

/* -n 5, -n5, -yn 5. */
static int take_letters(struct reader *reader, const char *word)
{
  for (const char *letter = word + 1; *letter != '\0'; letter++) {
    const struct option *option = option_table;
    while (option < option_table + option_count && option->letter != *letter)
      option++;
    if (option == option_table + option_count) {
      if (reader->unknown == NULL)
        reader->unknown = word;
      return STATUS_OK;
    }
    int has_value = option->value != NULL;
    int status = take(reader, option, has_value && letter[1] != '\0' ? letter + 1 : NULL);
    if (status != STATUS_OK || has_value)
      return status;
  }
  return STATUS_OK;
}

static int refuse_unknown(const char *word, const struct command *command)
{
  const char *names[WORDS];
  size_t count = 0, len = strcspn(word, "=");
  for (size_t i = 0; i < option_count && count < WORDS; i++)
    if (applies(&option_table[i], command))
      names[count++] = option_table[i].name;
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)(len > 2 ? len - 2 : 0), len > 2 ? word + 2 : "");
  if (word[1] != '-')
    return say_error(QK_EINVAL, "unknown option '%s'; see qk --help", word);
  return say_error(QK_EINVAL, "unknown option '%.*s'; did you mean --%s?", (int)len, word,
                   nearest(name, names, count));
}

/* An option that the command does not have is as good as unknown. */
static int check_options(const struct reader *reader)
{
  const struct command *command = reader->args->command;
  if (reader->unknown != NULL)
    return refuse_unknown(reader->unknown, command);
  for (size_t i = 0; i < option_count; i++)
    if ((reader->seen & (1U << i)) != 0 && !applies(&option_table[i], command))
      return say_error(QK_EINVAL, "%s: has no option --%s; see qk %s --help", command->name,
                       option_table[i].name, command->name);
  return STATUS_OK;
}

/* ---- Operands ---- */

static int take_operand(struct reader *reader, const char *word)
{
  struct args *args = reader->args;
  if (reader->first == NULL) {
    reader->first = word;
    return STATUS_OK;
  }
  if (args->count == OPERANDS)
    return say_error(QK_EINVAL, "more than %d arguments", OPERANDS);
  args->operands[args->count++] = word;
  return STATUS_OK;
}

/* "help" is the option as a word. */
static int find_command(struct args *args, const char *name)
{
  if (strcmp(name, "help") == 0 && !args->help) {
    args->help = 1;
    return args->count > 0 ? find_command(args, args->operands[0]) : STATUS_OK;
  }
  const char *names[WORDS];
  size_t count = 0;
  for (const struct command *command = commands; command->name != NULL; command++) {
    names[count++] = command->name;
    if (strcmp(command->name, name) == 0)
      args->command = command;
  }
  if (args->command != NULL)
    return STATUS_OK;
  return say_error(QK_EINVAL, "unknown command '%s'; did you mean %s?", name, nearest(name, names, count));
}

static int check_operands(const struct args *args)
{
  const struct command *command = args->command;
  if (args->count >= command->least && args->count <= command->most)
    return STATUS_OK;
  return say_error(QK_EINVAL, "%s: %s; usage: qk %s %s", command->name,
                   args->count < command->least ? "something is missing" : "too many arguments",
                   command->name, command->synopsis);
}

/* ---- All ---- */

static int take_words(struct reader *reader)
{
  int status = STATUS_OK, only_operands = 0;
  while (status == STATUS_OK && *reader->next != NULL) {
    const char *word = *reader->next++;
    if (only_operands || word[0] != '-' || word[1] == '\0')
      status = take_operand(reader, word);
    else if (strcmp(word, "--") == 0)
      only_operands = 1;
    else
      status = word[1] == '-' ? take_long(reader, word) : take_letters(reader, word);
  }
  return status;
}

int args_parse(struct args *args, int argc, char **argv)
{
  *args = (struct args){0};
  struct reader reader = {.args = args, .next = argv + (argc > 0)};
  /* Errors before it are to be JSON too. */
  for (char **word = reader.next; *word != NULL && strcmp(*word, "--") != 0; word++)
    if (strcmp(*word, "--json") == 0)
      say_as_json();
  int status = take_words(&reader);
  if (status == STATUS_OK && reader.first != NULL)
    status = find_command(args, reader.first);
  if (status == STATUS_OK)
    status = check_options(&reader);
  if (status != STATUS_OK || args->help || args->version)
    return status;
  if (reader.first == NULL)
    return say_error(QK_EINVAL, "a command is missing; see qk --help");
  return check_operands(args);
}
