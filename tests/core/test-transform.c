/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-transform: vectors of every width give what those of four tiles give
 */
#include "feature.h"
#include "kernel.h"
#include "simd.h"
#include "transform.h"
#include "winograd.h"

#define LANES    16
#define CHANNELS 3
#define PHASE    (2 * LANES + 8)           /* floats of a phase, with room for what lies beside the tiles */
#define CHANNEL  (JF_TILE * PHASE)
#define ROW      (CHANNELS * CHANNEL)
#define CONTEXT  2
#define INPUTS   (JF_WINOGRAD_SIDE * ROW)
#define PRODUCTS (JF_WINOGRAD_PRODUCTS * CHANNELS * LANES)

/* FMA rounds once where there are two roundings without it; sums reach some hundreds. */
#define TOLERANCE 1e-4f

typedef void (* Transform) (const JfTransforms *transforms,
                            int                 vectors,
                            const float        *from,
                            float              *to);

/*  private functions  */

static void
run_input (const JfTransforms *transforms,
           int                 vectors,
           const float        *from,
           float              *to)
{
  const float *rows[JF_WINOGRAD_SIDE];
  int          i;

  for (i = 0; i < JF_WINOGRAD_SIDE; i++)
    rows[i] = from + i * ROW + LANES / 2;
  transforms->input (rows, PHASE, CHANNEL, CHANNELS, vectors, 3, NULL, 0, to, LANES, CHANNELS * LANES);
}

/* Of a strip: the first columns lie elsewhere. */
static void
run_input_of_strip (const JfTransforms *transforms,
                    int                 vectors,
                    const float        *from,
                    float              *to)
{
  const float *rows[JF_WINOGRAD_SIDE];
  const float *left[JF_WINOGRAD_SIDE];
  int          i;

  for (i = 0; i < JF_WINOGRAD_SIDE; i++)
    {
      rows[i] = from + i * ROW + LANES / 2;
      left[i] = from + i * CONTEXT * CHANNELS;
    }
  transforms->input (rows, PHASE, CHANNEL, CHANNELS, vectors, -CONTEXT, left, CHANNELS, to, LANES, CHANNELS * LANES);
}

static void
run_output (const JfTransforms *transforms,
            int                 vectors,
            const float        *from,
            float              *to)
{
  const float bias[CHANNELS] = { 0.1f, 0.2f, -0.3f };
  float      *rows[JF_TILE];
  int         i;

  for (i = 0; i < JF_TILE; i++)
    rows[i] = to + i * ROW;
  transforms->output (from, CHANNELS * LANES, LANES, CHANNELS, vectors, bias, NULL, 0, TRUE, rows, PHASE, CHANNEL);
}

static void
run_evaluate (const JfTransforms *transforms,
              int                 vectors,
              const float        *from,
              float              *to)
{
  const int values[] = { JF_WINOGRAD_ONE, JF_WINOGRAD_HALF, JF_WINOGRAD_TWO };
  guint     i;

  for (i = 0; i < G_N_ELEMENTS (values); i++)
    transforms->evaluate_pixels (from, CHANNELS * LANES, LANES, CHANNELS, vectors, values[i],
                                 to + i * 4 * CHANNELS * LANES, CHANNELS * LANES);
}

static void
run_interpolate (const JfTransforms *transforms,
                 int                 vectors,
                 const float        *from,
                 float              *to)
{
  transforms->interpolate_taps (from, LANES, LANES, vectors, JF_WINOGRAD_MIN_VALUES, to);
  transforms->interpolate_taps (from, LANES, LANES, vectors, JF_WINOGRAD_MAX_VALUES, to + 2 * JF_WINOGRAD_SIDE * LANES);
}

static void
compare (const JfTransforms *transforms,
         int                 vectors,
         Transform           run,
         const float        *from)
{
  g_autofree float *expected = g_new0 (float, INPUTS + PRODUCTS);
  g_autofree float *found    = g_new0 (float, INPUTS + PRODUCTS);
  int               i;

  run (&jf_transforms_4, LANES / 4, from, expected);
  run (transforms, vectors, from, found);

  for (i = 0; i < INPUTS + PRODUCTS; i++)
    g_assert_cmpfloat_with_epsilon (found[i], expected[i], TOLERANCE);
}

static void
test_widths (gconstpointer run)
{
  g_autoptr(GRand)  random = g_rand_new_with_seed (1);
  g_autofree float *from   = g_new (float, INPUTS + PRODUCTS);
  int               i;

  for (i = 0; i < INPUTS + PRODUCTS; i++)
    from[i] = (float) g_rand_double_range (random, -1.0, 1.0);

  if (! jf_cpu_has_avx2 ())
    g_test_skip ("there is one width on this CPU");

#ifdef __x86_64__
  if (jf_cpu_has_avx2 ())
    compare (&jf_transforms_8, LANES / 8, (Transform) run, from);
  if (jf_kernel_is_available ())
    compare (&jf_transforms_16, LANES / 16, (Transform) run, from);
#endif
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/transform/input", run_input, test_widths);
  g_test_add_data_func ("/transform/input-of-strip", run_input_of_strip, test_widths);
  g_test_add_data_func ("/transform/output", run_output, test_widths);
  g_test_add_data_func ("/transform/evaluate", run_evaluate, test_widths);
  g_test_add_data_func ("/transform/interpolate", run_interpolate, test_widths);

  return g_test_run ();
}
