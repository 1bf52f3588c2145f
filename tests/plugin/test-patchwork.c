/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-patchwork: a picture that is computed part by part
 */
#include "patchwork.h"


#define WIDTH  2100
#define HEIGHT 1000

/* Three parts wide. */
static const JfRegion view = { 101, 67, 1700, 360 };


/* Computes the next part: every value is @value. */
static gboolean
compute (JfPatchwork *patchwork,
         float        value,
         JfRegion    *part)
{
  g_auto (JfPlanes) planes = { 0 };

  if (! jf_patchwork_find (patchwork, &view, part))
    return FALSE;

  g_assert_true (jf_planes_init (&planes, 1, part->width, part->height, NULL));
  for (int i = 0; i < part->width * part->height; i++)
    planes.data[i] = value;
  jf_patchwork_put (patchwork, part, &planes, TRUE);

  return TRUE;
}

static float
read_at (const JfPatchwork *patchwork,
         int                x,
         int                y)
{
  float    value = -1.0f;
  JfPlanes row   = { &value, 1, 1, 1 };

  jf_patchwork_read (patchwork, x, y, &row);

  return value;
}

/* Each part once, the middle first, and little more than the view. */
static void
test_parts (void)
{
  g_auto (JfPatchwork) patchwork = { 0 };
  JfRegion             part;
  int                  n_parts   = 0;
  int                  n_pixels  = 0;

  g_assert_true (jf_patchwork_init (&patchwork, 1, WIDTH, HEIGHT, NULL));

  for (; compute (&patchwork, 1.0f, &part); n_parts++)
    {
      n_pixels += part.width * part.height;

      if (n_parts == 0)
        g_assert_cmpfloat (read_at (&patchwork, view.x + view.width / 2, view.y + view.height / 2), ==, 1.0f);
    }

  g_assert_cmpint (n_parts, ==, 3);
  g_assert_cmpint (n_pixels, <, view.width * view.height * 115 / 100);

  for (int y = view.y; y < view.y + view.height; y++)
    for (int x = view.x; x < view.x + view.width; x++)
      g_assert_cmpfloat (read_at (&patchwork, x, y), ==, 1.0f);

  g_assert_cmpfloat (read_at (&patchwork, 0, 0), ==, -1.0f);
}

/* What is old is shown until it is computed again. */
static void
test_age (void)
{
  g_auto (JfPatchwork) patchwork = { 0 };
  JfRegion             part;
  int                  n_parts   = 0;

  g_assert_true (jf_patchwork_init (&patchwork, 1, WIDTH, HEIGHT, NULL));
  while (compute (&patchwork, 1.0f, &part))
    ;

  jf_patchwork_age (&patchwork);
  g_assert_cmpfloat (read_at (&patchwork, view.x, view.y), ==, 1.0f);

  for (; compute (&patchwork, 2.0f, &part); n_parts++)
    ;

  g_assert_cmpint (n_parts, ==, 3);
  g_assert_cmpfloat (read_at (&patchwork, view.x, view.y), ==, 2.0f);
}

/* What comes row by row is shown, but is computed again; pixels of a cell that is not whole are left as they were. */
static void
test_preliminary (void)
{
  g_auto (JfPatchwork) patchwork = { 0 };
  g_auto (JfPlanes)    planes    = { 0 };
  const JfRegion       odd       = { 201, 100, 31, 40 };
  const JfRegion       corner    = { WIDTH - 31, HEIGHT - 40, 31, 40 };
  JfRegion             part;

  g_assert_true (jf_patchwork_init (&patchwork, 1, WIDTH, HEIGHT, NULL));
  g_assert_true (jf_planes_init (&planes, 1, odd.width, odd.height, NULL));
  for (int i = 0; i < odd.width * odd.height; i++)
    planes.data[i] = 1.0f;

  jf_patchwork_put (&patchwork, &odd, &planes, FALSE);
  g_assert_cmpfloat (read_at (&patchwork, odd.x, odd.y), ==, -1.0f);
  g_assert_cmpfloat (read_at (&patchwork, odd.x + 1, odd.y), ==, 1.0f);
  g_assert_cmpfloat (read_at (&patchwork, odd.x + odd.width - 1, odd.y + odd.height - 1), ==, 1.0f);
  g_assert_cmpfloat (read_at (&patchwork, odd.x + odd.width, odd.y), ==, -1.0f);

  jf_patchwork_put (&patchwork, &corner, &planes, FALSE);
  g_assert_cmpfloat (read_at (&patchwork, WIDTH - 1, HEIGHT - 1), ==, 1.0f);

  while (compute (&patchwork, 2.0f, &part))
    ;
  g_assert_cmpfloat (read_at (&patchwork, odd.x + 1, odd.y), ==, 2.0f);
}

static void
test_cover (void)
{
  g_auto (JfPatchwork) patchwork = { 0 };
  g_auto (JfPlanes)    other     = { 0 };
  float                values[2] = { 5.0f, 5.0f };
  JfPlanes             row       = { values, 1, 1, 1 };
  JfRegion             part;

  g_assert_true (jf_patchwork_init (&patchwork, 1, WIDTH, HEIGHT, NULL));
  g_assert_true (jf_planes_init (&other, 1, WIDTH, HEIGHT, NULL));
  for (int i = 0; i < WIDTH * HEIGHT; i++)
    other.data[i] = 3.0f;
  g_assert_true (compute (&patchwork, 1.0f, &part));

  jf_patchwork_cover (&patchwork, &other, part.x, part.y, &row);
  g_assert_cmpfloat (values[0], ==, 5.0f);
  jf_patchwork_cover (&patchwork, &other, part.x, part.y - 1, &row);
  g_assert_cmpfloat (values[0], ==, 3.0f);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/patchwork/parts", test_parts);
  g_test_add_func ("/patchwork/age", test_age);
  g_test_add_func ("/patchwork/preliminary", test_preliminary);
  g_test_add_func ("/patchwork/cover", test_cover);

  return g_test_run ();
}
