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
 * @name:  file name below the folder "models" beside the plug-in's executable
 * @error: return location for an error that names the file and says what to do
 *
 * Returns: (transfer full) (nullable): the model
 */
JfModel *
jf_models_load (const char  *name,
                GError     **error)
{
  g_autofree char   *folder = g_path_get_dirname (gimp_get_progname ());
  g_autofree char   *path   = g_build_filename (folder, "models", name, NULL);
  g_autoptr (GError) reason = NULL;
  JfModel           *model  = jf_model_load (path, &reason);

  if (! model)
    g_set_error (error, GIMP_PLUG_IN_ERROR, 0,
                 /* TRANSLATORS: which file, and what is wrong with it. */
                 _("%s. Install Joint Filter again to repair it."), reason->message);

  return model;
}
