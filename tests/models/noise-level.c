/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise-level: prints the noise level that the core estimates, and its excess
 *
 * Usage: noise-level FILE, a safetensors file with a tensor "target" [channels][height][width], and "guidance" of the
 * same height and width where there is one. For the evaluation of models, which measures what an estimate costs.
 */

#include "safetensors.h"
#include "scene.h"

static gboolean
get_planes (JfSafetensors *file,
            const char    *name,
            JfPlanes      *planes)
{
  const JfTensor *tensor = jf_safetensors_get_tensor (file, name);

  if (! tensor || tensor->n_dimensions != 3)
    return FALSE;

  *planes = (JfPlanes)
    {
      .data     = (float *) tensor->data,    /* read only */
      .channels = (int) tensor->shape[0],
      .width    = (int) tensor->shape[2],
      .height   = (int) tensor->shape[1],
    };

  return TRUE;
}

int
main (int    argc,
      char **argv)
{
  g_autoptr(JfSafetensors) file  = NULL;
  g_autoptr(GError)        error = NULL;
  JfPlanes                 target;
  JfPlanes                 guidance;
  gboolean                 guided;
  JfNoise                  noise;

  if (argc != 2)
    {
      g_printerr ("Usage: noise-level FILE\n");
      return 2;
    }

  file = jf_safetensors_load (argv[1], &error);

  if (! file)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  if (! get_planes (file, "target", &target))
    {
      g_printerr ("%s has no tensor “target” of three dimensions\n", argv[1]);
      return 1;
    }

  guided = get_planes (file, "guidance", &guidance);

  if (guided && (guidance.width != target.width || guidance.height != target.height))
    {
      g_printerr ("%s has a “guidance” of another size\n", argv[1]);
      return 1;
    }

  noise = jf_scene_estimate_noise (&target, NULL, guided ? &guidance : NULL);
  g_print ("%g %g\n", (double) noise.level, (double) noise.excess);

  return 0;
}
