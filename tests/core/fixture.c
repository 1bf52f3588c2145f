/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fixture: files for tests, made in memory
 */
#include <string.h>

#include <glib/gstdio.h>

#include "fixture.h"
#include "safetensors.h"


static void   read_tensor (const char  *line,
                           JfTensor    *tensor,
                           GRand       *random);


/*  public functions  */

/* A safetensors file from lines "key=value" (metadata) and "name size size …" (a tensor of random values
 * between -0.5 and 0.5). A last word ":0.1" or ":nan" makes that the tensor's last value.
 */
GBytes *
fixture_file (const char *description)
{
  g_auto(GStrv)            lines    = g_strsplit (description, "\n", -1);
  g_autoptr(GOutputStream) stream   = g_memory_output_stream_new_resizable ();
  g_autoptr(GStrvBuilder)  metadata = g_strv_builder_new ();
  g_auto(GStrv)            texts    = NULL;
  g_autoptr(GArray)        tensors  = g_array_new (FALSE, TRUE, sizeof (JfTensor));
  g_autoptr(GRand)         random   = g_rand_new_with_seed (1);
  g_autoptr(GError)        error    = NULL;

  for (int i = 0; lines[i] && *lines[i]; i++)
    if (strchr (lines[i], '='))
      {
        g_auto(GStrv) pair = g_strsplit (lines[i], "=", 2);

        g_strv_builder_add_many (metadata, pair[0], pair[1], NULL);
      }
    else
      {
        g_array_set_size (tensors, tensors->len + 1);
        read_tensor (lines[i], &g_array_index (tensors, JfTensor, tensors->len - 1), random);
      }

  texts = g_strv_builder_end (metadata);
  jf_safetensors_write (stream, texts[0] ? (const char * const *) texts : NULL,
                        (const JfTensor *) (gpointer) tensors->data, (int) tensors->len, &error);
  g_assert_no_error (error);
  g_output_stream_close (stream, NULL, NULL);

  for (guint i = 0; i < tensors->len; i++)
    {
      g_free (g_array_index (tensors, JfTensor, i).name);
      g_free ((gpointer) g_array_index (tensors, JfTensor, i).data);
    }

  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (stream));
}

/* A safetensors file of any header, right or wrong, and n_values bytes of zeros. */
GBytes *
fixture_raw (const char *header,
             gsize       n_values)
{
  const gsize   length = strlen (header);
  const guint64 prefix = GUINT64_TO_LE (length);
  GByteArray   *array  = g_byte_array_new ();

  g_byte_array_append (array, (const guint8 *) &prefix, sizeof (prefix));
  g_byte_array_append (array, (const guint8 *) header, (guint) length);
  g_byte_array_set_size (array, (guint) (sizeof (prefix) + length + n_values));
  memset (array->data + sizeof (prefix) + length, 0, n_values);

  return g_byte_array_free_to_bytes (array);
}

/* text with the one place where it says old changed. */
char *
fixture_replace (const char *text,
                 const char *old,
                 const char *new)
{
  g_auto(GStrv) parts = g_strsplit (text, old, -1);

  g_assert_cmpuint (g_strv_length (parts), ==, 2);

  return g_strjoinv (new, parts);
}

/* Returns the file's name. */
char *
fixture_save (const char *folder,
              const char *name,
              GBytes     *bytes)
{
  char              *path  = g_build_filename (folder, name, NULL);
  g_autoptr(GError)  error = NULL;

  g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes),
                       &error);
  g_assert_no_error (error);

  return path;
}

char *
fixture_make_folder (void)
{
  g_autoptr(GError)  error  = NULL;
  char              *folder = g_dir_make_tmp ("joint-filter-XXXXXX", &error);

  g_assert_no_error (error);

  return folder;
}

/* With the files in it. */
void
fixture_remove_folder (const char *folder)
{
  g_autoptr(GDir)  dir = g_dir_open (folder, 0, NULL);
  const char      *name;

  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_remove (path);
    }

  g_rmdir (folder);
}

/* A folder of reference material that is not part of the sources: below $JF_SHARED, or in a folder
 * "shared" beside the sources. NULL where there is none.
 */
char *
fixture_shared_folder (const char *name)
{
  const char      *shared = g_getenv ("JF_SHARED");
  g_autofree char *folder = shared ? g_build_filename (shared, name, NULL) :
                                     g_test_build_filename (G_TEST_DIST, "..", "..", "..", "shared",
                                                            name, NULL);

  return g_file_test (folder, G_FILE_TEST_IS_DIR) ? g_steal_pointer (&folder) : NULL;
}


/*  private functions  */

static void
read_tensor (const char *line,
             JfTensor   *tensor,
             GRand      *random)
{
  g_auto(GStrv)  words = g_strsplit (line, " ", -1);
  float         *values;
  gsize          count;
  int            i;

  tensor->name = g_strdup (words[0]);

  for (i = 1; words[i] && g_ascii_isdigit (*words[i]); i++)
    tensor->shape[tensor->n_dimensions++] = g_ascii_strtoll (words[i], NULL, 10);

  count        = jf_tensor_count (tensor);
  values       = g_new (float, count);
  tensor->data = values;

  for (gsize j = 0; j < count; j++)
    values[j] = (float) g_rand_double_range (random, -0.5, 0.5);

  if (words[i])
    values[count - 1] = (float) g_ascii_strtod (words[i] + 1, NULL);
}
