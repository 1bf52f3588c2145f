/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise-excess: how much of the noise is coarse
 *
 * It is measured in the same way as all noise, in a picture of half the size whose pixels are means over channels and
 * 2x2 pixels, times what keeps white noise as strong as it was. There texture is stronger, so the class counts in
 * which the ratio is the second least.
 */
#include <math.h>
#include <stdlib.h>

#include "noise-private.h"

#define COLOURS           3

/* Of half the size a quarter of the blocks is enough. */
#define MAX_COARSE_BLOCKS (JF_NOISE_MAX_BLOCKS / 4)

/* What is left of a picture of half the size with less than the first share of blocks that are not clipped are lights and
 * edges; with less than the second, edges may be in many classes.
 */
#define MIN_COARSE_SHARE  0.1
#define FEW_COARSE_SHARE  0.5

/* Up to the first of these shares of the level an excess may be chance or texture; from the second on it counts in full. The
 * most of white noise was 0.11 in 460 ramps of 64x64 to 400x400 pixels (standard deviation 0.02 to 0.04); and 0.11 in 12
 * photographs with guides where the noise was 0.01, 0.04 where it was 0.0316 or 0.1.
 */
#define CHANCE_EXCESS     0.12f
#define CERTAIN_EXCESS    0.3f

/* The standard deviation of what even the flattest places of photographs have of texture in the picture of half the size, and
 * no guide shows, as a share of the range of values: in 12 photographs and 4 pairs 0.004 to 0.024, 0.010 in the mean.
 */
#define COARSE_TEXTURE    0.010f

/* That range is from the hundredth to the hundredth but one of so many values, about. */
#define RANGE_VALUES      20000
#define RANGE_TAIL        100

/*  private functions  */

/* The mean over channels and 2x2 pixels, times @gain. */
static float *
halve (const JfPlanes *picture,
       float           gain)
{
  const int          width  = picture->width / 2;
  const int          height = picture->height / 2;
  g_autofree float  *sum    = jf_noise_add_channels (picture);
  float             *half   = g_new (float, (gsize) width * height);

  gain /= 4.0f * (float) picture->channels;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        const float *pixel = sum + (gsize) 2 * y * picture->width + 2 * x;
        const float *below = pixel + picture->width;

        half[(gsize) y * width + x] = gain * (pixel[0] + pixel[1] + below[0] + below[1]);
      }

  return half;
}

static gboolean
is_extreme (const JfNoisePlane *plane,
            float               value)
{
  return value <= plane->darkest || value >= plane->brightest;
}

/* How many of the values that halve () takes the mean of are their channels' extremes. */
static guint8 *
halve_extremes (const JfNoisePlane *planes,
                int                 n_planes)
{
  const int  width    = planes->width / 2;
  const int  height   = planes->height / 2;
  guint8    *extremes = g_new0 (guint8, (gsize) width * height);

  for (const JfNoisePlane *plane = planes; plane < planes + n_planes; plane++)
    for (int y = 0; y < 2 * height; y++)
      {
        const float *pixels = plane->pixels + (gsize) y * plane->width;
        guint8      *counts = extremes + (gsize) (y / 2) * width;

        for (int x = 0; x < width; x++)
          counts[x] = (guint8) (counts[x] + is_extreme (plane, pixels[2 * x]) + is_extreme (plane, pixels[2 * x + 1]));
      }

  return extremes;
}

/* Of a picture of half the size, whose pixels are means. Patches would be so large that they find texture in most photographs.
 * Where hardly a block is free of clipped pixels, those that are half clipped count, as at full size (@cut). Returns the share
 * of its blocks that were measured, 0 if there were too few.
 */
static double
estimate_coarse (const JfPlanes     *target,
                 const JfNoisePlane *planes,
                 const JfPlanes     *guidance,
                 double              variances[JF_NOISE_N_CLASSES],
                 gboolean           *cut)
{
  g_autofree float        *pixels   = halve (target, (float) jf_noise_get_coarse_gain (target->channels));
  g_autofree float        *guides   = guidance ? halve (guidance, 1.0f) : NULL;
  g_autofree guint8       *extremes = halve_extremes (planes, target->channels);
  g_autofree JfNoiseBlock *blocks   = NULL;
  JfNoisePlane             plane    = { .pixels = pixels, .width = target->width / 2, .height = target->height / 2,
                                        .extremes = extremes, .n_averaged = 4 * target->channels };
  JfNoiseGuide            *guide    = NULL;
  int                      n_blocks;

  if (plane.width < JF_NOISE_BLOCK_SIZE || plane.height < JF_NOISE_BLOCK_SIZE)
    return 0.0;

  if (guides)
    guide = jf_noise_guide_new (&(JfPlanes) { guides, 1, plane.width, plane.height }, MAX_COARSE_BLOCKS);

  plane.guide    = guide;
  plane.n_places = jf_noise_count_places (plane.width, plane.height, JF_NOISE_BLOCK_SIZE, MAX_COARSE_BLOCKS);
  blocks         = jf_noise_measure_blocks (&plane, plane.n_places * MIN_COARSE_SHARE, &n_blocks, cut);

  if (n_blocks >= JF_NOISE_MIN_CLASSIFIED)
    jf_noise_measure_classes (&plane, blocks, n_blocks, NULL, 0, variances);

  g_clear_pointer (&guide, jf_noise_guide_free);

  return n_blocks >= JF_NOISE_MIN_CLASSIFIED ? (double) n_blocks / plane.n_places : 0.0;
}

/* The standard deviation of coarse noise as a multiple of all noise's, whose @variances are known by classes; 1 if it is not
 * known. Texture makes it too large in some classes: the second least one counts, or the least. Where pixels
 * are cut off, less is left of coarse noise than of fine: there noise that seems finer than white need not be that.
 */
static float
estimate_ratio (const JfPlanes     *target,
                const JfNoisePlane *planes,
                const JfPlanes     *guidance,
                const double        variances[JF_NOISE_N_CLASSES])
{
  double   coarse[JF_NOISE_N_CLASSES];
  double   ratios[JF_NOISE_N_CLASSES];
  int      n_ratios = 0;
  gboolean cut      = FALSE;
  double   share    = estimate_coarse (target, planes, guidance, coarse, &cut);
  double   ratio;

  if (share < MIN_COARSE_SHARE)
    return 1.0f;

  for (int i = 0; i < JF_NOISE_N_CLASSES; i++)
    if (variances[i] > 0.0)
      ratios[n_ratios++] = coarse[i] / variances[i];

  if (n_ratios == 0)
    return 1.0f;

  qsort (ratios, n_ratios, sizeof (double), jf_noise_compare_doubles);

  ratio = sqrt (ratios[share > FEW_COARSE_SHARE && n_ratios > 1 ? 1 : 0]);

  return (float) CLAMP (ratio, cut ? 1.0 : 0.0, jf_noise_get_coarse_gain (target->channels));
}

/* From the darkest to the brightest values, but for a few that may be lights or pixels out of order. */
static float
get_range (const JfPlanes *target)
{
  const gsize       n_values = (gsize) target->channels * target->width * target->height;
  const gsize       step     = n_values / RANGE_VALUES + 1;
  g_autofree float *values   = g_new (float, n_values / step + 1);
  int               n        = 0;

  for (gsize i = 0; i < n_values; i += step)
    if (isfinite (target->data[i]))
      values[n++] = target->data[i];

  if (n == 0)
    return 0.0f;

  qsort (values, n, sizeof (float), jf_noise_compare_floats);

  return values[n - 1 - n / RANGE_TAIL] - values[n / RANGE_TAIL];
}

/* A ratio of coarse noise to all noise, less @texture, in the same units; noise that is not coarse is finer than texture. */
static float
leave_out_texture (float ratio,
                   float texture)
{
  if (! (ratio > 1.0f))
    return ratio;

  return sqrtf (MAX (ratio * ratio - texture * texture, 1.0f));
}

/* An excess, as a share of the level, without what chance and texture make of none. */
static float
leave_out_chance (float excess)
{
  const float size = fabsf (excess);

  if (size <= CHANCE_EXCESS)
    return 0.0f;

  return excess * MIN (1.0f, (1.0f - CHANCE_EXCESS / size) / (1.0f - CHANCE_EXCESS / CERTAIN_EXCESS));
}

/*  public functions  */

/**
 * jf_noise_get_coarse_gain:
 * @n_channels: a picture's channels
 *
 * Returns: what the mean of a picture's channels and 2x2 pixels is to be multiplied with for white noise to stay what it was; and
 *   the largest ratio there is, that of noise which is the same in all of them
 */
double
jf_noise_get_coarse_gain (int n_channels)
{
  return 2.0 * sqrt (n_channels == 1 ? COLOURS : n_channels);
}

/**
 * jf_noise_estimate_excess:
 * @target:    a picture
 * @planes:    its channels
 * @guidance:  (nullable): another one of the same scene and size
 * @level:     the level of the target's noise
 * @variances: what it is in classes
 *
 * Returns: the noise's excess
 */
float
jf_noise_estimate_excess (const JfPlanes     *target,
                          const JfNoisePlane *planes,
                          const JfPlanes     *guidance,
                          float               level,
                          const double        variances[JF_NOISE_N_CLASSES])
{
  const float ratio   = estimate_ratio (target, planes, guidance, variances);
  const float texture = COARSE_TEXTURE * get_range (target) / level;

  return level * leave_out_chance (leave_out_texture (ratio, texture) - 1.0f);
}
