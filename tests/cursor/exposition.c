#include "exposition.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(struct exposition *page, const char *what, const char *line)
{
  if (!page->error[0])
    snprintf(page->error, sizeof page->error, "%s: %.120s", what, line);
  return 0;
}

/* ---- Parts of a line ------------------------------------------------------------------------------- */

static int take_name(const char **at, char out[EXPOSITION_NAME], int may_have_colon)
{
  size_t len = 0;
  while (isalnum((unsigned char)(*at)[len]) || (*at)[len] == '_' || (may_have_colon && (*at)[len] == ':'))
    len++;
  if (len == 0 || len >= EXPOSITION_NAME || isdigit((unsigned char)**at))
    return 0;
  memcpy(out, *at, len);
  out[len] = '\0';
  *at += len;
  return 1;
}

static int take_char(const char **at, char c)
{
  if (**at != c)
    return 0;
  ++*at;
  return 1;
}

/* Between quotes, with \\, \" and \n. */
static int take_quoted(const char **at, char out[EXPOSITION_VALUE])
{
  size_t len = 0;
  if (!take_char(at, '"'))
    return 0;
  while (**at && **at != '"' && len < EXPOSITION_VALUE - 1) {
    if (take_char(at, '\\')) {
      if (**at != '\\' && **at != '"' && **at != 'n')
        return 0;
      out[len++] = **at == 'n' ? '\n' : **at;
    } else {
      out[len++] = **at;
    }
    ++*at;
  }
  out[len] = '\0';
  return take_char(at, '"');
}

static int take_labels(const char **at, struct exposition_sample *sample)
{
  if (!take_char(at, '{'))
    return 1;
  do {
    struct exposition_label *label = &sample->labels[sample->label_count];
    if (sample->label_count == EXPOSITION_LABELS || !take_name(at, label->name, 0) || !take_char(at, '=') ||
        !take_quoted(at, label->value))
      return 0;
    for (size_t i = 0; i < sample->label_count; i++)
      if (strcmp(sample->labels[i].name, label->name) == 0)
        return 0;
    sample->label_count++;
  } while (take_char(at, ','));
  return take_char(at, '}');
}

/* ---- Lines ------------------------------------------------------------------------------------------ */

static int add_family(struct exposition *page, const char *name)
{
  for (size_t i = 0; i < page->family_count; i++)
    if (strcmp(page->families[i].name, name) == 0)
      return 0;
  page->families = realloc(page->families, (page->family_count + 1) * sizeof *page->families);
  if (!page->families)
    abort();
  struct exposition_family *family = &page->families[page->family_count++];
  memset(family, 0, sizeof *family);
  snprintf(family->name, sizeof family->name, "%s", name);
  return 1;
}

static int read_help(struct exposition *page, const char *line)
{
  char name[EXPOSITION_NAME];
  const char *at = line + strlen("# HELP ");
  if (!take_name(&at, name, 1) || !take_char(&at, ' ') || !*at)
    return refuse(page, "no help", line);
  if (page->family_count > 0 && !page->families[page->family_count - 1].type[0])
    return refuse(page, "no TYPE before", line);
  return add_family(page, name) || refuse(page, "a family comes twice", line);
}

static int read_type(struct exposition *page, const char *line)
{
  char name[EXPOSITION_NAME];
  const char *at = line + strlen("# TYPE ");
  struct exposition_family *family = page->family_count > 0 ? &page->families[page->family_count - 1] : NULL;
  if (!take_name(&at, name, 1) || !take_char(&at, ' '))
    return refuse(page, "no type", line);
  if (!family || strcmp(family->name, name) != 0 || family->type[0])
    return refuse(page, "a TYPE that does not follow its HELP", line);
  if (strcmp(at, "counter") != 0 && strcmp(at, "gauge") != 0 && strcmp(at, "histogram") != 0)
    return refuse(page, "an unknown type", line);
  snprintf(family->type, sizeof family->type, "%s", at);
  size_t len = strlen(name);
  int is_total = len > 6 && strcmp(name + len - 6, "_total") == 0;
  return is_total == (strcmp(at, "counter") == 0) || refuse(page, "_total without counter, or so", line);
}

/* Does a sample of this name belong to the family? */
static int belongs(const struct exposition_family *family, const char *name)
{
  size_t len = strlen(family->name);
  if (strcmp(family->type, "histogram") != 0)
    return strcmp(family->name, name) == 0;
  return strncmp(family->name, name, len) == 0 &&
         (strcmp(name + len, "_bucket") == 0 || strcmp(name + len, "_sum") == 0 ||
          strcmp(name + len, "_count") == 0);
}

static int read_sample(struct exposition *page, const char *line)
{
  struct exposition_sample sample = {.family = page->family_count - 1};
  const char *at = line;
  char *end;
  if (page->family_count == 0 || !take_name(&at, sample.name, 1) || !take_labels(&at, &sample) ||
      !take_char(&at, ' '))
    return refuse(page, "no sample", line);
  const struct exposition_family *family = &page->families[page->family_count - 1];
  if (!family->type[0] || !belongs(family, sample.name))
    return refuse(page, "a sample outside of its family", line);
  sample.value = strtod(at, &end);
  if (end == at || *end || isspace((unsigned char)*at) || !isfinite(sample.value))
    return refuse(page, "no number", line);
  if (sample.value < 0)
    return refuse(page, "negative", line);
  for (size_t i = 0; i < page->sample_count; i++)
    if (exposition_same(&page->samples[i], &sample, NULL))
      return refuse(page, "a series comes twice", line);
  page->samples = realloc(page->samples, (page->sample_count + 1) * sizeof *page->samples);
  if (!page->samples)
    abort();
  page->samples[page->sample_count++] = sample;
  return 1;
}

/* ---- Histograms ------------------------------------------------------------------------------------- */

static const struct exposition_sample *find_same(const struct exposition *page,
                                                 const struct exposition_sample *bucket, const char *suffix)
{
  char name[EXPOSITION_NAME + 8];
  snprintf(name, sizeof name, "%s%s", page->families[bucket->family].name, suffix);
  for (size_t i = 0; i < page->sample_count; i++) {
    struct exposition_sample other = page->samples[i];
    if (strcmp(other.name, name) != 0)
      continue;
    memcpy(other.name, bucket->name, sizeof other.name);
    if (exposition_same(bucket, &other, "le"))
      return &page->samples[i];
  }
  return NULL;
}

static int is_bucket(const struct exposition *page, const struct exposition_sample *sample)
{
  size_t len = strlen(page->families[sample->family].name);
  return strcmp(page->families[sample->family].type, "histogram") == 0 &&
         strcmp(sample->name + len, "_bucket") == 0;
}

/* Buckets of one histogram stand together, in order. */
static int check_bucket(struct exposition *page, size_t i)
{
  const struct exposition_sample *sample = &page->samples[i], *next = sample + 1;
  const char *le = exposition_label(sample, "le");
  if (strcmp(le, "+Inf") == 0) {
    const struct exposition_sample *count = find_same(page, sample, "_count");
    const struct exposition_sample *sum = find_same(page, sample, "_sum");
    return (sum && count && count->value == sample->value) ||
           refuse(page, "a _count that differs", sample->name);
  }
  if (i + 1 == page->sample_count || strcmp(next->name, sample->name) != 0 ||
      !exposition_same(sample, next, "le"))
    return refuse(page, "no +Inf", sample->name);
  const char *above = exposition_label(next, "le");
  if (!*le || (strcmp(above, "+Inf") != 0 && atof(above) <= atof(le)))
    return refuse(page, "bounds that do not rise", sample->name);
  return next->value >= sample->value || refuse(page, "buckets that do not cumulate", sample->name);
}

/* ---- The page --------------------------------------------------------------------------------------- */

static int read_line(struct exposition *page, const char *line)
{
  if (strncmp(line, "# HELP ", 7) == 0)
    return read_help(page, line);
  if (strncmp(line, "# TYPE ", 7) == 0)
    return read_type(page, line);
  return line[0] == '#' ? refuse(page, "a comment", line) : read_sample(page, line);
}

struct exposition *exposition_read(const char *text)
{
  struct exposition *page = calloc(1, sizeof *page);
  char line[2048];
  if (!page)
    abort();
  while (*text && !page->error[0]) {
    size_t len = strcspn(text, "\n");
    if (text[len] != '\n' || len >= sizeof line) {
      refuse(page, "no end of line", text);
      break;
    }
    memcpy(line, text, len);
    line[len] = '\0';
    read_line(page, line);
    text += len + 1;
  }
  for (size_t i = 0; i < page->sample_count && !page->error[0]; i++)
    if (is_bucket(page, &page->samples[i]))
      check_bucket(page, i);
  return page;
}

void exposition_free(struct exposition *page)
{
  free(page->families);
  free(page->samples);
  free(page);
}

/* ---- Looking ---------------------------------------------------------------------------------------- */

const char *exposition_label(const struct exposition_sample *sample, const char *name)
{
  for (size_t i = 0; i < sample->label_count; i++)
    if (strcmp(sample->labels[i].name, name) == 0)
      return sample->labels[i].value;
  return "";
}

static size_t count_but(const struct exposition_sample *sample, const char *but)
{
  size_t n = sample->label_count;
  for (size_t i = 0; but && i < sample->label_count; i++)
    n -= strcmp(sample->labels[i].name, but) == 0;
  return n;
}

int exposition_same(const struct exposition_sample *a, const struct exposition_sample *b, const char *but)
{
  if (strcmp(a->name, b->name) != 0 || count_but(a, but) != count_but(b, but))
    return 0;
  for (size_t i = 0; i < a->label_count; i++)
    if ((!but || strcmp(a->labels[i].name, but) != 0) &&
        strcmp(a->labels[i].value, exposition_label(b, a->labels[i].name)) != 0)
      return 0;
  return 1;
}

const struct exposition_sample *exposition_find(const struct exposition *page, const char *name, ...)
{
  const struct exposition_sample *found = NULL;
  for (size_t i = 0; i < page->sample_count; i++) {
    const struct exposition_sample *sample = &page->samples[i];
    int fits = strcmp(sample->name, name) == 0;
    va_list args;
    va_start(args, name);
    for (const char *label; fits && (label = va_arg(args, const char *)) != NULL;)
      fits = strcmp(exposition_label(sample, label), va_arg(args, const char *)) == 0;
    va_end(args);
    if (!fits)
      continue;
    if (found)
      return NULL;
    found = sample;
  }
  return found;
}
