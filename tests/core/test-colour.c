/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-colour: what networks see of colours
 */
#include "colour.h"


/* Red, green, blue, white, grey, and a colour out of range: one row of pixels. */
#define N 6

static float colours[3 * N] =
{
  1.0f, 0.0f, 0.0f, 1.0f, 0.25f,  1.5f,
  0.0f, 1.0f, 0.0f, 1.0f, 0.25f, -0.5f,
  0.0f, 0.0f, 1.0f, 1.0f, 0.25f,  0.1f
};

static const JfPlanes picture = { colours, 3, N, 1 };


static void
assert_near (const float *found,
             const float *expected,
             int          n_values)
{
  for (int i = 0; i < n_values; i++)
    g_assert_cmpfloat_with_epsilon (found[i], expected[i], 1e-6f);
}

/* The values of ITU-T T.871 (JPEG's file format), less its 255. */
static void
test_chroma (void)
{
  float    values[2 * N];
  JfPlanes chroma = { values, 2, N, 1 };

  jf_colour_get_chroma (&picture, &chroma);
  assert_near (values,     (const float[]) { 0.331264f, 0.168736f, 1.0f, 0.5f, 0.5f }, 5);
  assert_near (values + N, (const float[]) { 1.0f, 0.081312f, 0.418688f, 0.5f, 0.5f }, 5);
}

static void
test_luma (void)
{
  float    values[N];
  JfPlanes luma = { values, 1, N, 1 };
  JfPlanes grey = { colours, 1, N, 1 };

  jf_colour_get_luma (&picture, &luma);
  assert_near (values, (const float[]) { 0.299f, 0.587f, 0.114f, 1.0f, 0.25f, 0.1664f }, N);

  jf_colour_get_luma (&grey, &luma);
  assert_near (values, colours, N);
}

/* Chroma and luma of the same picture make that picture, any part of it. */
static void
test_there_and_back (void)
{
  float          chroma[2 * 4], luma[N], result[3 * 4];
  float          cut[3 * 4];
  JfPlanes       part     = { cut, 3, 4, 1 };
  JfPlanes       planes   = { chroma, 2, 4, 1 };
  JfPlanes       guide    = { luma, 1, N, 1 };
  JfPlanes       output   = { result, 3, 4, 1 };
  const JfRegion region   = { 2, 0, 4, 1 };

  for (int c = 0; c < 3; c++)
    for (int x = 0; x < 4; x++)
      cut[4 * c + x] = colours[N * c + 2 + x];

  jf_colour_chroma.split (&part, &planes);
  jf_colour_chroma.guide (&picture, &guide);
  jf_colour_chroma.join (&planes, &guide, &region, &output);
  assert_near (result, cut, 3 * 4);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/colour/chroma", test_chroma);
  g_test_add_func ("/colour/luma", test_luma);
  g_test_add_func ("/colour/there-and-back", test_there_and_back);

  return g_test_run ();
}
