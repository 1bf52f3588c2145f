/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pipeline: a mode with its options, ready to run
 */
#include <glib/gi18n-lib.h>

#include "colorize.h"
#include "pipeline.h"


/* The models of a mode, as far as any pipeline wanted them. */
typedef struct _JfShelf
{
  JfFilter        *filters[JF_MODE_MAX_MODELS];
  gatomicrefcount  ref_count;
} Shelf;


static Shelf    * shelf_new    (void);
static void       shelf_unref  (Shelf                    *shelf);
static JfPipeline *
                  pipeline_new (const JfMode             *mode,
                                const JfPipelineOptions  *options,
                                Shelf                    *shelf,
                                const char               *folder,
                                GError                  **error);
static gboolean   load         (Shelf                    *shelf,
                                const JfMode             *mode,
                                const JfModeModel        *model,
                                const char               *folder,
                                GError                  **error);


G_DEFINE_QUARK (jf-pipeline-error-quark, jf_pipeline_error)


/*  public functions  */

/**
 * jf_pipeline_new:
 * @mode:    (transfer none): a mode, which has to outlive the pipeline
 * @options: what the user chose
 * @folder:  where the model files are
 * @error:   return location for a #JF_PIPELINE_ERROR, or a #JF_MODEL_ERROR that names the file
 *
 * Returns: (transfer full) (nullable): the mode with the models for its options loaded; free with
 *          jf_pipeline_unref ()
 */
JfPipeline *
jf_pipeline_new (const JfMode             *mode,
                 const JfPipelineOptions  *options,
                 const char               *folder,
                 GError                  **error)
{
  return pipeline_new (mode, options, shelf_new (), folder, error);
}

/**
 * jf_pipeline_change:
 * @pipeline: a pipeline
 * @options:  what the user chose then
 * @folder:   where the model files are
 * @error:    return location for an error, as of jf_pipeline_new ()
 *
 * Models that pipelines made so from each other have in common are loaded once, and kept as long as one of them is. Only
 * one thread at a time may make them.
 *
 * Returns: (transfer full) (nullable): the same mode with other options
 */
JfPipeline *
jf_pipeline_change (const JfPipeline         *pipeline,
                    const JfPipelineOptions  *options,
                    const char               *folder,
                    GError                  **error)
{
  g_atomic_ref_count_inc (&pipeline->shelf->ref_count);

  return pipeline_new (pipeline->mode, options, pipeline->shelf, folder, error);
}

/**
 * jf_pipeline_ref:
 * @pipeline: a pipeline
 *
 * Returns: (transfer full): @pipeline, with one reference more
 */
JfPipeline *
jf_pipeline_ref (JfPipeline *pipeline)
{
  g_atomic_ref_count_inc (&pipeline->ref_count);

  return pipeline;
}

/**
 * jf_pipeline_unref:
 * @pipeline: a pipeline
 *
 * Gives a reference back; with the last one the pipeline is freed.
 */
void
jf_pipeline_unref (JfPipeline *pipeline)
{
  if (! g_atomic_ref_count_dec (&pipeline->ref_count))
    return;

  shelf_unref (pipeline->shelf);
  g_free (pipeline);
}

/**
 * jf_pipeline_get_filter:
 * @pipeline: a pipeline
 * @width:    of a target
 * @height:   of a target
 *
 * Returns: (transfer none): the filter for targets of this size
 */
JfFilter *
jf_pipeline_get_filter (const JfPipeline *pipeline,
                        int               width,
                        int               height)
{
  const JfMode      *mode   = pipeline->mode;
  int                factor = mode->target == JF_TARGET_STROKES ? jf_colorize_get_factor (width, height)
                                                                : pipeline->options.factor;
  const JfModeModel *model  = jf_mode_find_model (mode, factor, pipeline->options.quality);

  return pipeline->shelf->filters[model - mode->models];
}

/**
 * jf_pipeline_wants_noise:
 * @pipeline: a pipeline
 * @width:    of a target
 * @height:   of a target
 *
 * Who tells the level of the noise does not tell its excess.
 *
 * Returns: whether the target's noise has to be estimated
 */
gboolean
jf_pipeline_wants_noise (const JfPipeline *pipeline,
                         int               width,
                         int               height)
{
  const JfModel *model = jf_filter_get_model (jf_pipeline_get_filter (pipeline, width, height));

  return model->noise_excess || (model->noise_level && pipeline->options.noise_level <= 0.0);
}


/*  private functions  */

static Shelf *
shelf_new (void)
{
  Shelf *shelf = g_new0 (Shelf, 1);

  g_atomic_ref_count_init (&shelf->ref_count);

  return shelf;
}

static void
shelf_unref (Shelf *shelf)
{
  if (! g_atomic_ref_count_dec (&shelf->ref_count))
    return;

  for (int i = 0; i < JF_MODE_MAX_MODELS; i++)
    jf_filter_free (shelf->filters[i]);

  g_free (shelf);
}

/* @shelf: (transfer full) */
static JfPipeline *
pipeline_new (const JfMode             *mode,
              const JfPipelineOptions  *options,
              Shelf                    *shelf,
              const char               *folder,
              GError                  **error)
{
  g_autoptr (JfPipeline)  pipeline = g_new0 (JfPipeline, 1);
  const JfModeModel      *model    = jf_mode_find_model (mode, options->factor, options->quality);

  pipeline->mode    = mode;
  pipeline->options = *options;
  pipeline->shelf   = shelf;
  g_atomic_ref_count_init (&pipeline->ref_count);

  if (! (mode->arguments & JF_MODE_ITERATIONS))
    pipeline->options.iterations = mode->iterations;

  if (mode->target == JF_TARGET_STROKES)
    {
      for (model = mode->models; model->file; model++)
        if (! load (shelf, mode, model, folder, error))
          return NULL;
    }
  else if (! model)
    {
      g_set_error (error, JF_PIPELINE_ERROR, JF_PIPELINE_ERROR_OPTION,
                   _("There is no model for a factor of %d. Choose one of the factors that the dialog offers."),
                   options->factor);
      return NULL;
    }
  else if (! load (shelf, mode, model, folder, error))
    {
      return NULL;
    }

  return g_steal_pointer (&pipeline);
}

/* What is there already is not loaded again. */
static gboolean
load (Shelf              *shelf,
      const JfMode       *mode,
      const JfModeModel  *model,
      const char         *folder,
      GError            **error)
{
  JfFilter           **filter = &shelf->filters[model - mode->models];
  g_autofree char     *path   = g_build_filename (folder, model->file, NULL);
  g_autoptr (JfModel)  loaded = *filter ? NULL : jf_model_load (path, error);

  if (loaded)
    *filter = jf_filter_new (loaded);

  return *filter != NULL;
}
