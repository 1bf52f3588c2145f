/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * joint-filter: the command
 *
 * Filters safetensors files, says what a model file is and measures speed; image formats are other
 * programs' business. Exit status: 0, 1 if something failed, 2 if the command line is wrong.
 */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sys/resource.h>

#include <libintl.h>

#include <glib/gi18n-lib.h>

#include "filter.h"
#include "model.h"
#include "planes.h"
#include "safetensors.h"
#include "scene.h"


#define EXIT_USAGE          2

#define MAX_THREADS         1024
#define MAX_SIZE            1000000
#define MAX_REPETITIONS     1000000

/* Any seed will do; a fixed one makes runs comparable. */
#define BENCH_SEED          20190801
#define BENCH_NOISE_LEVEL   0.1f

/* The paper's network: three layers per stack, 96 and 48 features for target and guidance, 64 and 32
 * in the filter (section 4.1; PAMI 2019).
 */
#define N_PAPER_LAYERS      9


typedef struct
{
  const char *name;
  const char *arguments;
  const char *summary;
  int         min_arguments;
  int         max_arguments;
  int      (* run) (char    **arguments,
                    int       n_arguments,
                    int       n_threads,
                    GError  **error);
  gboolean    has_threads;
} Command;

/* A layer of the paper's network. */
typedef struct
{
  JfStackKind stack;
  int         index;
  int         outputs;
  int         inputs;
  int         kernel;
} Layer;


static int           run_command         (const Command        *command,
                                          int                   argc,
                                          char                **argv);
static void          print_usage         (void);
static void          print_error         (const char           *message);

static int           apply               (char                **arguments,
                                          int                   n_arguments,
                                          int                   n_threads,
                                          GError              **error);
static gboolean      get_planes          (const JfSafetensors  *file,
                                          const char           *name,
                                          JfPlanes             *planes,
                                          const JfTensor      **tensor,
                                          GError              **error);
static gboolean      get_noise           (const JfSafetensors  *file,
                                          const JfModel        *model,
                                          const JfPlanes       *target,
                                          const JfPlanes       *guidance,
                                          JfNoise              *noise,
                                          GError              **error);

static int           info                (char                **arguments,
                                          int                   n_arguments,
                                          int                   n_threads,
                                          GError              **error);
static gsize         print_tensors       (const JfModel        *model);

static int           bench               (char                **arguments,
                                          int                   n_arguments,
                                          int                   n_threads,
                                          GError              **error);
static int           get_number          (const char           *text,
                                          const char           *name,
                                          int                   minimum,
                                          int                   maximum,
                                          GError              **error);
static JfModel     * make_paper_model    (GError              **error);
static void          fill_layer          (const Layer          *layer,
                                          JfTensor             *weight,
                                          JfTensor             *bias,
                                          GRand                *random);
static gboolean      make_picture        (JfPlanes             *planes,
                                          int                   channels,
                                          int                   width,
                                          int                   height,
                                          GRand                *random,
                                          GError              **error);
static double        measure             (JfFilter             *filter,
                                          const JfPlanes       *target,
                                          int                   n_threads,
                                          int                   n_repetitions,
                                          GRand                *random,
                                          GError              **error);
static int           compare_times       (const void           *a,
                                          const void           *b);
static long          get_peak_memory     (void);


static const Command commands[] =
{
  { "apply", "MODEL IN OUT",                              N_("Filter the tensors of IN"),
    3, 3, apply, TRUE  },
  { "info",  "MODEL",                                     N_("Say what a model is"),
    1, 1, info,  FALSE },
  { "bench", "WIDTH HEIGHT CHANNELS THREADS REPS [MODEL]", N_("Measure speed and memory"),
    5, 6, bench, FALSE }
};

static const Layer paper_layers[N_PAPER_LAYERS] =
{
  { JF_STACK_TARGET,   0, 96,  1, 9 },
  { JF_STACK_TARGET,   1, 48, 96, 1 },
  { JF_STACK_TARGET,   2,  1, 48, 5 },
  { JF_STACK_GUIDANCE, 0, 96,  3, 9 },
  { JF_STACK_GUIDANCE, 1, 48, 96, 1 },
  { JF_STACK_GUIDANCE, 2,  1, 48, 5 },
  { JF_STACK_FILTER,   0, 64,  2, 9 },
  { JF_STACK_FILTER,   1, 32, 64, 1 },
  { JF_STACK_FILTER,   2,  1, 32, 5 }
};


int
main (int    argc,
      char **argv)
{
  setlocale (LC_ALL, "");
  /* Numbers are for programs to read. */
  setlocale (LC_NUMERIC, "C");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");

  if (argc < 2)
    {
      print_error (_("no command given; see joint-filter --help"));
      return EXIT_USAGE;
    }

  if (! strcmp (argv[1], "--help") || ! strcmp (argv[1], "-h"))
    {
      print_usage ();
      return EXIT_SUCCESS;
    }

  if (! strcmp (argv[1], "--version"))
    {
      g_print ("joint-filter %s\n", VERSION);
      return EXIT_SUCCESS;
    }

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (! strcmp (argv[1], commands[i].name))
      return run_command (&commands[i], argc - 1, argv + 1);

  {
    g_autofree char *name    = g_filename_display_name (argv[1]);
    g_autofree char *message = g_strdup_printf (_("there is no command “%s”; "
                                                  "see joint-filter --help"), name);

    print_error (message);
  }

  return EXIT_USAGE;
}


/*  private functions  */

static int
run_command (const Command  *command,
             int             argc,
             char          **argv)
{
  int                        n_threads = 0;
  const GOptionEntry         entries[] =
  {
    { "threads", 't', 0, G_OPTION_ARG_INT, &n_threads,
      N_("Number of threads; by default one per processor"), "N" },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr(GOptionContext)  context   = g_option_context_new (command->arguments);
  g_autofree char           *name      = g_strdup_printf ("joint-filter %s", command->name);
  g_autoptr(GError)          error     = NULL;
  int                        status;

  g_set_prgname (name);
  g_option_context_set_summary (context, g_dgettext (GETTEXT_PACKAGE, command->summary));
  if (command->has_threads)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);

  if (! g_option_context_parse (context, &argc, &argv, &error))
    {
      print_error (error->message);
      return EXIT_USAGE;
    }

  if (argc - 1 < command->min_arguments || argc - 1 > command->max_arguments ||
      n_threads < 0 || n_threads > MAX_THREADS)
    {
      g_autofree char *message = g_strdup_printf (_("usage: %s %s%s"), name, command->arguments,
                                                  command->has_threads ? " [--threads N]" : "");

      print_error (message);
      return EXIT_USAGE;
    }

  status = command->run (argv + 1, argc - 1, n_threads, &error);
  if (error)
    print_error (error->message);

  return status;
}

static void
print_usage (void)
{
  g_print ("%s\n", _("Usage:"));

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_print ("  joint-filter %s %s%s\n      %s\n",
             commands[i].name, commands[i].arguments,
             commands[i].has_threads ? " [--threads N]" : "",
             g_dgettext (GETTEXT_PACKAGE, commands[i].summary));

  g_print ("\n%s\n",
           _("IN and OUT are safetensors files (float32). IN holds “target”, of shape [height, width] "
             "or\n[channels, height, width] with 1 or 3 channels, “guidance” of the same height and "
             "width, and\n“noise_level”, of shape [1], where the model wants it, or [2] with the noise's "
             "excess where it takes that, too.\nOUT gets “output”, shaped like “target”."));
}

static void
print_error (const char *message)
{
  g_printerr ("joint-filter: %s\n", message);
}

/* joint-filter apply MODEL IN OUT */
static int
apply (char   **arguments,
       int      n_arguments G_GNUC_UNUSED,
       int      n_threads,
       GError **error)
{
  g_autoptr(JfModel)       model    = NULL;
  g_autoptr(JfFilter)      filter   = NULL;
  g_autoptr(JfSafetensors) in       = NULL;
  g_auto(JfPlanes)         output   = { 0 };
  JfFilterOptions          options  = { .task.n_threads = n_threads };
  JfPlanes                 target;
  JfPlanes                 guidance;
  const JfTensor          *tensor;
  JfTensor                 result;

  model = jf_model_load (arguments[0], error);
  if (! model)
    return EXIT_FAILURE;

  in = jf_safetensors_load (arguments[1], error);
  if (! in                                                                                    ||
      ! get_planes (in, "guidance", &guidance, &tensor, error)                                ||
      ! get_planes (in, "target", &target, &tensor, error)                                    ||
      (model->noise_level && ! get_noise (in, model, &target, &guidance, &options.noise, error)) ||
      ! jf_planes_init (&output, target.channels, target.width, target.height, error))
    return EXIT_FAILURE;

  filter = jf_filter_new (model);
  if (! jf_filter_apply (filter, &target, &guidance, &options, &output, error))
    {
      g_prefix_error (error, "%s: ", jf_safetensors_get_name (in));
      return EXIT_FAILURE;
    }

  result      = *tensor;
  result.name = (char *) "output";
  result.data = output.data;

  return jf_safetensors_save (arguments[2], &result, 1, error) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The planes are the file's own memory: not to be written nor cleared. */
static gboolean
get_planes (const JfSafetensors  *file,
            const char           *name,
            JfPlanes             *planes,
            const JfTensor      **tensor,
            GError              **error)
{
  const gint64 *shape;
  gint64        channels;

  *tensor = jf_safetensors_get_tensor (file, name);
  if (! *tensor)
    {
      g_set_error (error, JF_SAFETENSORS_ERROR, JF_SAFETENSORS_ERROR_INVALID,
                   _("%s: tensor “%s”: it is missing"), jf_safetensors_get_name (file), name);
      return FALSE;
    }

  shape    = (*tensor)->shape;
  channels = 1;
  if ((*tensor)->n_dimensions == 3)
    channels = *shape++;

  if ((*tensor)->n_dimensions < 2 || (*tensor)->n_dimensions > 3 ||
      (channels != 1 && channels != 3)                           ||
      shape[0] < 1 || shape[0] > G_MAXINT || shape[1] < 1 || shape[1] > G_MAXINT)
    {
      g_autofree char *text = jf_tensor_describe_shape (*tensor);

      g_set_error (error, JF_SAFETENSORS_ERROR, JF_SAFETENSORS_ERROR_INVALID,
                   _("%s: tensor “%s”: its shape is %s, not [height, width] or "
                     "[channels, height, width] with 1 or 3 channels"),
                   jf_safetensors_get_name (file), name, text);
      return FALSE;
    }

  planes->data     = (float *) (*tensor)->data;
  planes->channels = (int) channels;
  planes->height   = (int) shape[0];
  planes->width    = (int) shape[1];

  return TRUE;
}

/* The excess is estimated where the file does not tell it and the model wants it. */
static gboolean
get_noise (const JfSafetensors  *file,
           const JfModel        *model,
           const JfPlanes       *target,
           const JfPlanes       *guidance,
           JfNoise              *noise,
           GError              **error)
{
  const JfTensor *tensor   = jf_safetensors_get_tensor (file, "noise_level");
  const gint64    n_values = tensor && tensor->n_dimensions == 1 ? tensor->shape[0] : 0;

  if (n_values < 1 || n_values > (model->noise_excess ? 2 : 1)   ||
      ! isfinite (tensor->data[0]) || tensor->data[0] < 0.0f     ||
      ! isfinite (tensor->data[n_values - 1]))
    {
      g_set_error (error, JF_SAFETENSORS_ERROR, JF_SAFETENSORS_ERROR_INVALID,
                   model->noise_excess ?
                   _("%s: tensor “%s”: the model needs it, of shape [1] or [2] and with the standard "
                     "deviation of the target's noise, at least 0, and its excess") :
                   _("%s: tensor “%s”: the model needs it, of shape [1] and with the standard "
                     "deviation of the target's noise, at least 0"),
                   jf_safetensors_get_name (file), "noise_level");
      return FALSE;
    }

  if (n_values > 1)
    {
      *noise = (JfNoise) { tensor->data[0], tensor->data[1] };
      return TRUE;
    }

  if (model->noise_excess && target->width == guidance->width && target->height == guidance->height)
    *noise = jf_scene_estimate_noise (target, NULL, guidance);

  jf_noise_set_level (noise, tensor->data[0]);

  return TRUE;
}

/* joint-filter info MODEL */
static int
info (char   **arguments,
      int      n_arguments G_GNUC_UNUSED,
      int      n_threads G_GNUC_UNUSED,
      GError **error)
{
  g_autoptr(JfModel) model = jf_model_load (arguments[0], error);
  gsize              n_weights;

  if (! model)
    return EXIT_FAILURE;

  g_print ("file: %s\n", model->name);
  g_print ("task: %s\n", model->task);
  g_print ("scale: %d\n", model->scale);
  g_print ("residual: %s\n", model->residual ? "true" : "false");
  g_print ("space to depth: %d\n", model->space_to_depth);
  g_print ("merge ReLU: %s\n", model->merge_relu ? "true" : "false");
  g_print ("target channels: %d\n", model->target_channels);
  g_print ("noise level: %s\n", model->noise_level ? "true" : "false");
  g_print ("noise excess: %s\n", model->noise_excess ? "true" : "false");

  n_weights = print_tensors (model);

  g_print ("weights: %" G_GSIZE_FORMAT "\n", n_weights);
  g_print ("receptive field: %d x %d pixels\n",
           jf_model_get_receptive_field (model), jf_model_get_receptive_field (model));
  g_print ("multiplications per pixel: %.0f for one channel, %.0f for three\n",
           jf_model_get_multiplications (model, 1), jf_model_get_multiplications (model, 3));

  return EXIT_SUCCESS;
}

/* Returns the number of values in all of them. */
static gsize
print_tensors (const JfModel *model)
{
  gsize n_weights = 0;

  for (int kind = 0; kind < JF_N_STACKS; kind++)
    for (int i = 0; i < model->stacks[kind].n_layers; i++)
      {
        const JfLayer *layer = &model->stacks[kind].layers[i];
        const char    *stack = jf_stack_kind_get_name (kind);

        g_print ("tensor: %s.%d.weight [%d, %d, %d, %d]\n", stack, i,
                 layer->outputs, layer->inputs, layer->kernel, layer->kernel);
        g_print ("tensor: %s.%d.bias [%d]\n", stack, i, layer->outputs);

        n_weights += (gsize) layer->outputs * (1 + layer->inputs * layer->kernel * layer->kernel);
      }

  return n_weights;
}

/* joint-filter bench WIDTH HEIGHT CHANNELS THREADS REPS [MODEL] */
static int
bench (char   **arguments,
       int      n_arguments,
       int      n_threads,
       GError **error)
{
  g_autoptr(JfModel)  model  = NULL;
  g_autoptr(JfFilter) filter = NULL;
  g_autoptr(GRand)    random = g_rand_new_with_seed (BENCH_SEED);
  g_auto(JfPlanes)    target = { 0 };
  int                 width;
  int                 height;
  int                 channels;
  int                 n_repetitions;
  double              seconds;

  if ((width         = get_number (arguments[0], "WIDTH", 1, MAX_SIZE, error))        < 0 ||
      (height        = get_number (arguments[1], "HEIGHT", 1, MAX_SIZE, error))       < 0 ||
      (channels      = get_number (arguments[2], "CHANNELS", 1, 3, error))            < 0 ||
      (n_threads     = get_number (arguments[3], "THREADS", 0, MAX_THREADS, error))   < 0 ||
      (n_repetitions = get_number (arguments[4], "REPS", 1, MAX_REPETITIONS, error))  < 0)
    return EXIT_USAGE;

  if (channels == 2)
    {
      g_set_error (error, G_NUMBER_PARSER_ERROR, G_NUMBER_PARSER_ERROR_OUT_OF_BOUNDS,
                   _("CHANNELS: a target has 1 or 3 channels"));
      return EXIT_USAGE;
    }

  model = n_arguments > 5 ? jf_model_load (arguments[5], error) : make_paper_model (error);
  if (! model || ! make_picture (&target, channels, width, height, random, error))
    return EXIT_FAILURE;

  filter  = jf_filter_new (model);
  seconds = measure (filter, &target, n_threads, n_repetitions, random, error);
  if (seconds < 0.0)
    return EXIT_FAILURE;

  g_print ("median_ms=%.3f gflops=%.2f peak_rss_kib=%ld\n",
           1e3 * seconds,
           2e-9 * jf_model_get_multiplications (model, channels) * width * height / seconds,
           get_peak_memory ());

  return EXIT_SUCCESS;
}

/* Returns -1 on errors. */
static int
get_number (const char  *text,
            const char  *name,
            int          minimum,
            int          maximum,
            GError     **error)
{
  guint64 number;

  if (! g_ascii_string_to_unsigned (text, 10, minimum, maximum, &number, error))
    {
      g_prefix_error (error, "%s: ", name);
      return -1;
    }

  return (int) number;
}

/* A model of the paper's shape with random weights, by way of the file format. */
static JfModel *
make_paper_model (GError **error)
{
  static const char * const metadata[] =
  {
    "format", "joint-filter-1", "task", "bench", "scale", "1", "residual", "true", NULL
  };
  g_autoptr(GOutputStream)  stream     = g_memory_output_stream_new_resizable ();
  g_autoptr(GBytes)         bytes      = NULL;
  g_autoptr(GRand)          random     = g_rand_new_with_seed (BENCH_SEED);
  JfTensor                  tensors[2 * N_PAPER_LAYERS];
  gboolean                  success;

  for (int i = 0; i < N_PAPER_LAYERS; i++)
    fill_layer (&paper_layers[i], &tensors[2 * i], &tensors[2 * i + 1], random);

  success = jf_safetensors_write (stream, metadata, tensors, 2 * N_PAPER_LAYERS, error) &&
            g_output_stream_close (stream, NULL, error);

  for (int i = 0; i < 2 * N_PAPER_LAYERS; i++)
    {
      g_free (tensors[i].name);
      g_free ((gpointer) tensors[i].data);
    }

  if (! success)
    return NULL;

  bytes = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (stream));

  return jf_model_load_bytes (bytes, "bench", error);
}

/* Weights of variance 2 / inputs keep the features' size from layer to layer (He et al. 2015), as
 * training would. Biases are zero.
 */
static void
fill_layer (const Layer *layer,
            JfTensor    *weight,
            JfTensor    *bias,
            GRand       *random)
{
  const int    n_inputs  = layer->inputs * layer->kernel * layer->kernel;
  const double limit     = sqrt (6.0 / n_inputs);
  float       *values    = g_new (float, (gsize) layer->outputs * n_inputs);
  const char  *stack     = jf_stack_kind_get_name (layer->stack);

  for (int i = 0; i < layer->outputs * n_inputs; i++)
    values[i] = (float) g_rand_double_range (random, -limit, limit);

  *weight = (JfTensor)
    {
      .name         = g_strdup_printf ("%s.%d.weight", stack, layer->index),
      .n_dimensions = 4,
      .shape        = { layer->outputs, layer->inputs, layer->kernel, layer->kernel },
      .data         = values
    };

  *bias = (JfTensor)
    {
      .name         = g_strdup_printf ("%s.%d.bias", stack, layer->index),
      .n_dimensions = 1,
      .shape        = { layer->outputs },
      .data         = g_new0 (float, layer->outputs)
    };
}

static gboolean
make_picture (JfPlanes  *planes,
              int        channels,
              int        width,
              int        height,
              GRand     *random,
              GError   **error)
{
  const gsize n_values = (gsize) channels * width * height;

  if (! jf_planes_init (planes, channels, width, height, error))
    return FALSE;

  for (gsize i = 0; i < n_values; i++)
    planes->data[i] = (float) g_rand_double (random);

  return TRUE;
}

/* Returns the median of the seconds it takes, or -1 on errors. */
static double
measure (JfFilter        *filter,
         const JfPlanes  *target,
         int              n_threads,
         int              n_repetitions,
         GRand           *random,
         GError         **error)
{
  const JfFilterOptions options  = { .task.n_threads = n_threads, .noise.level = BENCH_NOISE_LEVEL };
  g_autofree double    *times    = g_new (double, n_repetitions);
  g_auto(JfPlanes)      guidance = { 0 };
  g_auto(JfPlanes)      output   = { 0 };

  if (! make_picture (&guidance, 3, target->width, target->height, random, error) ||
      ! jf_planes_init (&output, target->channels, target->width, target->height, error))
    return -1.0;

  /* The first run only warms up. */
  for (int i = -1; i < n_repetitions; i++)
    {
      const gint64 start = g_get_monotonic_time ();

      if (! jf_filter_apply (filter, target, &guidance, &options, &output, error))
        return -1.0;

      if (i >= 0)
        times[i] = 1e-6 * (double) (g_get_monotonic_time () - start);
    }

  qsort (times, n_repetitions, sizeof (double), compare_times);

  return 0.5 * (times[(n_repetitions - 1) / 2] + times[n_repetitions / 2]);
}

static int
compare_times (const void *a,
               const void *b)
{
  const double one   = *(const double *) a;
  const double other = *(const double *) b;

  return one < other ? -1 : one > other;
}

/* In KiB. */
static long
get_peak_memory (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);

#ifdef __APPLE__
  return usage.ru_maxrss / 1024;
#else
  return usage.ru_maxrss;
#endif
}
