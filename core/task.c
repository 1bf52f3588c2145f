/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * task: how long work is run: by how many threads, who is told how far it is, who may stop it
 */
#include "task.h"


static void report_part (double   fraction,
                         gpointer data);


/*  public functions  */

/**
 * jf_task_part_init:
 * @part:   (out caller-allocates): the step; nothing to free, not to be moved
 * @whole:  the task it is a step of, which has to outlive @part
 * @start:  the share of @whole that is done before, 0..1
 * @length: the share of @whole that the step is
 *
 * Returns: (transfer none): the step as a task, whose progress is told as that of @whole
 */
const JfTask *
jf_task_part_init (JfTaskPart   *part,
                   const JfTask *whole,
                   double        start,
                   double        length)
{
  part->task               = *whole;
  part->task.progress      = report_part;
  part->task.progress_data = part;

  part->whole  = whole;
  part->start  = start;
  part->length = length;

  return &part->task;
}

/**
 * jf_task_progress:
 * @task:     a task
 * @fraction: the share of it that is done, 0..1
 *
 * Tells who wants to know.
 */
void
jf_task_progress (const JfTask *task,
                  double        fraction)
{
  if (task->progress)
    task->progress (fraction, task->progress_data);
}


/*  private functions  */

static void
report_part (double   fraction,
             gpointer data)
{
  const JfTaskPart *part = data;

  jf_task_progress (part->whole, part->start + fraction * part->length);
}
