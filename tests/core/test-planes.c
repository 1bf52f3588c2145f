/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-planes: pictures as planes
 */
#include <string.h>

#include "planes.h"


static void
test_init (void)
{
  g_autoptr(GError) error  = NULL;
  g_auto(JfPlanes)  planes = { 0 };

  g_assert_true (jf_planes_init (&planes, 3, 5, 7, &error));
  g_assert_no_error (error);
  g_assert_cmpint (planes.channels, ==, 3);
  g_assert_cmpint (planes.width, ==, 5);
  g_assert_cmpint (planes.height, ==, 7);
  g_assert_cmpuint ((guintptr) planes.data % 64, ==, 0);

  /* All of it is ours to write. */
  memset (planes.data, 0, sizeof (float) * 3 * 5 * 7);
}

static void
test_init_nothing (void)
{
  const int sizes[][3] = { { 0, 1, 1 }, { 1, 0, 1 }, { 1, 1, 0 }, { -1, 1, 1 }, { 1, -5, -5 } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr(GError) error = NULL;
      JfPlanes          planes;

      g_assert_false (jf_planes_init (&planes, sizes[i][0], sizes[i][1], sizes[i][2], &error));
      g_assert_error (error, JF_PLANES_ERROR, JF_PLANES_ERROR_SIZE);
      g_assert_null (planes.data);
    }
}

static void
test_init_too_large (void)
{
  const int sizes[][3] = { { 1, G_MAXINT, G_MAXINT }, { G_MAXINT, G_MAXINT, G_MAXINT } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr(GError) error = NULL;
      JfPlanes          planes;

      g_assert_false (jf_planes_init (&planes, sizes[i][0], sizes[i][1], sizes[i][2], &error));
      g_assert_error (error, JF_PLANES_ERROR, JF_PLANES_ERROR_SIZE);
      g_assert_nonnull (strstr (error->message, "memory"));
    }
}

static void
test_clear (void)
{
  JfPlanes planes;

  g_assert_true (jf_planes_init (&planes, 1, 2, 3, NULL));
  jf_planes_clear (&planes);
  g_assert_null (planes.data);
  g_assert_cmpint (planes.width, ==, 0);

  jf_planes_clear (&planes);
}

static void
check_blend (float       strength,
             const float expected[4])
{
  float    input[4]  = { 0.1f, 0.2f, -3.0f, 0.7f };
  float    result[4] = { 0.3f, 0.2f, 5.0f, 0.1f };
  JfPlanes target    = { input, 1, 2, 2 };
  JfPlanes output    = { result, 1, 2, 2 };

  jf_planes_blend (&output, &target, &(JfRegion) { 0, 0, 2, 2 }, strength);

  for (int i = 0; i < 4; i++)
    g_assert_cmpfloat_with_epsilon (result[i], expected[i], 1e-6f);
}

static void
test_blend (void)
{
  check_blend (1.0f, (const float[]) { 0.3f, 0.2f, 5.0f, 0.1f });
  check_blend (0.0f, (const float[]) { 0.1f, 0.2f, -3.0f, 0.7f });
  check_blend (0.5f, (const float[]) { 0.2f, 0.2f, 1.0f, 0.4f });
}

/* 0.1 + 1 × (1e9 - 0.1) is not 1e9 in floats of this size: a strength of 1 must not compute. */
static void
test_blend_full_strength (void)
{
  float    input[1]  = { 1e9f };
  float    result[1] = { 0.1f };
  JfPlanes target    = { input, 1, 1, 1 };
  JfPlanes output    = { result, 1, 1, 1 };

  jf_planes_blend (&output, &target, &(JfRegion) { 0, 0, 1, 1 }, 1.0f);

  g_assert_cmpfloat (result[0], ==, 0.1f);
}

/* Two planes of 3 × 2 pixels, of which the lower right 2 × 1 are wanted. */
static void
test_crop (void)
{
  float             values[12] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
  JfPlanes          source     = { values, 2, 3, 2 };
  JfRegion          region     = { 1, 1, 2, 1 };
  g_auto (JfPlanes) found      = { 0 };

  g_assert_true (jf_planes_crop (&found, &source, &region, NULL));
  g_assert_cmpint (found.width,  ==, 2);
  g_assert_cmpint (found.height, ==, 1);
  g_assert_cmpmem (found.data, sizeof (float) * 4, ((const float[]) { 4, 5, 10, 11 }), sizeof (float) * 4);
}

/* Two of three planes of 3 × 2 pixels: the lower left 2 × 1 become the upper right ones. */
static void
test_copy (void)
{
  float    values[18] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17 };
  float    result[12] = { 0 };
  JfPlanes source     = { values, 3, 3, 2 };
  JfPlanes found      = { result, 2, 3, 2 };

  jf_planes_copy (&found, 1, 0, &source, &(JfRegion) { 0, 1, 2, 1 });
  g_assert_cmpmem (result, sizeof (result), ((const float[]) { 0, 3, 4, 0, 0, 0, 0, 9, 10, 0, 0, 0 }), sizeof (result));
}

static void
test_blend_part (void)
{
  float    values[6] = { 0, 1, 2, 3, 4, 5 };
  float    result[2] = { 14, 15 };
  JfPlanes target    = { values, 1, 3, 2 };
  JfPlanes output    = { result, 1, 2, 1 };

  jf_planes_blend (&output, &target, &(JfRegion) { 1, 1, 2, 1 }, 0.5f);

  g_assert_cmpfloat (result[0], ==, 9);
  g_assert_cmpfloat (result[1], ==, 10);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/planes/init", test_init);
  g_test_add_func ("/planes/init-nothing", test_init_nothing);
  g_test_add_func ("/planes/init-too-large", test_init_too_large);
  g_test_add_func ("/planes/clear", test_clear);
  g_test_add_func ("/planes/crop", test_crop);
  g_test_add_func ("/planes/copy", test_copy);
  g_test_add_func ("/planes/blend", test_blend);
  g_test_add_func ("/planes/blend-part", test_blend_part);
  g_test_add_func ("/planes/blend-full-strength", test_blend_full_strength);

  return g_test_run ();
}
