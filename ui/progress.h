/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * progress: how far long work is, and how long it will still take
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define JF_TYPE_PROGRESS (jf_progress_get_type ())
G_DECLARE_FINAL_TYPE (JfProgress, jf_progress, JF, PROGRESS, GtkProgressBar)

GtkWidget * jf_progress_new   (void);
void        jf_progress_start (JfProgress *progress);
void        jf_progress_set   (JfProgress *progress,
                               double      fraction);

G_END_DECLS
