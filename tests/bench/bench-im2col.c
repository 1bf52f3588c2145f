/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-im2col: whole-image im2col and one BLIS matrix product per layer, the textbook convolution
 */
#include <string.h>

#ifdef JF_BLIS_SUBFOLDER
#include <blis/blis.h>
#else
#include <blis.h>
#endif
#include <omp.h>

#include "bench-peer.h"

struct _BenchPeer
{
  BenchShape  shape;
  float      *columns;
  float      *planes[2];     /* layers read from one and write to the other */
  float      *features;      /* the guidance's, then the target's           */
};

/*  local function prototypes  */

static void   buffers_init  (BenchPeer     *peer);
static void   stack_run     (BenchPeer     *peer,
                             JfStackKind    kind,
                             const float   *input,
                             int            border,
                             float         *output);
static void   layer_run     (BenchPeer     *peer,
                             const JfLayer *layer,
                             const float   *input,
                             int            width,
                             int            height,
                             gboolean       relu,
                             float         *output);
static void   columns_fill  (const JfLayer *layer,
                             const float   *input,
                             int            width,
                             int            height,
                             float         *columns);
static void   bias_add      (const JfLayer *layer,
                             gsize          n_pixels,
                             gboolean       relu,
                             float         *output);


/*  public functions  */

BenchPeer *
bench_peer_new (const BenchShape *shape)
{
  BenchPeer *peer = g_new0 (BenchPeer, 1);

  peer->shape = *shape;
  omp_set_num_threads (shape->n_threads);
  bli_thread_set_num_threads (shape->n_threads);
  buffers_init (peer);

  return peer;
}

char *
bench_peer_describe (BenchPeer *peer G_GNUC_UNUSED)
{
  return g_strdup_printf ("library=BLIS-%s configuration=%s",
                          bli_info_get_version_str (), bli_arch_string (bli_arch_query_id ()));
}

void
bench_peer_guide (BenchPeer *peer,
                  float     *guidance)
{
  stack_run (peer, JF_STACK_GUIDANCE, guidance, peer->shape.guidance_border, peer->features);
}

void
bench_peer_filter (BenchPeer *peer,
                   float     *target,
                   float     *output)
{
  const BenchShape *shape  = &peer->shape;
  const JfStack    *stacks = shape->model->stacks;
  const int         border = stacks[JF_STACK_FILTER].halo;
  const gsize       size   = (gsize) (shape->width + 2 * border) * (shape->height + 2 * border);

  stack_run (peer, JF_STACK_TARGET, target, shape->target_border,
             peer->features + bench_stack_outputs (&stacks[JF_STACK_GUIDANCE]) * size);
  stack_run (peer, JF_STACK_FILTER, peer->features, border, output);
}


/*  private functions  */

static void
buffers_init (BenchPeer *peer)
{
  const BenchShape *shape         = &peer->shape;
  const JfStack    *stacks        = shape->model->stacks;
  const int         filter_border = stacks[JF_STACK_FILTER].halo;
  gsize             columns_size  = 0;
  gsize             planes_size   = 0;

  for (int kind = 0; kind < JF_N_STACKS; kind++)
    {
      int border = stacks[kind].halo + (kind == JF_STACK_FILTER ? 0 : filter_border);

      for (int i = 0; i < stacks[kind].n_layers; i++)
        {
          const JfLayer *layer = &stacks[kind].layers[i];
          gsize          n_pixels;

          border      -= layer->kernel / 2;
          n_pixels     = (gsize) (shape->width + 2 * border) * (shape->height + 2 * border);
          planes_size  = MAX (planes_size, layer->outputs * n_pixels);
          if (layer->kernel > 1)
            columns_size = MAX (columns_size, (gsize) layer->inputs * layer->kernel * layer->kernel * n_pixels);
        }
    }

  peer->columns   = g_new (float, columns_size);
  peer->planes[0] = g_new (float, planes_size);
  peer->planes[1] = g_new (float, planes_size);
  peer->features  = g_new (float, (gsize) stacks[JF_STACK_FILTER].layers[0].inputs *
                                  (shape->width + 2 * filter_border) * (shape->height + 2 * filter_border));
}

static void
stack_run (BenchPeer   *peer,
           JfStackKind  kind,
           const float *input,
           int          border,
           float       *output)
{
  const JfStack *stack  = &peer->shape.model->stacks[kind];
  int            width  = peer->shape.width  + 2 * border;
  int            height = peer->shape.height + 2 * border;

  for (int i = 0; i < stack->n_layers; i++)
    {
      const JfLayer *layer = &stack->layers[i];
      float         *to    = i == stack->n_layers - 1 ? output : peer->planes[i % 2];

      layer_run (peer, layer, input, width, height, bench_layer_has_relu (peer->shape.model, kind, i), to);

      input   = to;
      width  -= layer->kernel - 1;
      height -= layer->kernel - 1;
    }
}

/* width and height are the input's. */
static void
layer_run (BenchPeer     *peer,
           const JfLayer *layer,
           const float   *input,
           int            width,
           int            height,
           gboolean       relu,
           float         *output)
{
  const dim_t n_pixels = (dim_t) (width - layer->kernel + 1) * (height - layer->kernel + 1);
  const dim_t depth    = (dim_t) layer->inputs * layer->kernel * layer->kernel;
  float       one      = 1.0f;
  float       zero     = 0.0f;

  if (layer->kernel > 1)
    {
      columns_fill (layer, input, width, height, peer->columns);
      input = peer->columns;
    }

  bli_sgemm (BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, layer->outputs, n_pixels, depth,
             &one, (float *) layer->weight, depth, 1, (float *) input, n_pixels, 1,
             &zero, output, n_pixels, 1);

  bias_add (layer, (gsize) n_pixels, relu, output);
}

static void
columns_fill (const JfLayer *layer,
              const float   *input,
              int            width,
              int            height,
              float         *columns)
{
  const int k          = layer->kernel;
  const int out_width  = width - k + 1;
  const int out_height = height - k + 1;

#pragma omp parallel for
  for (int row = 0; row < layer->inputs * k * k; row++)
    {
      const float *from = input + ((gsize) (row / (k * k)) * height + row / k % k) * width + row % k;
      float       *to   = columns + (gsize) row * out_width * out_height;

      for (int y = 0; y < out_height; y++)
        memcpy (to + (gsize) y * out_width, from + (gsize) y * width, sizeof (float) * out_width);
    }
}

static void
bias_add (const JfLayer *layer,
          gsize          n_pixels,
          gboolean       relu,
          float         *output)
{
#pragma omp parallel for
  for (int plane = 0; plane < layer->outputs; plane++)
    {
      const float  bias = layer->bias[plane];
      float       *data = output + plane * n_pixels;

      for (gsize i = 0; i < n_pixels; i++)
        {
          const float value = data[i] + bias;

          data[i] = relu && value < 0.0f ? 0.0f : value;
        }
    }
}
