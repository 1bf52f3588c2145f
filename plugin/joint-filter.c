/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * joint-filter: the plug-in's executable
 */
#include <libgimp/gimp.h>

#include "modes.h"

#include "procedure.h"


#define JF_TYPE_PLUG_IN (jf_plug_in_get_type ())
G_DECLARE_FINAL_TYPE (JfPlugIn, jf_plug_in, JF, PLUG_IN, GimpPlugIn)

struct _JfPlugIn
{
  GimpPlugIn parent_instance;
};


static GList         * jf_plug_in_query_procedures (GimpPlugIn  *plug_in);
static GimpProcedure * jf_plug_in_create_procedure (GimpPlugIn  *plug_in,
                                                    const char  *name);
static gboolean        jf_plug_in_set_i18n         (GimpPlugIn  *plug_in,
                                                    const char  *procedure_name,
                                                    char       **gettext_domain,
                                                    char       **catalog_dir);


G_DEFINE_TYPE (JfPlugIn, jf_plug_in, GIMP_TYPE_PLUG_IN)

GIMP_MAIN (JF_TYPE_PLUG_IN)


static void
jf_plug_in_class_init (JfPlugInClass *klass)
{
  GimpPlugInClass *plug_in_class = GIMP_PLUG_IN_CLASS (klass);

  plug_in_class->query_procedures = jf_plug_in_query_procedures;
  plug_in_class->create_procedure = jf_plug_in_create_procedure;
  plug_in_class->set_i18n         = jf_plug_in_set_i18n;
}

static void
jf_plug_in_init (JfPlugIn *plug_in)
{
}

static GList *
jf_plug_in_query_procedures (GimpPlugIn *plug_in)
{
  const JfMode *modes;
  guint         n_modes;
  GList        *names = NULL;

  modes = jf_modes_get (&n_modes);

  for (guint i = 0; i < n_modes; i++)
    names = g_list_append (names, g_strdup (modes[i].procedure));

  return names;
}

static GimpProcedure *
jf_plug_in_create_procedure (GimpPlugIn *plug_in,
                             const char *name)
{
  const JfMode *mode = jf_modes_find (name);

  return mode ? jf_procedure_new (plug_in, mode) : NULL;
}

/* GIMP prints three lines to stderr, at every query and run, for a folder of translations that is not
 * there (libgimp/gimpplugin.c, _gimp_plug_in_set_i18n ()): without translations do not ask for them.
 */
static gboolean
jf_plug_in_set_i18n (GimpPlugIn  *plug_in,
                     const char  *procedure_name,
                     char       **gettext_domain,
                     char       **catalog_dir)
{
  g_autofree char *folder = g_path_get_dirname (gimp_get_progname ());
  g_autofree char *locale = g_build_filename (folder, "locale", NULL);

  if (! g_file_test (locale, G_FILE_TEST_IS_DIR))
    return FALSE;

  *gettext_domain = g_strdup (GETTEXT_PACKAGE);
  *catalog_dir    = g_strdup ("locale");

  return TRUE;
}
