/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * dialog: the arguments of a mode, for the user to choose
 */
#pragma once

#include <libgimp/gimp.h>

G_BEGIN_DECLS

gboolean jf_dialog_run (GimpProcedure        *procedure,
                        GimpProcedureConfig  *config,
                        const char           *title,
                        GList                *layers,
                        GimpLayer            *guidance);

G_END_DECLS
