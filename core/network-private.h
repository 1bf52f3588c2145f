/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * network: what those that run it see of it
 */
#pragma once

#include "cascade.h"
#include "chain.h"
#include "network.h"

G_BEGIN_DECLS

struct _JfNetwork
{
  guint      serial;            /* no other network ever has the same */
  int        space_to_depth;
  gboolean   residual;
  gboolean   exact_rows;        /* see jf_network_has_exact_rows() */
  int        target_planes;
  int        guidance_planes;
  int        copies;            /* of T and F */
  JfChain    chains[JF_N_STACKS];
  JfCascade *cascade;           /* (nullable): all layers, instead of the chains */
  int        strip;             /* width of the strips of tiles in blocks, or 0 if tiles are made in one piece */
  int        widest_tile;       /* in blocks, G_MAXINT in strips                                               */
  JfStep    *noise_step;        /* (nullable): the one that sees the noise level and its excess */
  float     *level_gain;        /* (nullable): what a noise level of 1 adds to its bias */
  float     *excess_gain;       /* (nullable): and an excess of 1                       */
};

G_END_DECLS
