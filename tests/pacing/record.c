#include "record.h"

#include <stdlib.h>
#include <string.h>

int record_init(struct record *record, uint64_t people)
{
  size_t size = (size_t)people * sizeof(int32_t);
  *record = (struct record){.people = people, .admitted_ms = malloc(size), .noticed_ms = malloc(size)};
  if (record->admitted_ms == NULL || record->noticed_ms == NULL) {
    record_finish(record);
    return -1;
  }
  memset(record->admitted_ms, 0xff, size);
  memset(record->noticed_ms, 0xff, size);
  return 0;
}

void record_finish(struct record *record)
{
  free(record->admitted_ms);
  free(record->noticed_ms);
  free(record->answers);
  record->admitted_ms = record->noticed_ms = NULL;
  record->answers = NULL;
}

int record_answer(struct record *record, const struct answer *answer)
{
  if (record->count == record->room) {
    size_t room = record->room > 0 ? record->room * 2 : 65536;
    struct answer *answers = realloc(record->answers, room * sizeof *answers);
    if (answers == NULL)
      return -1;
    record->answers = answers;
    record->room = room;
  }
  record->answers[record->count++] = *answer;
  return 0;
}
