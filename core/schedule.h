/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * schedule: which threads do what when they work on one tile together
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A piece of work in parts, which any threads may do at the same time. */
typedef struct
{
  gpointer  what;           /* anything, and its row */
  int       y;
  int       n_parts;
  int       batch;          /* parts that a thread alone had better do together */
  gboolean  by_panels;      /* a part is a panel of lanes */
  gboolean  in_order;       /* one thread does all parts, one after the other, and waits for what they need by itself */

  /*< private >*/
  int       first;          /* of all parts                                              */
  int       after;          /* the parts before this one are done before any of it begin */
  int       wave;           /* the stage that this one follows panel by panel, or -1     */
  int       ahead;          /* by how many panels that one has to be ahead at least       */
} JfStage;

/* What has to be done of a stage for a panel of another one to begin, where both go by panels. */
typedef enum
{
  JF_SCHEDULE_WHOLE,        /* all of it                     */
  JF_SCHEDULE_NEXT,         /* panels up to the next one     */
  JF_SCHEDULE_SAME          /* panels up to the same one     */
} JfScheduleNeed;

/* A thread's own. */
typedef struct
{
  const JfStage *stage;     /* what to do: parts first … first + n - 1 */
  int            first;
  int            n;

  /*< private >*/
  int            n_done;    /* parts of the schedule that are known to be done, from its start */
} JfWorker;

/* Stages in an order in which one thread could do them. */
typedef struct
{
  GArray   *stages;
  int       n_parts;
  gint     *done;           /* atomic: by part */
  gint      n_waiting;      /* atomic */
  gint      stopped;        /* atomic */

  GMutex    mutex;
  GCond     advanced;
  int       n_workers;
  guint     next_stage;
  int       next_part;
} JfSchedule;

void     jf_schedule_init       (JfSchedule    *schedule);
void     jf_schedule_clear      (JfSchedule    *schedule);

void     jf_schedule_restart    (JfSchedule    *schedule);
int      jf_schedule_add        (JfSchedule    *schedule,
                                 const JfStage *stage);
void     jf_schedule_depend     (JfSchedule     *schedule,
                                 int             stage,
                                 int             on,
                                 JfScheduleNeed  need);
void     jf_schedule_begin      (JfSchedule    *schedule);

void     jf_schedule_join       (JfSchedule    *schedule,
                                 JfWorker      *worker);
gboolean jf_schedule_claim      (JfSchedule    *schedule,
                                 JfWorker      *worker);
gboolean jf_schedule_await_turn (JfSchedule    *schedule,
                                 JfWorker      *worker);
gboolean jf_schedule_await_part (JfSchedule    *schedule,
                                 int            stage,
                                 int            part);
void     jf_schedule_finish_part
                                (JfSchedule    *schedule,
                                 int            stage,
                                 int            part);
void     jf_schedule_finish     (JfSchedule    *schedule,
                                 JfWorker      *worker);
void     jf_schedule_stop       (JfSchedule    *schedule);

G_END_DECLS
