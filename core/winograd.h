/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * winograd: the transforms of F(6x6,3x3)
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Side of an input tile, and the number of products per tile and pair of channels. */
#define JF_WINOGRAD_SIDE     8
#define JF_WINOGRAD_PRODUCTS (JF_WINOGRAD_SIDE * JF_WINOGRAD_SIDE)

/* Side of the kernels. */
#define JF_WINOGRAD_KERNEL   3

/* Values of the product of a row of three pixels and one of three or five taps: as many as it has columns. */
#define JF_WINOGRAD_MIN_VALUES 5
#define JF_WINOGRAD_MAX_VALUES 7

/* The first ones of those that have to be evaluated together: at 1 and -1, at 1/2, at 2 and -2. */
#define JF_WINOGRAD_ONE  2
#define JF_WINOGRAD_HALF 4
#define JF_WINOGRAD_TWO  5

void jf_winograd_transform_kernel (const float        *kernel,
                                   gsize               row_stride,
                                   int                 rows,
                                   int                 columns,
                                   float              *transformed);
void jf_winograd_transform_input  (const float *const *rows,
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
void jf_winograd_transform_output (const float        *products,
                                   gsize               product_stride,
                                   gsize               output_stride,
                                   int                 outputs,
                                   int                 vectors,
                                   const float        *bias,
                                   const float        *addend,
                                   gsize               addend_stride,
                                   gboolean            relu,
                                   float *const       *rows,
                                   gsize               phase_stride,
                                   gsize               channel_stride);

void jf_winograd_evaluate_taps    (const float        *row,
                                   int                 n,
                                   float              *values);
void jf_winograd_evaluate_pixels  (const float        *pixels,
                                   gsize               phase_stride,
                                   int                 lanes,
                                   int                 channels,
                                   int                 vectors,
                                   int                 value,
                                   float              *values,
                                   gsize               value_stride);
void jf_winograd_interpolate_taps (const float        *products,
                                   gsize               value_stride,
                                   int                 lanes,
                                   int                 vectors,
                                   int                 n_values,
                                   float              *sums);

G_END_DECLS
