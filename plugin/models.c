/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * models: the model files beside the executable
 */
#include <glib/gi18n-lib.h>
#include <libgimp/gimp.h>

#include "models.h"


/**
 * jf_models_load:
 * @mode:    a mode
 * @options: what the user chose
 * @former:  (nullable): the pipeline of the same mode before that, which may have loaded the model already
 * @error:   return location for an error that says what to do
 *
 * Returns: (transfer full) (nullable): the mode with its model from the folder "models" beside the plug-in's
 *          executable
 */
JfPipeline *
jf_models_load (const JfMode             *mode,
                const JfPipelineOptions  *options,
                const JfPipeline         *former,
                GError                  **error)
{
  g_autofree char   *program  = g_path_get_dirname (gimp_get_progname ());
  g_autofree char   *folder   = g_build_filename (program, "models", NULL);
  g_autoptr (GError) reason   = NULL;
  JfPipeline        *pipeline = former ? jf_pipeline_change (former, options, folder, &reason)
                                       : jf_pipeline_new (mode, options, folder, &reason);

  if (pipeline)
    return pipeline;

  if (reason->domain == JF_MODEL_ERROR)
    g_set_error (error, GIMP_PLUG_IN_ERROR, 0,
                 /* TRANSLATORS: which file, and what is wrong with it. */
                 _("%s. Install Joint Filter again to repair it."), reason->message);
  else
    g_propagate_error (error, g_steal_pointer (&reason));

  return NULL;
}
