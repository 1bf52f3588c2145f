/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise-plane: one channel, and where in it noise is looked for
 */
#include <math.h>

#include "noise-private.h"

/*  public functions  */

/**
 * jf_noise_add_channels:
 * @picture: a picture
 *
 * Returns: (transfer full): the sum of its channels
 */
float *
jf_noise_add_channels (const JfPlanes *picture)
{
  const gsize  n_pixels = (gsize) picture->width * picture->height;
  float       *sum      = g_new0 (float, n_pixels);

  for (int channel = 0; channel < picture->channels; channel++)
    for (gsize i = 0; i < n_pixels; i++)
      sum[i] += picture->data[channel * n_pixels + i];

  return sum;
}

/**
 * jf_noise_plane_init:
 * @plane:   (out): a plane
 * @target:  (transfer none): a picture, which has to live as long as the plane
 * @channel: one of the picture's channels
 *
 * Nothing guides.
 */
void
jf_noise_plane_init (JfNoisePlane   *plane,
                     const JfPlanes *target,
                     int             channel)
{
  const gsize  n_pixels  = (gsize) target->width * target->height;
  const float *pixels    = target->data + channel * n_pixels;
  float        darkest   = INFINITY;
  float        brightest = -INFINITY;

  for (gsize i = 0; i < n_pixels; i++)
    if (isfinite (pixels[i]))
      {
        darkest   = MIN (darkest, pixels[i]);
        brightest = MAX (brightest, pixels[i]);
      }

  *plane = (JfNoisePlane)
    {
      .pixels    = pixels,
      .width     = target->width,
      .height    = target->height,
      .darkest   = darkest,
      .brightest = brightest,
      .n_places  = jf_noise_count_places (target->width, target->height, JF_NOISE_BLOCK_SIZE, JF_NOISE_MAX_BLOCKS),
    };
}

/**
 * jf_noise_count_places:
 * @width:  the picture's width, no less than @size
 * @height: its height, likewise
 * @size:   a square's width and height
 * @most:   how many squares are enough
 *
 * Returns: how many squares are looked at
 */
int
jf_noise_count_places (int width,
                       int height,
                       int size,
                       int most)
{
  return (int) MIN ((gint64) (width - size + 1) * (height - size + 1), most);
}

/**
 * jf_noise_get_place:
 * @width:    the picture's width
 * @height:   its height
 * @size:     a square's width and height
 * @n_places: jf_noise_count_places()
 * @i:        the number of a square
 *
 * All squares of a small picture, overlapping; of a large one, places of an R2 sequence (Roberts 2018):
 * even, and in step with neither a pattern nor JPEG's blocks.
 *
 * Returns: where in a channel the square's first pixel is
 */
gsize
jf_noise_get_place (int width,
                    int height,
                    int size,
                    int n_places,
                    int i)
{
  const int      n_columns = width  - size + 1;
  const int      n_rows    = height - size + 1;
  const gboolean all       = (gint64) n_columns * n_rows == n_places;
  const int      x         = all ? i % n_columns : (int) (fmod (0.7548776662466927 * i, 1.0) * n_columns);
  const int      y         = all ? i / n_columns : (int) (fmod (0.5698402909980532 * i, 1.0) * n_rows);

  return (gsize) y * width + x;
}
