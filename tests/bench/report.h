/* A whole report: where it was measured, all figures, and how some times are distributed. It is written to
 * and read from JSON; everything that is shown is made from it. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stddef.h>
#include "figure.h"
#include "latency.h"
#include "machine.h"

#define REPORT_SCHEMA 1
#define REPORT_FIGURES 128
#define REPORT_SPECTRA 8

/* How the times of one kind of call are distributed. */
struct spectrum {
  char section[16], name[48];
  size_t rounds[SIDES];
  struct quantiles round[SIDES][MEDIAN_MAX];
};

struct report {
  char version[16]; /* of the library */
  int quick;
  size_t rounds; /* of what is measured in rounds */
  struct machine machine;
  size_t figures, spectra;
  struct figure figure[REPORT_FIGURES];
  struct spectrum spectrum[REPORT_SPECTRA];
};

/* A new figure; one of a line of that length, 0: of none. above: where what kind leaves out is found, or
 * NULL. */
struct figure *report_declare(struct report *report, const char *section, const struct kind *kind,
                              const struct figure *above, uint32_t people);
/* NULL if there is no such figure. */
const struct figure *report_find(const struct report *report, const struct figure *like);
/* One round of a spectrum. */
void report_add_spectrum(struct report *report, const char *section, const char *name, int side,
                         const struct quantiles *quantiles);
/* The median of the rounds of one quantile; -1 if there is none. */
double spectrum_median(const struct spectrum *spectrum, int side, int quantile);

/* -1 after saying what is wrong, in all that follow. */
int report_write(const struct report *report, const char *path);
int report_read(struct report *report, const char *path);

/* Print to standard output: all figures; or those that README.md shows. */
void report_table(const struct report *report);
void report_markdown(const struct report *report);

#endif
