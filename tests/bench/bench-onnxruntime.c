/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-onnxruntime: our networks as ONNX graphs in ONNX Runtime, all graph optimisations on
 *
 * The graph is written in protocol buffers' wire format, of which ONNX needs two kinds of field. Field numbers are those of
 * onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
#include <string.h>

#include <onnxruntime_c_api.h>

#include "bench-peer.h"

#define IR_VERSION     8
#define OPSET_VERSION  13
#define TYPE_FLOAT     1
#define TYPE_INT64     7

struct _BenchPeer
{
  BenchShape   shape;
  OrtSession  *session;
};

static const OrtApi *ort;

/*  local function prototypes  */

static void         check               (OrtStatus        *status);
static OrtValue   * value_new           (float            *data,
                                         int               images,
                                         int               planes,
                                         int               width,
                                         int               height);
static GByteArray * model_write         (const BenchShape *shape);
static void         stack_write         (GByteArray       *graph,
                                         const JfModel    *model,
                                         JfStackKind       kind,
                                         const char       *input,
                                         const char       *output);
static void         layer_write         (GByteArray       *graph,
                                         const JfLayer    *layer,
                                         const char       *name,
                                         const char       *input,
                                         const char       *output);
static void         expand_write        (GByteArray       *graph,
                                         const BenchShape *shape);
static void         node_write          (GByteArray       *graph,
                                         const char       *type,
                                         const char       *inputs,
                                         const char       *output,
                                         GByteArray       *attribute);
static void         constant_write      (GByteArray       *graph,
                                         const char       *name,
                                         int               type,
                                         const gint64     *dimensions,
                                         int               n_dimensions,
                                         gconstpointer     data,
                                         gsize             size);
static void         value_write         (GByteArray       *graph,
                                         int               field,
                                         const char       *name,
                                         int               images,
                                         int               planes,
                                         int               width,
                                         int               height);
static void         field_varint        (GByteArray       *message,
                                         int               field,
                                         guint64           value);
static void         field_bytes         (GByteArray       *message,
                                         int               field,
                                         gconstpointer     data,
                                         gsize             size);
static void         field_string        (GByteArray       *message,
                                         int               field,
                                         const char       *string);
static void         field_message       (GByteArray       *message,
                                         int               field,
                                         GByteArray       *content);
static void         varint              (GByteArray       *message,
                                         guint64           value);


/*  public functions  */

BenchPeer *
bench_peer_new (const BenchShape *shape)
{
  BenchPeer         *peer    = g_new0 (BenchPeer, 1);
  GByteArray        *model   = model_write (shape);
  OrtEnv            *env     = NULL;
  OrtSessionOptions *options = NULL;

  peer->shape = *shape;
  ort = OrtGetApiBase ()->GetApi (ORT_API_VERSION);

  check (ort->CreateEnv (ORT_LOGGING_LEVEL_ERROR, "bench", &env));
  check (ort->CreateSessionOptions (&options));
  check (ort->SetIntraOpNumThreads (options, shape->n_threads));
  check (ort->SetSessionGraphOptimizationLevel (options, ORT_ENABLE_ALL));
  check (ort->CreateSessionFromArray (env, model->data, model->len, options, &peer->session));

  ort->ReleaseSessionOptions (options);
  g_byte_array_unref (model);

  return peer;
}

char *
bench_peer_describe (BenchPeer *peer G_GNUC_UNUSED)
{
  return g_strdup_printf ("library=ONNX-Runtime-%s", OrtGetApiBase ()->GetVersionString ());
}

void
bench_peer_run (BenchPeer *peer,
                float     *target,
                float     *guidance,
                float     *output)
{
  static const char *const  input_names[]  = { "target", "guidance" };
  static const char *const  output_names[] = { "output" };
  const BenchShape         *shape          = &peer->shape;
  OrtValue                 *results[1];
  const OrtValue           *inputs[2];

  inputs[0]  = value_new (target, shape->images, shape->target_planes,
                          shape->width + 2 * shape->target_border, shape->height + 2 * shape->target_border);
  inputs[1]  = value_new (guidance, 1, shape->guidance_planes,
                          shape->width + 2 * shape->guidance_border, shape->height + 2 * shape->guidance_border);
  results[0] = value_new (output, shape->images, shape->output_planes, shape->width, shape->height);

  check (ort->Run (peer->session, NULL, input_names, inputs, 2, output_names, 1, results));

  ort->ReleaseValue ((OrtValue *) inputs[0]);
  ort->ReleaseValue ((OrtValue *) inputs[1]);
  ort->ReleaseValue (results[0]);
}


/*  private functions  */

static void
check (OrtStatus *status)
{
  if (status)
    bench_fail ("ONNX Runtime: %s", ort->GetErrorMessage (status));
}

/* The data stay the caller's. */
static OrtValue *
value_new (float *data,
           int    images,
           int    planes,
           int    width,
           int    height)
{
  const gint64   shape[]  = { images, planes, height, width };
  const gsize    size     = sizeof (float) * images * planes * width * height;
  OrtMemoryInfo *info     = NULL;
  OrtValue      *value    = NULL;

  check (ort->CreateCpuMemoryInfo (OrtArenaAllocator, OrtMemTypeDefault, &info));
  check (ort->CreateTensorWithDataAsOrtValue (info, data, size, shape, G_N_ELEMENTS (shape),
                                              ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value));
  ort->ReleaseMemoryInfo (info);

  return value;
}

static GByteArray *
model_write (const BenchShape *shape)
{
  GByteArray *model     = g_byte_array_new ();
  GByteArray *graph     = g_byte_array_new ();
  GByteArray *opset     = g_byte_array_new ();
  GByteArray *attribute = g_byte_array_new ();

  field_string (attribute, 1, "axis");
  field_varint (attribute, 3, 1);
  field_varint (attribute, 20, 2);      /* INT */

  stack_write (graph, shape->model, JF_STACK_GUIDANCE, "guidance", "guidance_features");
  stack_write (graph, shape->model, JF_STACK_TARGET, "target", "target_features");
  expand_write (graph, shape);
  node_write (graph, "Concat", "guidance_all target_features", "features", attribute);
  stack_write (graph, shape->model, JF_STACK_FILTER, "features", "output");

  field_string (graph, 2, "joint-filter");
  value_write (graph, 11, "target", shape->images, shape->target_planes,
               shape->width + 2 * shape->target_border, shape->height + 2 * shape->target_border);
  value_write (graph, 11, "guidance", 1, shape->guidance_planes,
               shape->width + 2 * shape->guidance_border, shape->height + 2 * shape->guidance_border);
  value_write (graph, 12, "output", shape->images, shape->output_planes, shape->width, shape->height);

  field_string (opset, 1, "");
  field_varint (opset, 2, OPSET_VERSION);

  field_varint  (model, 1, IR_VERSION);
  field_message (model, 7, graph);
  field_message (model, 8, opset);

  return model;
}

static void
stack_write (GByteArray    *graph,
             const JfModel *model,
             JfStackKind    kind,
             const char    *input,
             const char    *output)
{
  const JfStack    *stack = &model->stacks[kind];
  g_autofree char  *from  = g_strdup (input);

  for (int i = 0; i < stack->n_layers; i++)
    {
      const gboolean   last = i == stack->n_layers - 1;
      const gboolean   relu = bench_layer_has_relu (model, kind, i);
      g_autofree char *name = g_strdup_printf ("%s.%d", output, i);
      char            *sum  = g_strconcat (name, ".sum", NULL);

      if (last && ! relu)
        {
          layer_write (graph, &stack->layers[i], name, from, output);
        }
      else
        {
          layer_write (graph, &stack->layers[i], name, from, sum);
          node_write (graph, "Relu", sum, last ? output : name, NULL);
        }

      g_free (sum);
      g_free (from);
      from = g_strdup (name);
    }
}

static void
layer_write (GByteArray    *graph,
             const JfLayer *layer,
             const char    *name,
             const char    *input,
             const char    *output)
{
  const gint64      dimensions[] = { layer->outputs, layer->inputs, layer->kernel, layer->kernel };
  const gsize       n_weights    = (gsize) layer->outputs * layer->inputs * layer->kernel * layer->kernel;
  g_autofree char  *weight       = g_strconcat (name, ".weight", NULL);
  g_autofree char  *bias         = g_strconcat (name, ".bias", NULL);
  g_autofree char  *inputs       = g_strjoin (" ", input, weight, bias, NULL);

  constant_write (graph, weight, TYPE_FLOAT, dimensions, 4, layer->weight, n_weights * sizeof (float));
  constant_write (graph, bias, TYPE_FLOAT, dimensions, 1, layer->bias, layer->outputs * sizeof (float));
  node_write (graph, "Conv", inputs, output, NULL);
}

/* The guidance's features once for each image of the batch. */
static void
expand_write (GByteArray       *graph,
              const BenchShape *shape)
{
  const gint64 expanded[] = { shape->images, 1, 1, 1 };
  const gint64 dimension  = G_N_ELEMENTS (expanded);

  constant_write (graph, "expanded", TYPE_INT64, &dimension, 1, expanded, sizeof expanded);
  node_write (graph, "Expand", "guidance_features expanded", "guidance_all", NULL);
}

/* inputs: names with a space between them. The attribute is released. */
static void
node_write (GByteArray *graph,
            const char *type,
            const char *inputs,
            const char *output,
            GByteArray *attribute)
{
  GByteArray        *node  = g_byte_array_new ();
  g_auto (GStrv)     names = g_strsplit (inputs, " ", -1);

  for (int i = 0; names[i]; i++)
    field_string (node, 1, names[i]);
  field_string (node, 2, output);
  field_string (node, 4, type);
  if (attribute)
    field_message (node, 5, attribute);

  field_message (graph, 1, node);
}

static void
constant_write (GByteArray    *graph,
                const char    *name,
                int            type,
                const gint64  *dimensions,
                int            n_dimensions,
                gconstpointer  data,
                gsize          size)
{
  GByteArray *tensor = g_byte_array_new ();

  for (int i = 0; i < n_dimensions; i++)
    field_varint (tensor, 1, dimensions[i]);
  field_varint (tensor, 2, type);
  field_string (tensor, 8, name);
  field_bytes  (tensor, 9, data, size);    /* little-endian, as are the machines ONNX Runtime runs on */

  field_message (graph, 5, tensor);
}

static void
value_write (GByteArray *graph,
             int         field,
             const char *name,
             int         images,
             int         planes,
             int         width,
             int         height)
{
  const gint64  sizes[] = { images, planes, height, width };
  GByteArray   *value   = g_byte_array_new ();
  GByteArray   *type    = g_byte_array_new ();
  GByteArray   *tensor  = g_byte_array_new ();
  GByteArray   *shape   = g_byte_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      GByteArray *dimension = g_byte_array_new ();

      field_varint  (dimension, 1, sizes[i]);
      field_message (shape, 1, dimension);
    }

  field_varint  (tensor, 1, TYPE_FLOAT);
  field_message (tensor, 2, shape);
  field_message (type, 1, tensor);
  field_string  (value, 1, name);
  field_message (value, 2, type);
  field_message (graph, field, value);
}

/* A field's key is its number and its kind: 0 for a varint, 2 for bytes of a length. */
static void
field_varint (GByteArray *message,
              int         field,
              guint64     value)
{
  varint (message, field << 3);
  varint (message, value);
}

static void
field_bytes (GByteArray    *message,
             int            field,
             gconstpointer  data,
             gsize          size)
{
  varint (message, field << 3 | 2);
  varint (message, size);
  g_byte_array_append (message, data, (guint) size);
}

static void
field_string (GByteArray *message,
              int         field,
              const char *string)
{
  field_bytes (message, field, string, strlen (string));
}

/* Releases the content. */
static void
field_message (GByteArray *message,
               int         field,
               GByteArray *content)
{
  field_bytes (message, field, content->data, content->len);
  g_byte_array_unref (content);
}

/* Seven bits a byte, the lowest first. */
static void
varint (GByteArray *message,
        guint64     value)
{
  do
    {
      const guint8 byte = (value & 0x7f) | (value > 0x7f ? 0x80 : 0);

      g_byte_array_append (message, &byte, 1);
      value >>= 7;
    }
  while (value > 0);
}
