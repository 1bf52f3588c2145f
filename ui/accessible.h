/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * accessible: what screen readers are told
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void jf_accessible_set_name        (GtkWidget  *widget,
                                    const char *label);
void jf_accessible_set_description (GtkWidget  *widget,
                                    const char *description);

G_END_DECLS
