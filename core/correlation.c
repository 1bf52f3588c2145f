/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * correlation: looks for the motion between two small pictures
 *
 * Phase correlation (Kuglin and Hines, "The phase correlation image alignment method", 1975) finds the shift. For
 * rotated and scaled guidances all rotations and scales that a hand may cause are tried one after the other, which
 * misses none and at this size is quick.
 */
#include <complex.h>
#include <math.h>
#include <string.h>

#include <fftw3.h>

#include "correlation.h"

/* The motions of a hand that are looked for: shifts of an eighth of the picture, and in steps that half of which moves
 * the corners of a picture of 300 pixels by a pixel or so, rotations of 4 degrees and scales of 4 percent.
 */
#define MAX_SHIFT_SHARE 8
#define ANGLE_STEP      (1.0 * G_PI / 180.0)
#define SCALE_STEP      0.01
#define N_STEPS         4

/* A low-pass of so many pixels: above it orientations have little of their own. */
#define CORRELATION_SIGMA 1.5

/* The target's spectrum, and what becomes of one guidance after the other. */
typedef struct
{
  int            width;
  int            height;
  float         *window;
  float         *low_pass;
  fftwf_complex *target;
  fftwf_complex *guidance;
  fftwf_plan     forward;
  fftwf_plan     backward;
} Correlation;

/* The planner of FFTW is not for several threads. */
static GMutex planner;

/*  private functions  */

/* One at most of the picture, and nothing at its edges, by half a cosine over an eighth of it. */
static double
get_window (int i,
            int n)
{
  const double edge = MIN (i + 0.5, n - i - 0.5) * 8.0 / n;

  return edge < 1.0 ? 0.5 - 0.5 * cos (G_PI * edge) : 1.0;
}

static double
get_low_pass (int i,
              int n)
{
  const double frequency = 2.0 * G_PI * MIN (i, n - i) / n;

  return exp (-0.5 * CORRELATION_SIGMA * CORRELATION_SIGMA * frequency * frequency);
}

static void
correlation_init (Correlation *correlation,
                  int          width,
                  int          height)
{
  const gsize n = (gsize) width * height;
  int         x, y;

  correlation->width    = width;
  correlation->height   = height;
  correlation->window   = g_new (float, n);
  correlation->low_pass = g_new (float, n);
  correlation->target   = fftwf_alloc_complex (n);
  correlation->guidance = fftwf_alloc_complex (n);

  for (y = 0; y < height; y++)
    for (x = 0; x < width; x++)
      {
        correlation->window[(gsize) y * width + x]   = (float) (get_window (x, width) * get_window (y, height));
        correlation->low_pass[(gsize) y * width + x] = (float) (get_low_pass (x, width) * get_low_pass (y, height));
      }

  g_mutex_lock (&planner);
  correlation->forward  = fftwf_plan_dft_2d (height, width, correlation->guidance, correlation->guidance,
                                             FFTW_FORWARD, FFTW_ESTIMATE);
  correlation->backward = fftwf_plan_dft_2d (height, width, correlation->guidance, correlation->guidance,
                                             FFTW_BACKWARD, FFTW_ESTIMATE);
  g_mutex_unlock (&planner);
}

static void
correlation_clear (Correlation *correlation)
{
  g_mutex_lock (&planner);
  fftwf_destroy_plan (correlation->forward);
  fftwf_destroy_plan (correlation->backward);
  g_mutex_unlock (&planner);
  fftwf_free (correlation->target);
  fftwf_free (correlation->guidance);
  g_free (correlation->window);
  g_free (correlation->low_pass);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Correlation, correlation_clear)

/* Orientations at a place between pixels, bilinearly. NaN outside. */
static inline float complex
sample (const JfOrientation *orientation,
        double complex       place)
{
  const double         x      = creal (place) - orientation->region.x;
  const double         y      = cimag (place) - orientation->region.y;
  const int            width  = orientation->region.width;
  const float complex *value;
  float                fx, fy;

  if (! (x >= 0.0 && y >= 0.0 && x < width - 1 && y < orientation->region.height - 1))
    return NAN;

  value = orientation->values + (gsize) y * width + (gsize) x;
  fx    = (float) (x - floor (x));
  fy    = (float) (y - floor (y));

  return (1.0f - fy) * ((1.0f - fx) * value[0] + fx * value[1]) +
         fy * ((1.0f - fx) * value[width] + fx * value[width + 1]);
}

/* The correlation of the target with a guidance that is turned and scaled. */
static void
correlate (Correlation         *correlation,
           const JfOrientation *guidance,
           double complex       middle,
           const JfSimilarity  *motion)
{
  const float complex turn = jf_similarity_get_turn (motion);
  const gsize         n    = (gsize) correlation->width * correlation->height;
  int                 x, y;
  gsize               i;

  for (i = 0, y = 0; y < correlation->height; y++)
    for (x = 0; x < correlation->width; x++, i++)
      {
        float complex value = sample (guidance, jf_similarity_move (motion, middle, CMPLX (x, y)));

        correlation->guidance[i] = 0.0f;
        if (! isnan (crealf (value)))
          correlation->guidance[i] = correlation->window[i] * jf_similarity_multiply (value, turn);
      }

  fftwf_execute (correlation->forward);

  for (i = 0; i < n; i++)
    {
      float complex product = jf_similarity_multiply (correlation->target[i], conjf (correlation->guidance[i]));
      float         size    = cabsf (product);

      correlation->guidance[i] = size > 0.0f ? correlation->low_pass[i] / size * product : 0.0f;
    }

  fftwf_execute (correlation->backward);
}

static float
get_correlation (const Correlation *correlation,
                 int                x,
                 int                y)
{
  x = (x + correlation->width) % correlation->width;
  y = (y + correlation->height) % correlation->height;

  return crealf (correlation->guidance[(gsize) y * correlation->width + x]);
}

/* The place of a parabola's top through three values, from the middle one. */
static double
get_top (float before,
         float at,
         float after)
{
  const float bend = before - 2.0f * at + after;

  return bend < 0.0f ? 0.5 * (before - after) / bend : 0.0;
}

/* Returns the highest correlation, in standard deviations. */
static double
find_peak (const Correlation *correlation,
           double complex    *shift)
{
  const int   max_x   = correlation->width / MAX_SHIFT_SHARE;
  const int   max_y   = correlation->height / MAX_SHIFT_SHARE;
  const gsize n       = (gsize) correlation->width * correlation->height;
  double      squares = 0.0;
  float       highest = -G_MAXFLOAT;
  int         peak_x  = 0;
  int         peak_y  = 0;
  int         x, y;
  gsize       i;

  for (y = -max_y; y <= max_y; y++)
    for (x = -max_x; x <= max_x; x++)
      if (get_correlation (correlation, x, y) > highest)
        {
          highest = get_correlation (correlation, x, y);
          peak_x  = x;
          peak_y  = y;
        }

  for (i = 0; i < n; i++)
    squares += crealf (correlation->guidance[i]) * crealf (correlation->guidance[i]);

  *shift = CMPLX (peak_x + get_top (get_correlation (correlation, peak_x - 1, peak_y), highest,
                                    get_correlation (correlation, peak_x + 1, peak_y)),
                  peak_y + get_top (get_correlation (correlation, peak_x, peak_y - 1), highest,
                                    get_correlation (correlation, peak_x, peak_y + 1)));

  return squares > 0.0 ? highest / sqrt (squares / (double) n) : 0.0;
}

/*  public functions  */

/**
 * jf_correlation_search:
 * @target:      the orientations of a small picture
 * @guidance:    those of another one of its size
 * @middle:      where the middle of the pictures is, in their pixels
 * @turning:     whether to look for rotations and scales as well
 * @cancellable: (nullable): looked at some hundred times a second
 * @motion:      (inout): what is found; as it was if nothing is
 *
 * Looks for the motion that makes pictures most alike, to a pixel or so.
 *
 * Returns: how high their correlation is then, in standard deviations; 0 if cancelled
 */
double
jf_correlation_search (const JfOrientation *target,
                       const JfOrientation *guidance,
                       double complex       middle,
                       gboolean             turning,
                       GCancellable        *cancellable,
                       JfSimilarity        *motion)
{
  const int           n_steps     = turning ? N_STEPS : 0;
  g_auto(Correlation) correlation = { 0 };
  const gsize         n           = (gsize) target->region.width * target->region.height;
  double              highest     = -G_MAXDOUBLE;
  int                 angle, scale;
  gsize               i;

  correlation_init (&correlation, target->region.width, target->region.height);
  for (i = 0; i < n; i++)
    correlation.guidance[i] = correlation.window[i] * target->values[i];
  fftwf_execute (correlation.forward);
  memcpy (correlation.target, correlation.guidance, n * sizeof (fftwf_complex));

  for (angle = -n_steps; angle <= n_steps; angle++)
    for (scale = -n_steps; scale <= n_steps; scale++)
      {
        JfSimilarity   here = { (1.0 + scale * SCALE_STEP) * cexp (CMPLX (0.0, angle * ANGLE_STEP)), 0.0 };
        double complex shift;
        double         height;

        if (g_cancellable_is_cancelled (cancellable))
          return 0.0;

        correlate (&correlation, guidance, middle, &here);
        height = find_peak (&correlation, &shift);
        if (height > highest)
          {
            highest = height;
            *motion = (JfSimilarity) { here.factor, -here.factor * shift };
          }
      }

  return highest;
}

/**
 * jf_correlation_is_found:
 * @motion: a motion
 * @width:  of pictures
 * @height: of pictures
 *
 * Returns: whether a motion is among those that jf_correlation_search() looks for, or half a step beyond
 */
gboolean
jf_correlation_is_found (const JfSimilarity *motion,
                         double              width,
                         double              height)
{
  return fabs (creal (motion->shift)) <= width / MAX_SHIFT_SHARE &&
         fabs (cimag (motion->shift)) <= height / MAX_SHIFT_SHARE &&
         fabs (carg (motion->factor)) <= (N_STEPS + 0.5) * ANGLE_STEP &&
         fabs (cabs (motion->factor) - 1.0) <= (N_STEPS + 0.5) * SCALE_STEP;
}
