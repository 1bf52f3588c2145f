/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * gemm: the matrix product at the bottom of every convolution
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The widest panel of pixels; those of BLIS's configurations have 8 to 64 lanes. */
#define JF_GEMM_MAX_PIXELS 128

/* Kernels of BLIS begin to load what follows their operands, so many bytes at most, and something has to be there (BLIS,
 * docs/ConfigurationHowTo.md, BLIS_MAX_PRELOAD_BYTE_OFFSET). Those of penryn, sandybridge, haswell and zen3 load up to 64 of them,
 * those of skx more.
 */
#define JF_GEMM_PRELOAD 128

typedef enum
{
  JF_GEMM_MICRO_KERNEL,   /* a register-block kernel, on operands packed by us            */
  JF_GEMM_PUBLIC          /* bli_sgemm: the fallback, and the reference in tests         */
} JfGemmPath;

/* How this CPU wants its operands. Weights come in panels of `weights` outputs or less, pixels in panels of
 * `pixels` lanes (a multiple of JF_LANES), both as [depth][panel]. Products come in panels of pixels as well,
 * [outputs][panel], so that one product's result is the next one's operand.
 */
typedef struct _JfGemm
{
  JfGemmPath  path;
  int         pixels;
  int         weights;

  /*< private >*/
  gboolean    is_ours;
  gboolean    pixels_are_columns;
  gboolean    has_short;
  gpointer    kernel;
  const void *context;
} JfGemm;

/* @product = @weights × @pixels + @sum + @bias, once or again and again with operands that follow each other. */
typedef struct
{
  int          outputs;       /* rows of the weights                                                            */
  int          depth;         /* the length of the sums                                                         */
  int          lanes;         /* how many lanes of the panel matter; the product's others may become anything    */
  const float *weights;       /* from jf_gemm_pack_weights(), 64-byte aligned; JF_GEMM_PRELOAD more may be read    */
  const float *pixels;        /* a panel [depth][gemm->pixels], likewise                                        */
  const float *sum;           /* (nullable): added, laid out as the product and perhaps the product itself      */
  const float *bias;          /* (nullable): one per output, added at last                                      */
  gboolean     relu;          /* with a bias, whether negative results become 0                                  */
  float       *product;       /* a panel [outputs][gemm->pixels]; of a part of one, up to jf_gemm_round_outputs() rows
                                 are written                                                                    */
  gsize        stride;        /* floats from one output of the product to the next                              */

  int          repeats;       /* further products of this shape, without a sum                                   */
  gboolean     same_weights;  /* of all of them, or they are packed one after the other                          */
  gsize        pixels_step;   /* floats from one product's pixels to the next's                                  */
  gsize        product_step;
} JfProduct;

const JfGemm * jf_gemm_get             (JfGemmPath       path);
const char   * jf_gemm_describe        (void);

int            jf_gemm_round_outputs   (const JfGemm    *gemm,
                                        int              outputs);
int            jf_gemm_group_outputs   (const JfGemm    *gemm,
                                        int              outputs);
float        * jf_gemm_allocate        (gsize            n_floats,
                                        gsize            alignment);
void           jf_gemm_pack_weights    (const JfGemm    *gemm,
                                        int              outputs,
                                        int              depth,
                                        const float     *weights,
                                        gsize            output_stride,
                                        gsize            depth_stride,
                                        float           *packed);
void           jf_gemm_multiply        (const JfGemm    *gemm,
                                        const JfProduct *job);

G_END_DECLS
