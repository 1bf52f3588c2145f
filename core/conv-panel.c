/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv-panel: where a panel's results go
 *
 * Vectors that follow each other in a panel lie in lanes and phases of a row (feature.h).
 */
#include "conv-private.h"

/*  private functions  */

JF_DISPATCH static void
store_panel (const float       *product,
             int                outputs,
             int                lanes,
             const JfConvPanel *panel,
             float             *row,
             gsize              phase_stride,
             gsize              channel_stride)
{
  int o, i;

  for (o = 0; o < outputs; o++)
    for (i = 0; i < panel->n_vectors; i++)
      jf_vector_store (row + o * channel_stride + panel->phase[i] * phase_stride + panel->lane[i],
                       jf_vector_load (product + o * lanes + i * JF_LANES));
}

/* Whether a panel is one piece of a row, so that a product can be written there. */
static gboolean
panel_is_contiguous (const JfGemm      *gemm,
                     const JfConvPanel *panel)
{
  int last = gemm->pixels / JF_LANES - 1;

  return panel->n_vectors == last + 1 && panel->phase[0] == panel->phase[last];
}

/* Floats of a product of the last pointwise layer. */
static gsize
last_product_size (const JfConv *conv)
{
  return jf_conv_panel_size (conv->gemm, g_array_index (conv->pointwise, JfPointwise, conv->pointwise->len - 1).outputs);
}

/*  public functions  */

/**
 * jf_conv_locate_panel:
 * @panel:             (out): the panel
 * @first:             its first vector
 * @n_vectors:         how many
 * @vectors_per_phase: how many a row has in each phase
 *
 * Finds the place of a panel in a row.
 */
void
jf_conv_locate_panel (JfConvPanel *panel,
                      int          first,
                      int          n_vectors,
                      int          vectors_per_phase)
{
  int i;

  panel->n_vectors = n_vectors;
  for (i = 0; i < n_vectors; i++)
    {
      panel->phase[i] = (first + i) / vectors_per_phase;
      panel->lane[i]  = (first + i) % vectors_per_phase * JF_LANES;
    }
}

/**
 * jf_conv_finish_panel:
 * @conv:    the step
 * @pixels:  the correlation's results
 * @panel:   their place
 * @y:       their row
 * @output:  where to
 * @scratch: for the pointwise layers
 *
 * Takes a panel through the pointwise layers and to its place in the output, where taps are added.
 */
void
jf_conv_finish_panel (const JfConv      *conv,
                      const float       *pixels,
                      const JfConvPanel *panel,
                      int                y,
                      JfFeature         *output,
                      float             *scratch)
{
  const JfGemm *gemm    = conv->gemm;
  gsize         channel = jf_feature_channel_stride (output);
  float        *row     = jf_feature_new_row (output, y);
  float        *product = scratch;

  if (conv->pointwise->len > 0 && conv->late == 0 && panel_is_contiguous (gemm, panel))
    {
      jf_conv_run_pointwise (conv, pixels, 0, 1, panel->n_vectors,
                             row + panel->phase[0] * output->phase_stride + panel->lane[0], 0, channel, scratch);
      return;
    }

  if (conv->pointwise->len > 0)
    {
      scratch += last_product_size (conv);
      jf_conv_run_pointwise (conv, pixels, 0, 1, panel->n_vectors, product, 0, gemm->pixels, scratch);
      pixels = product;
    }

  if (conv->late > 0)
    jf_conv_add_row_taps (conv, pixels, panel, y, output);
  else
    store_panel (pixels, conv->channels, gemm->pixels, panel, row, output->phase_stride, channel);
}
