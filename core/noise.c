/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise: how noisy a picture is
 *
 * Each channel is measured by itself (noise-plane.c), in classes of brightness (noise-classes.c): in the flattest of its blocks
 * (noise-blocks.c) and, for noise that is correlated over several pixels, of its patches (noise-patches.c); both know noise
 * by its cosine transform (noise-cosine.c). What a second picture explains is left out (noise-guide.c). Pictures that have no
 * room for blocks are measured by differences (noise-narrow.c). How much of the noise is coarse is its excess (noise-excess.c).
 * In front of black and white noise is cut off, and measured by itself (noise-cut.c).
 *
 * Here the channels are joined.
 */
#include <math.h>
#include <string.h>

#include "noise.h"
#include "noise-private.h"

/* Where hardly any block is free of clipped pixels, as in front of a black or white ground, what is left are edges. Then blocks
 * count that are half clipped. If most are nothing but black or white even so, the ground has no noise to measure.
 */
#define MIN_FREE_SHARE    20
#define MIN_CUT_SHARE     2

/* A channel with less than this share of the blocks that another has is clipped nearly everywhere, and
 * what is left of it are lights and edges.
 */
#define MIN_CHANNEL_SHARE 0.25

/* Guidance that leaves less than this share of the variance is no other picture, but a copy. */
#define COPY_SHARE        1e-4

/*  private functions  */

/* Returns the number of places that were measured, 0 if there were none. */
static int
estimate (const JfNoisePlane *plane,
          double              variances[JF_NOISE_N_CLASSES])
{
  g_autofree JfNoiseBlock *blocks    = NULL;
  g_autofree JfNoisePatch *patches   = NULL;
  int                      n_patches = 0;
  int                      n_blocks;
  gboolean                 cut;

  if (plane->width < JF_NOISE_BLOCK_SIZE || plane->height < JF_NOISE_BLOCK_SIZE)
    return jf_noise_estimate_narrow (plane, variances);

  memset (variances, 0, JF_NOISE_N_CLASSES * sizeof (double));
  blocks = jf_noise_measure_blocks (plane, plane->n_places / MIN_FREE_SHARE, &n_blocks, &cut);

  if (cut && n_blocks < plane->n_places / MIN_CUT_SHARE)
    return 0;

  if (! cut)
    patches = jf_noise_measure_patches (plane, &n_patches);

  if (n_blocks > 0)
    jf_noise_measure_classes (plane, blocks, n_blocks, patches, n_patches, variances);

  return n_blocks;
}

/* The noise of a copy is that of the target. */
static gboolean
guide_is_copy (const JfNoiseGuide *guide,
               const JfPlanes     *target)
{
  g_autofree float *sum = jf_noise_add_channels (target);
  JfNoisePlane      plane;
  double            alone[JF_NOISE_N_CLASSES];
  double            guided[JF_NOISE_N_CLASSES];

  jf_noise_plane_init (&plane, &(JfPlanes) { sum, 1, target->width, target->height }, 0);
  estimate (&plane, alone);

  plane.guide = guide;
  estimate (&plane, guided);

  return jf_noise_join_classes (guided) < COPY_SHARE * jf_noise_join_classes (alone);
}

/* @planes:    (out): the channels
 * @variances: (out): their means, by classes
 */
static float
estimate_all (const JfPlanes     *target,
              const JfNoiseGuide *guide,
              JfNoisePlane       *planes,
              double              variances[JF_NOISE_N_CLASSES])
{
  g_autofree double *channels   = g_new (double, target->channels * JF_NOISE_N_CLASSES);
  g_autofree int    *counts     = g_new (int, target->channels);
  double             variance   = 0.0;
  int                n_channels = 0;
  int                most       = 1;

  memset (variances, 0, JF_NOISE_N_CLASSES * sizeof (double));

  for (int i = 0; i < target->channels; i++)
    {
      jf_noise_plane_init (&planes[i], target, i);
      planes[i].guide = guide;

      counts[i] = estimate (&planes[i], channels + i * JF_NOISE_N_CLASSES);
      most      = MAX (most, counts[i]);
    }

  for (int i = 0; i < target->channels; i++)
    n_channels += counts[i] >= MIN_CHANNEL_SHARE * most;

  for (int i = 0; i < target->channels; i++)
    if (counts[i] >= MIN_CHANNEL_SHARE * most)
      {
        variance += jf_noise_join_classes (channels + i * JF_NOISE_N_CLASSES);

        for (int j = 0; j < JF_NOISE_N_CLASSES; j++)
          variances[j] += channels[i * JF_NOISE_N_CLASSES + j] / n_channels;
      }

  return variance > 0.0 ? (float) sqrt (variance / n_channels) : 0.0f;
}

/*  public functions  */

/**
 * jf_noise_estimate:
 * @target:   a picture of any size
 * @guidance: (nullable): a picture of the same scene and size with noise of its own
 *
 * Estimates the standard deviation of the noise, in the units of the picture's values, as the root mean square
 * over the channels; where it falls with the light, up to that of the darkest quarter. Clipped areas are left out,
 * and so are channels that have nothing else; but grounds of black or white count with what is left of their noise,
 * and the shift that it makes is part of the excess. Without @guidance a clean photograph comes out at some thousandths
 * of full scale, since its finest texture cannot be told from noise. The excess is 0 where nothing speaks against
 * white noise, and in pictures that are too small or clipped to tell.
 *
 * Returns: the noise; none if the picture gives nothing to measure
 */
JfNoise
jf_noise_estimate (const JfPlanes *target,
                   const JfPlanes *guidance)
{
  g_autofree JfNoisePlane *planes = g_new (JfNoisePlane, target->channels);
  JfNoiseGuide            *guide  = guidance ? jf_noise_guide_new (guidance, JF_NOISE_MAX_BLOCKS) : NULL;
  JfNoise                  noise;
  double                   variances[JF_NOISE_N_CLASSES];

  if (guide && guide_is_copy (guide, target))
    {
      g_clear_pointer (&guide, jf_noise_guide_free);
      guidance = NULL;
    }

  noise.level  = estimate_all (target, guide, planes, variances);
  noise.excess = jf_noise_estimate_excess (target, planes, guidance, noise.level, variances);
  jf_noise_add_cut (planes, target->channels, &noise);
  g_clear_pointer (&guide, jf_noise_guide_free);

  return noise;
}

/**
 * jf_noise_set_level:
 * @noise: (inout): what was estimated
 * @level: the level that somebody knows better
 *
 * The excess stays the same share of the level.
 */
void
jf_noise_set_level (JfNoise *noise,
                    float    level)
{
  noise->excess = noise->level > 0.0f ? noise->excess / noise->level * level : 0.0f;
  noise->level  = level;
}

/**
 * jf_noise_estimate_channel:
 * @target:  a picture of any size
 * @channel: one of its channels
 *
 * Returns: the standard deviation of the channel's noise; 0 if it gives nothing to measure
 */
float
jf_noise_estimate_channel (const JfPlanes *target,
                           int             channel)
{
  JfNoisePlane plane;
  double       variances[JF_NOISE_N_CLASSES];

  g_return_val_if_fail (channel >= 0 && channel < target->channels, 0.0f);

  jf_noise_plane_init (&plane, target, channel);

  return estimate (&plane, variances) > 0 ? (float) sqrt (jf_noise_join_classes (variances)) : 0.0f;
}
