/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * help: the pages of help that come with the plug-in
 *
 * GIMP's own help looks for its manual, online where that is not installed, and has no pages of ours. These lie in the
 * folder "help" beside the executable, and the user's browser shows them without a network.
 */
#include <string.h>

#include <glib/gi18n-lib.h>
#include <libgimp/gimp.h>
#include <libgimp/gimpui.h>

#include "help.h"


#define PREFIX "plug-in-joint-filter-"


/**
 * jf_help_show:
 * @help_id:   a procedure of ours
 * @help_data: the dialog
 *
 * Shows the page of help about a procedure. A #GimpHelpFunc.
 */
void
jf_help_show (const char *help_id,
              gpointer    help_data)
{
  const char         *name    = g_str_has_prefix (help_id, PREFIX) ? help_id + strlen (PREFIX) : "index";
  g_autofree char    *program = g_path_get_dirname (gimp_get_progname ());
  g_autofree char    *page    = g_strconcat (name, ".html", NULL);
  g_autofree char    *path    = g_build_filename (program, "help", page, NULL);
  g_autofree char    *uri     = g_filename_to_uri (path, NULL, NULL);
  g_autoptr (GError)  error   = NULL;

  if (! gtk_show_uri_on_window (NULL, uri, GDK_CURRENT_TIME, &error))
    /* TRANSLATORS: which file, and why. */
    g_message (_("The help page %s could not be shown: %s"), path, error->message);
}
