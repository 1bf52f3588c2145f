/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * network: a model, packed for one kind of picture
 */
#pragma once

#include "gemm.h"
#include "model.h"

G_BEGIN_DECLS

typedef enum
{
  JF_NETWORK_FASTEST,   /* for every layer the method with the least estimated time     */
  JF_NETWORK_DIRECT     /* direct convolution throughout: the reference in tests        */
} JfNetworkMethod;

/* A model's weights, packed for this CPU and for one kind of picture. Immutable. */
typedef struct _JfNetwork JfNetwork;

JfNetwork * jf_network_new                (const JfModel   *model,
                                           JfGemmPath       path,
                                           JfNetworkMethod  method,
                                           int              target_planes,
                                           int              guidance_planes);
void        jf_network_free               (JfNetwork       *network);
int         jf_network_get_space_to_depth (const JfNetwork *network);
int         jf_network_get_halo           (const JfNetwork *network);
int         jf_network_get_widest_tile    (const JfNetwork *network);
gboolean    jf_network_has_exact_rows     (const JfNetwork *network);
gboolean    jf_network_runs_in_strips     (const JfNetwork *network);
gboolean    jf_network_is_cascade         (const JfNetwork *network);

G_END_DECLS
