/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * noise-level: prints the noise level that the core estimates
 *
 * Usage: noise-level FILE, a safetensors file with a tensor "target" [channels][height][width]. For the evaluation
 * of models, which measures what an estimated level costs.
 */

#include "noise.h"
#include "safetensors.h"

int
main (int    argc,
      char **argv)
{
  g_autoptr(JfSafetensors) file  = NULL;
  g_autoptr(GError)        error = NULL;
  const JfTensor          *tensor;
  JfPlanes                 planes;

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

  tensor = jf_safetensors_get_tensor (file, "target");

  if (! tensor || tensor->n_dimensions != 3)
    {
      g_printerr ("%s has no tensor “target” of three dimensions\n", argv[1]);
      return 1;
    }

  planes = (JfPlanes)
    {
      .data     = (float *) tensor->data,    /* read only */
      .channels = (int) tensor->shape[0],
      .width    = (int) tensor->shape[2],
      .height   = (int) tensor->shape[1],
    };

  g_print ("%g\n", (double) jf_noise_estimate (&planes));

  return 0;
}
