/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-peer: what another library must offer to run our networks
 */
#pragma once

#include "bench-worker.h"

G_BEGIN_DECLS

/* One shape of input, on the network's own grid (after space to depth). Every convolution is valid: each stack's input
 * comes extended by as many pixels as its path loses.
 */
typedef struct
{
  const JfModel *model;
  int            n_threads;
  gboolean       taps;
  gboolean       winograd;
  int            images;              /* a one-channel model runs on every channel as an image of a batch   */
  int            target_planes;       /* of one image                                                       */
  int            guidance_planes;     /* the guidance is one image for all                                  */
  int            output_planes;
  int            width;               /* of the output                                                      */
  int            height;
  int            target_border;       /* the target's input is 2 · this wider and higher than the output    */
  int            guidance_border;
} BenchShape;

typedef struct _BenchPeer BenchPeer;

BenchPeer * bench_peer_new      (const BenchShape *shape);
char      * bench_peer_describe (BenchPeer        *peer);

/* [image][plane][y][x]; output is the filter stack's, without the residual */
void        bench_peer_run      (BenchPeer        *peer,
                                 float            *target,
                                 float            *guidance,
                                 float            *output);

/* ReLU after every layer of a stack but its last; after the last too where features are merged through a ReLU. */
static inline gboolean
bench_layer_has_relu (const JfModel *model,
                      JfStackKind    kind,
                      int            layer)
{
  if (layer < model->stacks[kind].n_layers - 1)
    return TRUE;

  return model->merge_relu && kind != JF_STACK_FILTER;
}

G_END_DECLS
