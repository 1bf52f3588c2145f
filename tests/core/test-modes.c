/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-modes: the table of modes
 */
#include <string.h>

#include "modes.h"


static void
test_find (void)
{
  const JfMode *mode = jf_modes_find ("plug-in-joint-filter-flash-denoise");

  g_assert_nonnull (mode);
  g_assert_cmpstr (jf_mode_find_model (mode, 0, JF_QUALITY_FAST)->file, ==, "flash-denoise.safetensors");
  g_assert_cmpint (mode->arguments & JF_MODE_NOISE_LEVEL, !=, 0);
}

static void
test_find_nothing (void)
{
  g_assert_null (jf_modes_find ("plug-in-joint-filter"));
  g_assert_null (jf_modes_find (""));
}

/* GIMP wants procedures' names lower-case with hyphens; labels need a mnemonic to be reached by
 * keyboard.
 */
static void
test_rows (void)
{
  guint         n_modes;
  const JfMode *modes = jf_modes_get (&n_modes);

  g_assert_cmpuint (n_modes, >, 0);

  for (guint i = 0; i < n_modes; i++)
    {
      const JfMode *mode = &modes[i];

      g_assert_true (g_str_has_prefix (mode->procedure, "plug-in-joint-filter-"));
      g_assert_cmpuint (strspn (mode->procedure, "abcdefghijklmnopqrstuvwxyz0123456789-"), ==,
                        strlen (mode->procedure));
      g_assert_nonnull (strchr (mode->menu_label, '_'));
      g_assert_true (g_str_has_suffix (mode->menu_label, "…"));
      g_assert_nonnull (strchr (mode->guidance_label, '_'));
      g_assert_cmpuint (strlen (mode->blurb), >, 0);
      g_assert_cmpuint (strlen (mode->help), >, 0);
      g_assert_cmpuint (strlen (mode->guidance_tooltip), >, 0);
      g_assert_true (g_str_has_suffix (mode->models[0].file, ".safetensors"));
      g_assert_cmpint (mode->iterations, >=, 1);
      g_assert_true (jf_modes_find (mode->procedure) == mode);
    }
}

/* What the modes name ships. */
static void
test_models (void)
{
  guint         n_modes;
  const JfMode *modes = jf_modes_get (&n_modes);

  for (guint i = 0; i < n_modes; i++)
    for (const JfModeModel *model = modes[i].models; model->file; model++)
      {
        g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "..", "models", model->file, NULL);

        g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
      }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/modes/find", test_find);
  g_test_add_func ("/modes/find-nothing", test_find_nothing);
  g_test_add_func ("/modes/rows", test_rows);
  g_test_add_func ("/modes/models", test_models);

  return g_test_run ();
}
