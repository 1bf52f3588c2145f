/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * feature: some rows of what flows between two layers
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Winograd F(6x6,3x3) makes 6x6 output pixels from a tile of 8x8 (winograd.c). */
#define JF_TILE 6

/* A sliding window over the rows of an image of @channels. Pixel x of a row lies in phase x % 6, lane
 * x / 6, so that the same pixel of neighbouring tiles is contiguous: a vector is eight tiles, and
 * neither the Winograd transforms nor shifts by whole pixels ever shuffle one. Rows are kept in a ring.
 */
typedef struct
{
  int    channels;
  int    top;           /* the first row: 0 or, to fill up the first block of a layer, above the image */
  int    height;        /* rows of the image, of which a window is kept                   */
  int    vectors;       /* vectors of JF_LANES lanes that are written in each phase       */
  int    n_rows;        /* capacity of the ring                                           */
  gsize  phase_stride;  /* floats from one phase to the next                              */
  gsize  row_stride;
  float *data;

  int          context;         /* columns left of the first one that readers begin with, up to JF_TILE    */
  const float *left;            /* their values: [height][context][left_channels]                          */
  gsize        left_stride;     /* floats from one row of them to the next, or 0 if they are the same      */
  int          left_channels;
} JfFeature;

void  jf_feature_init  (JfFeature *feature,
                        int        channels,
                        int        width,
                        int        n_rows,
                        int        reach);
gsize jf_feature_size  (const JfFeature *feature);

static inline gsize
jf_feature_channel_stride (const JfFeature *feature)
{
  return feature->phase_stride * JF_TILE;
}

/* Where a layer writes row y, which may lie outside of the image by less than the ring has rows. */
static inline float *
jf_feature_new_row (const JfFeature *feature,
                    int              y)
{
  return feature->data + ((y + feature->n_rows) % feature->n_rows) * feature->row_stride;
}

/* Rows above the first or below the last one repeat it: they only fill up the first and last block of a layer. */
static inline float *
jf_feature_row (const JfFeature *feature,
                int              y)
{
  return jf_feature_new_row (feature, CLAMP (y, feature->top, feature->height - 1));
}

/* The values of the first column of a row's context. */
static inline const float *
jf_feature_left (const JfFeature *feature,
                 int              y)
{
  return feature->left + CLAMP (y, 0, feature->height - 1) * feature->left_stride;
}

/* Where column x lies from the start of a channel's row. */
static inline gsize
jf_feature_column (const JfFeature *feature,
                   int              x)
{
  return x % JF_TILE * feature->phase_stride + x / JF_TILE;
}

G_END_DECLS
