/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * chain: convolution layers that follow each other, packed as steps
 */
#pragma once

#include "conv.h"
#include "gemm.h"
#include "model.h"
#include "network.h"

G_BEGIN_DECLS

/* One layer, or several that are one step. */
typedef struct
{
  JfConv  conv;
  float  *bias;
} JfStep;

typedef struct
{
  JfStep *steps;
  int     n_steps;
  int     copies;     /* beside each other, of the same layers */
  int     halo;
} JfChain;

void jf_chain_init  (JfChain         *chain,
                     const JfGemm    *gemm,
                     JfNetworkMethod  method,
                     const JfLayer   *layers,
                     int              n_layers,
                     int              copies,
                     int              shared,
                     gboolean         last_relu);
void jf_chain_clear (JfChain         *chain);

G_END_DECLS
