/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-worker: one measured program as a process that runs once per line it reads
 *
 * Peak memory belongs to a process, so every program is one. It prepares, prints "ready KEY=VALUE…" and then answers
 *
 *   run            WALL_MS CPU_MS PEAK_RSS_KIB
 *   save FILE      done            the output as raw floats
 *   compare FILE   DIFFERENCE      the largest one, over max (1, largest value in FILE)
 *
 * so that a runner can take one repetition of each program in turn.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench-worker.h"

#define NOISE_LEVEL 0.05f

/*  local function prototypes  */

static void   job_init        (BenchJob    *job,
                               int          argc,
                               char       **argv);
static void   picture_fill    (JfPlanes    *planes,
                               guint32      seed);
static void   answer          (BenchJob    *job,
                               char        *line);
static void   answer_run      (BenchJob    *job);
static void   output_save     (BenchJob    *job,
                               const char  *path);
static double output_compare  (BenchJob    *job,
                               const char  *path);
static long   peak_rss_kib    (void);
static double clock_ms        (clockid_t    clock);


/*  public functions  */

int
main (int    argc,
      char **argv)
{
  BenchJob         job         = { 0 };
  g_autofree char *description = NULL;
  char             line[4096];
  double           multiplications;

  job_init (&job, argc, argv);
  description = bench_program_prepare (&job);
  multiplications = jf_model_get_multiplications (job.model, job.target.channels);

  printf ("ready flops=%.0f %s\n", 2.0 * multiplications * job.region.width * job.region.height, description);
  fflush (stdout);

  while (fgets (line, sizeof line, stdin))
    {
      answer (&job, g_strchomp (line));
      fflush (stdout);
    }

  return EXIT_SUCCESS;
}

/**
 * bench_job_resume:
 * @job: a job
 *
 * Lets the clocks run. What a program does while they are paused is not counted.
 */
void
bench_job_resume (BenchJob *job)
{
  job->wall_ms -= clock_ms (CLOCK_MONOTONIC);
  job->cpu_ms  -= clock_ms (CLOCK_PROCESS_CPUTIME_ID);
}

/**
 * bench_job_pause:
 * @job: a job
 *
 * Stops the clocks.
 */
void
bench_job_pause (BenchJob *job)
{
  job->wall_ms += clock_ms (CLOCK_MONOTONIC);
  job->cpu_ms  += clock_ms (CLOCK_PROCESS_CPUTIME_ID);
}

/**
 * bench_fail:
 * @format: what went wrong
 *
 * Ends the worker with a message; the runner passes it on.
 */
void
bench_fail (const char *format,
            ...)
{
  va_list args;

  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);

  exit (EXIT_FAILURE);
}


/*  private functions  */

static void
job_init (BenchJob  *job,
          int        argc,
          char     **argv)
{
  g_autoptr (GOptionContext) context  = g_option_context_new ("MODEL WIDTH HEIGHT CHANNELS");
  g_autoptr (GError)         error    = NULL;
  g_autofree char           *region   = NULL;
  int                        width;
  int                        height;
  GOptionEntry               entries[] =
    {
      { "threads",  0, 0, G_OPTION_ARG_INT,    &job->n_threads, "Threads",                              "N" },
      { "tile",     0, 0, G_OPTION_ARG_INT,    &job->tile,      "Longest side of a tile",               "N" },
      { "taps",     0, 0, G_OPTION_ARG_NONE,   &job->taps,      "Rewrite last layers with one output",  NULL },
      { "region",   0, 0, G_OPTION_ARG_STRING, &region,         "Filter this part only",                "X,Y,W,H" },
      { NULL }
    };

  job->n_threads   = 1;
  job->noise_level = NOISE_LEVEL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (! g_option_context_parse (context, &argc, &argv, &error))
    bench_fail ("%s", error->message);
  if (argc != 5)
    bench_fail ("%s: MODEL WIDTH HEIGHT CHANNELS are needed", argv[0]);

  width  = atoi (argv[2]);
  height = atoi (argv[3]);
  job->region = (JfRegion) { 0, 0, width, height };
  if (region && sscanf (region, "%d,%d,%d,%d",
                        &job->region.x, &job->region.y, &job->region.width, &job->region.height) != 4)
    bench_fail ("--region %s: not X,Y,W,H", region);

  job->model = jf_model_load (argv[1], &error);
  if (! job->model                                                                 ||
      ! jf_planes_init (&job->target,   atoi (argv[4]), width, height, &error)     ||
      ! jf_planes_init (&job->guidance, 3, width, height, &error)                  ||
      ! jf_planes_init (&job->output,   atoi (argv[4]), job->region.width, job->region.height, &error))
    bench_fail ("%s", error->message);

  picture_fill (&job->target, 1);
  picture_fill (&job->guidance, 2);
}

/* Values in 0..1 from a linear congruential generator (Numerical Recipes' constants), the same for every program. */
static void
picture_fill (JfPlanes *planes,
              guint32   seed)
{
  const gsize n_values = (gsize) planes->channels * planes->width * planes->height;

  for (gsize i = 0; i < n_values; i++)
    {
      seed = 1664525u * seed + 1013904223u;
      planes->data[i] = (float) (seed >> 8) / (float) (1 << 24);
    }
}

static void
answer (BenchJob *job,
        char     *line)
{
  if (g_str_equal (line, "run"))
    {
      answer_run (job);
    }
  else if (g_str_has_prefix (line, "save "))
    {
      output_save (job, line + strlen ("save "));
      puts ("done");
    }
  else if (g_str_has_prefix (line, "compare "))
    {
      printf ("%g\n", output_compare (job, line + strlen ("compare ")));
    }
  else
    {
      bench_fail ("%s: not a command", line);
    }
}

static void
answer_run (BenchJob *job)
{
  job->wall_ms = 0.0;
  job->cpu_ms  = 0.0;

  bench_program_run (job);

  printf ("%.4f %.4f %ld\n", job->wall_ms, job->cpu_ms, peak_rss_kib ());
}

static void
output_save (BenchJob   *job,
             const char *path)
{
  const gsize        size  = sizeof (float) * job->output.channels * job->output.width * job->output.height;
  g_autoptr (GError) error = NULL;

  if (! g_file_set_contents (path, (const char *) job->output.data, size, &error))
    bench_fail ("%s", error->message);
}

static double
output_compare (BenchJob   *job,
                const char *path)
{
  const gsize             n_values   = (gsize) job->output.channels * job->output.width * job->output.height;
  g_autoptr (GError)      error      = NULL;
  g_autoptr (GMappedFile) file       = g_mapped_file_new (path, FALSE, &error);
  double                  difference = 0.0;
  double                  largest    = 1.0;
  const float            *reference;

  if (! file)
    bench_fail ("%s", error->message);
  if (g_mapped_file_get_length (file) != n_values * sizeof (float))
    bench_fail ("%s: of another size", path);

  reference = (const float *) g_mapped_file_get_contents (file);
  for (gsize i = 0; i < n_values; i++)
    {
      const double d = fabs ((double) job->output.data[i] - reference[i]);

      if (! (d <= difference))    /* so that NaN is a difference */
        difference = d;
      largest = MAX (largest, fabs ((double) reference[i]));
    }

  return difference / largest;
}

/* Not getrusage (): its maximum outlives exec () and may be the runner's. */
static long
peak_rss_kib (void)
{
  g_autofree char *status = NULL;
  const char      *line;

  if (! g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 0;

  line = strstr (status, "VmHWM:");

  return line ? strtol (line + strlen ("VmHWM:"), NULL, 10) : 0;
}

static double
clock_ms (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);

  return 1e3 * (double) now.tv_sec + 1e-6 * (double) now.tv_nsec;
}
