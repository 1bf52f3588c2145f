/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv-tile-taps: a last layer of few outputs, from tiles
 *
 * It has fewer products than a plane of them for every weight: the rows of tiles are evaluated at some points and multiplied with
 * what the rows of the kernels are there (winograd.c).
 */
#include <string.h>

#include "conv-private.h"
#include "winograd.h"

/*  private functions  */

/* The side of what a tile adds to by taps: their rows go up and their columns to the left. */
static int
taps_side (const JfConv *conv)
{
  return JF_TILE + conv->late;
}

/* Values that the product of half a row of a tile with a row of taps is found from. */
static int
count_values (const JfConv *conv)
{
  return conv->late + JF_WINOGRAD_MIN_VALUES - 2;
}

/* Rows of all kernels. */
static int
count_tap_rows (const JfConv *conv)
{
  return conv->channels * (conv->late + 1);
}

/* Floats from one panel of a row's pixels or values to the next. */
static gsize
value_stride (const JfConv *conv)
{
  return jf_round_to_odd_lines ((gsize) conv->tap_inputs * conv->gemm->pixels);
}

/* The values of the kernels' rows: [output][row][input][value]. */
static float *
evaluate_taps (const JfConv *conv,
               const float  *weights)
{
  int    kernel    = conv->late + 1;
  int    n_values  = count_values (conv);
  float *evaluated = g_new (float, (gsize) count_tap_rows (conv) * conv->tap_inputs * n_values);
  int    o, i, y;

  for (o = 0; o < conv->channels; o++)
    for (i = 0; i < conv->tap_inputs; i++)
      for (y = 0; y < kernel; y++)
        jf_winograd_evaluate_taps (weights + (((gsize) o * conv->tap_inputs + i) * kernel + y) * kernel, kernel,
                                   evaluated + (((gsize) o * kernel + y) * conv->tap_inputs + i) * n_values);

  return evaluated;
}

/* The products of all rows of taps with both halves of a row of tiles, for one value. */
static void
multiply_taps (const JfConv *conv,
               int           value,
               const float  *pixels,
               gsize         pixels_step,
               int           n_vectors,
               float        *products)
{
  const JfGemm *gemm = conv->gemm;
  int           rows = count_tap_rows (conv);
  gsize         size = jf_conv_panel_size (gemm, rows);

  jf_gemm_multiply (gemm, &(JfProduct) { .outputs = rows, .depth = conv->tap_inputs, .lanes = n_vectors * JF_LANES,
                                         .weights = conv->taps +
                                                    value * jf_gemm_round_outputs (gemm, rows) * (gsize) conv->tap_inputs,
                                         .pixels = pixels, .product = products + 2 * value * size, .stride = gemm->pixels,
                                         .repeats = 1, .same_weights = TRUE,
                                         .pixels_step = pixels_step, .product_step = size });
}

/* The same for all values, which are @values for a while. */
static void
evaluate_and_multiply (const JfConv *conv,
                       const float  *pixels,
                       gsize         phase_stride,
                       int           n_vectors,
                       float        *values,
                       float        *products)
{
  int   lanes  = conv->gemm->pixels;
  int   inputs = conv->tap_inputs;
  gsize stride = value_stride (conv);
  int   value, next;

  /* At 0 and infinity the pixels are values themselves. */
  multiply_taps (conv, 0, pixels, JF_TILE / 2 * phase_stride, n_vectors, products);
  multiply_taps (conv, 1, pixels + 2 * phase_stride, JF_TILE / 2 * phase_stride, n_vectors, products);

  for (value = JF_WINOGRAD_ONE; value < count_values (conv); value = next)
    {
      next = value == JF_WINOGRAD_HALF ? value + 1 : value + 2;
      jf_winograd_evaluate_pixels (pixels, phase_stride, lanes, inputs, n_vectors, value, values, stride);
      multiply_taps (conv, value, values, stride, n_vectors, products);
      if (next == value + 2)
        multiply_taps (conv, value + 1, values + 2 * stride, stride, n_vectors, products);
    }
}

/* Adds up the taps of row @row of a panel of tiles. */
static void
collect_taps (const JfConv *conv,
              const float  *products,
              int           n_vectors,
              int           row,
              float        *sums)
{
  int   kernel = conv->late + 1;
  int   side   = taps_side (conv);
  int   lanes  = conv->gemm->pixels;
  gsize size   = jf_conv_panel_size (conv->gemm, count_tap_rows (conv));
  int   o, ky;

  for (o = 0; o < conv->channels; o++)
    for (ky = 0; ky < kernel; ky++)
      jf_winograd_interpolate_taps (products + (o * kernel + ky) * lanes, size, lanes, n_vectors, count_values (conv),
                                    sums + (o * side + row - ky + conv->late) * side * lanes);
}

/*  public functions  */

/**
 * jf_conv_init_tile_taps:
 * @conv:    (inout): a step by Winograd's
 * @outputs: see jf_conv_add_taps()
 * @kernel:  the same
 * @weights: the same
 *
 * Lays taps out and packs their weights.
 */
void
jf_conv_init_tile_taps (JfConv      *conv,
                        int          outputs,
                        int          kernel,
                        const float *weights)
{
  g_autofree float *evaluated = NULL;
  gsize             rows, size;
  int               value;

  conv->tap_inputs = conv->channels;
  conv->channels   = outputs;
  conv->late       = kernel - 1;
  if (conv->pointwise->len == 0)
    jf_conv_lay_out_panels (conv);

  evaluated  = evaluate_taps (conv, weights);
  rows       = count_tap_rows (conv);
  size       = jf_gemm_round_outputs (conv->gemm, (int) rows) * (gsize) conv->tap_inputs;
  conv->taps = jf_gemm_allocate (count_values (conv) * size, JF_LINE_BYTES);
  for (value = 0; value < count_values (conv); value++)
    jf_gemm_pack_weights (conv->gemm, (int) rows, conv->tap_inputs, evaluated + value,
                          (gsize) conv->tap_inputs * count_values (conv), count_values (conv), conv->taps + value * size);

  conv->taps_size = conv->panels * conv->copies * jf_conv_tile_taps_size (conv);
  conv->scratch  += (4 + JF_TILE) * value_stride (conv) +
                    2 * count_values (conv) * jf_conv_panel_size (conv->gemm, (int) rows) + conv->taps_size;
}

/**
 * jf_conv_tile_taps_size:
 * @conv: a step by Winograd's, with taps
 *
 * Returns: the floats of the sums of taps of a panel of tiles: [channels][side][side][lanes]
 */
gsize
jf_conv_tile_taps_size (const JfConv *conv)
{
  return (gsize) conv->channels * taps_side (conv) * taps_side (conv) * conv->gemm->pixels;
}

/**
 * jf_conv_sum_tile_taps:
 * @conv:         a step by Winograd's, with taps
 * @pixels:       the 36 panels of pixels of a panel of tiles
 * @pixel_stride: floats from one of them to the next
 * @n_vectors:    how many vectors of a panel matter
 * @sums:         (out): the sums, of jf_conv_tile_taps_size() floats
 * @scratch:      for the pointwise layers and the products
 *
 * Takes a panel of tiles through the pointwise layers, and adds up its taps as far as they fall on the same pixel.
 */
void
jf_conv_sum_tile_taps (const JfConv *conv,
                       const float  *pixels,
                       gsize         pixel_stride,
                       int           n_vectors,
                       float        *sums,
                       float        *scratch)
{
  gboolean  is_last  = conv->pointwise->len == 0;
  gsize     stride   = is_last ? pixel_stride : value_stride (conv);
  float    *values   = scratch;
  float    *products = values + 4 * value_stride (conv);
  float    *row      = products + 2 * count_values (conv) * jf_conv_panel_size (conv->gemm, count_tap_rows (conv));
  int       i;

  memset (sums, 0, jf_conv_tile_taps_size (conv) * sizeof (float));
  for (i = 0; i < JF_TILE; i++)
    {
      if (! is_last)
        jf_conv_run_pointwise (conv, pixels, pixel_stride, JF_TILE, n_vectors, row, stride, conv->gemm->pixels,
                               row + JF_TILE * stride);
      evaluate_and_multiply (conv, is_last ? pixels : row, stride, n_vectors, values, products);
      collect_taps (conv, products, n_vectors, i, sums);
      pixels += JF_TILE * pixel_stride;
    }
}

/**
 * jf_conv_add_tile_taps:
 * @conv:      a step by Winograd's, with taps
 * @sums:      from jf_conv_sum_tile_taps()
 * @lane:      the first lane of the panel
 * @n_vectors: how many vectors of it matter
 * @y:         the first row of its tiles
 * @output:    (inout): the rows to add to
 *
 * Adds the sums of a panel of tiles to the rows.
 */
JF_DISPATCH void
jf_conv_add_tile_taps (const JfConv *conv,
                       const float  *sums,
                       int           lane,
                       int           n_vectors,
                       int           y,
                       JfFeature    *output)
{
  gsize channel = jf_feature_channel_stride (output);
  int   side    = taps_side (conv);
  int   lanes   = conv->gemm->pixels;
  int   o, row, column, i;

  for (o = 0; o < conv->channels; o++)
    for (row = MAX (0, output->top + conv->late - y); row < side; row++)
      for (column = 0; column < side; column++)
        {
          /* Left of phase 0 is phase 5 of the lane before. */
          int          x    = column - conv->late + JF_TILE;
          float       *to   = jf_feature_new_row (output, y - conv->late + row) + o * channel +
                              x % JF_TILE * output->phase_stride + lane + x / JF_TILE - 1;
          const float *from = sums + ((o * side + row) * side + column) * lanes;

          for (i = 0; i < n_vectors * JF_LANES; i += JF_LANES)
            jf_vector_store (to + i, jf_vector_load (to + i) + jf_vector_load (from + i));
        }
}
