/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise: what the parts of the estimate share
 */
#pragma once

#include "noise.h"

G_BEGIN_DECLS

#define JF_NOISE_BLOCK_SIZE     8
#define JF_NOISE_BLOCK_PIXELS   (JF_NOISE_BLOCK_SIZE * JF_NOISE_BLOCK_SIZE)

/* More blocks than this do not make the result better, only slower. */
#define JF_NOISE_MAX_BLOCKS     30000

/* Bands by u + v of the coefficient; see get_band (). The first, of the slowest shades, is never
 * measured: it is the picture's own.
 */
#define JF_NOISE_N_BANDS        4

/* Pictures with fewer blocks have one class. */
#define JF_NOISE_N_CLASSES      4
#define JF_NOISE_MIN_CLASSIFIED 600

/* A block with more pixels than this at the picture's very darkest or brightest value is clipped, or
 * empty, and its noise is not what it was. One may be there by chance.
 */
#define JF_NOISE_MAX_EXTREMES   1

/* A block that is half clipped has no more than this: noise around the limit, half of it cut off, leaves some there.
 * 32 and three standard deviations of a binomial distribution.
 */
#define JF_NOISE_MAX_CUT        44

/* What guides, without colours, and the coefficients of its blocks, one after the other. */
typedef struct
{
  float *pixels;
  float *coefficients;
} JfNoiseGuide;

/* A channel and its extreme values, or means of some pixels and how many of these were extreme. */
typedef struct
{
  const float        *pixels;
  int                 width;
  int                 height;
  float               darkest;
  float               brightest;
  const guint8       *extremes;     /* (nullable) */
  int                 n_averaged;
  int                 n_places;     /* where blocks are looked at */
  const JfNoiseGuide *guide;        /* NULL: nobody knows more of the scene */
} JfNoisePlane;

/* A block's brightness, in no particular unit, and the energies of its bands. */
typedef struct
{
  float brightness;
  float bands[JF_NOISE_N_BANDS];
} JfNoiseBlock;

/* A patch's first pixel, its brightness, and its variance around a plane. */
typedef struct
{
  const float *pixels;
  float        brightness;
  float        variance;
} JfNoisePatch;

void           jf_noise_make_transform   (float              *transform,
                                          int                 size);
double         jf_noise_get_quantile     (double              normal,
                                          double              freedom);

float        * jf_noise_add_channels     (const JfPlanes     *picture);
void           jf_noise_plane_init       (JfNoisePlane       *plane,
                                          const JfPlanes     *target,
                                          int                 channel);
int            jf_noise_count_places     (int                 width,
                                          int                 height,
                                          int                 size,
                                          int                 most);
gsize          jf_noise_get_place        (int                 width,
                                          int                 height,
                                          int                 size,
                                          int                 n_places,
                                          int                 i);

JfNoiseGuide * jf_noise_guide_new        (const JfPlanes     *guidance,
                                          int                 max_blocks);
void           jf_noise_guide_free       (JfNoiseGuide       *guide);
void           jf_noise_remove_explained (float              *values,
                                          const float        *guide,
                                          int                 n_values,
                                          int                 freedom);

float        * jf_noise_transform_blocks (const float        *pixels,
                                          int                 width,
                                          int                 height,
                                          int                 n_blocks);
JfNoiseBlock * jf_noise_measure_blocks   (const JfNoisePlane *plane,
                                          double              min_free,
                                          int                *n_blocks,
                                          gboolean           *cut);
double         jf_noise_measure_class    (const JfNoiseBlock *blocks,
                                          int                 n_blocks);

JfNoisePatch * jf_noise_measure_patches  (const JfNoisePlane *plane,
                                          int                *n_patches);
double         jf_noise_raise_to_patches (const JfNoisePlane *plane,
                                          JfNoisePatch       *patches,
                                          int                 n_patches,
                                          double              variance);

void           jf_noise_measure_classes  (const JfNoisePlane *plane,
                                          JfNoiseBlock       *blocks,
                                          int                 n_blocks,
                                          JfNoisePatch       *patches,
                                          int                 n_patches,
                                          double              variances[JF_NOISE_N_CLASSES]);
double         jf_noise_join_classes     (const double        variances[JF_NOISE_N_CLASSES]);

double         jf_noise_get_coarse_gain  (int                 n_channels);
void           jf_noise_add_cut          (const JfNoisePlane *planes,
                                          int                 n_planes,
                                          JfNoise            *noise);

int            jf_noise_estimate_narrow  (const JfNoisePlane *plane,
                                          double              variances[JF_NOISE_N_CLASSES]);
float          jf_noise_estimate_excess  (const JfPlanes     *target,
                                          const JfNoisePlane *planes,
                                          const JfPlanes     *guidance,
                                          float               level,
                                          const double        variances[JF_NOISE_N_CLASSES]);

/* How many pixels of a square from @pixels on have the extreme values of their channel. Faster where @size is a constant. */
static inline int
jf_noise_plane_count_extremes (const JfNoisePlane *plane,
                               const float        *pixels,
                               int                 size)
{
  const guint8 *extremes = plane->extremes ? plane->extremes + (pixels - plane->pixels) : NULL;
  int           n        = 0;

  for (int y = 0; y < size; y++, pixels += plane->width)
    for (int x = 0; x < size; x++)
      n += extremes ? extremes[(gsize) y * plane->width + x] : (pixels[x] <= plane->darkest) + (pixels[x] >= plane->brightest);

  return extremes ? n / plane->n_averaged : n;
}

/* From 0 at @none to 1 at @all, which may be less than @none. */
static inline double
jf_noise_get_share (double value,
                    double none,
                    double all)
{
  return CLAMP ((value - none) / (all - none), 0.0, 1.0);
}

/* For qsort (). */
static inline int
jf_noise_compare_floats (const void *a,
                         const void *b)
{
  const float one   = *(const float *) a;
  const float other = *(const float *) b;

  return one < other ? -1 : one > other;
}

static inline int
jf_noise_compare_doubles (const void *a,
                          const void *b)
{
  const double one   = *(const double *) a;
  const double other = *(const double *) b;

  return one < other ? -1 : one > other;
}

G_END_DECLS
