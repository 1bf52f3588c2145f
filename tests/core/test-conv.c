/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-conv: every method of convolution against its definition
 */
#include <math.h>
#include <string.h>

#include "conv.h"
#include "simd.h"

/* Winograd's transforms multiply by up to 32, so its errors are some ten times those of a plain sum. */
#define TOLERANCE 2e-5

/* More rows than the largest case has, and whole blocks of them. */
#define MAX_HEIGHT 42

typedef struct
{
  int          width;       /* of the output */
  int          height;
  int          kernel;
  int          inputs[JF_CONV_MAX_SOURCES];
  int          outputs;
  int          pointwise;   /* outputs of a pointwise layer, or 0 */
} Case;

static const Case cases[] =
{
  {   1,  1, 1, {  1, 0 },  1,  0 },
  {   5,  7, 1, {  7, 3 }, 13,  0 },
  {   1,  1, 3, {  1, 0 },  1,  0 },
  {  47, 13, 3, {  3, 2 },  5,  0 },
  {  97,  6, 3, { 24, 9 }, 48,  0 },
  { 200, 19, 3, {  2, 0 },  7,  9 },
  {  47,  7, 5, {  3, 1 },  6,  0 },
  {  50, 12, 7, {  2, 1 },  3,  5 },
  {  13, 20, 9, {  1, 1 }, 12, 25 },
  {  31,  1, 9, { 11, 0 }, 50,  0 }
};

static float *
random_floats (gsize n)
{
  float *values = g_new (float, n);
  gsize  i;

  for (i = 0; i < n; i++)
    values[i] = (float) g_test_rand_double_range (-1.0, 1.0);

  return values;
}

static float *
allocate_zeros (gsize n)
{
  float *values = jf_gemm_allocate (n, 64);

  memset (values, 0, n * sizeof (float));

  return values;
}

/* A whole image as a window that holds all of its rows. */
static void
feature_from_image (JfFeature   *feature,
                    const float *image,
                    int          channels,
                    int          width,
                    int          height,
                    int          reach)
{
  int c, y, x;

  jf_feature_init (feature, channels, width, height, reach);
  feature->height = height;
  feature->data   = allocate_zeros (jf_feature_size (feature));
  for (c = 0; c < channels; c++)
    for (y = 0; y < height; y++)
      for (x = 0; x < width; x++)
        jf_feature_new_row (feature, y)[c * jf_feature_channel_stride (feature) +
                                        x % JF_TILE * feature->phase_stride + x / JF_TILE] =
          image[(c * height + y) * width + x];
}

static double
correlate (const Case  *test,
           const float *image,
           const float *weights,
           const float *bias,
           int          o,
           int          x,
           int          y,
           double      *size)
{
  int    inputs = test->inputs[0] + test->inputs[1];
  int    height = test->height + test->kernel - 1;
  int    width  = test->width + test->kernel - 1;
  double sum    = bias[o];
  int    i, ky, kx;

  for (i = 0; i < inputs; i++)
    for (ky = 0; ky < test->kernel; ky++)
      for (kx = 0; kx < test->kernel; kx++)
        {
          double term = (double) weights[((o * inputs + i) * test->kernel + ky) * test->kernel + kx] *
                        image[(i * height + y + ky) * width + x + kx];

          sum   += term;
          *size += fabs (term);
        }

  return sum;
}

/* What the step should make of one pixel: up to 64 channels. */
static double
expect (const Case   *test,
        const float  *image,
        const float  *weights,
        const float  *bias,
        const float  *pointwise,
        int           channel,
        int           x,
        int           y,
        double       *size)
{
  double sum = 0.0;
  int    o;

  if (! test->pointwise)
    return MAX (correlate (test, image, weights, bias, channel, x, y, size), 0.0);

  for (o = 0; o < test->outputs; o++)
    {
      double part = 0.0;

      sum   += pointwise[channel * test->outputs + o] *
               MAX (correlate (test, image, weights, bias, o, x, y, &part), 0.0);
      *size += part;
    }

  return sum;
}

/* All parts of a block of rows, every other time one by one. */
static void
run_block (const JfConv     *conv,
           const JfFeature **sources,
           int               n_sources,
           const float      *bias,
           int               y,
           JfFeature        *output,
           float            *scratch)
{
  int n_parts = jf_conv_count_parts (conv, output);
  int first, n;

  for (first = 0; first < n_parts; first += n)
    {
      n = MIN (y / conv->block_rows % 2 ? 1 : conv->panels, n_parts - first);
      jf_conv_run (conv, sources, n_sources, bias, y, first, n, output, scratch);
      jf_conv_join (conv, y, first, n, output, scratch);
    }
}

static void
check_case (const Case   *test,
            JfConvMethod  method,
            JfGemmPath    path)
{
  int               inputs    = test->inputs[0] + test->inputs[1];
  int               width     = test->width + test->kernel - 1;
  int               height    = test->height + test->kernel - 1;
  g_autofree float *image     = random_floats ((gsize) inputs * width * height);
  g_autofree float *weights   = random_floats ((gsize) test->outputs * inputs * test->kernel * test->kernel);
  g_autofree float *bias      = random_floats (test->outputs);
  g_autofree float *pointwise = random_floats ((gsize) test->outputs * MAX (test->pointwise, 1));
  g_autofree float *zeros     = g_new0 (float, MAX (test->pointwise, 1));
  int               n_sources = test->inputs[1] ? 2 : 1;
  JfFeature         sources[2], output;
  const JfFeature  *pointers[] = { &sources[0], &sources[1] };
  JfConv            conv;
  float            *scratch;
  int               s, c, x, y;

  jf_conv_init (&conv, jf_gemm_get (path), method, &(JfChannels) { 1, 0, inputs, test->outputs }, test->kernel, TRUE,
                weights);
  if (test->pointwise)
    jf_conv_add_pointwise (&conv, test->pointwise, FALSE, pointwise, zeros);

  for (s = 0; s < n_sources; s++)
    feature_from_image (&sources[s], image + (s ? (gsize) test->inputs[0] * width * height : 0),
                        test->inputs[s], width, height, conv.reach);
  jf_feature_init (&output, conv.channels, test->width, MAX_HEIGHT, 0);
  output.height = test->height;
  output.data   = allocate_zeros (jf_feature_size (&output));
  scratch       = allocate_zeros (conv.scratch);

  for (y = 0; y < test->height; y += conv.block_rows)
    run_block (&conv, pointers, n_sources, bias, y, &output, scratch);

  for (c = 0; c < conv.channels; c++)
    for (y = 0; y < test->height; y++)
      for (x = 0; x < test->width; x++)
        {
          double size     = 1.0;
          double expected = expect (test, image, weights, bias, pointwise, c, x, y, &size);
          float  found    = jf_feature_row (&output, y)[c * jf_feature_channel_stride (&output) +
                                                        x % JF_TILE * output.phase_stride + x / JF_TILE];

          g_assert_cmpfloat_with_epsilon (found, expected, TOLERANCE * size);
        }

  jf_conv_clear (&conv);
  g_aligned_free (scratch);
  g_aligned_free (output.data);
  for (s = 0; s < n_sources; s++)
    g_aligned_free (sources[s].data);
}

static void
test_direct (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      check_case (&cases[i], JF_CONV_DIRECT, JF_GEMM_MICRO_KERNEL);
      check_case (&cases[i], JF_CONV_DIRECT, JF_GEMM_PUBLIC);
    }
}

static void
test_winograd (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      check_case (&cases[i], JF_CONV_WINOGRAD, JF_GEMM_MICRO_KERNEL);
      check_case (&cases[i], JF_CONV_WINOGRAD, JF_GEMM_PUBLIC);
    }
}

/* A layer to so many outputs by taps after a step, against the two one after the other. */
static void
check_taps (JfConvMethod method,
            int          outputs,
            int          kernel,
            gboolean     relu)
{
  const Case        first   = { .width = 100, .height = 20, .kernel = 3, .inputs = { 2, 0 }, .outputs = 5 };
  const Case        second  = { .width = 101 - kernel, .height = 21 - kernel, .kernel = kernel, .inputs = { 5, 0 },
                                .outputs = outputs };
  g_autofree float *image   = random_floats ((gsize) 2 * 102 * 22);
  g_autofree float *middle  = g_new (float, (gsize) 5 * 100 * 20);
  g_autofree float *weights = random_floats ((gsize) 5 * 2 * 9);
  g_autofree float *taps    = random_floats ((gsize) outputs * 5 * kernel * kernel);
  g_autofree float *bias    = random_floats (5);
  JfFeature         source, output;
  const JfFeature  *pointer = &source;
  JfConv            conv;
  float            *scratch;
  int               o, x, y;

  jf_conv_init (&conv, jf_gemm_get (JF_GEMM_MICRO_KERNEL), method, &(JfChannels) { 1, 0, 2, 5 }, 3, TRUE, weights);
  jf_conv_add_taps (&conv, outputs, kernel, relu, taps, bias);
  feature_from_image (&source, image, 2, 102, 22, conv.reach);
  jf_feature_init (&output, outputs, second.width + conv.late, MAX_HEIGHT, JF_TILE);
  output.height = second.height;
  output.data   = allocate_zeros (jf_feature_size (&output));
  scratch       = allocate_zeros (conv.scratch);

  for (y = -2; y < second.height + conv.late; y += conv.block_rows)
    run_block (&conv, &pointer, 1, bias, y, &output, scratch);

  for (o = 0; o < 5; o++)
    for (y = 0; y < 20; y++)
      for (x = 0; x < 100; x++)
        {
          double size = 1.0;

          middle[(o * 20 + y) * 100 + x] = (float) expect (&first, image, weights, bias, NULL, o, x, y, &size);
        }
  for (o = 0; o < outputs; o++)
    for (y = 0; y < second.height; y++)
      for (x = 0; x < second.width; x++)
        {
          double size     = 1.0;
          double expected = correlate (&second, middle, taps, bias, o, x, y, &size);

          g_assert_cmpfloat_with_epsilon (jf_feature_row (&output, y)[o * jf_feature_channel_stride (&output) +
                                                                      x % JF_TILE * output.phase_stride + x / JF_TILE],
                                          relu ? MAX (expected, 0.0) : expected, 10.0 * TOLERANCE * size);
        }

  jf_conv_clear (&conv);
  g_aligned_free (source.data);
  g_aligned_free (output.data);
  g_aligned_free (scratch);
}

static void
test_taps (void)
{
  check_taps (JF_CONV_DIRECT, 1, 5, FALSE);
  check_taps (JF_CONV_DIRECT, 3, 3, TRUE);
  check_taps (JF_CONV_WINOGRAD, 1, 5, TRUE);
  check_taps (JF_CONV_WINOGRAD, 2, 3, FALSE);
  check_taps (JF_CONV_WINOGRAD, 3, 5, FALSE);
  check_taps (JF_CONV_WINOGRAD, 5, 5, TRUE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/conv/direct", test_direct);
  g_test_add_func ("/conv/winograd", test_winograd);
  g_test_add_func ("/conv/taps", test_taps);

  return g_test_run ();
}
