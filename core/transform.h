/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transform: tiles to products and back, by vectors of JF_LANES tiles or, if the CPU has AVX-512, of twice as many
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void jf_transform_input (const float *const *rows,
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
void jf_transform_input_wide (const float *const *rows,
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

void jf_transform_output (const float  *products,
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
void jf_transform_output_wide (const float  *products,
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

void jf_evaluate_pixels (const float *pixels,
                         gsize        phase_stride,
                         int          lanes,
                         int          channels,
                         int          vectors,
                         int          value,
                         float       *values,
                         gsize        value_stride);
void jf_evaluate_pixels_wide (const float *pixels,
                              gsize        phase_stride,
                              int          lanes,
                              int          channels,
                              int          vectors,
                              int          value,
                              float       *values,
                              gsize        value_stride);

void jf_interpolate_taps (const float *products,
                          gsize        value_stride,
                          int          lanes,
                          int          vectors,
                          int          n_values,
                          float       *sums);
void jf_interpolate_taps_wide (const float *products,
                               gsize        value_stride,
                               int          lanes,
                               int          vectors,
                               int          n_values,
                               float       *sums);

G_END_DECLS
