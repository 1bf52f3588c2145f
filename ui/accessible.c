/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * accessible: what screen readers are told
 */
#include <libgimp/gimp.h>
#include <libgimp/gimpui.h>

#include "accessible.h"


/**
 * jf_accessible_set_name:
 * @widget: a widget that screen readers would find without a name
 * @label:  its name, with or without a mnemonic
 */
void
jf_accessible_set_name (GtkWidget  *widget,
                        const char *label)
{
  g_autofree char *name = gimp_strip_uline (label);

  atk_object_set_name (gtk_widget_get_accessible (widget), name);
}

/**
 * jf_accessible_set_description:
 * @widget:      a widget that has no tooltip of its own
 * @description: what it is for
 */
void
jf_accessible_set_description (GtkWidget  *widget,
                               const char *description)
{
  atk_object_set_description (gtk_widget_get_accessible (widget), description);
}
