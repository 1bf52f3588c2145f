/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * graph: the features of a network and where they are made
 */
#pragma once

#include "chain.h"
#include "feature.h"
#include "network.h"
#include "planes.h"

G_BEGIN_DECLS

/* Where a feature is made: by a step, or from planes. */
typedef struct _JfNode JfNode;

struct _JfNode
{
  const JfStep   *step;         /* NULL: an input */
  JfNode         *sources[JF_CONV_MAX_SOURCES];
  int             n_sources;
  int             n_planes;     /* of inputs */
  int             margin;       /* blocks on every side by which it is larger than the tile */
  int             block_rows;
  int             first;        /* where the first block of rows starts: 0 or above the image */
  JfFeature       feature;
  int            *columns;      /* of inputs: [space_to_depth][phases][lanes], room for the clamped column of every lane */

  /* Of the band that runs it, as are the feature's memory, its height and what lies left of it. */
  const JfPlanes *planes;       /* inputs: what to read */
  int             next;         /* the first row that is not planned yet */
  int             made_by;      /* the stages that make the last of them */
  int             read_by;      /* and read them at last, or -1 */
  float          *edges;        /* of strips, to and fro: [2][edge_rows][context][channels] */
  int             edge_rows;    /* those of the image */
};

/* The layers of a network, laid out for tiles of one width. */
typedef struct
{
  GPtrArray *nodes;         /* sources come before those who read them */
  JfNode    *guidance;      /* its input */
  JfNode    *target;        /* its input */
  JfNode    *result;
  int        columns;       /* of the widest strip */
} JfGraph;

void     jf_graph_init           (JfGraph         *graph,
                                  const JfNetwork *network,
                                  int              width);
void     jf_graph_clear          (JfGraph         *graph);
gboolean jf_graph_has_exact_rows (const JfGraph   *graph);
gsize    jf_graph_count_floats   (const JfGraph   *graph);

static inline JfNode *
jf_graph_get_node (const JfGraph *graph,
                   guint          number)
{
  return g_ptr_array_index (graph->nodes, number);
}

/* Rows and columns that taps need more. */
static inline int
jf_node_get_late (const JfNode *node)
{
  return node->step ? node->step->conv.late : 0;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JfGraph, jf_graph_clear)

G_END_DECLS
