/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * align: finds how a guidance lies on its target, and lays it there
 *
 * What a flash photo and a dim one have in common, or a photo and its infrared or depth, are edges and the way they run
 * (orientation.h). On reduced pictures the motion is searched for (correlation.h); from there on it is made exact
 * (climb.h) on pictures twice the size each time, up to the full one.
 */
#include <complex.h>
#include <math.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "align.h"
#include "climb.h"
#include "correlation.h"

/* Where the search starts, pictures have at most so many pixels, but for narrow ones. */
#define TOP_PIXELS (320 * 256)

/* Pictures are not reduced to less than this, and smaller ones have too little to tell. */
#define TOP_SIDE 64
#define MIN_SIDE 32

/* Enough levels for the largest of int sizes. */
#define MAX_LEVELS 32

/* Pictures that have nothing in common reach 3 to 7 standard deviations; real pairs 16 to 65, noise of 0.1 included, and
 * depth maps that are all but buried in such noise 5 to 15.
 */
#define MIN_PEAK 8.0

/* From what the search finds, by so many of its pixels at the corners the climb may go, and does not get lost. */
#define MAX_CLIMB 4.0

/* A guidance that is off by less costs a denoiser 0.02 dB at most; resampling it costs 0.04. */
#define LEAST_PIXELS 0.4

/* Lanczos' kernel of radius 3, in steps of 1/1024 of a pixel: one eighth of a step of 8 bits between them. */
#define LANCZOS_RADIUS 3
#define LANCZOS_TAPS   (2 * LANCZOS_RADIUS)
#define LANCZOS_PHASES 1024

/* A picture and its halves; the first is borrowed. */
typedef struct
{
  JfPlanes levels[MAX_LEVELS];
  int      n_levels;
} Pyramid;

G_DEFINE_QUARK (jf-align-error-quark, jf_align_error)

/*  private functions  */

static void
pyramid_clear (Pyramid *pyramid)
{
  int i;

  for (i = 1; i < pyramid->n_levels; i++)
    jf_planes_clear (&pyramid->levels[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pyramid, pyramid_clear)

/* Means of 2 x 2 pixels and all planes; an odd column or row at the end is left out. */
static gboolean
halve (const JfPlanes  *picture,
       JfPlanes        *half,
       GError         **error)
{
  const float scale = 0.25f / (float) picture->channels;
  int         c, x, y;

  if (! jf_planes_init (half, 1, picture->width / 2, picture->height / 2, error))
    return FALSE;

  memset (half->data, 0, sizeof (float) * half->width * half->height);

  for (c = 0; c < picture->channels; c++)
    for (y = 0; y < half->height; y++)
      {
        const float *row = picture->data + ((gsize) c * picture->height + 2 * y) * picture->width;
        float       *out = half->data + (gsize) y * half->width;

        for (x = 0; x < half->width; x++)
          out[x] += scale * (row[2 * x] + row[2 * x + 1] +
                             row[picture->width + 2 * x] + row[picture->width + 2 * x + 1]);
      }

  return TRUE;
}

static gboolean
pyramid_init (Pyramid         *pyramid,
              const JfPlanes  *picture,
              GError         **error)
{
  *pyramid = (Pyramid) { .levels = { *picture }, .n_levels = 1 };

  while (TRUE)
    {
      const JfPlanes *last = &pyramid->levels[pyramid->n_levels - 1];

      if ((gint64) last->width * last->height <= TOP_PIXELS || MIN (last->width, last->height) < 2 * TOP_SIDE)
        return TRUE;

      if (! halve (last, &pyramid->levels[pyramid->n_levels], error))
        return FALSE;
      pyramid->n_levels++;
    }
}

/* The middle of the full picture, in pixels of a level. */
static double complex
get_middle (const JfPlanes *full,
            int             level)
{
  const double size = ldexp (1.0, level);

  return CMPLX (0.5 * full->width / size - 0.5, 0.5 * full->height / size - 0.5);
}

static void
orientation_make (JfOrientation  *orientation,
                  const JfPlanes *picture)
{
  const JfRegion region = { 0, 0, picture->width, picture->height };

  jf_orientation_init (orientation, picture, &region);
  jf_orientation_normalize (orientation, jf_orientation_sum (orientation) / ((double) region.width * region.height));
}

/* Makes a motion of the full picture exact at one level. Returns whether pictures are alike at all then. */
static gboolean
refine (const Pyramid       *target,
        const Pyramid       *guidance,
        int                  level,
        const JfOrientation *top_target,
        const JfOrientation *top_guidance,
        JfAlignKind          kind,
        GCancellable        *cancellable,
        JfSimilarity        *motion)
{
  const double size        = ldexp (1.0, level);
  JfSimilarity here        = { motion->factor, motion->shift / size };
  double       coefficient = jf_climb_run (&target->levels[level], &guidance->levels[level], top_target, top_guidance,
                                           get_middle (&target->levels[0], level), kind == JF_ALIGN_SIMILARITY,
                                           cancellable, &here);

  *motion = (JfSimilarity) { here.factor, here.shift * size };

  return coefficient > 0.0;
}

/* The farthest that a motion takes a corner of a picture. */
static double
get_farthest (const JfSimilarity *motion,
              const JfPlanes     *picture)
{
  return cabs (motion->shift) + cabs (motion->factor - 1.0) * 0.5 * hypot (picture->width, picture->height);
}

static gboolean
is_plausible (const JfSimilarity *motion,
              const JfSimilarity *found,
              const JfPlanes     *picture,
              int                 top)
{
  const JfSimilarity difference = { 1.0 + motion->factor - found->factor, motion->shift - found->shift };

  return jf_correlation_is_found (motion, picture->width, picture->height) &&
         get_farthest (&difference, picture) <= ldexp (MAX_CLIMB, top);
}

/* Returns whether @motion is found without doubt. */
static gboolean
estimate (const Pyramid *target,
          const Pyramid *guidance,
          JfAlignKind    kind,
          GCancellable  *cancellable,
          JfSimilarity  *motion)
{
  const int             top          = target->n_levels - 1;
  g_auto(JfOrientation) top_target   = { 0 };
  g_auto(JfOrientation) top_guidance = { 0 };
  JfSimilarity          found        = { 1.0, 0.0 };
  int                   level;

  orientation_make (&top_target, &target->levels[top]);
  orientation_make (&top_guidance, &guidance->levels[top]);

  if (jf_correlation_search (&top_target, &top_guidance, get_middle (&target->levels[0], top),
                             kind == JF_ALIGN_SIMILARITY, cancellable, &found) < MIN_PEAK)
    return FALSE;

  found.shift *= ldexp (1.0, top);
  *motion      = found;

  for (level = top; level >= 0; level--)
    if (! refine (target, guidance, level, &top_target, &top_guidance, kind, cancellable, motion))
      return FALSE;

  return is_plausible (motion, &found, &target->levels[0], top);
}

static void
make_lanczos (float table[LANCZOS_PHASES + 1][LANCZOS_TAPS])
{
  int phase, tap;

  for (phase = 0; phase <= LANCZOS_PHASES; phase++)
    {
      double sum = 0.0;
      double values[LANCZOS_TAPS];

      for (tap = 0; tap < LANCZOS_TAPS; tap++)
        {
          double t = G_PI * (tap - LANCZOS_RADIUS + 1 - (double) phase / LANCZOS_PHASES);

          values[tap] = fabs (t) < 1e-9 ? 1.0 : fabs (t) >= LANCZOS_RADIUS * G_PI ? 0.0 :
                        LANCZOS_RADIUS * sin (t) * sin (t / LANCZOS_RADIUS) / (t * t);
          sum        += values[tap];
        }
      for (tap = 0; tap < LANCZOS_TAPS; tap++)
        table[phase][tap] = (float) (values[tap] / sum);
    }
}

/* The first pixel of the kernel at a place, and its weights there. Places far outside are as good as near ones. */
static const float *
get_taps (const float  table[LANCZOS_PHASES + 1][LANCZOS_TAPS],
          double       place,
          int          n,
          int         *first)
{
  const double inside = CLAMP (place, -LANCZOS_RADIUS, n - 1 + LANCZOS_RADIUS);

  *first = (int) floor (inside) - LANCZOS_RADIUS + 1;

  return table[(int) ((inside - floor (inside)) * LANCZOS_PHASES + 0.5)];
}

static void
warp_row (const JfPlanes     *guidance,
          const JfSimilarity *motion,
          const float         table[LANCZOS_PHASES + 1][LANCZOS_TAPS],
          int                 y,
          JfPlanes           *output)
{
  const double complex middle = get_middle (guidance, 0);
  const gsize          plane  = (gsize) guidance->width * guidance->height;
  int                  x, c, i, j;

  for (x = 0; x < output->width; x++)
    {
      double complex  place = jf_similarity_move (motion, middle, CMPLX (x, y));
      int             left, top;
      const float    *wx    = get_taps (table, creal (place), guidance->width, &left);
      const float    *wy    = get_taps (table, cimag (place), guidance->height, &top);
      int             columns[LANCZOS_TAPS];
      gsize           rows[LANCZOS_TAPS];

      for (i = 0; i < LANCZOS_TAPS; i++)
        {
          columns[i] = CLAMP (left + i, 0, guidance->width - 1);
          rows[i]    = (gsize) CLAMP (top + i, 0, guidance->height - 1) * guidance->width;
        }

      for (c = 0; c < guidance->channels; c++)
        {
          float sum = 0.0f;

          for (j = 0; j < LANCZOS_TAPS; j++)
            {
              const float *row  = guidance->data + c * plane + rows[j];
              float        line = 0.0f;

              for (i = 0; i < LANCZOS_TAPS; i++)
                line += wx[i] * row[columns[i]];
              sum += wy[j] * line;
            }
          output->data[c * plane + (gsize) y * output->width + x] = sum;
        }
    }
}

/*  public functions  */

/**
 * jf_align_estimate:
 * @target:      a picture of any number of planes, noisy or not
 * @guidance:    another of the same scene and size; light, contrast's sign and colours may differ
 * @kind:        what is looked for
 * @cancellable: (nullable): looked at some times a second
 * @align:       (out caller-allocates): how the guidance lies
 * @error:       return location for a #JF_ALIGN_ERROR, a #JF_PLANES_ERROR or %G_IO_ERROR_CANCELLED
 *
 * Finds how the guidance has to be moved to lie on the target: shifts of up to an eighth of the picture, rotations of
 * up to 4 degrees, and scales of up to 4 percent. What lies within 0.4 pixels at all corners is left where it is. Where
 * pictures have too little in common, or are smaller than 32 pixels, @align says that it is not sure, and that nothing
 * has to be moved.
 *
 * Takes a second for 24 megapixels and memory for half a plane of each picture and some 30 MiB.
 *
 * Returns: TRUE, whether sure or not; FALSE on errors
 */
gboolean
jf_align_estimate (const JfPlanes  *target,
                   const JfPlanes  *guidance,
                   JfAlignKind      kind,
                   GCancellable    *cancellable,
                   JfAlign         *align,
                   GError         **error)
{
  g_auto(Pyramid) targets   = { 0 };
  g_auto(Pyramid) guidances = { 0 };
  JfSimilarity    motion    = { 1.0, 0.0 };

  *align = (JfAlign) { .scale = 1.0 };

  if (target->width != guidance->width || target->height != guidance->height)
    {
      g_set_error (error, JF_ALIGN_ERROR, JF_ALIGN_ERROR_SIZE,
                   _("The target is %d × %d pixels but the guidance %d × %d: they must be of one size"),
                   target->width, target->height, guidance->width, guidance->height);
      return FALSE;
    }

  if (MIN (target->width, target->height) < MIN_SIDE)
    return TRUE;

  if (! pyramid_init (&targets, target, error) || ! pyramid_init (&guidances, guidance, error))
    return FALSE;

  align->sure = estimate (&targets, &guidances, kind, cancellable, &motion);
  if (align->sure && get_farthest (&motion, target) >= LEAST_PIXELS)
    *align = (JfAlign) { creal (motion.shift), cimag (motion.shift), carg (motion.factor), cabs (motion.factor), TRUE };

  return ! g_cancellable_set_error_if_cancelled (cancellable, error);
}

/**
 * jf_align_is_identity:
 * @align: how a guidance lies
 *
 * Returns: whether there is nothing to move
 */
gboolean
jf_align_is_identity (const JfAlign *align)
{
  return align->dx == 0.0 && align->dy == 0.0 && align->angle == 0.0 && align->scale == 1.0;
}

/**
 * jf_align_warp:
 * @align:       how the guidance lies
 * @guidance:    the guidance
 * @cancellable: (nullable): looked at some times a second
 * @output:      (inout): planes shaped like @guidance, but not the same
 * @error:       return location for %G_IO_ERROR_CANCELLED
 *
 * Moves a guidance to where it lies on its target, by Lanczos' kernel of radius 3. What comes in from outside are the
 * edge pixels. Nothing is clamped: sharp edges overshoot. Where there is nothing to move, pixels stay as they are.
 *
 * Returns: TRUE on success
 */
gboolean
jf_align_warp (const JfAlign   *align,
               const JfPlanes  *guidance,
               GCancellable    *cancellable,
               JfPlanes        *output,
               GError         **error)
{
  const JfSimilarity motion = { align->scale * cexp (CMPLX (0.0, align->angle)), CMPLX (align->dx, align->dy) };
  float        table[LANCZOS_PHASES + 1][LANCZOS_TAPS];
  int          y;

  g_return_val_if_fail (output->channels == guidance->channels, FALSE);
  g_return_val_if_fail (output->width    == guidance->width,    FALSE);
  g_return_val_if_fail (output->height   == guidance->height,   FALSE);

  make_lanczos (table);
  for (y = 0; y < output->height && ! g_cancellable_is_cancelled (cancellable); y++)
    warp_row (guidance, &motion, table, y, output);

  return ! g_cancellable_set_error_if_cancelled (cancellable, error);
}
