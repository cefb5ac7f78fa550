#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

static int add(void *arg, const char *queue)
{
  struct names *names = arg;
  if (names->count == names->room) {
    size_t room = 2 * names->room + 16;
    char(*list)[NAME_SIZE] = realloc(names->list, room * sizeof *list);
    if (list == NULL)
      say_no_memory();
    names->list = list;
    names->room = room;
  }
  snprintf(names->list[names->count++], NAME_SIZE, "%s", queue);
  return 0;
}

static int compare(const void *a, const void *b)
{
  return strcmp(a, b);
}

int names_read(struct names *names, const struct store *store)
{
  *names = (struct names){0};
  int code = qk_each_queue(store->handle, add, names);
  if (names->count > 0)
    qsort(names->list, names->count, sizeof *names->list, compare);
  return code;
}

void names_finish(struct names *names)
{
  free(names->list);
  *names = (struct names){0};
}
