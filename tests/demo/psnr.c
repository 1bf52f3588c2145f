/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * psnr: how near a picture is to the truth, in decibels
 */
#include <math.h>
#include <stdlib.h>

#include <gegl.h>


static GeglBuffer * psnr_load    (const char *path);
static double       psnr_measure (GeglBuffer *truth,
                                  GeglBuffer *picture);


int
main (int    argc,
      char **argv)
{
  g_autoptr (GeglBuffer) truth   = NULL;
  g_autoptr (GeglBuffer) picture = NULL;

  if (argc != 3)
    {
      g_printerr ("Usage: psnr TRUTH PICTURE\n");
      return EXIT_FAILURE;
    }

  gegl_init (NULL, NULL);

  truth   = psnr_load (argv[1]);
  picture = psnr_load (argv[2]);
  if (! truth || ! picture)
    return EXIT_FAILURE;

  if (! gegl_rectangle_equal (gegl_buffer_get_extent (truth), gegl_buffer_get_extent (picture)))
    {
      g_printerr ("%s and %s differ in size\n", argv[1], argv[2]);
      return EXIT_FAILURE;
    }

  g_print ("%.2f\n", psnr_measure (truth, picture));
  return EXIT_SUCCESS;
}


/*  private functions  */

static GeglBuffer *
psnr_load (const char *path)
{
  g_autoptr (GeglNode)  graph  = gegl_node_new ();
  GeglNode             *load   = gegl_node_new_child (graph, "operation", "gegl:load", "path", path, NULL);
  GeglBuffer           *buffer = NULL;
  GeglNode             *sink   = gegl_node_new_child (graph, "operation", "gegl:buffer-sink", "buffer", &buffer, NULL);

  gegl_node_link (load, sink);
  gegl_node_process (sink);

  if (! buffer || gegl_rectangle_is_empty (gegl_buffer_get_extent (buffer)))
    {
      g_printerr ("%s cannot be read\n", path);
      g_clear_object (&buffer);
    }

  return buffer;
}

/* Over the three colour channels together, sRGB-encoded, full scale = 1: as papers on denoising count it. */
static double
psnr_measure (GeglBuffer *truth,
              GeglBuffer *picture)
{
  const Babl         *format   = babl_format ("R'G'B' float");
  GeglBufferIterator *iterator = gegl_buffer_iterator_new (truth, NULL, 0, format, GEGL_ACCESS_READ, GEGL_ABYSS_NONE, 2);
  double              sum      = 0.0;
  double              count    = 0.0;

  gegl_buffer_iterator_add (iterator, picture, NULL, 0, format, GEGL_ACCESS_READ, GEGL_ABYSS_NONE);

  while (gegl_buffer_iterator_next (iterator))
    {
      const float *a = iterator->items[0].data;
      const float *b = iterator->items[1].data;

      for (int i = 0; i < 3 * iterator->length; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);

      count += 3.0 * iterator->length;
    }

  return 10.0 * log10 (count / sum);
}
