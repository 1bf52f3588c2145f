/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-worker: one measured program as a process that runs once per line it reads
 */
#pragma once

#include "model.h"
#include "planes.h"

G_BEGIN_DECLS

/* What one worker is told to do. */
typedef struct
{
  JfModel  *model;
  JfPlanes  target;
  JfPlanes  guidance;
  JfPlanes  output;
  JfRegion  region;        /* the part of the target to filter; only the product's worker takes less than all */
  float     noise_level;
  int       n_threads;
  int       tile;          /* longest side of a tile in pixels; 0: the picture in one piece               */
  gboolean  taps;          /* a last layer with one output as a 1x1 layer to its taps, then shift and add */

  double    wall_ms;       /* of the run under way, between bench_job_resume () and bench_job_pause ()    */
  double    cpu_ms;
} BenchJob;

void   bench_job_resume      (BenchJob   *job);
void   bench_job_pause       (BenchJob   *job);
void   bench_fail            (const char *format,
                              ...) G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN;

/* Every program defines these. The description is KEY=VALUE words for the report. */
char * bench_program_prepare (BenchJob   *job);
void   bench_program_run     (BenchJob   *job);

G_END_DECLS
