/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv-pointwise: the 1x1 layers that follow the correlation of a step
 *
 * Each is a product of the panels that the one before has left, which are still in the cache.
 */
#include "conv-private.h"

/*  private functions  */

/* Panels of pixels that are taken through the pointwise layers at a time, at most: before taps, the phases of a row of tiles. */
static int
row_panels (const JfConv *conv)
{
  return conv->method == JF_CONV_WINOGRAD ? JF_TILE : 1;
}

/*  public functions  */

/**
 * jf_conv_add_pointwise:
 * @conv:    a step without taps
 * @outputs: channels of the result
 * @relu:    whether negative results become 0
 * @weights: [outputs][channels of the step so far]
 * @bias:    [outputs]
 *
 * Lets a 1x1 layer follow.
 */
void
jf_conv_add_pointwise (JfConv      *conv,
                       int          outputs,
                       gboolean     relu,
                       const float *weights,
                       const float *bias)
{
  JfPointwise  pointwise = { .inputs = conv->channels, .outputs = outputs, .relu = relu };
  gsize        rows      = jf_gemm_round_outputs (conv->gemm, outputs);

  pointwise.weights = jf_gemm_allocate (rows * conv->channels, JF_LINE_BYTES);
  jf_gemm_pack_weights (conv->gemm, outputs, conv->channels, weights, conv->channels, 1, pointwise.weights);
  pointwise.bias = g_memdup2 (bias, outputs * sizeof (float));

  g_array_append_val (conv->pointwise, pointwise);
  if (conv->method == JF_CONV_WINOGRAD && conv->pointwise->len == 1)
    jf_conv_lay_out_panels (conv);
  conv->scratch += row_panels (conv) * jf_conv_panel_size (conv->gemm, outputs);
  conv->channels = outputs;
}

/**
 * jf_conv_run_pointwise:
 * @conv:         a step with pointwise layers
 * @pixels:       panels of the correlation's results
 * @pixels_step:  floats from one to the next
 * @n_panels:     how many, up to the phases of a row of tiles in a step by Winograd's, or one
 * @n_vectors:    how many vectors of a panel matter
 * @product:      (out): panels of the last layer's products
 * @product_step: floats from one to the next
 * @stride:       floats from one channel of @product to the next
 * @scratch:      for what is between the layers
 *
 * Takes panels through all pointwise layers.
 */
void
jf_conv_run_pointwise (const JfConv *conv,
                       const float  *pixels,
                       gsize         pixels_step,
                       int           n_panels,
                       int           n_vectors,
                       float        *product,
                       gsize         product_step,
                       gsize         stride,
                       float        *scratch)
{
  const JfGemm *gemm = conv->gemm;
  guint         i;

  for (i = 0; i < conv->pointwise->len; i++)
    {
      const JfPointwise *pointwise = &g_array_index (conv->pointwise, JfPointwise, i);
      gboolean           last      = i == conv->pointwise->len - 1;
      float             *to        = last ? product : scratch;
      gsize              step      = last ? product_step : jf_conv_panel_size (gemm, pointwise->outputs);

      jf_gemm_multiply (gemm, &(JfProduct) { .outputs = pointwise->outputs, .depth = pointwise->inputs,
                                             .lanes = n_vectors * JF_LANES,
                                             .weights = pointwise->weights, .pixels = pixels,
                                             .bias = pointwise->bias, .relu = pointwise->relu,
                                             .product = to, .stride = last ? stride : (gsize) gemm->pixels,
                                             .repeats = n_panels - 1, .same_weights = TRUE,
                                             .pixels_step = pixels_step, .product_step = step });
      pixels      = to;
      pixels_step = step;
      scratch    += n_panels * step;
    }
}
