/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * help: the pages of help that come with the plug-in
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void jf_help_show (const char *help_id,
                   gpointer    help_data);

G_END_DECLS
