/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pipeline: a mode with its options, ready to run
 */
#include <glib/gi18n-lib.h>

#include "pipeline.h"


static const char * find_file (const JfMode             *mode,
                               const JfPipelineOptions  *options,
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
 * Returns: (transfer full) (nullable): the mode with the model for its options loaded; free with
 *          jf_pipeline_unref ()
 */
JfPipeline *
jf_pipeline_new (const JfMode             *mode,
                 const JfPipelineOptions  *options,
                 const char               *folder,
                 GError                  **error)
{
  const char          *file = find_file (mode, options, error);
  g_autofree char     *path = file ? g_build_filename (folder, file, NULL) : NULL;
  g_autoptr (JfModel)  model = path ? jf_model_load (path, error) : NULL;
  JfPipeline          *pipeline;

  if (! model)
    return NULL;

  pipeline          = g_new (JfPipeline, 1);
  pipeline->mode    = mode;
  pipeline->options = *options;
  pipeline->filter  = jf_filter_new (model);
  g_atomic_ref_count_init (&pipeline->ref_count);

  if (! (mode->arguments & JF_MODE_ITERATIONS))
    pipeline->options.iterations = mode->iterations;

  return pipeline;
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

  jf_filter_free (pipeline->filter);
  g_free (pipeline);
}


/*  private functions  */

static const char *
find_file (const JfMode             *mode,
           const JfPipelineOptions  *options,
           GError                  **error)
{
  const JfModeModel *model = jf_mode_find_model (mode, options->factor, options->quality);

  if (model)
    return model->file;

  g_set_error (error, JF_PIPELINE_ERROR, JF_PIPELINE_ERROR_OPTION,
               _("There is no model for a factor of %d. Choose one of the factors that the dialog offers."),
               options->factor);

  return NULL;
}
