/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-colorize: colours from strokes
 */
#include <math.h>
#include <string.h>

#include "colorize.h"

/* A photo and the strokes on it. */
typedef struct
{
  JfPlanes luma;
  JfPlanes strokes;
  float   *alpha;
} Work;

static void
work_init (Work *work,
           int   width,
           int   height)
{
  const gsize n = (gsize) width * height;

  g_assert_true (jf_planes_init (&work->luma, 1, width, height, NULL));
  g_assert_true (jf_planes_init (&work->strokes, 2, width, height, NULL));
  work->alpha = g_new0 (float, n);
  memset (work->luma.data, 0, n * sizeof (float));
  memset (work->strokes.data, 0, 2 * n * sizeof (float));
}

static void
work_clear (Work *work)
{
  jf_planes_clear (&work->luma);
  jf_planes_clear (&work->strokes);
  g_free (work->alpha);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

static void
work_paint (Work  *work,
            int    x,
            int    y,
            float  cb,
            float  cr,
            float  alpha)
{
  jf_planes_get_row (&work->strokes, 0, x, y)[0] = cb;
  jf_planes_get_row (&work->strokes, 1, x, y)[0] = cr;
  work->alpha[y * work->luma.width + x]          = alpha;
}

static void
work_solve (const Work *work,
            int         factor,
            JfPlanes   *chroma)
{
  g_autoptr(GError) error = NULL;

  jf_colorize_solve (&work->luma, &work->strokes, work->alpha, factor, NULL, chroma, &error);
  g_assert_no_error (error);
}

/* Values 0..1 that are the same everywhere. */
static float
get_random (guint32 *state)
{
  *state = *state * 1664525u + 1013904223u;

  return (float) (*state >> 8) / (float) (1 << 24);
}

static void
test_factor (void)
{
  g_assert_cmpint (jf_colorize_get_factor (1, 1), ==, 4);
  g_assert_cmpint (jf_colorize_get_factor (3000, 2000), ==, 4);
  g_assert_cmpint (jf_colorize_get_factor (6000, 4000), ==, 8);
  g_assert_cmpint (jf_colorize_get_factor (12000, 8000), ==, 16);
  g_assert_cmpint (jf_colorize_get_factor (G_MAXINT, G_MAXINT), ==, 16);
}

/* What a pixel of the solution should be by the definition: the stroke, or the weighted mean of what is around. */
static double
get_expected (const Work     *work,
              const JfPlanes *chroma,
              int             x,
              int             y)
{
  const float here  = jf_planes_get_row (&work->luma, 0, x, y)[0];
  double      mean  = 0.0;
  double      power = 0.0;
  double      least = INFINITY;
  double      sum   = 0.0;
  double      total = 0.0;
  int         n     = 0;
  int         pass, u, v;

  for (pass = 0; pass < 2; pass++)
    for (v = MAX (y - 1, 0); v <= MIN (y + 1, work->luma.height - 1); v++)
      for (u = MAX (x - 1, 0); u <= MIN (x + 1, work->luma.width - 1); u++)
        {
          const double there    = jf_planes_get_row (&work->luma, 0, u, v)[0];
          const double distance = (there - here) * (there - here);

          if (pass == 0)
            {
              mean  += there;
              power += there * there;
              n++;
              if (u != x || v != y)
                least = MIN (least, distance);
            }
          else if (u != x || v != y)
            {
              const double variance = power / n - mean / n * mean / n;
              const double weight   = exp (-distance / MAX (MAX (0.6 * variance, -least / log (0.01)), 2e-6));

              total += weight * jf_planes_get_row (chroma, 0, u, v)[0];
              sum   += weight;
            }
        }

  return total / sum;
}

/* Every pixel of a random picture is what the method says it is. */
static void
test_definition (void)
{
  g_auto(Work)     work   = { 0 };
  g_auto(JfPlanes) chroma = { 0 };
  guint32          state  = 1;
  int              x, y;

  work_init (&work, 11, 8);
  for (x = 0; x < 11 * 8; x++)
    work.luma.data[x] = 0.1f * floorf (4.0f * get_random (&state));
  work_paint (&work, 2, 3, 0.9f, 0.1f, 1.0f);
  work_paint (&work, 9, 7, 0.2f, 0.8f, 1.0f);
  work_paint (&work, 6, 1, 0.5f, 0.5f, 0.25f);
  work_solve (&work, 1, &chroma);

  for (y = 0; y < 8; y++)
    for (x = 0; x < 11; x++)
      {
        const float alpha  = work.alpha[y * 11 + x];
        const float stroke = jf_planes_get_row (&work.strokes, 0, x, y)[0];
        double      mean   = get_expected (&work, &chroma, x, y);

        g_assert_cmpfloat_with_epsilon (jf_planes_get_row (&chroma, 0, x, y)[0],
                                        alpha * stroke + (1.0 - alpha) * mean, 1e-5);
      }
}

/* Colours end where luma changes. */
static void
test_edge (void)
{
  g_auto(Work)     work   = { 0 };
  g_auto(JfPlanes) chroma = { 0 };
  int              x, y;

  work_init (&work, 64, 48);
  for (y = 0; y < 48; y++)
    for (x = 0; x < 64; x++)
      work.luma.data[y * 64 + x] = x < 32 ? 0.3f : 0.6f;
  for (y = 8; y < 40; y++)
    {
      work_paint (&work, 5, y, 0.8f, 0.4f, 1.0f);
      work_paint (&work, 60, y, 0.3f, 0.7f, 1.0f);
    }
  work_solve (&work, 4, &chroma);

  g_assert_cmpint (chroma.width, ==, 16);
  g_assert_cmpint (chroma.height, ==, 12);
  for (y = 0; y < 12; y++)
    for (x = 0; x < 16; x++)
      {
        g_assert_cmpfloat_with_epsilon (jf_planes_get_row (&chroma, 0, x, y)[0], x < 8 ? 0.8 : 0.3, 0.01);
        g_assert_cmpfloat_with_epsilon (jf_planes_get_row (&chroma, 1, x, y)[0], x < 8 ? 0.4 : 0.7, 0.01);
      }
}

/* One stroke colours all, however far and whatever lies between. */
static void
test_one_stroke (void)
{
  g_auto(Work)     work   = { 0 };
  g_auto(JfPlanes) chroma = { 0 };
  guint32          state  = 2;
  int              i;

  work_init (&work, 200, 130);
  for (i = 0; i < 200 * 130; i++)
    work.luma.data[i] = get_random (&state);
  work_paint (&work, 3, 126, 0.7f, 0.4f, 1.0f);
  work_solve (&work, 4, &chroma);

  for (i = 0; i < chroma.width * chroma.height; i++)
    g_assert_cmpfloat_with_epsilon (chroma.data[i], 0.7f, 1e-4f);
}

/* The strokes of a cell are averaged, as strongly as each is painted; cells at the right and below may be narrow. */
static void
test_cells (void)
{
  g_auto(Work)     work   = { 0 };
  g_auto(JfPlanes) chroma = { 0 };

  work_init (&work, 13, 9);
  work_paint (&work, 1, 1, 0.2f, 0.2f, 1.0f);
  work_paint (&work, 3, 0, 0.8f, 0.4f, 0.5f);
  work_paint (&work, 12, 8, 0.9f, 0.1f, 1.0f);
  work_solve (&work, 4, &chroma);

  g_assert_cmpint (chroma.width, ==, 4);
  g_assert_cmpint (chroma.height, ==, 3);
  g_assert_cmpfloat_with_epsilon (jf_planes_get_row (&chroma, 0, 0, 0)[0], 0.4f, 1e-6f);
  g_assert_cmpfloat_with_epsilon (jf_planes_get_row (&chroma, 1, 0, 0)[0], 0.8f / 3.0f, 1e-6f);
  g_assert_cmpfloat_with_epsilon (jf_planes_get_row (&chroma, 0, 3, 2)[0], 0.9f, 1e-6f);
}

static void
test_tiny (void)
{
  static const int sizes[][2] = { { 2, 1 }, { 3, 3 }, { 1, 40 } };
  guint            i;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_auto(Work)     work   = { 0 };
      g_auto(JfPlanes) chroma = { 0 };

      work_init (&work, sizes[i][0], sizes[i][1]);
      work_paint (&work, 0, 0, 0.9f, 0.1f, 0.5f);
      work_solve (&work, 4, &chroma);
      g_assert_cmpfloat_with_epsilon (jf_planes_get_row (&chroma, 0, chroma.width - 1, chroma.height - 1)[0], 0.9f,
                                      1e-5f);
    }
}

/* Pixels that are no numbers neither count nor spread. */
static void
test_not_finite (void)
{
  g_auto(Work)     work   = { 0 };
  g_auto(JfPlanes) chroma = { 0 };
  int              i;

  work_init (&work, 16, 16);
  work_paint (&work, 1, 1, 0.7f, 0.4f, 1.0f);
  work_paint (&work, 8, 8, NAN, 0.4f, 1.0f);
  work.luma.data[100] = NAN;
  work.luma.data[200] = INFINITY;
  work_solve (&work, 4, &chroma);

  for (i = 0; i < 16; i++)
    g_assert_cmpfloat_with_epsilon (chroma.data[i], 0.7f, 1e-5f);
}

static void
check_error (const Work   *work,
             GCancellable *cancellable,
             GQuark        domain,
             int           code)
{
  g_autoptr(GError) error  = NULL;
  JfPlanes          chroma = { 0 };

  g_assert_false (jf_colorize_solve (&work->luma, &work->strokes, work->alpha, 4, cancellable, &chroma, &error));
  g_assert_error (error, domain, code);
  g_assert_null (chroma.data);
}

static void
test_no_strokes (void)
{
  g_auto(Work) work = { 0 };

  work_init (&work, 16, 16);
  check_error (&work, NULL, JF_COLORIZE_ERROR, JF_COLORIZE_ERROR_NO_STROKES);
}

static void
test_all_strokes (void)
{
  g_auto(Work) work = { 0 };
  int          i;

  work_init (&work, 16, 16);
  for (i = 0; i < 16 * 16; i++)
    work.alpha[i] = 1.0f;
  check_error (&work, NULL, JF_COLORIZE_ERROR, JF_COLORIZE_ERROR_ALL_STROKES);
}

static void
test_no_finite_strokes (void)
{
  g_auto(Work) work = { 0 };

  work_init (&work, 16, 16);
  work_paint (&work, 1, 1, NAN, 0.4f, 1.0f);
  check_error (&work, NULL, JF_COLORIZE_ERROR, JF_COLORIZE_ERROR_NO_STROKES);
}

static void
test_other_size (void)
{
  g_auto(Work) work = { 0 };

  work_init (&work, 16, 16);
  work_paint (&work, 1, 1, 0.7f, 0.4f, 1.0f);
  work.luma.height = 15;
  check_error (&work, NULL, JF_COLORIZE_ERROR, JF_COLORIZE_ERROR_SIZE);
}

static void
test_cancelled (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_auto(Work)            work        = { 0 };

  work_init (&work, 16, 16);
  work_paint (&work, 1, 1, 0.7f, 0.4f, 1.0f);
  g_cancellable_cancel (cancellable);
  check_error (&work, cancellable, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A copy with a red and a grey stroke, and what losses of a file format change elsewhere. */
static void
test_find_strokes (void)
{
  float             grey[4]     = { 0.5f, 0.5f, 0.5f, 0.5f };
  float             copy[3 * 4] = { 0.5f, 0.9f, 0.7f, 0.508f, 0.5f, 0.2f, 0.7f, 0.495f, 0.5f, 0.2f, 0.7f, 0.5f };
  JfPlanes          photo       = { grey, 1, 4, 1 };
  JfPlanes          scribbled   = { copy, 3, 4, 1 };
  g_autoptr(GError) error       = NULL;
  float             alpha[4];

  g_assert_true (jf_colorize_find_strokes (&scribbled, &photo, alpha, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (alpha[0], ==, 0.0f);
  g_assert_cmpfloat (alpha[1], ==, 1.0f);
  g_assert_cmpfloat (alpha[2], ==, 1.0f);
  g_assert_cmpfloat (alpha[3], ==, 0.0f);

  scribbled.width = 3;
  g_assert_false (jf_colorize_find_strokes (&scribbled, &photo, alpha, &error));
  g_assert_error (error, JF_COLORIZE_ERROR, JF_COLORIZE_ERROR_SIZE);
}

/* Opaque strokes are kept bit by bit. */
static void
test_keep_strokes (void)
{
  g_auto(Work) work      = { 0 };
  float        values[4] = { 0.5f, 0.5f, 0.5f, 0.5f };
  JfPlanes     chroma    = { values, 2, 2, 1 };

  work_init (&work, 4, 3);
  work_paint (&work, 1, 2, 0.7f, 0.1f, 1.0f);
  work_paint (&work, 2, 2, 0.9f, 0.3f, 0.5f);
  jf_colorize_keep_strokes (&work.strokes, work.alpha, &(JfRegion) { 1, 2, 2, 1 }, &chroma);

  g_assert_cmpfloat (values[0], ==, 0.7f);
  g_assert_cmpfloat_with_epsilon (values[1], 0.7f, 1e-6f);
  g_assert_cmpfloat (values[2], ==, 0.1f);
  g_assert_cmpfloat_with_epsilon (values[3], 0.4f, 1e-6f);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/colorize/factor", test_factor);
  g_test_add_func ("/colorize/definition", test_definition);
  g_test_add_func ("/colorize/edge", test_edge);
  g_test_add_func ("/colorize/one-stroke", test_one_stroke);
  g_test_add_func ("/colorize/cells", test_cells);
  g_test_add_func ("/colorize/tiny", test_tiny);
  g_test_add_func ("/colorize/not-finite", test_not_finite);
  g_test_add_func ("/colorize/no-strokes", test_no_strokes);
  g_test_add_func ("/colorize/all-strokes", test_all_strokes);
  g_test_add_func ("/colorize/no-finite-strokes", test_no_finite_strokes);
  g_test_add_func ("/colorize/other-size", test_other_size);
  g_test_add_func ("/colorize/cancelled", test_cancelled);
  g_test_add_func ("/colorize/find-strokes", test_find_strokes);
  g_test_add_func ("/colorize/keep-strokes", test_keep_strokes);

  return g_test_run ();
}
