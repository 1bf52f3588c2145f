/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * task: how long work is run: by how many threads, who is told how far it is, who may stop it
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Called in the thread that asked for the work, with the finished share 0..1, never decreasing. */
typedef void (* JfProgressFunc) (double   fraction,
                                 gpointer data);

/* All zero is the default. */
typedef struct
{
  int             n_threads;      /* 0: one per processor */
  GCancellable   *cancellable;    /* NULL: never          */
  JfProgressFunc  progress;       /* NULL: nobody is told */
  gpointer        progress_data;
} JfTask;

/* A step of a task, as a task of its own. */
typedef struct
{
  JfTask        task;

  /*< private >*/
  const JfTask *whole;
  double        start;
  double        length;
} JfTaskPart;

const JfTask * jf_task_part_init (JfTaskPart   *part,
                                  const JfTask *whole,
                                  double        start,
                                  double        length);
void           jf_task_progress  (const JfTask *task,
                                  double        fraction);

G_END_DECLS
