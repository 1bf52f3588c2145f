/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv: what the parts of a step share
 */
#pragma once

#include "conv.h"
#include "simd.h"

G_BEGIN_DECLS

#define JF_CONV_MAX_PANEL_VECTORS (JF_GEMM_MAX_PIXELS / JF_LANES)

/* A 1x1 layer that follows a step: it works on pixels that are still in the cache. */
typedef struct
{
  int       inputs;
  int       outputs;
  gboolean  relu;
  float    *weights;
  float    *bias;
} JfPointwise;

/* Where a panel's pixels lie in a row: its vectors follow each other through lanes and then phases. */
typedef struct
{
  int n_vectors;
  int phase[JF_CONV_MAX_PANEL_VECTORS];
  int lane[JF_CONV_MAX_PANEL_VECTORS];
} JfConvPanel;

void  jf_conv_init_direct    (JfConv            *conv,
                              const float       *weights);
void  jf_conv_run_direct     (const JfConv      *conv,
                              const JfFeature  **sources,
                              int                n_sources,
                              const float       *bias,
                              int                y,
                              JfFeature         *output,
                              float             *scratch);

void  jf_conv_init_winograd  (JfConv            *conv,
                              const float       *weights);
void  jf_conv_lay_out_panels (JfConv            *conv);
void  jf_conv_run_winograd   (const JfConv      *conv,
                              const JfFeature  **sources,
                              int                n_sources,
                              const float       *bias,
                              int                y,
                              int                first,
                              int                n,
                              JfFeature         *output,
                              float             *scratch);
void  jf_conv_join_winograd  (const JfConv      *conv,
                              int                y,
                              int                first,
                              int                n,
                              JfFeature         *output,
                              float             *scratch);

void  jf_conv_run_pointwise  (const JfConv      *conv,
                              const float       *pixels,
                              gsize              pixels_step,
                              int                n_panels,
                              int                n_vectors,
                              float             *product,
                              gsize              product_step,
                              gsize              stride,
                              float             *scratch);

void  jf_conv_locate_panel   (JfConvPanel       *panel,
                              int                first,
                              int                n_vectors,
                              int                vectors_per_phase);
void  jf_conv_finish_panel   (const JfConv      *conv,
                              const float       *pixels,
                              const JfConvPanel *panel,
                              int                y,
                              JfFeature         *output,
                              float             *scratch);

void  jf_conv_start_rows     (const JfConv      *conv,
                              int                y,
                              JfFeature         *output);
void  jf_conv_clip_rows      (const JfConv      *conv,
                              int                y,
                              JfFeature         *output);
void  jf_conv_add_row_taps   (const JfConv      *conv,
                              const float       *taps,
                              const JfConvPanel *panel,
                              int                y,
                              JfFeature         *output);

void  jf_conv_init_tile_taps (JfConv            *conv,
                              int                outputs,
                              int                kernel,
                              const float       *weights);
gsize jf_conv_tile_taps_size (const JfConv      *conv);
void  jf_conv_sum_tile_taps  (const JfConv      *conv,
                              const float       *pixels,
                              gsize              pixel_stride,
                              int                n_vectors,
                              float             *sums,
                              float             *scratch);
void  jf_conv_add_tile_taps  (const JfConv      *conv,
                              const float       *sums,
                              int                lane,
                              int                n_vectors,
                              int                y,
                              JfFeature         *output);

/* Floats of a panel of products of so many outputs. */
static inline gsize
jf_conv_panel_size (const JfGemm *gemm,
                    int           outputs)
{
  return jf_round_to_lines ((gsize) jf_gemm_round_outputs (gemm, outputs) * gemm->pixels);
}

/* The channels of one copy, of as many channels in all as there are copies. */
static inline JfFeature
jf_conv_feature_of_copy (const JfFeature *feature,
                         int              copy,
                         int              copies)
{
  JfFeature view = *feature;

  view.channels /= copies;
  view.data     += copy * view.channels * jf_feature_channel_stride (feature);
  if (view.left)
    view.left += copy * view.channels;

  return view;
}

G_END_DECLS
