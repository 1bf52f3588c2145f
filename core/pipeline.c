/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pipeline: a mode with its options, ready to run
 */
#include <glib/gi18n-lib.h>

#include "colorize.h"
#include "pipeline.h"


static gboolean load (JfPipeline         *pipeline,
                      const JfModeModel  *model,
                      const char         *folder,
                      GError            **error);


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
  g_autoptr (JfPipeline)  pipeline = g_new0 (JfPipeline, 1);
  const JfModeModel      *model    = jf_mode_find_model (mode, options->factor, options->quality);

  pipeline->mode    = mode;
  pipeline->options = *options;
  g_atomic_ref_count_init (&pipeline->ref_count);

  if (! (mode->arguments & JF_MODE_ITERATIONS))
    pipeline->options.iterations = mode->iterations;

  if (mode->target == JF_TARGET_STROKES)
    {
      for (model = mode->models; model->file; model++)
        if (! load (pipeline, model, folder, error))
          return NULL;
    }
  else if (! model)
    {
      g_set_error (error, JF_PIPELINE_ERROR, JF_PIPELINE_ERROR_OPTION,
                   _("There is no model for a factor of %d. Choose one of the factors that the dialog offers."),
                   options->factor);
      return NULL;
    }
  else if (! load (pipeline, model, folder, error))
    {
      return NULL;
    }

  return g_steal_pointer (&pipeline);
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

  for (int i = 0; i < JF_MODE_MAX_MODELS; i++)
    jf_filter_free (pipeline->filters[i]);

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

  return pipeline->filters[model - mode->models];
}


/*  private functions  */

static gboolean
load (JfPipeline         *pipeline,
      const JfModeModel  *model,
      const char         *folder,
      GError            **error)
{
  g_autofree char     *path   = g_build_filename (folder, model->file, NULL);
  g_autoptr (JfModel)  loaded = jf_model_load (path, error);

  if (! loaded)
    return FALSE;

  pipeline->filters[model - pipeline->mode->models] = jf_filter_new (loaded);

  return TRUE;
}
