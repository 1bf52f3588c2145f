/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * feature: some rows of what flows between two layers
 */
#include "feature.h"
#include "simd.h"

/**
 * jf_feature_init:
 * @feature:  (out): an empty window
 * @channels: how many
 * @width:    pixels in a row
 * @n_rows:   how many rows to keep
 * @reach:    how many pixels past the start of the last vector's pixels a reader looks
 *
 * Lays out the window for images of @width; `height` is set for every image, `data` once for all: jf_feature_size()
 * floats of zeros, 64-byte aligned. Lanes that are read but never written have to stay 0.
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

  *feature = (JfFeature) { .channels = channels, .n_rows = n_rows };

  feature->vectors      = (lanes + JF_LANES - 1) / JF_LANES;
  feature->phase_stride = jf_round_to_lines ((gsize) feature->vectors * JF_LANES + margin);

  /* Rows of a tile are read together: strides of 4 KiB multiples cost 20–40 %. */
  feature->row_stride = jf_round_to_odd_lines (feature->phase_stride * JF_TILE * channels);
}

/**
 * jf_feature_size:
 * @feature: a window from jf_feature_init()
 *
 * Returns: the floats of its rows, a multiple of 16
 */
gsize
jf_feature_size (const JfFeature *feature)
{
  return feature->n_rows * feature->row_stride;
}
