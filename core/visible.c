/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * visible: what of a picture with transparent parts can be seen
 */
#include <string.h>

#include "visible.h"


/* Side of the squares that are either visible or not: some blocks of the estimate of the noise. */
#define TILE 32


static GArray * list_tiles (const JfPlanes *picture,
                            const float    *alpha);
static gboolean is_opaque  (const float    *alpha,
                            int             width);


/*  public functions  */

/**
 * jf_visible_init:
 * @visible: (out caller-allocates): free with jf_planes_clear ()
 * @picture: a picture
 * @alpha:   a plane of its size, 0..1
 *
 * Lays the squares of @picture that are wholly opaque below each other: its statistics without the
 * colours that nobody sees.
 *
 * Returns: whether there is any such square, and memory for it
 */
gboolean
jf_visible_init (JfPlanes       *visible,
                 const JfPlanes *picture,
                 const float    *alpha)
{
  g_autoptr (GArray) tiles = list_tiles (picture, alpha);
  gsize              plane = (gsize) picture->width * picture->height;
  float             *to;

  if (tiles->len == 0 ||
      ! jf_planes_init (visible, picture->channels, TILE, (int) tiles->len * TILE, NULL))
    return FALSE;

  to = visible->data;

  for (int c = 0; c < picture->channels; c++)
    for (guint i = 0; i < tiles->len; i++)
      for (int y = 0; y < TILE; y++, to += TILE)
        memcpy (to, picture->data + c * plane + g_array_index (tiles, gsize, i) + (gsize) y * picture->width,
                sizeof (float) * TILE);

  return TRUE;
}


/*  private functions  */

/* Offsets of their first pixels in a plane. */
static GArray *
list_tiles (const JfPlanes *picture,
            const float    *alpha)
{
  GArray *tiles = g_array_new (FALSE, FALSE, sizeof (gsize));

  for (int y = 0; y + TILE <= picture->height; y += TILE)
    for (int x = 0; x + TILE <= picture->width; x += TILE)
      {
        gsize first = (gsize) y * picture->width + x;

        if (is_opaque (alpha + first, picture->width))
          g_array_append_val (tiles, first);
      }

  return tiles;
}

static gboolean
is_opaque (const float *alpha,
           int          width)
{
  for (int y = 0; y < TILE; y++)
    for (int x = 0; x < TILE; x++)
      if (alpha[(gsize) y * width + x] < 1.0f)
        return FALSE;

  return TRUE;
}
