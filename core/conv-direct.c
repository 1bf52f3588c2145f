/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv-direct: convolution by one product over all weights of an output
 *
 * A panel is packed as columns, one for every input, row and column of the kernel.
 */
#include "conv-private.h"

/* Depth of a direct product: a panel of 16 lanes and this depth fills 24 KiB of a 32 KiB first-level cache. */
#define DIRECT_DEPTH 384

/*  private functions  */

/* One row and column of all taps of a source, for all vectors of a panel. */
JF_INLINE float *
pack_tap (const float *row,
          const gsize *offsets,
          int          n_vectors,
          int          lanes,
          float       *packed)
{
  int i;

  for (i = 0; i < n_vectors; i++)
    jf_vector_store (packed + i * JF_LANES, jf_vector_load (row + offsets[i]));

  return packed + lanes;
}

/* Packs columns first … first + depth; a column is an input, row and column of the kernel. */
JF_DISPATCH static void
pack_columns (const JfConv       *conv,
              const JfFeature   **sources,
              int                 y,
              const JfConvPanel  *panel,
              int                 first,
              int                 depth,
              float              *packed)
{
  int lanes = conv->gemm->pixels;
  int area  = conv->kernel * conv->kernel;
  int input = first / area;
  int tap   = first % area;

  while (depth > 0)
    {
      const JfFeature *source = *sources++;

      for (; input < source->channels && depth > 0; input++, tap = 0)
        for (; tap < area && depth > 0; tap++, depth--)
          {
            const float *row = jf_feature_row (source, y + tap / conv->kernel) +
                               input * jf_feature_channel_stride (source);
            gsize        offsets[JF_CONV_MAX_PANEL_VECTORS];
            int          i;

            for (i = 0; i < panel->n_vectors; i++)
              {
                int x = panel->phase[i] + tap % conv->kernel;

                offsets[i] = x % JF_TILE * source->phase_stride + x / JF_TILE + panel->lane[i];
              }
            packed = pack_tap (row, offsets, panel->n_vectors, lanes, packed);
          }
      input -= source->channels;
    }
}

static void
run_copy (const JfConv     *conv,
          const JfFeature **sources,
          const float      *bias,
          int               y,
          JfFeature        *output,
          float            *scratch)
{
  const JfGemm *gemm      = conv->gemm;
  gsize         rows      = jf_gemm_round_outputs (gemm, conv->outputs);
  float        *product   = scratch;
  float        *packed    = product + jf_conv_panel_size (gemm, conv->outputs);
  float        *rest      = packed + (gsize) MIN (conv->depth, DIRECT_DEPTH) * gemm->pixels;
  int           n_vectors = JF_TILE * output->vectors;
  int           start, first, depth;
  JfConvPanel   panel;

  for (start = 0; start < n_vectors; start += panel.n_vectors)
    {
      const float *weights = conv->weights;

      jf_conv_locate_panel (&panel, start, MIN (gemm->pixels / JF_LANES, n_vectors - start), output->vectors);
      for (first = 0; first < conv->depth; first += depth)
        {
          depth = MIN (DIRECT_DEPTH, conv->depth - first);
          pack_columns (conv, sources, y, &panel, first, depth, packed);
          jf_gemm_multiply (gemm, &(JfProduct) { .outputs = conv->outputs, .depth = depth,
                                                 .lanes = panel.n_vectors * JF_LANES,
                                                 .weights = weights, .pixels = packed, .sum = first > 0 ? product : NULL,
                                                 .bias = first + depth == conv->depth ? bias : NULL, .relu = conv->relu,
                                                 .product = product, .stride = gemm->pixels });
          weights += rows * depth;
        }
      jf_conv_finish_panel (conv, product, &panel, y, output, rest);
    }
}

/*  public functions  */

/**
 * jf_conv_init_direct:
 * @conv:    (inout): a step, with its channels and kernel
 * @weights: see jf_conv_init()
 *
 * Lays the step out and packs its weights.
 */
void
jf_conv_init_direct (JfConv      *conv,
                     const float *weights)
{
  int    rows = jf_gemm_round_outputs (conv->gemm, conv->outputs);
  int    depth, first;
  float *packed;

  conv->block_rows = 1;
  conv->panels     = 1;
  conv->window     = conv->kernel;
  conv->reach      = JF_TILE - 1 + conv->kernel - 1;
  conv->depth      = (conv->shared + conv->inputs) * conv->kernel * conv->kernel;
  conv->scratch    = (gsize) MIN (conv->depth, DIRECT_DEPTH) * conv->gemm->pixels +
                     jf_conv_panel_size (conv->gemm, conv->outputs);
  conv->weights    = jf_gemm_allocate ((gsize) rows * conv->depth, JF_LINE_BYTES);

  packed = conv->weights;
  for (first = 0; first < conv->depth; first += depth)
    {
      depth = MIN (DIRECT_DEPTH, conv->depth - first);
      jf_gemm_pack_weights (conv->gemm, conv->outputs, depth, weights + first, conv->depth, 1, packed);
      packed += (gsize) rows * depth;
    }
}

/**
 * jf_conv_run_direct:
 * @conv:      a step from jf_conv_init_direct()
 * @sources:   see jf_conv_run()
 * @n_sources: how many
 * @bias:      see jf_conv_run()
 * @y:         the row to make
 * @output:    where to
 * @scratch:   see jf_conv_run()
 *
 * Makes a row of all copies.
 */
void
jf_conv_run_direct (const JfConv     *conv,
                    const JfFeature **sources,
                    int               n_sources,
                    const float      *bias,
                    int               y,
                    JfFeature        *output,
                    float            *scratch)
{
  const JfFeature *inputs[JF_CONV_MAX_SOURCES] = { sources[0] };
  int              copy;

  if (conv->copies == 1)
    {
      run_copy (conv, sources, bias, y, output, scratch);
      return;
    }

  for (copy = 0; copy < conv->copies; copy++)
    {
      JfFeature input  = jf_conv_feature_of_copy (sources[n_sources - 1], copy, conv->copies);
      JfFeature result = jf_conv_feature_of_copy (output, copy, conv->copies);

      inputs[n_sources - 1] = &input;
      run_copy (conv, inputs, bias, y, &result, scratch);
    }
}
