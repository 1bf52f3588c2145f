/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fixture-configurations: tests again by every configuration of BLIS
 *
 * BLIS takes the one for this CPU, or the one whose integer is in the environment variable BLIS_ARCH_TYPE when it is first
 * called. They differ in their register blocks (6x16, 32x12, 8x8, 8x4, 4x16 …) and in which side they store, so our packing
 * meets shapes here that this CPU would not choose.
 */
#include <string.h>

#include <gio/gio.h>

#ifdef JF_BLIS_SUBFOLDER
#include <blis/blis.h>
#else
#include <blis.h>
#endif

#include "fixture-configurations.h"

typedef struct
{
  char *program;
  char *test;
  int   architecture;
} Configuration;

static void
configuration_free (gpointer data)
{
  Configuration *configuration = data;

  g_free (configuration->program);
  g_free (configuration->test);
  g_free (configuration);
}

static void
run_configuration (gconstpointer data)
{
  const Configuration            *configuration = data;
  g_autoptr(GSubprocessLauncher)  launcher      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
  g_autoptr(GSubprocess)          process       = NULL;
  g_autofree char                *value         = g_strdup_printf ("%d", configuration->architecture);
  g_autoptr(GError)               error         = NULL;

  g_subprocess_launcher_setenv (launcher, "BLIS_ARCH_TYPE", value, TRUE);
  process = g_subprocess_launcher_spawn (launcher, &error, configuration->program, "-p", configuration->test, NULL);
  g_assert_no_error (error);
  g_subprocess_wait_check (process, NULL, &error);
  g_assert_no_error (error);
}

static void
add_configuration (const char *path,
                   const char *test,
                   const char *program,
                   int         architecture)
{
  g_autofree char *name          = g_strdup_printf ("%s/%s", path, bli_arch_string (architecture));
  Configuration   *configuration = g_new (Configuration, 1);

  configuration->program      = g_strdup (program);
  configuration->test         = g_strdup (test);
  configuration->architecture = architecture;
  g_test_add_data_func_full (name, configuration, run_configuration, configuration_free);
}

/**
 * fixture_add_configurations:
 * @path:    where the new tests go
 * @test:    the test to repeat
 * @program: this program
 *
 * Adds a test for every configuration that BLIS was built with and that this CPU can run.
 */
void
fixture_add_configurations (const char *path,
                            const char *test,
                            const char *program)
{
#ifdef BLIS_CONFIG_GENERIC
  add_configuration (path, test, program, BLIS_ARCH_GENERIC);
#endif
#ifdef __x86_64__
#ifdef BLIS_CONFIG_PENRYN
  add_configuration (path, test, program, BLIS_ARCH_PENRYN);
#endif
#ifdef BLIS_CONFIG_SANDYBRIDGE
  if (__builtin_cpu_supports ("avx"))
    add_configuration (path, test, program, BLIS_ARCH_SANDYBRIDGE);
#endif
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    {
#ifdef BLIS_CONFIG_HASWELL
      add_configuration (path, test, program, BLIS_ARCH_HASWELL);
#endif
#ifdef BLIS_CONFIG_ZEN3
      add_configuration (path, test, program, BLIS_ARCH_ZEN3);
#endif
    }
#ifdef BLIS_CONFIG_SKX
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512vl"))
    add_configuration (path, test, program, BLIS_ARCH_SKX);
#endif
#endif
}
