/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * orientation: where a picture has edges, and which way they run
 *
 * Gradients squared as complex numbers (Granlund's double angle representation, 1978) are what pictures of one scene
 * by different light have in common.
 */
#include <math.h>

#include "orientation.h"

/* Gradients are those of a Gaussian of so many pixels, cut off at four times that. Wider ones stand more noise, but
 * are moved by light from another side: 1.5 pixels find pairs of photos 0.19 pixels off, 1 pixel 0.16.
 */
#define SIGMA  1.0f
#define RADIUS 4

/* Gradients of less than a hundredth of an 8 bit step per pixel are rounding errors. */
#define LEAST_GRADIENT (0.01 / 255.0)

/*  private functions  */

/* Fills @line with the mean of a row's planes, the row going on beyond its ends as their pixels. */
static void
get_line (const JfPlanes *picture,
          int             x,
          int             y,
          int             n,
          float          *line)
{
  const float scale = 1.0f / (float) picture->channels;
  int         c, i;

  for (i = 0; i < n; i++)
    line[i] = 0.0f;

  y = CLAMP (y, 0, picture->height - 1);
  for (c = 0; c < picture->channels; c++)
    {
      const float *row = picture->data + ((gsize) c * picture->height + y) * picture->width;

      for (i = 0; i < n; i++)
        line[i] += scale * row[CLAMP (x + i, 0, picture->width - 1)];
    }
}

static void
make_kernels (float smooth[2 * RADIUS + 1],
              float slope[2 * RADIUS + 1])
{
  float sum    = 0.0f;
  float moment = 0.0f;
  int   i;

  for (i = 0; i <= 2 * RADIUS; i++)
    {
      float t = (float) (i - RADIUS) / SIGMA;

      smooth[i]  = expf (-0.5f * t * t);
      sum       += smooth[i];
      moment    += smooth[i] * (float) ((i - RADIUS) * (i - RADIUS));
    }

  for (i = 0; i <= 2 * RADIUS; i++)
    {
      slope[i]   = smooth[i] * (float) (i - RADIUS) / moment;
      smooth[i] /= sum;
    }
}

static gboolean
is_inside (const JfPlanes *picture,
           int             x,
           int             y)
{
  return x >= 0 && y >= 0 && x < picture->width && y < picture->height;
}

/*  public functions  */

/**
 * jf_orientation_init:
 * @orientation: (out caller-allocates): orientations without data of their own
 * @picture:     a picture of any number of planes, of which the mean counts
 * @region:      the part of it that is wanted; may reach beyond it
 *
 * Gives @orientation the squared gradients of a part of a picture, not normalized yet. Free them with
 * jf_orientation_clear().
 */
void
jf_orientation_init (JfOrientation  *orientation,
                     const JfPlanes *picture,
                     const JfRegion *region)
{
  const int         width  = region->width;
  const int         rows   = region->height + 2 * RADIUS;
  g_autofree float *line   = g_new (float, width + 2 * RADIUS);
  g_autofree float *smooth = g_new (float, (gsize) rows * width);
  g_autofree float *slope  = g_new (float, (gsize) rows * width);
  float             smooth_kernel[2 * RADIUS + 1];
  float             slope_kernel[2 * RADIUS + 1];
  int               x, y, k;

  orientation->region = *region;
  orientation->values = g_new (float complex, (gsize) width * region->height);
  make_kernels (smooth_kernel, slope_kernel);

  for (y = 0; y < rows; y++)
    {
      get_line (picture, region->x - RADIUS, region->y - RADIUS + y, width + 2 * RADIUS, line);

      for (x = 0; x < width; x++)
        {
          float s = 0.0f;
          float d = 0.0f;

          for (k = 0; k <= 2 * RADIUS; k++)
            {
              s += smooth_kernel[k] * line[x + k];
              d += slope_kernel[k] * line[x + k];
            }
          smooth[(gsize) y * width + x] = s;
          slope[(gsize) y * width + x]  = d;
        }
    }

  for (y = 0; y < region->height; y++)
    for (x = 0; x < width; x++)
      {
        float gx = 0.0f;
        float gy = 0.0f;

        for (k = 0; k <= 2 * RADIUS; k++)
          {
            gx += smooth_kernel[k] * slope[(gsize) (y + k) * width + x];
            gy += slope_kernel[k] * smooth[(gsize) (y + k) * width + x];
          }
        orientation->values[(gsize) y * width + x] = is_inside (picture, region->x + x, region->y + y)
                                                     ? CMPLXF (gx * gx - gy * gy, 2.0f * gx * gy) : 0.0f;
      }
}

/**
 * jf_orientation_clear:
 * @orientation: orientations from jf_orientation_init(), or all zero
 */
void
jf_orientation_clear (JfOrientation *orientation)
{
  g_free (orientation->values);

  *orientation = (JfOrientation) { 0 };
}

/**
 * jf_orientation_sum:
 * @orientation: orientations
 *
 * Returns: the sum of their sizes, of what is a number
 */
double
jf_orientation_sum (const JfOrientation *orientation)
{
  const gsize n   = (gsize) orientation->region.width * orientation->region.height;
  double      sum = 0.0;
  gsize       i;

  for (i = 0; i < n; i++)
    {
      float size = cabsf (orientation->values[i]);

      if (isfinite (size))
        sum += size;
    }

  return sum;
}

/**
 * jf_orientation_normalize:
 * @orientation: (inout): orientations as jf_orientation_init() leaves them
 * @mean:        the mean size of all that are to be compared
 *
 * Brings sizes to 0..1: those of the mean become one half. Edges are the same then by dim and by bright light. What is
 * not a number, or less than rounding leaves, becomes 0.
 */
void
jf_orientation_normalize (JfOrientation *orientation,
                          double         mean)
{
  const gsize n     = (gsize) orientation->region.width * orientation->region.height;
  const float least = (float) (LEAST_GRADIENT * LEAST_GRADIENT);
  gsize       i;

  for (i = 0; i < n; i++)
    {
      float size = cabsf (orientation->values[i]);

      orientation->values[i] = size >= least && isfinite (size) ? orientation->values[i] / (size + (float) mean) : 0.0f;
    }
}
