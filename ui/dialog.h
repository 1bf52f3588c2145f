/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * dialog: the arguments of a mode, for the user to choose, and what they do
 */
#pragma once

#include <libgimp/gimp.h>

#include "guidance-chooser.h"
#include "modes.h"
#include "preview-source.h"
#include "task.h"

G_BEGIN_DECLS

/* Does what the dialog is for; runs the main loop meanwhile. */
typedef gboolean (* JfApplyFunc) (const JfTask  *task,
                                  gpointer       data,
                                  GError       **error);

/* What the dialog is for. */
typedef struct
{
  const JfMode        *mode;
  GimpProcedure       *procedure;
  GimpProcedureConfig *config;       /* the arguments, changed by the user */
  const char          *title;
  JfGuidanceChoice     guidance;
  JfPreviewSource     *source;
  JfApplyFunc          apply;
  gpointer             data;         /* for apply                          */
} JfDialogSubject;

GimpPDBStatusType jf_dialog_run (const JfDialogSubject  *subject,
                                 GError                **error);

G_END_DECLS
