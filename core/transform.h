/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transform: tiles to products and back, by vectors of four, eight or sixteen tiles
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What jf_winograd_transform_input() and its kin call, with the same arguments: @vectors counts those of the table. */
typedef struct
{
  void (* input) (const float *const *rows,
                  gsize               phase_stride,
                  gsize               channel_stride,
                  int                 channels,
                  int                 vectors,
                  int                 column,
                  const float *const *left,
                  gsize               left_stride,
                  float              *transformed,
                  gsize               transformed_stride,
                  gsize               product_stride);
  void (* output) (const float  *products,
                   gsize         product_stride,
                   gsize         output_stride,
                   int           outputs,
                   int           vectors,
                   const float  *bias,
                   const float  *addend,
                   gsize         addend_stride,
                   gboolean      relu,
                   float *const *rows,
                   gsize         phase_stride,
                   gsize         channel_stride);
  void (* evaluate_pixels) (const float *pixels,
                            gsize        phase_stride,
                            int          lanes,
                            int          channels,
                            int          vectors,
                            int          value,
                            float       *values,
                            gsize        value_stride);
  void (* interpolate_taps) (const float *products,
                             gsize        value_stride,
                             int          lanes,
                             int          vectors,
                             int          n_values,
                             float       *sums);
} JfTransforms;

extern const JfTransforms jf_transforms_4;
extern const JfTransforms jf_transforms_8;      /* x86-64 only, where the CPU has AVX2    */
extern const JfTransforms jf_transforms_16;     /* x86-64 only, where the CPU has AVX-512 */

G_END_DECLS
