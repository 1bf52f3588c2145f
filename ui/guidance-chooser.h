/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guidance-chooser: a choice among layers by name
 */
#pragma once

#include <libgimp/gimp.h>
#include <libgimp/gimpui.h>

G_BEGIN_DECLS

GtkWidget * jf_guidance_chooser_new (GimpProcedureDialog  *dialog,
                                     GimpProcedureConfig  *config,
                                     GList                *layers,
                                     GimpLayer            *guidance);

G_END_DECLS
