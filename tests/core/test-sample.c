/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-sample: squares that stand for a large picture
 */
#include "sample.h"
#include "scene.h"


#define WIDTH  2311
#define HEIGHT 1207


/* Every value says where it is. */
static JfPlanes
make_picture (int channels)
{
  JfPlanes planes;

  g_assert_true (jf_planes_init (&planes, channels, WIDTH, HEIGHT, NULL));

  for (int i = 0; i < channels * WIDTH * HEIGHT; i++)
    planes.data[i] = (float) i;

  return planes;
}

static void
test_small (void)
{
  g_assert_cmpint (jf_sample_count (1, 1), ==, 0);
  g_assert_cmpint (jf_sample_count (1448, 1448), ==, 0);
  g_assert_cmpint (jf_sample_count (100, 1 << 20), ==, 0);
}

/* No two are the same, none leaves the picture, and none of its quarters is left out. */
static void
test_squares (void)
{
  const int          n     = jf_sample_count (WIDTH, HEIGHT);
  g_autofree guint8 *taken = g_new0 (guint8, WIDTH * HEIGHT);
  int                quarters[2][2] = { { 0 } };

  g_assert_cmpint (n, >, 0);

  for (int i = 0; i < n; i++)
    {
      const JfRegion square = jf_sample_get_square (WIDTH, HEIGHT, i);

      g_assert_cmpint (square.x, >=, 0);
      g_assert_cmpint (square.y, >=, 0);
      g_assert_cmpint (square.x + square.width, <=, WIDTH);
      g_assert_cmpint (square.y + square.height, <=, HEIGHT);
      quarters[square.y > HEIGHT / 2][square.x > WIDTH / 2]++;

      for (int y = square.y; y < square.y + square.height; y++)
        for (int x = square.x; x < square.x + square.width; x++)
          g_assert_cmpint (taken[y * WIDTH + x]++, ==, 0);
    }

  for (int i = 0; i < 4; i++)
    g_assert_cmpint (quarters[i / 2][i % 2], >, n / 8);
}

static void
test_copy (void)
{
  const int         n       = jf_sample_count (WIDTH, HEIGHT);
  g_auto (JfPlanes) picture = make_picture (2);
  g_auto (JfPlanes) sample  = { 0 };

  g_assert_true (jf_sample_init (&sample, 2, WIDTH, HEIGHT, NULL));

  for (int i = 0; i < n; i++)
    {
      const JfRegion square = jf_sample_get_square (WIDTH, HEIGHT, i);

      jf_sample_copy (&sample, i, &picture, &square);

      for (int c = 0; c < 2; c++)
        for (int y = 0; y < square.height; y++)
          g_assert_cmpmem (jf_planes_get_row (&sample, c, 0, i * square.height + y), square.width * sizeof (float),
                           jf_planes_get_row (&picture, c, square.x, square.y + y), square.width * sizeof (float));
    }
}

/* Who has only the sample finds the noise of the whole. */
static void
test_noise (void)
{
  const int         n        = jf_sample_count (WIDTH, HEIGHT);
  g_autoptr (GRand) random   = g_rand_new_with_seed (1);
  g_auto (JfPlanes) picture  = make_picture (3);
  g_auto (JfPlanes) guidance = make_picture (1);
  g_auto (JfPlanes) alpha    = make_picture (1);
  g_auto (JfPlanes) few      = { 0 };
  g_auto (JfPlanes) guides   = { 0 };
  g_auto (JfPlanes) opacity  = { 0 };

  for (int i = 0; i < 3 * WIDTH * HEIGHT; i++)
    picture.data[i] = (float) g_rand_double (random);

  for (int i = 0; i < WIDTH * HEIGHT; i++)
    {
      guidance.data[i] = picture.data[i] + (float) g_rand_double (random);
      alpha.data[i]    = i % WIDTH < WIDTH / 3 ? 0.0f : 1.0f;
    }

  g_assert_true (jf_sample_init (&few, 3, WIDTH, HEIGHT, NULL));
  g_assert_true (jf_sample_init (&guides, 1, WIDTH, HEIGHT, NULL));
  g_assert_true (jf_sample_init (&opacity, 1, WIDTH, HEIGHT, NULL));

  for (int i = 0; i < n; i++)
    {
      const JfRegion square = jf_sample_get_square (WIDTH, HEIGHT, i);

      jf_sample_copy (&few, i, &picture, &square);
      jf_sample_copy (&guides, i, &guidance, &square);
      jf_sample_copy (&opacity, i, &alpha, &square);
    }

  g_assert_cmpfloat (jf_scene_estimate_noise (&few, NULL, &guides).level, ==,
                     jf_scene_estimate_noise (&picture, NULL, &guidance).level);
  g_assert_cmpfloat (jf_scene_estimate_noise (&few, opacity.data, &guides).level, ==,
                     jf_scene_estimate_noise (&picture, alpha.data, &guidance).level);
  g_assert_cmpfloat (jf_scene_estimate_noise (&picture, NULL, &guidance).level, <,
                     0.95f * jf_scene_estimate_noise (&picture, NULL, NULL).level);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/sample/small", test_small);
  g_test_add_func ("/sample/squares", test_squares);
  g_test_add_func ("/sample/copy", test_copy);
  g_test_add_func ("/sample/noise", test_noise);

  return g_test_run ();
}
