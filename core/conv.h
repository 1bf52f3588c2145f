/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv: one step of a convolution layer
 */
#pragma once

#include "feature.h"
#include "gemm.h"

G_BEGIN_DECLS

typedef enum
{
  JF_CONV_DIRECT,     /* one product over all weights of an output       */
  JF_CONV_WINOGRAD    /* F(6x6,3x3), larger kernels as a sum of 3x3 ones  */
} JfConvMethod;

#define JF_CONV_MAX_SOURCES 2

/* The largest kernel of a layer by taps: it reaches from a tile into the next one only, and not into all of it. */
#define JF_CONV_MAX_TAPS (JF_TILE - 1)

/* Channels of a step that is the same for several planes beside each other: `copies` of it, each of which has `inputs` and
 * `outputs`. The first `shared` inputs are those of a source that all of them read, the others their own.
 */
typedef struct
{
  int copies;
  int shared;
  int inputs;
  int outputs;
} JfChannels;

/* A step: the valid correlation of its sources, taken as one image of all their channels, any number of pointwise layers
 * after it, and at last perhaps a layer by taps, whose result is `late`: a row is only complete when so many more
 * rows of what goes into it are made.
 */
typedef struct
{
  const JfGemm *gemm;
  JfConvMethod  method;
  int           copies;
  int           inputs;       /* of a copy: from sources of its own                  */
  int           shared;       /* and from the source of all, 0 without one           */
  int           outputs;      /* of the correlation                                  */
  int           channels;     /* of the result                                       */
  int           kernel;
  gboolean      relu;
  int           block_rows;   /* rows that are made at a time                        */
  int           window;       /* rows of the sources that a block of rows reads      */
  int           reach;        /* see jf_feature_init(): of the sources               */
  int           late;         /* rows and columns that taps need more, or 0          */
  int           panels;       /* parts that are best made at a time                  */
  gsize         scratch;      /* floats that jf_conv_run() needs                     */

  /*< private >*/
  int           blocks;       /* 3x3 kernels per side (Winograd)                     */
  int           group;        /* outputs that are made at a time (Winograd)          */
  gsize         panels_size;  /* floats of all that the panels need (Winograd)       */
  gsize         taps_size;    /* floats of all sums of taps (Winograd)               */
  int           depth;
  int           shared_depth; /* products that all copies share (Winograd)           */
  float        *weights;
  float        *shared_weights;
  GArray       *pointwise;    /* of JfPointwise                                      */
  int           tap_inputs;   /* channels that taps see (Winograd)                   */
  float        *taps;         /* [value][result channels · kernel rows][tap_inputs] (Winograd) */
  float        *tap_bias;
  gboolean      tap_relu;
} JfConv;

void jf_conv_init          (JfConv           *conv,
                            const JfGemm     *gemm,
                            JfConvMethod      method,
                            const JfChannels *channels,
                            int               kernel,
                            gboolean          relu,
                            const float      *weights);
void jf_conv_add_pointwise (JfConv           *conv,
                            int               outputs,
                            gboolean          relu,
                            const float      *weights,
                            const float      *bias);
void jf_conv_add_taps      (JfConv           *conv,
                            int               outputs,
                            int               kernel,
                            gboolean          relu,
                            const float      *weights,
                            const float      *bias);
void jf_conv_clear         (JfConv           *conv);
int  jf_conv_count_parts   (const JfConv     *conv,
                            const JfFeature  *output);
void jf_conv_run           (const JfConv     *conv,
                            const JfFeature **sources,
                            int               n_sources,
                            const float      *bias,
                            int               y,
                            int               first,
                            int               n,
                            JfFeature        *output,
                            float            *scratch);
void jf_conv_join          (const JfConv     *conv,
                            int               y,
                            int               first,
                            int               n,
                            JfFeature        *output,
                            float            *scratch);

G_END_DECLS
