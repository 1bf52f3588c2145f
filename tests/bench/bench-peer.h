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
  int            target_planes;
  int            guidance_planes;
  int            output_planes;
  int            width;               /* of the output                                                      */
  int            height;
  int            target_border;       /* the target's input is 2 · this wider and higher than the output    */
  int            guidance_border;
} BenchShape;

typedef struct _BenchPeer BenchPeer;

BenchPeer * bench_peer_new      (const BenchShape *shape);
char      * bench_peer_describe (BenchPeer        *peer);

/* [plane][y][x]. The guidance's features serve all targets that follow: a one-channel model runs on each channel of a
 * colour target. Output is the filter stack's, without the residual.
 */
void        bench_peer_guide    (BenchPeer        *peer,
                                 float            *guidance);
void        bench_peer_filter   (BenchPeer        *peer,
                                 float            *target,
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

/* Planes of a stack's features. */
static inline int
bench_stack_outputs (const JfStack *stack)
{
  return stack->layers[stack->n_layers - 1].outputs;
}

G_END_DECLS
