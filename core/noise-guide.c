/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise-guide: what a second picture of the scene explains
 *
 * Texture that a guide shows as well is no noise, since the noise of two pictures is independent: what least
 * squares find of the guide in a block or patch is taken away before it is measured.
 */
#include <math.h>

#include "noise-private.h"

/*  public functions  */

/**
 * jf_noise_guide_new:
 * @guidance:   a picture of the scene
 * @max_blocks: how many blocks are enough in a picture of its size
 *
 * The slowest shades say nothing of how strongly texture shows in either picture: light is different there.
 *
 * Returns: (transfer full): what guides; free with jf_noise_guide_free()
 */
JfNoiseGuide *
jf_noise_guide_new (const JfPlanes *guidance,
                    int             max_blocks)
{
  const int     width  = guidance->width;
  const int     height = guidance->height;
  JfNoiseGuide *guide  = g_new0 (JfNoiseGuide, 1);

  guide->pixels = jf_noise_add_channels (guidance);

  if (width >= JF_NOISE_BLOCK_SIZE && height >= JF_NOISE_BLOCK_SIZE)
    guide->coefficients = jf_noise_transform_blocks (guide->pixels, width, height,
                                                     jf_noise_count_places (width, height, JF_NOISE_BLOCK_SIZE, max_blocks));

  return guide;
}

/**
 * jf_noise_guide_free:
 * @guide: what guides
 */
void
jf_noise_guide_free (JfNoiseGuide *guide)
{
  g_free (guide->coefficients);
  g_free (guide->pixels);
  g_free (guide);
}

/**
 * jf_noise_remove_explained:
 * @values:   (inout): pixels or coefficients
 * @guide:    those of the guide
 * @n_values: how many
 * @freedom:  how many of the values are independent
 *
 * By least squares. Of noise, too, a guide takes what happens to look like it, a degree of freedom, which is
 * made up for.
 */
void
jf_noise_remove_explained (float       *values,
                           const float *guide,
                           int          n_values,
                           int          freedom)
{
  const float left   = sqrtf ((float) freedom / (float) (freedom - 1));
  float       common = 0.0f;
  float       energy = 0.0f;

  for (int i = 0; i < n_values; i++)
    {
      common += values[i] * guide[i];
      energy += guide[i]  * guide[i];
    }

  if (! (energy > 0.0f) || ! isfinite (common / energy))
    return;

  for (int i = 0; i < n_values; i++)
    values[i] = left * (values[i] - common / energy * guide[i]);
}
