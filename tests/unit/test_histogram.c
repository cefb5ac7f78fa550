/* lib/histogram.c: where a value is counted, and how that is shown. */
#include "lib/histogram.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const struct qki_scale *const scales[] = {&qki_scale_spans, &qki_scale_calls, &qki_scale_people,
                                                 &qki_scale_ops};

START_TEST(bounds_rise_and_fit)
{
  const struct qki_scale *scale = scales[_i];
  EXPECT(scale->count > 0 && scale->count <= QKI_BOUNDS_MAX);
  for (size_t i = 1; i < scale->count; i++)
    EXPECT(scale->bound[i] > scale->bound[i - 1]);
}
END_TEST

START_TEST(a_bound_belongs_to_its_own_bucket)
{
  const struct qki_scale *scale = scales[_i];
  for (size_t i = 0; i < scale->count; i++) {
    struct qki_histogram histogram = {0};
    qki_histogram_add(&histogram, scale, scale->bound[i], 3);
    EXPECT_EQ(histogram.bucket[i], 3);
    qki_histogram_add_alone(&histogram, scale, scale->bound[i] + 1, 2);
    EXPECT_EQ(histogram.bucket[i + 1], 2);
    EXPECT_EQ(histogram.sum, 5 * scale->bound[i] + 2);
  }
}
END_TEST

START_TEST(what_is_beyond_all_bounds_is_counted_last)
{
  const struct qki_scale *scale = scales[_i];
  struct qki_histogram histogram = {0};
  qki_histogram_add(&histogram, scale, UINT64_MAX / 2, 1);
  EXPECT_EQ(histogram.bucket[scale->count], 1);
}
END_TEST

START_TEST(it_is_shown_cumulated_and_in_its_unit)
{
  struct qki_scale scale = {{500, 1000, 2500}, 3, 1e3};
  struct qki_histogram histogram = {0};
  char *text = NULL;
  size_t size;
  qki_histogram_add(&histogram, &scale, 250, 2);
  qki_histogram_add(&histogram, &scale, 2000, 1);
  qki_histogram_add(&histogram, &scale, 9000, 4);
  FILE *out = open_memstream(&text, &size);
  ck_assert(out);
  qki_histogram_print(out, "x", "a=\"1\"", &histogram, &scale);
  fclose(out);
  ck_assert_str_eq(text, "x_bucket{a=\"1\",le=\"0.5\"} 2\n"
                         "x_bucket{a=\"1\",le=\"1\"} 2\n"
                         "x_bucket{a=\"1\",le=\"2.5\"} 3\n"
                         "x_bucket{a=\"1\",le=\"+Inf\"} 7\n"
                         "x_sum{a=\"1\"} 38.5\n"
                         "x_count{a=\"1\"} 7\n");
  free(text);
}
END_TEST

TCase *histogram_case(void)
{
  TCase *tests = tcase_create("histogram");
  tcase_add_loop_test(tests, bounds_rise_and_fit, 0, COUNT(scales));
  tcase_add_loop_test(tests, a_bound_belongs_to_its_own_bucket, 0, COUNT(scales));
  tcase_add_loop_test(tests, what_is_beyond_all_bounds_is_counted_last, 0, COUNT(scales));
  tcase_add_test(tests, it_is_shown_cumulated_and_in_its_unit);
  return tests;
}
