/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * accessible: what screen readers are told
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void jf_accessible_set_name (GtkWidget  *widget,
                             const char *label);

G_END_DECLS
