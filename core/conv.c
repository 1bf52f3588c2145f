/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv: one step of a convolution layer
 *
 * A step makes some rows of its output from some rows of its sources. It goes over them panel by panel (gemm.h), so
 * that what it packs and multiplies stays in the second-level cache:
 *
 *   direct    panel of pixels → packed columns [inputs · kernel²][lanes] → product
 *   Winograd  panels of tiles → 64 × [inputs · blocks²][lanes] → for some outputs at a time: 64 products → 6x6 pixels
 *
 * and then through the pointwise layers. A layer of few outputs may be the last, by taps.
 */
#include "conv-private.h"

/*  private functions  */

static void
pointwise_clear (gpointer data)
{
  JfPointwise *pointwise = data;

  g_aligned_free (pointwise->weights);
  g_free (pointwise->bias);
}

/*  public functions  */

/**
 * jf_conv_init:
 * @conv:     (out): the step
 * @gemm:     what to multiply with
 * @method:   how to convolve
 * @channels: its channels; with several copies there is one source of their own inputs, after the shared one if there is one
 * @kernel:   side of the kernels, odd
 * @relu:     whether negative results become 0
 * @weights:  [outputs][inputs][kernel][kernel], of a copy, the shared inputs first
 *
 * Packs the weights for @gemm. Free with jf_conv_clear().
 */
void
jf_conv_init (JfConv           *conv,
              const JfGemm     *gemm,
              JfConvMethod      method,
              const JfChannels *channels,
              int               kernel,
              gboolean          relu,
              const float      *weights)
{
  *conv = (JfConv) { .gemm = gemm, .method = method, .copies = channels->copies, .shared = channels->shared,
                     .inputs = channels->inputs - channels->shared, .outputs = channels->outputs,
                     .channels = channels->outputs, .kernel = kernel, .relu = relu };
  conv->pointwise = g_array_new (FALSE, FALSE, sizeof (JfPointwise));
  g_array_set_clear_func (conv->pointwise, pointwise_clear);
  switch (method)
    {
    case JF_CONV_DIRECT:
      jf_conv_init_direct (conv, weights);
      break;
    case JF_CONV_WINOGRAD:
      jf_conv_init_winograd (conv, weights);
      break;
    }
}

/**
 * jf_conv_clear:
 * @conv: a step from jf_conv_init()
 *
 * Frees its weights.
 */
void
jf_conv_clear (JfConv *conv)
{
  g_clear_pointer (&conv->weights, g_aligned_free);
  g_clear_pointer (&conv->shared_weights, g_aligned_free);
  g_clear_pointer (&conv->pointwise, g_array_unref);
  g_clear_pointer (&conv->taps, g_aligned_free);
  g_clear_pointer (&conv->tap_bias, g_free);
}

/**
 * jf_conv_count_parts:
 * @conv:   the step
 * @output: where to
 *
 * Returns: into how many parts a block of rows falls: its panels of tiles, or all of it if it is not made by tiles
 */
int
jf_conv_count_parts (const JfConv    *conv,
                     const JfFeature *output)
{
  int vectors = conv->gemm->pixels / JF_LANES;

  return conv->method == JF_CONV_WINOGRAD ? (output->vectors + vectors - 1) / vectors : 1;
}

/**
 * jf_conv_run:
 * @conv:      the step
 * @sources:   its inputs, in the order of the weights' channels
 * @n_sources: how many, up to JF_CONV_MAX_SOURCES
 * @bias:      one per output of the correlation
 * @y:         the first row to make
 * @first:     the first part to make
 * @n:         how many, up to @conv->panels
 * @output:    where to
 * @scratch:   @conv->scratch floats, 64-byte aligned
 *
 * Makes parts of rows @y … @y + block_rows - 1 of the output from rows @y … @y + window - 1 of the sources: pixel (x, y) of the
 * output is the kernel's sum over (x … x + kernel - 1, y … y + kernel - 1), or as many columns further left as the sources have
 * of a context, which only steps by Winograd's can read. Parts may be made in any order and at the same time.
 *
 * A step with taps begins these rows and completes those that lie `late` above; steps have to follow each other, and the
 * output has to be laid out for @conv->late more pixels in a row than it has, with a reach of a tile at least. It is not done
 * before jf_conv_join().
 */
void
jf_conv_run (const JfConv     *conv,
             const JfFeature **sources,
             int               n_sources,
             const float      *bias,
             int               y,
             int               first,
             int               n,
             JfFeature        *output,
             float            *scratch)
{
  switch (conv->method)
    {
    case JF_CONV_DIRECT:
      if (conv->late > 0)
        jf_conv_start_rows (conv, y, output);
      jf_conv_run_direct (conv, sources, n_sources, bias, y, output, scratch);
      break;
    case JF_CONV_WINOGRAD:
      jf_conv_run_winograd (conv, sources, n_sources, bias, y, first, n, output, scratch);
      break;
    }
}

/**
 * jf_conv_join:
 * @conv:    the step
 * @y:       as in jf_conv_run()
 * @first:   the same
 * @n:       the same
 * @output:  the same
 * @scratch: the same, as it was left
 *
 * Adds the taps of these parts to the rows, which has to be done in the order of parts: neighbours add to the same pixels.
 */
void
jf_conv_join (const JfConv *conv,
              int           y,
              int           first,
              int           n,
              JfFeature    *output,
              float        *scratch)
{
  if (conv->late == 0)
    return;

  if (conv->method == JF_CONV_WINOGRAD)
    jf_conv_join_winograd (conv, y, first, n, output, scratch);

  if (conv->tap_relu && first + n == jf_conv_count_parts (conv, output))
    jf_conv_clip_rows (conv, y - conv->late, output);
}
