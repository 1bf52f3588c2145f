/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-gemm: the matrix product, by every kernel that this CPU can run
 */
#include <math.h>
#include <unistd.h>

#include <sys/mman.h>

#include "fixture-configurations.h"
#include "gemm.h"
#include "simd.h"

/* What a whole panel's product must leave alone behind its lanes and outputs. */
#define UNTOUCHED 1234.5f

/* Relative to the sum of the terms' sizes: float32 sums of up to 400 terms. */
#define TOLERANCE 1e-5

static float *
random_floats (gsize n)
{
  float *values = jf_gemm_allocate (n, 64);
  gsize  i;

  for (i = 0; i < n; i++)
    values[i] = (float) g_test_rand_double_range (-1.0, 1.0);

  return values;
}

/* Floats in whole cache lines that end JF_GEMM_PRELOAD bytes before a page that nobody may touch. */
static float *
floats_before_guard (gsize   n,
                     char  **pages,
                     gsize  *size)
{
  gsize page  = (gsize) sysconf (_SC_PAGESIZE);
  gsize bytes = (n * sizeof (float) + 63) / 64 * 64 + JF_GEMM_PRELOAD;
  gsize i;

  *size  = (bytes + page - 1) / page * page + page;
  *pages = mmap (NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  g_assert_true (*pages != MAP_FAILED);
  g_assert_cmpint (mprotect (*pages + *size - page, page, PROT_NONE), ==, 0);

  for (i = 0; i < bytes; i += sizeof (float))
    *(float *) (*pages + *size - page - bytes + i) = 1.0f;

  return (float *) (*pages + *size - page - bytes);
}

static void
test_end_of_memory (gconstpointer data)
{
  const JfGemm *gemm     = jf_gemm_get (GPOINTER_TO_INT (data));
  const int     depths[] = { 1, 2, 3, 4, 9, 64, 400 };
  guint         d;

  for (d = 0; d < G_N_ELEMENTS (depths); d++)
    {
      gsize  rows    = jf_gemm_round_outputs (gemm, 24);
      float *product = random_floats (rows * gemm->pixels);
      char  *pages[2];
      gsize  sizes[2];

      jf_gemm_multiply (gemm, &(JfProduct) { .outputs = 24, .depth = depths[d], .lanes = gemm->pixels,
                                             .weights = floats_before_guard (rows * depths[d], &pages[0], &sizes[0]),
                                             .pixels = floats_before_guard ((gsize) depths[d] * gemm->pixels, &pages[1], &sizes[1]),
                                             .product = product, .stride = gemm->pixels });
      g_assert_cmpfloat (product[23 * gemm->pixels], ==, (float) depths[d]);

      munmap (pages[0], sizes[0]);
      munmap (pages[1], sizes[1]);
      g_aligned_free (product);
    }
}

static void
check_product (const JfGemm *gemm,
               int           outputs,
               int           depth,
               int           lanes,
               gboolean      accumulate,
               gboolean      biased)
{
  gsize  rows    = jf_gemm_round_outputs (gemm, outputs);
  gsize  stride  = gemm->pixels + 3 * JF_LANES;
  float *weights = random_floats ((gsize) outputs * depth);
  float *packed  = random_floats (rows * depth);
  float *pixels  = random_floats ((gsize) depth * gemm->pixels);
  float *product = random_floats (rows * stride);
  float *bias    = random_floats (outputs);
  float *before  = g_memdup2 (product, rows * stride * sizeof (float));
  int    o, k, lane;

  for (o = 0; o < (int) rows; o++)
    for (lane = o < outputs ? gemm->pixels : 0; lane < (int) stride; lane++)
      product[o * stride + lane] = UNTOUCHED;

  jf_gemm_pack_weights (gemm, outputs, depth, weights, depth, 1, packed);
  jf_gemm_multiply (gemm, &(JfProduct) { .outputs = outputs, .depth = depth, .lanes = lanes,
                                         .weights = packed, .pixels = pixels, .sum = accumulate ? before : NULL,
                                         .bias = biased ? bias : NULL, .relu = TRUE,
                                         .product = product, .stride = stride });

  for (o = 0; o < outputs; o++)
    for (lane = 0; lane < lanes; lane++)
      {
        double sum  = accumulate ? before[o * stride + lane] : 0.0;
        double size = 1.0;

        for (k = 0; k < depth; k++)
          {
            double term = (double) weights[o * depth + k] * pixels[k * gemm->pixels + lane];

            sum  += term;
            size += fabs (term);
          }
        if (biased)
          sum = MAX (sum + bias[o], 0.0);
        g_assert_cmpfloat_with_epsilon (product[o * stride + lane], sum, TOLERANCE * size);
      }

  for (o = 0; o < (int) rows; o++)
    for (lane = o < outputs ? gemm->pixels : 0; lane < (int) stride && lanes == gemm->pixels; lane++)
      g_assert_cmpfloat (product[o * stride + lane], ==, UNTOUCHED);

  g_aligned_free (weights);
  g_aligned_free (packed);
  g_aligned_free (pixels);
  g_aligned_free (product);
  g_aligned_free (bias);
  g_free (before);
}

static void
test_product (gconstpointer data)
{
  const JfGemm *gemm      = jf_gemm_get (GPOINTER_TO_INT (data));
  const int     outputs[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 48, 97 };
  const int     depths[]  = { 1, 2, 9, 64, 80, 81, 400 };
  guint         o, d;

  for (o = 0; o < G_N_ELEMENTS (outputs); o++)
    for (d = 0; d < G_N_ELEMENTS (depths); d++)
      {
        check_product (gemm, outputs[o], depths[d], gemm->pixels, FALSE, FALSE);
        check_product (gemm, outputs[o], depths[d], gemm->pixels, FALSE, TRUE);
        check_product (gemm, outputs[o], depths[d], gemm->pixels, TRUE, TRUE);
        check_product (gemm, outputs[o], depths[d], JF_LANES, FALSE, FALSE);
        check_product (gemm, outputs[o], depths[d], JF_LANES, FALSE, TRUE);
      }
}

/* Several products at once against one after the other. */
static void
check_repeats (const JfGemm *gemm,
               int           outputs,
               int           n,
               gboolean      same_weights,
               gboolean      biased)
{
  gsize      rows    = jf_gemm_round_outputs (gemm, outputs);
  JfProduct  job     = { .outputs = outputs, .depth = 9, .lanes = gemm->pixels, .stride = gemm->pixels };
  float     *weights = random_floats (n * rows * 9);
  float     *pixels  = random_floats (n * 10 * (gsize) gemm->pixels);
  float     *found   = random_floats (n * rows * gemm->pixels);
  float     *single  = random_floats (rows * gemm->pixels);
  float     *bias    = random_floats (rows);
  gsize      i;

  job.weights      = weights;
  job.pixels       = pixels;
  job.product      = found;
  job.repeats      = n - 1;
  job.same_weights = same_weights;
  job.bias         = biased ? bias : NULL;
  job.relu         = biased;
  job.pixels_step  = 10 * (gsize) gemm->pixels;
  job.product_step = rows * gemm->pixels;
  jf_gemm_multiply (gemm, &job);

  job.repeats = 0;
  job.product = single;
  for (i = 0; i < (gsize) n; i++)
    {
      job.weights = weights + (same_weights ? 0 : i * rows * 9);
      job.pixels  = pixels + i * job.pixels_step;
      jf_gemm_multiply (gemm, &job);
      g_assert_cmpmem (single, outputs * gemm->pixels * sizeof (float),
                       found + i * job.product_step, outputs * gemm->pixels * sizeof (float));
    }

  g_aligned_free (weights);
  g_aligned_free (pixels);
  g_aligned_free (found);
  g_aligned_free (single);
  g_aligned_free (bias);
}

static void
test_repeats (gconstpointer data)
{
  const JfGemm *gemm = jf_gemm_get (GPOINTER_TO_INT (data));
  int           outputs;

  check_repeats (gemm, jf_gemm_group_outputs (gemm, 23), 3, FALSE, FALSE);
  for (outputs = 1; outputs <= 20; outputs++)
    {
      check_repeats (gemm, outputs, 2, TRUE, FALSE);
      check_repeats (gemm, outputs, 3, TRUE, FALSE);
      check_repeats (gemm, outputs, 2, FALSE, FALSE);
      check_repeats (gemm, outputs, 2, TRUE, TRUE);
      check_repeats (gemm, outputs, 2, FALSE, TRUE);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/gemm/micro-kernel", GINT_TO_POINTER (JF_GEMM_MICRO_KERNEL), test_product);
  g_test_add_data_func ("/gemm/public", GINT_TO_POINTER (JF_GEMM_PUBLIC), test_product);
  g_test_add_data_func ("/gemm/repeats", GINT_TO_POINTER (JF_GEMM_MICRO_KERNEL), test_repeats);
  g_test_add_data_func ("/gemm/repeats-public", GINT_TO_POINTER (JF_GEMM_PUBLIC), test_repeats);
  g_test_add_data_func ("/gemm/end-of-memory", GINT_TO_POINTER (JF_GEMM_MICRO_KERNEL), test_end_of_memory);
  fixture_add_configurations ("/gemm/configuration", "/gemm/micro-kernel", argv[0]);
  fixture_add_configurations ("/gemm/end-of-memory/configuration", "/gemm/end-of-memory", argv[0]);

  return g_test_run ();
}
