/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-peak: how many fused multiply-adds per second the processor can do
 *
 * Ten independent sums: two units with a latency of four cycles each need eight. Nothing is loaded or stored.
 * Speaks bench-worker's protocol: "ready flops=…", then WALL_MS CPU_MS PEAK_RSS_KIB for each "run".
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define N_SUMS        10
#define N_ITERATIONS  20000000L
#define MAX_THREADS   256

typedef struct
{
  const char *name;
  int         width;           /* floats in a vector */
  void     (* run) (void);
} Kernel;

/* The empty assembly keeps a sum in a register and its value unknown. GCC fuses the multiplication and the addition. */
#define DEFINE_KERNEL(name, attributes, bytes, constraint)                          \
  typedef float name##_vector __attribute__ ((vector_size (bytes)));                \
                                                                                    \
  attributes static void                                                            \
  name (void)                                                                       \
  {                                                                                 \
    name##_vector sum[N_SUMS] = { 0 };                                              \
    name##_vector factor      = sum[0] + 0.5f;                                      \
                                                                                    \
    for (long i = 0; i < N_ITERATIONS; i++)                                         \
      {                                                                             \
        _Pragma ("GCC unroll 10")                                                   \
        for (int j = 0; j < N_SUMS; j++)                                            \
          {                                                                         \
            sum[j] = sum[j] * factor + factor;                                      \
            __asm__ volatile ("" : "+" constraint (sum[j]));                        \
          }                                                                         \
      }                                                                             \
  }

#ifdef __x86_64__
DEFINE_KERNEL (kernel_avx512, __attribute__ ((target ("avx512f"))),  64, "v")
DEFINE_KERNEL (kernel_avx2,   __attribute__ ((target ("avx2,fma"))), 32, "x")
DEFINE_KERNEL (kernel_plain,  ,                                      16, "x")
#else
DEFINE_KERNEL (kernel_plain,  ,                                      16, "w")
#endif

static const Kernel * kernel_choose (void);
static double         kernel_time   (const Kernel *kernel,
                                     int           n_threads);
static void         * thread_main   (void         *data);
static double         clock_ms      (clockid_t     clock);

int
main (int    argc,
      char **argv)
{
  const Kernel *kernel    = kernel_choose ();
  const int     n_threads = argc > 1 ? atoi (argv[1]) : 1;
  char          line[64];

  if (n_threads < 1 || n_threads > MAX_THREADS)
    return EXIT_FAILURE;

  printf ("ready flops=%.0f kernel=%s\n", 2.0 * N_ITERATIONS * N_SUMS * kernel->width * n_threads, kernel->name);
  fflush (stdout);

  while (fgets (line, sizeof line, stdin))
    {
      const double cpu_start = clock_ms (CLOCK_PROCESS_CPUTIME_ID);
      const double wall_ms   = kernel_time (kernel, n_threads);

      printf ("%.4f %.4f 0\n", wall_ms, clock_ms (CLOCK_PROCESS_CPUTIME_ID) - cpu_start);
      fflush (stdout);
    }

  return EXIT_SUCCESS;
}


/*  private functions  */

/* Wider vectors are not always faster (Zen 4), so each kernel the processor has runs once. */
static const Kernel *
kernel_choose (void)
{
  static const Kernel kernels[] =
    {
      { "plain", 4, kernel_plain },
#ifdef __x86_64__
      { "AVX2", 8, kernel_avx2 },
      { "AVX-512", 16, kernel_avx512 },
#endif
    };
  const Kernel *best      = &kernels[0];
  double        best_rate = 0.0;

  for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
    {
      double rate;

#ifdef __x86_64__
      if ((kernels[i].width == 8  && ! (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))) ||
          (kernels[i].width == 16 && ! __builtin_cpu_supports ("avx512f")))
        continue;
#endif

      kernel_time (&kernels[i], 1);    /* the clock rate settles */
      rate = kernels[i].width / kernel_time (&kernels[i], 1);
      if (rate > best_rate)
        {
          best      = &kernels[i];
          best_rate = rate;
        }
    }

  return best;
}

static double
kernel_time (const Kernel *kernel,
             int           n_threads)
{
  const double start = clock_ms (CLOCK_MONOTONIC);
  pthread_t    threads[MAX_THREADS];

  for (int i = 1; i < n_threads; i++)
    if (pthread_create (&threads[i], NULL, thread_main, (void *) kernel) != 0)
      exit (EXIT_FAILURE);

  kernel->run ();

  for (int i = 1; i < n_threads; i++)
    pthread_join (threads[i], NULL);

  return clock_ms (CLOCK_MONOTONIC) - start;
}

static void *
thread_main (void *data)
{
  const Kernel *kernel = data;

  kernel->run ();

  return NULL;
}

static double
clock_ms (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);

  return 1e3 * (double) now.tv_sec + 1e-6 * (double) now.tv_nsec;
}
