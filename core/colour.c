/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * colour: what networks see of colours, and what becomes of it
 *
 * Luma and chroma are those of ITU-R BT.601 in full range, as in JPEG files, made of sRGB-encoded values. Chroma
 * is moved by a half, so that grey is in the middle of 0..1.
 */
#include "colour.h"


/* The weights of red, green and blue in luma. */
#define RED          0.299f
#define GREEN        0.587f
#define BLUE         0.114f

/* What brings B − Y and R − Y to −0.5..0.5. */
#define BLUE_RANGE   (2.0f * (1.0f - BLUE))
#define RED_RANGE    (2.0f * (1.0f - RED))

#define GREY         0.5f


static void join_chroma (const JfPlanes *chroma,
                         const JfPlanes *luma,
                         const JfRegion *region,
                         JfPlanes       *result);


const JfColour jf_colour_as_is  = { 0 };

const JfColour jf_colour_chroma = { 2, jf_colour_get_chroma, jf_colour_get_luma, join_chroma };


/*  public functions  */

/**
 * jf_colour_get_chroma:
 * @picture: three planes, red, green and blue
 * @chroma:  (inout): two planes of its size: Cb and Cr, 0..1 nominal, 0.5 where @picture is grey
 */
void
jf_colour_get_chroma (const JfPlanes *picture,
                      JfPlanes       *chroma)
{
  gsize        n_pixels = (gsize) picture->width * picture->height;
  const float *red      = picture->data;
  const float *green    = red + n_pixels;
  const float *blue     = green + n_pixels;

  for (gsize i = 0; i < n_pixels; i++)
    {
      float luma = RED * red[i] + GREEN * green[i] + BLUE * blue[i];

      chroma->data[i]            = (blue[i] - luma) / BLUE_RANGE + GREY;
      chroma->data[n_pixels + i] = (red[i]  - luma) / RED_RANGE  + GREY;
    }
}

/**
 * jf_colour_get_luma:
 * @picture: one plane, which is luma already, or three: red, green and blue
 * @luma:    (inout): one plane of its size
 */
void
jf_colour_get_luma (const JfPlanes *picture,
                    JfPlanes       *luma)
{
  gsize        n_pixels = (gsize) picture->width * picture->height;
  const float *red      = picture->data;
  const float *green    = picture->channels == 1 ? red : red + n_pixels;
  const float *blue     = picture->channels == 1 ? red : green + n_pixels;

  for (gsize i = 0; i < n_pixels; i++)
    luma->data[i] = RED * red[i] + GREEN * green[i] + BLUE * blue[i];
}


/*  private functions  */

static void
join_chroma (const JfPlanes *chroma,
             const JfPlanes *luma,
             const JfRegion *region,
             JfPlanes       *result)
{
  for (int y = 0; y < region->height; y++)
    {
      const float *cb    = jf_planes_get_row (chroma, 0, 0, y);
      const float *cr    = jf_planes_get_row (chroma, 1, 0, y);
      const float *grey  = jf_planes_get_row (luma, 0, region->x, region->y + y);
      float       *red   = jf_planes_get_row (result, 0, 0, y);
      float       *green = jf_planes_get_row (result, 1, 0, y);
      float       *blue  = jf_planes_get_row (result, 2, 0, y);

      for (int x = 0; x < region->width; x++)
        {
          red[x]   = grey[x] + RED_RANGE  * (cr[x] - GREY);
          blue[x]  = grey[x] + BLUE_RANGE * (cb[x] - GREY);
          green[x] = (grey[x] - RED * red[x] - BLUE * blue[x]) / GREEN;
        }
    }
}
