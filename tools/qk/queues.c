#include <jansson.h>
#include <stdio.h>

#include "names.h"
#include "run.h"
#include "sample.h"
#include "say.h"

static void print_names(const struct names *names, int as_json)
{
  json_t *list = as_json ? json_array() : NULL;
  for (size_t i = 0; i < names->count; i++)
    if (!as_json)
      puts(names->list[i]);
    else if (json_array_append_new(list, json_string(names->list[i])) != 0)
      say_no_memory();
  if (as_json)
    print_json(json_pack("{s:o}", "queues", list));
}

int run_queues(const struct args *args)
{
  struct store store;
  struct names names;
  int status = store_open(&store, args);
  if (status != STATUS_OK)
    return status;
  int code = names_read(&names, &store);
  print_names(&names, (int)args->json);
  if (code != QK_OK)
    status = store_fail(&store, code, NULL);
  names_finish(&names);
  store_close(&store);
  return status;
}
