/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-joint-filter: our engine, from planes to planes, everything counted
 */
#include "bench-worker.h"
#include "filter.h"
#include "gemm.h"

static JfFilter *filter;

/*  public functions  */

char *
bench_program_prepare (BenchJob *job)
{
  filter = jf_filter_new (job->model);

  return g_strdup_printf ("library=Joint-Filter-%s configuration=%s halo=%d",
                          VERSION, jf_gemm_describe (), job->model->halo);
}

void
bench_program_run (BenchJob *job)
{
  g_autoptr (GError)    error   = NULL;
  const JfFilterOptions options =
    {
      .noise.level    = job->noise_level,
      .task.n_threads = job->n_threads,
      .region         = &job->region
    };

  bench_job_resume (job);
  if (! jf_filter_apply (filter, &job->target, &job->guidance, &options, &job->output, &error))
    bench_fail ("%s", error->message);
  bench_job_pause (job);
}
