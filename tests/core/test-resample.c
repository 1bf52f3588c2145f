/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-resample: small pictures made large
 */
#include "resample.h"

/* A plane that rises stays one, but for the places whose kernel reaches beyond the border. */
static void
test_ramp (void)
{
  static const int factors[] = { 2, 4, 8, 16 };
  guint            i;

  for (i = 0; i < G_N_ELEMENTS (factors); i++)
    {
      const int        f     = factors[i];
      g_auto(JfPlanes) small = { 0 };
      g_auto(JfPlanes) large = { 0 };
      int              c, x, y;

      g_assert_true (jf_planes_init (&small, 2, 9, 7, NULL));
      g_assert_true (jf_planes_init (&large, 2, 9 * f, 7 * f, NULL));
      for (c = 0; c < 2; c++)
        for (y = 0; y < 7; y++)
          for (x = 0; x < 9; x++)
            jf_planes_get_row (&small, c, x, y)[0] = (float) (c + 0.1 * (x + 0.5) + 0.03 * (y + 0.5));
      jf_resample_enlarge (&small, f, &large);

      for (c = 0; c < 2; c++)
        for (y = 2 * f; y < 5 * f; y++)
          for (x = 2 * f; x < 7 * f; x++)
            g_assert_cmpfloat_with_epsilon (jf_planes_get_row (&large, c, x, y)[0],
                                            c + (0.1 * (x + 0.5) + 0.03 * (y + 0.5)) / f, 1e-6);
    }
}

/* Keys' kernel at eighths: one pixel in the middle of others. */
static void
test_kernel (void)
{
  static const float taps[] = { -0.0068359375f, -0.0439453125f, -0.0732421875f, -0.0478515625f, 0.0908203125f,
                                0.3896484375f, 0.7275390625f, 0.9638671875f };
  float              pixel[7] = { 0.0f, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f };
  float              out[28];
  JfPlanes           small    = { pixel, 1, 7, 1 };
  JfPlanes           large    = { out, 1, 28, 1 };
  int                i;

  jf_resample_enlarge (&small, 4, &large);
  for (i = 0; i < 8; i++)
    {
      g_assert_cmpfloat_with_epsilon (out[6 + i], taps[i], 1e-6f);
      g_assert_cmpfloat_with_epsilon (out[21 - i], taps[i], 1e-6f);
    }
  g_assert_cmpfloat (out[5], ==, 0.0f);
  g_assert_cmpfloat (out[22], ==, 0.0f);
}

/* Mirrored borders keep a flat picture flat, down to a single pixel. */
static void
test_flat (void)
{
  float    pixel[1] = { 0.3f };
  float    out[15];
  JfPlanes small    = { pixel, 1, 1, 1 };
  JfPlanes large    = { out, 1, 5, 3 };
  int      i;

  jf_resample_enlarge (&small, 16, &large);
  for (i = 0; i < 15; i++)
    g_assert_cmpfloat_with_epsilon (out[i], 0.3f, 1e-6f);
}

/* A picture whose sides are no multiples is the left upper part of one whose sides are. */
static void
test_part (void)
{
  float            pixels[6] = { 0.1f, 0.9f, 0.4f, 0.8f, 0.2f, 0.5f };
  JfPlanes         small     = { pixels, 1, 3, 2 };
  g_auto(JfPlanes) whole     = { 0 };
  g_auto(JfPlanes) part      = { 0 };
  int              x, y;

  g_assert_true (jf_planes_init (&whole, 1, 12, 8, NULL));
  g_assert_true (jf_planes_init (&part, 1, 10, 5, NULL));
  jf_resample_enlarge (&small, 4, &whole);
  jf_resample_enlarge (&small, 4, &part);

  for (y = 0; y < 5; y++)
    for (x = 0; x < 10; x++)
      g_assert_cmpfloat (jf_planes_get_row (&part, 0, x, y)[0], ==, jf_planes_get_row (&whole, 0, x, y)[0]);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/resample/ramp", test_ramp);
  g_test_add_func ("/resample/kernel", test_kernel);
  g_test_add_func ("/resample/flat", test_flat);
  g_test_add_func ("/resample/part", test_part);

  return g_test_run ();
}
