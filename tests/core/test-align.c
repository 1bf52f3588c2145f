/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-align: a guidance that lies elsewhere
 *
 * Scenes are discs whose edges are some pixels soft, so that they can be drawn exactly wherever they lie.
 */
#include <math.h>
#include <string.h>

#include "align.h"

#define N_DISCS 80

/* How a scene is shown. */
typedef struct
{
  guint32 seed;         /* which discs there are                       */
  JfAlign motion;       /* scale 0: none                               */
  float   contrast;     /* of the discs                                */
  float   noise;        /* standard deviation                          */
} Look;

/* Values 0..1 that are the same everywhere. */
static float
get_random (guint32 *state)
{
  *state = *state * 1664525u + 1013904223u;

  return (float) (*state >> 8) / (float) (1 << 24);
}

/* Near enough to a normal distribution: the sum of twelve. */
static float
get_noise (guint32 *state)
{
  float sum = -6.0f;
  int   i;

  for (i = 0; i < 12; i++)
    sum += get_random (state);

  return sum;
}

/* A place of the picture as it was before it moved, from the middle. */
static void
move_back (const JfAlign *motion,
           double        *x,
           double        *y)
{
  const double scale = motion->scale > 0.0 ? motion->scale : 1.0;
  const double u     = *x - motion->dx;
  const double v     = *y - motion->dy;

  *x = (cos (motion->angle) * u + sin (motion->angle) * v) / scale;
  *y = (cos (motion->angle) * v - sin (motion->angle) * u) / scale;
}

static void
draw (JfPlanes   *planes,
      int         width,
      int         height,
      const Look *look)
{
  float   discs[N_DISCS][4];
  guint32 state = look->seed;
  guint32 noise = look->seed ^ 0x5eed;
  int     x, y, i;

  g_assert_true (jf_planes_init (planes, 1, width, height, NULL));

  for (i = 0; i < N_DISCS; i++)
    {
      discs[i][0] = (get_random (&state) - 0.5f) * 1.2f * (float) width;
      discs[i][1] = (get_random (&state) - 0.5f) * 1.2f * (float) height;
      discs[i][2] = (0.02f + 0.1f * get_random (&state)) * (float) MIN (width, height);
      discs[i][3] = get_random (&state) - 0.5f;
    }

  for (y = 0; y < height; y++)
    for (x = 0; x < width; x++)
      {
        double u     = x - 0.5 * (width - 1);
        double v     = y - 0.5 * (height - 1);
        float  value = 0.5f;

        move_back (&look->motion, &u, &v);
        for (i = 0; i < N_DISCS; i++)
          {
            float distance = hypotf ((float) u - discs[i][0], (float) v - discs[i][1]);
            float inside   = 1.0f / (1.0f + expf (distance - discs[i][2]));

            value += inside * look->contrast * discs[i][3];
          }
        planes->data[y * width + x] = value + look->noise * get_noise (&noise);
      }
}

static void
check_found (int         width,
             int         height,
             const Look *target_look,
             const Look *guidance_look,
             JfAlignKind kind,
             double      tolerance)
{
  g_auto(JfPlanes)  target   = { 0 };
  g_auto(JfPlanes)  guidance = { 0 };
  g_autoptr(GError) error    = NULL;
  JfAlign           align;

  draw (&target, width, height, target_look);
  draw (&guidance, width, height, guidance_look);

  g_assert_true (jf_align_estimate (&target, &guidance, kind, NULL, &align, &error));
  g_assert_no_error (error);
  g_test_message ("found %.3f, %.3f, %.5f, %.5f", align.dx, align.dy, align.angle, align.scale);
  g_assert_true (align.sure);
  g_assert_cmpfloat_with_epsilon (align.dx, guidance_look->motion.dx, tolerance);
  g_assert_cmpfloat_with_epsilon (align.dy, guidance_look->motion.dy, tolerance);
  g_assert_cmpfloat_with_epsilon (align.angle * width / 2, guidance_look->motion.angle * width / 2, tolerance);
  g_assert_cmpfloat_with_epsilon (align.scale * width / 2, guidance_look->motion.scale * width / 2, tolerance);
}

static void
check_not_sure (const JfPlanes *target,
                const JfPlanes *guidance)
{
  static const JfAlignKind kinds[] = { JF_ALIGN_TRANSLATION, JF_ALIGN_SIMILARITY };
  guint                    i;

  for (i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr(GError) error = NULL;
      JfAlign           align = { 1.0, 1.0, 1.0, 2.0, TRUE };

      g_assert_true (jf_align_estimate (target, guidance, kinds[i], NULL, &align, &error));
      g_assert_no_error (error);
      g_assert_false (align.sure);
      g_assert_true (jf_align_is_identity (&align));
    }
}

static void
test_shift (void)
{
  static const double shifts[][2] = { { 3.4, -2.3 }, { -1.0, 5.0 }, { 17.25, 11.5 }, { 0.5, 0.0 } };
  guint               i;

  for (i = 0; i < G_N_ELEMENTS (shifts); i++)
    check_found (240, 180, &(Look) { .seed = 1, .contrast = 1.0f },
                 &(Look) { .seed = 1, .contrast = 0.4f, .motion = { shifts[i][0], shifts[i][1], 0.0, 1.0, TRUE } },
                 JF_ALIGN_TRANSLATION, 0.05);
}

static void
test_noise (void)
{
  check_found (320, 240, &(Look) { .seed = 2, .contrast = 1.0f, .noise = 0.1f },
               &(Look) { .seed = 2, .contrast = 1.0f, .motion = { 3.4, -2.3, 0.0, 1.0, TRUE } },
               JF_ALIGN_TRANSLATION, 0.1);
}

/* Infrared light and depth have no contrast in common with visible light, only its places. */
static void
test_contrast (void)
{
  check_found (240, 180, &(Look) { .seed = 3, .contrast = 1.0f },
               &(Look) { .seed = 3, .contrast = -1.0f, .motion = { 3.4, -2.3, 0.0, 1.0, TRUE } },
               JF_ALIGN_TRANSLATION, 0.05);
}

static void
test_sizes (void)
{
  static const int sizes[][2] = { { 97, 64 }, { 641, 120 }, { 131, 977 }, { 1501, 701 } };
  guint            i;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++)
    check_found (sizes[i][0], sizes[i][1], &(Look) { .seed = 4, .contrast = 1.0f },
                 &(Look) { .seed = 4, .contrast = 1.0f, .motion = { 3.4, -2.3, 0.0, 1.0, TRUE } },
                 JF_ALIGN_TRANSLATION, 0.05);
}

static void
test_similarity (void)
{
  static const JfAlign motions[] = { { 3.4, -2.3, 0.03, 0.98, TRUE }, { -8.0, 1.5, -0.05, 1.03, TRUE },
                                     { 0.0, 0.0, 0.01, 1.0, TRUE } };
  guint                i;

  for (i = 0; i < G_N_ELEMENTS (motions); i++)
    check_found (400, 300, &(Look) { .seed = 5, .contrast = 1.0f, .noise = 0.03f },
                 &(Look) { .seed = 5, .contrast = -0.5f, .motion = motions[i] },
                 JF_ALIGN_SIMILARITY, 0.15);
}

static void
test_aligned (void)
{
  g_auto(JfPlanes) target   = { 0 };
  g_auto(JfPlanes) guidance = { 0 };
  JfAlign          align;

  draw (&target, 240, 180, &(Look) { .seed = 6, .contrast = 1.0f, .noise = 0.03f });
  draw (&guidance, 240, 180, &(Look) { .seed = 6, .contrast = -0.5f });

  g_assert_true (jf_align_estimate (&target, &guidance, JF_ALIGN_SIMILARITY, NULL, &align, NULL));
  g_assert_true (align.sure);
  g_assert_true (jf_align_is_identity (&align));
}

static void
test_unrelated (void)
{
  int seed;

  for (seed = 10; seed < 14; seed++)
    {
      g_auto(JfPlanes) target   = { 0 };
      g_auto(JfPlanes) guidance = { 0 };

      draw (&target, 240, 180, &(Look) { .seed = seed, .contrast = 1.0f });
      draw (&guidance, 240, 180, &(Look) { .seed = 100 + seed, .contrast = 1.0f });
      check_not_sure (&target, &guidance);
    }
}

/* More than a hand does: what is found then would be chance. */
static void
test_far (void)
{
  g_auto(JfPlanes) target   = { 0 };
  g_auto(JfPlanes) guidance = { 0 };

  draw (&target, 240, 180, &(Look) { .seed = 7, .contrast = 1.0f });
  draw (&guidance, 240, 180, &(Look) { .seed = 7, .contrast = 1.0f, .motion = { 0.0, 0.0, 0.5, 1.0, TRUE } });
  check_not_sure (&target, &guidance);
}

static void
test_flat (void)
{
  g_auto(JfPlanes) target = { 0 };
  g_auto(JfPlanes) flat   = { 0 };
  g_auto(JfPlanes) noise  = { 0 };

  draw (&target, 240, 180, &(Look) { .seed = 8, .contrast = 1.0f });
  draw (&flat, 240, 180, &(Look) { .seed = 8, .contrast = 0.0f });
  draw (&noise, 240, 180, &(Look) { .seed = 8, .contrast = 0.0f, .noise = 0.1f });

  check_not_sure (&target, &flat);
  check_not_sure (&flat, &target);
  check_not_sure (&flat, &flat);
  check_not_sure (&target, &noise);
}

static void
test_tiny (void)
{
  static const int sizes[][2] = { { 1, 1 }, { 31, 200 }, { 200, 2 } };
  guint            i;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_auto(JfPlanes) picture = { 0 };

      draw (&picture, sizes[i][0], sizes[i][1], &(Look) { .seed = 9, .contrast = 1.0f });
      check_not_sure (&picture, &picture);
    }
}

static void
test_not_finite (void)
{
  g_auto(JfPlanes) target   = { 0 };
  g_auto(JfPlanes) guidance = { 0 };
  JfAlign          align;

  draw (&target, 240, 180, &(Look) { .seed = 1, .contrast = 1.0f });
  draw (&guidance, 240, 180, &(Look) { .seed = 1, .contrast = 1.0f, .motion = { 3.4, -2.3, 0.0, 1.0, TRUE } });
  target.data[100 * 240 + 100]  = NAN;
  guidance.data[50 * 240 + 50]  = INFINITY;

  g_assert_true (jf_align_estimate (&target, &guidance, JF_ALIGN_TRANSLATION, NULL, &align, NULL));
  g_assert_true (align.sure);
  g_assert_cmpfloat_with_epsilon (align.dx, 3.4, 0.1);
}

static void
test_other_size (void)
{
  g_auto(JfPlanes)  target   = { 0 };
  g_auto(JfPlanes)  guidance = { 0 };
  g_autoptr(GError) error    = NULL;
  JfAlign           align;

  draw (&target, 64, 48, &(Look) { .seed = 1 });
  draw (&guidance, 64, 49, &(Look) { .seed = 1 });

  g_assert_false (jf_align_estimate (&target, &guidance, JF_ALIGN_TRANSLATION, NULL, &align, &error));
  g_assert_error (error, JF_ALIGN_ERROR, JF_ALIGN_ERROR_SIZE);
  g_assert_nonnull (strstr (error->message, "64 × 49"));
}

static void
test_cancelled (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError)       error       = NULL;
  g_auto(JfPlanes)        picture     = { 0 };
  g_auto(JfPlanes)        output      = { 0 };
  JfAlign                 align;

  draw (&picture, 240, 180, &(Look) { .seed = 1, .contrast = 1.0f });
  draw (&output, 240, 180, &(Look) { .seed = 1, .contrast = 1.0f });
  g_cancellable_cancel (cancellable);

  g_assert_false (jf_align_estimate (&picture, &picture, JF_ALIGN_SIMILARITY, cancellable, &align, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (align.sure);

  g_clear_error (&error);
  g_assert_false (jf_align_warp (&align, &picture, cancellable, &output, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A warped guidance is the scene as if it had never moved. */
static void
check_warped (const JfAlign *motion,
              float          tolerance)
{
  const int        width    = 160;
  const int        height   = 120;
  g_auto(JfPlanes) expected = { 0 };
  g_auto(JfPlanes) guidance = { 0 };
  g_auto(JfPlanes) output   = { 0 };
  int              x, y;

  draw (&expected, width, height, &(Look) { .seed = 21, .contrast = 1.0f });
  draw (&guidance, width, height, &(Look) { .seed = 21, .contrast = 1.0f, .motion = *motion });
  draw (&output, width, height, &(Look) { .seed = 22 });

  g_assert_true (jf_align_warp (motion, &guidance, NULL, &output, NULL));
  for (y = 16; y < height - 16; y++)
    for (x = 16; x < width - 16; x++)
      g_assert_cmpfloat_with_epsilon (output.data[y * width + x], expected.data[y * width + x], tolerance);
}

static void
test_warp (void)
{
  check_warped (&(JfAlign) { .scale = 1.0 }, 1e-6f);
  check_warped (&(JfAlign) { .dx = 3.4, .dy = -2.3, .scale = 1.0 }, 0.01f);
  check_warped (&(JfAlign) { .dx = 1.5, .dy = 4.0, .angle = 0.04, .scale = 1.02 }, 0.01f);
}

/* Whole pixels are moved bit by bit, plane by plane, and edges go on. */
static void
test_warp_edges (void)
{
  float    values[2 * 2 * 3] = { 1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6 };
  float    moved[2 * 2 * 3];
  float    right[2 * 2 * 3]  = { 2, 3, 3, 5, 6, 6, -2, -3, -3, -5, -6, -6 };
  float    far[2 * 2 * 3]    = { 4, 4, 4, 4, 4, 4, -4, -4, -4, -4, -4, -4 };
  JfPlanes guidance          = { values, 2, 3, 2 };
  JfPlanes output            = { moved, 2, 3, 2 };

  g_assert_true (jf_align_warp (&(JfAlign) { .dx = 1.0, .scale = 1.0 }, &guidance, NULL, &output, NULL));
  g_assert_cmpmem (moved, sizeof (moved), right, sizeof (right));

  g_assert_true (jf_align_warp (&(JfAlign) { .dx = -1e9, .dy = 1e9, .scale = 1.0 }, &guidance, NULL, &output, NULL));
  g_assert_cmpmem (moved, sizeof (moved), far, sizeof (far));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/align/shift", test_shift);
  g_test_add_func ("/align/noise", test_noise);
  g_test_add_func ("/align/contrast", test_contrast);
  g_test_add_func ("/align/sizes", test_sizes);
  g_test_add_func ("/align/similarity", test_similarity);
  g_test_add_func ("/align/aligned", test_aligned);
  g_test_add_func ("/align/unrelated", test_unrelated);
  g_test_add_func ("/align/far", test_far);
  g_test_add_func ("/align/flat", test_flat);
  g_test_add_func ("/align/tiny", test_tiny);
  g_test_add_func ("/align/not-finite", test_not_finite);
  g_test_add_func ("/align/other-size", test_other_size);
  g_test_add_func ("/align/cancelled", test_cancelled);
  g_test_add_func ("/align/warp", test_warp);
  g_test_add_func ("/align/warp-edges", test_warp_edges);

  return g_test_run ();
}
