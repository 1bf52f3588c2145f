/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * graph: the features of a network and where they are made
 *
 * Every input and every step of a network is a node, which has a feature. How much of it there has to be at a time follows from
 * who reads it: so features are laid out from the result backwards.
 */
#include <string.h>

#include "graph.h"
#include "network-private.h"
#include "simd.h"

/*  private functions  */

static void
node_free (gpointer data)
{
  JfNode *node = data;

  g_free (node->columns);
  g_free (node);
}

static JfNode *
graph_add_node (JfGraph      *graph,
                const JfStep *step,
                int           margin)
{
  JfNode *node = g_new0 (JfNode, 1);

  node->step       = step;
  node->margin     = margin;
  node->block_rows = step ? step->conv.block_rows : 1;
  g_ptr_array_add (graph->nodes, node);

  return node;
}

static JfNode *
graph_add_input (JfGraph *graph,
                 int      n_planes,
                 int      margin)
{
  JfNode *node = graph_add_node (graph, NULL, margin);

  node->n_planes = n_planes;

  return node;
}

/* A node for every step of a stack. Returns the last one, or the source of a stack without steps. */
static JfNode *
graph_add_chain (JfGraph        *graph,
                 const JfChain  *chain,
                 JfNode        **sources,
                 int             n_sources)
{
  JfNode *previous = NULL;
  JfNode *node     = sources[0];
  int     margin   = sources[0]->margin;
  int     i;

  for (i = 0; i < chain->n_steps; i++)
    {
      margin -= chain->steps[i].conv.kernel / 2 + chain->steps[i].conv.late / 2;
      node = graph_add_node (graph, &chain->steps[i], margin);
      node->n_sources = previous ? 1 : n_sources;
      memcpy (node->sources, previous ? &previous : sources, node->n_sources * sizeof (JfNode *));
      previous = node;
    }

  return node;
}

static void
graph_add_nodes (JfGraph         *graph,
                 const JfNetwork *network)
{
  const JfChain *chains = network->chains;
  int            halo   = chains[JF_STACK_FILTER].halo;
  JfNode        *features[JF_CONV_MAX_SOURCES];

  graph->guidance = graph_add_input (graph, network->guidance_planes, halo + chains[JF_STACK_GUIDANCE].halo);
  features[0]     = graph_add_chain (graph, &chains[JF_STACK_GUIDANCE], &graph->guidance, 1);

  graph->target = graph_add_input (graph, network->target_planes, halo + chains[JF_STACK_TARGET].halo);
  features[1]   = graph_add_chain (graph, &chains[JF_STACK_TARGET], &graph->target, 1);

  graph->result = graph_add_chain (graph, &chains[JF_STACK_FILTER], features, 2);
}

/* Lets a block's complete rows end before row @end. */
static void
node_start (JfNode *node,
            int     end)
{
  int excess = (end + jf_node_get_late (node)) % node->block_rows;

  node->first = excess > 0 ? excess - node->block_rows : 0;
}

/* The rows to keep. A reader whose blocks are as tall finds what it wants at the end of a block, if ours start at the
 * right row: so its window is enough, and half of a layer's memory is saved. Inputs start where it starts.
 */
static int
node_align (JfNode       *node,
            const JfNode *reader)
{
  int window = reader->step->conv.window;

  if (! node->step)
    node->first = reader->first;
  if (reader->block_rows != node->block_rows)
    return window + node->block_rows - 1;

  node_start (node, reader->first + window);

  return window;
}

static const JfNode *
graph_find_reader (const JfGraph *graph,
                   const JfNode  *node)
{
  guint i;
  int   s;

  for (i = 0; i < graph->nodes->len; i++)
    {
      const JfNode *reader = jf_graph_get_node (graph, i);

      for (s = 0; s < reader->n_sources; s++)
        if (reader->sources[s] == node)
          return reader;
    }

  return NULL;
}

/* A strip that would be much narrower than the others is not worth while: half of one more is part of a tile's only one. */
static int
strip_columns (const JfNetwork *network,
               int              width)
{
  int columns = width + 2 * jf_network_get_halo (network);

  return columns <= network->strip + network->strip / 2 ? columns : network->strip;
}

/* After that of its reader. */
static void
graph_init_feature (const JfGraph   *graph,
                    const JfNetwork *network,
                    int              width,
                    JfNode          *node)
{
  const JfNode *reader   = graph_find_reader (graph, node);
  int           r        = network->space_to_depth;
  int           channels = node->step ? node->step->conv.copies * node->step->conv.channels : node->n_planes * r * r;
  int           late     = jf_node_get_late (node);
  int           n_rows   = node->block_rows;
  int           reach    = late > 0 ? JF_TILE : 0;
  int           columns  = width + 2 * node->margin + late;

  node_start (node, node->block_rows);
  if (reader)
    {
      n_rows = node_align (node, reader);
      reach  = MAX (reach, reader->step->conv.reach);
    }

  /* Readers look to both sides, and all of a strip lies to the right. */
  if (network->strip > 0)
    {
      columns = graph->columns;
      reach   = 0;
    }

  jf_feature_init (&node->feature, channels, columns, n_rows + late, reach);
  node->feature.top = node->first;
  if (network->strip > 0 && reader)
    node->feature.context = reader->step->conv.kernel - 1;
  if (! node->step)
    node->columns = g_new (int, (gsize) r * JF_TILE * node->feature.vectors * JF_LANES);
}

/* Whether no row is made up to fill a block of a tile whose height is a multiple of JF_TILE, at its top or at its bottom. */
static gboolean
node_has_exact_rows (const JfNode *node)
{
  int below = 2 * node->margin + jf_node_get_late (node);
  int s;

  for (s = 0; s < node->n_sources; s++)
    if (node->sources[s]->first > node->first ||
        below - node->block_rows + node->step->conv.window > 2 * node->sources[s]->margin)
      return FALSE;

  return (below - node->first) % node->block_rows == 0;
}

/*  public functions  */

/**
 * jf_graph_init:
 * @graph:   (out): a graph
 * @network: a network that is no cascade; its steps are those of the nodes
 * @width:   the width of tiles, in blocks
 *
 * Lays out all features.
 */
void
jf_graph_init (JfGraph         *graph,
               const JfNetwork *network,
               int              width)
{
  guint i;

  graph->nodes   = g_ptr_array_new_with_free_func (node_free);
  graph->columns = strip_columns (network, width);
  graph_add_nodes (graph, network);

  for (i = graph->nodes->len; i-- > 0;)
    graph_init_feature (graph, network, width, jf_graph_get_node (graph, i));
}

/**
 * jf_graph_clear:
 * @graph: a graph, or zeros
 */
void
jf_graph_clear (JfGraph *graph)
{
  g_clear_pointer (&graph->nodes, g_ptr_array_unref);
}

/**
 * jf_graph_has_exact_rows:
 * @graph: a graph
 *
 * Returns: see jf_network_has_exact_rows()
 */
gboolean
jf_graph_has_exact_rows (const JfGraph *graph)
{
  guint i;

  for (i = 0; i < graph->nodes->len; i++)
    if (! node_has_exact_rows (jf_graph_get_node (graph, i)))
      return FALSE;

  return TRUE;
}

/**
 * jf_graph_count_floats:
 * @graph: a graph
 *
 * Returns: floats that flow through the cache, without the empty lanes between
 */
gsize
jf_graph_count_floats (const JfGraph *graph)
{
  gsize floats = 0;
  guint i;

  for (i = 0; i < graph->nodes->len; i++)
    {
      const JfFeature *feature = &jf_graph_get_node (graph, i)->feature;

      floats += (gsize) feature->n_rows * feature->channels * JF_TILE * feature->vectors * JF_LANES;
    }

  return floats;
}
