/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * feature: some rows of what flows between two layers
 */
#include <string.h>

#include "feature.h"
#include "simd.h"

/* A cache line, in floats and in bytes. */
#define LINE_FLOATS 16
#define LINE_BYTES  64

/**
 * jf_feature_init:
 * @feature:  (out): an empty window
 * @channels: how many
 * @width:    pixels in a row
 * @n_rows:   how many rows to keep
 * @reach:    how many pixels past the start of the last vector's pixels a reader looks
 *
 * Sets up the window for images of @width; `height` is set for every image. Free with
 * jf_feature_clear(). Lanes that are read but never written stay 0.
 */
void
jf_feature_init (JfFeature *feature,
                 int        channels,
                 int        width,
                 int        n_rows,
                 int        reach)
{
  int   lanes  = (width + JF_TILE - 1) / JF_TILE;
  int   margin = (reach / JF_TILE + JF_LANES - 1) / JF_LANES * JF_LANES;
  gsize size;

  feature->channels     = channels;
  feature->height       = 0;
  feature->vectors      = (lanes + JF_LANES - 1) / JF_LANES;
  feature->n_rows       = n_rows;
  feature->phase_stride = ((gsize) feature->vectors * JF_LANES + margin + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
  feature->row_stride   = feature->phase_stride * JF_TILE * channels;

  /* Rows of a tile are read together: keep them off the same cache sets (strides of 4 KiB multiples
   * cost 20–40 %).
   */
  feature->row_stride = (feature->row_stride + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
  feature->row_stride += LINE_FLOATS * (1 - (feature->row_stride / LINE_FLOATS) % 2);

  size = (gsize) n_rows * feature->row_stride;
  feature->data = g_aligned_alloc0 (size, sizeof (float), LINE_BYTES);
}

/**
 * jf_feature_clear:
 * @feature: a window from jf_feature_init()
 *
 * Frees its rows.
 */
void
jf_feature_clear (JfFeature *feature)
{
  g_clear_pointer (&feature->data, g_aligned_free);
}
