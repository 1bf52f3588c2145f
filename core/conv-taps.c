/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv-taps: a last layer of few outputs
 *
 * A register of outputs would be mostly empty. So the layer is a pointwise one to a plane of products ("taps") for every weight
 * of its kernels, which are added to the result where they belong. Tiles have a way of their own (conv-tile-taps.c).
 */
#include "conv-private.h"

/*  private functions  */

/* A pointwise layer to a plane for each. */
static void
init_row_taps (JfConv      *conv,
               int          outputs,
               int          kernel,
               const float *weights)
{
  int               area   = kernel * kernel;
  int               inputs = conv->channels;
  g_autofree float *taps   = g_new (float, (gsize) outputs * inputs * area);
  g_autofree float *zeros  = g_new0 (float, outputs * area);
  int               o, i, t;

  for (o = 0; o < outputs; o++)
    for (i = 0; i < inputs; i++)
      for (t = 0; t < area; t++)
        taps[((gsize) o * area + t) * inputs + i] = weights[((gsize) o * inputs + i) * area + t];

  jf_conv_add_pointwise (conv, outputs * area, FALSE, taps, zeros);
  conv->channels = outputs;
  conv->late     = kernel - 1;
}

/* One row of a kernel's taps: column kx goes kx pixels to the left. */
JF_INLINE void
add_tap_row (const float       *taps,
             int                kernel,
             int                lanes,
             const JfConvPanel *panel,
             float             *row,
             gsize              phase_stride)
{
  int i, kx;

  for (i = 0; i < panel->n_vectors; i++)
    {
      float *to    = row + panel->phase[i] * phase_stride + panel->lane[i];
      int    phase = panel->phase[i];

      for (kx = 0; kx < kernel; kx++)
        {
          jf_vector_store (to, jf_vector_load (to) + jf_vector_load (taps + kx * lanes + i * JF_LANES));

          /* Left of phase 0 is phase 5 of the lane before. */
          to += phase-- == 0 ? (JF_TILE - 1) * phase_stride - 1 : -phase_stride;
        }
    }
}

/*  public functions  */

/**
 * jf_conv_add_taps:
 * @conv:    a step without taps
 * @outputs: channels of the result
 * @kernel:  side of the kernels, odd and up to JF_CONV_MAX_TAPS
 * @relu:    whether negative results become 0
 * @weights: [outputs][channels of the step so far][kernel][kernel]
 * @bias:    [outputs]
 *
 * Lets a layer of few outputs follow, by taps. It is the step's last.
 */
void
jf_conv_add_taps (JfConv      *conv,
                  int          outputs,
                  int          kernel,
                  gboolean     relu,
                  const float *weights,
                  const float *bias)
{
  if (conv->method == JF_CONV_WINOGRAD)
    jf_conv_init_tile_taps (conv, outputs, kernel, weights);
  else
    init_row_taps (conv, outputs, kernel, weights);

  conv->tap_bias = g_memdup2 (bias, outputs * sizeof (float));
  conv->tap_relu = relu;
}

/**
 * jf_conv_start_rows:
 * @conv:   a step with taps
 * @y:      the first row of a block
 * @output: (inout): where to
 *
 * Begins the rows of a block, which taps are about to be added to for the first time.
 */
void
jf_conv_start_rows (const JfConv *conv,
                    int           y,
                    JfFeature    *output)
{
  gsize channel = jf_feature_channel_stride (output);
  int   row, o;
  gsize x;

  for (row = MAX (y, output->top); row < y + conv->block_rows; row++)
    for (o = 0; o < output->channels; o++)
      for (x = 0; x < channel; x++)
        jf_feature_new_row (output, row)[o * channel + x] = conv->tap_bias[o % conv->channels];
}

/**
 * jf_conv_add_row_taps:
 * @conv:   a direct step with taps
 * @taps:   the products of a panel
 * @panel:  its place
 * @y:      its row
 * @output: (inout): the rows to add to
 *
 * Adds the taps of a panel: row ky of a kernel goes ky rows up.
 */
JF_DISPATCH void
jf_conv_add_row_taps (const JfConv      *conv,
                      const float       *taps,
                      const JfConvPanel *panel,
                      int                y,
                      JfFeature         *output)
{
  gsize channel = jf_feature_channel_stride (output);
  int   kernel  = conv->late + 1;
  int   lanes   = conv->gemm->pixels;
  int   o, ky;

  for (o = 0; o < conv->channels; o++)
    for (ky = 0; ky < kernel; ky++)
      if (y - ky >= output->top)
        add_tap_row (taps + (o * kernel + ky) * kernel * lanes, kernel, lanes, panel,
                     jf_feature_new_row (output, y - ky) + o * channel, output->phase_stride);
}

/**
 * jf_conv_clip_rows:
 * @conv:   a step with taps
 * @y:      the first row of a block that is complete
 * @output: (inout): its rows
 *
 * Negative results become 0.
 */
JF_DISPATCH void
jf_conv_clip_rows (const JfConv *conv,
                   int           y,
                   JfFeature    *output)
{
  gsize size = output->channels * jf_feature_channel_stride (output);
  int   row;
  gsize x;

  for (row = MAX (y, output->top); row < y + conv->block_rows; row++)
    for (x = 0; x < size; x += JF_LANES)
      {
        float *at = jf_feature_new_row (output, row) + x;

        jf_vector_store (at, jf_vector_positive (jf_vector_load (at)));
      }
}
