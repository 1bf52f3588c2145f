/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * schedule: which threads do what when they work on one tile together
 *
 * Parts are claimed in the order in which one thread would do them, and a part waits until all those before some other part
 * are done. As nobody claims a part before those that it waits for, this always ends. A stage that goes by panels of lanes
 * follows the one before it like a wave, a panel behind: there is no point where all threads have to meet. What a part
 * computes does not depend on who does it or when.
 */
#include "schedule.h"

/* How often to look before going to sleep: for some µs. A part takes 50 µs, to be woken about as long. Yielding between looks
 * would cost whole time slices where other programs run.
 */
#define LOOKS 2000

/*  private functions  */

static JfStage *
get_stage (const JfSchedule *schedule,
           int               stage)
{
  return &g_array_index (schedule->stages, JfStage, stage);
}

static int
stage_end (const JfStage *stage)
{
  return stage->first + stage->n_parts;
}

static gboolean
is_stopped (JfSchedule *schedule)
{
  return g_atomic_int_get (&schedule->stopped);
}

/* Looks how far the work has come, as far as @end. */
static gboolean
look (JfSchedule *schedule,
      JfWorker   *worker,
      int         end)
{
  while (worker->n_done < end && g_atomic_int_get (&schedule->done[worker->n_done]))
    worker->n_done++;

  return worker->n_done >= end;
}

static void
wake (JfSchedule *schedule)
{
  if (g_atomic_int_get (&schedule->n_waiting) == 0)
    return;

  g_mutex_lock (&schedule->mutex);
  g_cond_broadcast (&schedule->advanced);
  g_mutex_unlock (&schedule->mutex);
}

/* Until all parts before @end are done, of which @worker remembers the first ones; FALSE if the work was stopped. */
static gboolean
await (JfSchedule *schedule,
       JfWorker   *worker,
       int         end)
{
  int i;

  for (i = 0; i < LOOKS; i++)
    if (look (schedule, worker, end))
      return ! is_stopped (schedule);

  g_mutex_lock (&schedule->mutex);
  g_atomic_int_inc (&schedule->n_waiting);
  while (! is_stopped (schedule) && ! look (schedule, worker, end))
    g_cond_wait (&schedule->advanced, &schedule->mutex);
  g_atomic_int_add (&schedule->n_waiting, -1);
  g_mutex_unlock (&schedule->mutex);

  return ! is_stopped (schedule);
}

static int
find_part (const JfSchedule *schedule,
           int               stage,
           int               part)
{
  return get_stage (schedule, stage)->first + part;
}

/* The parts that have to be done before part @part of a stage. */
static int
find_end (const JfSchedule *schedule,
          const JfStage    *stage,
          int               part)
{
  const JfStage *wave;

  if (stage->wave < 0)
    return stage->after;

  wave = get_stage (schedule, stage->wave);
  if (part == stage->n_parts - 1)
    return MAX (stage->after, stage_end (wave));

  return MAX (stage->after, wave->first + MIN (part + stage->ahead, wave->n_parts));
}

/*  public functions  */

/**
 * jf_schedule_init:
 * @schedule: (out): a schedule without stages
 *
 * Free with jf_schedule_clear().
 */
void
jf_schedule_init (JfSchedule *schedule)
{
  *schedule = (JfSchedule) { .stages = g_array_new (FALSE, FALSE, sizeof (JfStage)) };
  g_mutex_init (&schedule->mutex);
  g_cond_init (&schedule->advanced);
}

/**
 * jf_schedule_clear:
 * @schedule: a schedule
 */
void
jf_schedule_clear (JfSchedule *schedule)
{
  g_array_unref (schedule->stages);
  g_free (schedule->done);
  g_cond_clear (&schedule->advanced);
  g_mutex_clear (&schedule->mutex);
}

/**
 * jf_schedule_restart:
 * @schedule: a schedule that nobody works by
 *
 * Removes all stages.
 */
void
jf_schedule_restart (JfSchedule *schedule)
{
  g_array_set_size (schedule->stages, 0);
  schedule->n_parts    = 0;
  schedule->n_workers  = 0;
  schedule->next_stage = 0;
  schedule->next_part  = 0;
  g_atomic_int_set (&schedule->stopped, FALSE);
}

/**
 * jf_schedule_add:
 * @schedule: a schedule
 * @stage:    what comes next; only its public fields are read
 *
 * Returns: its number
 */
int
jf_schedule_add (JfSchedule    *schedule,
                 const JfStage *stage)
{
  JfStage added = *stage;

  added.first = schedule->n_parts;
  added.after = 0;
  added.wave  = -1;
  added.ahead = 1;
  g_array_append_val (schedule->stages, added);
  schedule->n_parts += stage->n_parts;

  return (int) schedule->stages->len - 1;
}

/**
 * jf_schedule_depend:
 * @schedule: a schedule
 * @stage:    the number of a stage
 * @on:       that of an earlier one, or -1 for none
 * @need:     how much of it, if both go by panels
 *
 * Lets a stage begin after another. What comes before the other one is done then as well.
 */
void
jf_schedule_depend (JfSchedule     *schedule,
                    int             stage,
                    int             on,
                    JfScheduleNeed  need)
{
  JfStage       *dependent = get_stage (schedule, stage);
  const JfStage *other     = on < 0 ? NULL : get_stage (schedule, on);

  if (! other)
    return;

  if (! dependent->by_panels || ! other->by_panels || need == JF_SCHEDULE_WHOLE)
    {
      dependent->after = MAX (dependent->after, stage_end (other));
    }
  else if (on >= dependent->wave)
    {
      int ahead = need == JF_SCHEDULE_NEXT ? 2 : 1;

      dependent->ahead = on > dependent->wave ? ahead : MAX (dependent->ahead, ahead);
      dependent->wave  = on;
    }
}

/**
 * jf_schedule_begin:
 * @schedule: a schedule with all its stages
 *
 * After this threads may join.
 */
void
jf_schedule_begin (JfSchedule *schedule)
{
  g_free (schedule->done);
  schedule->done = g_new0 (gint, schedule->n_parts);
}

/**
 * jf_schedule_join:
 * @schedule: a schedule that has begun
 * @worker:   (out): the calling thread's
 */
void
jf_schedule_join (JfSchedule *schedule,
                  JfWorker   *worker)
{
  *worker = (JfWorker) { 0 };

  g_mutex_lock (&schedule->mutex);
  schedule->n_workers++;
  g_mutex_unlock (&schedule->mutex);
}

/**
 * jf_schedule_claim:
 * @schedule: a schedule
 * @worker:   the calling thread's, which has finished what it claimed before
 *
 * The next parts for this thread, as soon as they may be done.
 *
 * Returns: FALSE if nothing is left or the work was stopped
 */
gboolean
jf_schedule_claim (JfSchedule *schedule,
                   JfWorker   *worker)
{
  g_mutex_lock (&schedule->mutex);
  if (is_stopped (schedule) || schedule->next_stage == schedule->stages->len)
    {
      g_mutex_unlock (&schedule->mutex);
      return FALSE;
    }

  worker->stage = get_stage (schedule, (int) schedule->next_stage);
  worker->first = schedule->next_part;
  worker->n     = worker->stage->in_order ? worker->stage->n_parts :
                  schedule->n_workers > 1 ? 1 : MIN (worker->stage->batch, worker->stage->n_parts - worker->first);

  schedule->next_part += worker->n;
  if (schedule->next_part == worker->stage->n_parts)
    {
      schedule->next_stage++;
      schedule->next_part = 0;
    }
  g_mutex_unlock (&schedule->mutex);

  return await (schedule, worker, find_end (schedule, worker->stage, worker->first + worker->n - 1));
}

/**
 * jf_schedule_await_turn:
 * @schedule: a schedule
 * @worker:   the calling thread's
 *
 * Waits until all parts before the claimed ones are done, so that what follows is done in order by all threads.
 *
 * Returns: FALSE if the work was stopped
 */
gboolean
jf_schedule_await_turn (JfSchedule *schedule,
                        JfWorker   *worker)
{
  return await (schedule, worker, worker->stage->first + worker->first);
}

/**
 * jf_schedule_await_part:
 * @schedule: a schedule
 * @stage:    the number of a stage before that of the calling thread, or less than 0 for none
 * @part:     one of its parts
 *
 * Waits until this part is done, whatever others are.
 *
 * Returns: FALSE if the work was stopped
 */
gboolean
jf_schedule_await_part (JfSchedule *schedule,
                        int         stage,
                        int         part)
{
  JfWorker others;

  if (stage < 0)
    return ! is_stopped (schedule);

  others = (JfWorker) { .n_done = find_part (schedule, stage, part) };

  return await (schedule, &others, others.n_done + 1);
}

/**
 * jf_schedule_finish_part:
 * @schedule: a schedule
 * @stage:    the number of the calling thread's stage
 * @part:     one of its parts
 *
 * Tells the others that this part is done.
 */
void
jf_schedule_finish_part (JfSchedule *schedule,
                         int         stage,
                         int         part)
{
  g_atomic_int_set (&schedule->done[find_part (schedule, stage, part)], TRUE);
  wake (schedule);
}

/**
 * jf_schedule_finish:
 * @schedule: a schedule
 * @worker:   the calling thread's
 *
 * Tells the others that the claimed parts are done.
 */
void
jf_schedule_finish (JfSchedule *schedule,
                    JfWorker   *worker)
{
  int i;

  for (i = 0; i < worker->n; i++)
    g_atomic_int_set (&schedule->done[worker->stage->first + worker->first + i], TRUE);
  wake (schedule);
}

/**
 * jf_schedule_stop:
 * @schedule: a schedule
 *
 * Lets nobody claim or wait any more.
 */
void
jf_schedule_stop (JfSchedule *schedule)
{
  g_atomic_int_set (&schedule->stopped, TRUE);
  wake (schedule);
}
