/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz-main: good model files, changed at random
 *
 * fuzz-model [COUNT [SEED]]: the same files in every run. Most useful with -Db_sanitize=address,undefined.
 */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "fuzz-model.h"


#define COUNT         20000
#define SEED          1
#define MAX_CHANGES   4
#define LENGTH_SIZE   8


static void   change_file  (GByteArray *file,
                            GRand      *random);
static void   change_byte  (GByteArray *file,
                            guint       place,
                            GRand      *random);
static void   change_size  (GByteArray *file,
                            guint       place,
                            GRand      *random);
static void   change_digit (GByteArray *file,
                            GRand      *random);
static void   copy_piece   (GByteArray *file,
                            guint       header_size,
                            GRand      *random);
static guint  get_header   (GByteArray *file);
static void   set_header   (GByteArray *file,
                            guint       size);


int
main (int    argc,
      char **argv)
{
  const int          count   = argc > 1 ? atoi (argv[1]) : COUNT;
  const guint32      seed    = argc > 2 ? (guint32) atoi (argv[2]) : SEED;
  g_autoptr(GRand)   random  = g_rand_new_with_seed (seed);
  g_autoptr(GBytes)  full    = fixture_file (FIXTURE_MODEL);
  g_autoptr(GBytes)  excess  = fixture_file (FIXTURE_EXCESS_MODEL);
  g_autoptr(GBytes)  plain   = fixture_file (FIXTURE_PLAIN_MODEL);
  GBytes            *seeds[] = { full, excess, plain };

  /* A warning of GLib or json-glib is a find as well. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);

  for (int i = 0; i < count; i++)
    {
      GBytes                *good      = seeds[i % G_N_ELEMENTS (seeds)];
      g_autoptr(GByteArray)  file      = g_byte_array_new ();
      const int              n_changes = i < (int) G_N_ELEMENTS (seeds) ? 0 :
                                         g_rand_int_range (random, 1, MAX_CHANGES + 1);
      g_autofree guint8     *exact     = NULL;

      g_byte_array_append (file, g_bytes_get_data (good, NULL), (guint) g_bytes_get_size (good));

      for (int j = 0; j < n_changes; j++)
        change_file (file, random);

      /* In memory of just this size, so that reading beyond it is noticed. */
      exact = g_memdup2 (file->data, file->len);
      LLVMFuzzerTestOneInput (exact, file->len);
    }

  return EXIT_SUCCESS;
}


/*  private functions  */

/* Mostly in the header, where it hurts. */
static void
change_file (GByteArray *file,
             GRand      *random)
{
  const guint header = get_header (file);

  if (file->len <= LENGTH_SIZE || header == 0)
    return;

  switch (g_rand_int_range (random, 0, 8))
    {
    case 0:
      change_byte (file, g_rand_int_range (random, 0, file->len), random);
      break;

    case 1:
    case 2:
      change_byte (file, LENGTH_SIZE + g_rand_int_range (random, 0, header), random);
      break;

    case 3:
    case 4:
      change_digit (file, random);
      break;

    case 5:
      change_size (file, LENGTH_SIZE + g_rand_int_range (random, 0, header), random);
      break;

    case 6:
      copy_piece (file, header, random);
      break;

    default:
      g_byte_array_set_size (file, g_rand_int_range (random, 0, file->len + 1));
    }
}

static void
change_byte (GByteArray *file,
             guint       place,
             GRand      *random)
{
  static const char likely[] = "\"{}[],:.-\\/0123456789eE \n\xff";

  file->data[place] = g_rand_boolean (random) ?
                      (guint8) likely[g_rand_int_range (random, 0, sizeof (likely))] :
                      (guint8) g_rand_int_range (random, 0, 256);
}

/* Takes some bytes out or puts some in; the header's length follows, half of the time. */
static void
change_size (GByteArray *file,
             guint       place,
             GRand      *random)
{
  const guint header = get_header (file);
  const guint most   = MIN (8, LENGTH_SIZE + header - place);
  const guint n      = g_rand_int_range (random, 1, most + 1);

  if (g_rand_boolean (random))
    {
      g_byte_array_remove_range (file, place, n);
      set_header (file, header - n);
    }
  else
    {
      g_byte_array_set_size (file, file->len + n);
      memmove (file->data + place + n, file->data + place, file->len - n - place);
      if (g_rand_boolean (random))
        set_header (file, header + n);
    }
}

/* Another digit in a number keeps the file well-formed, and so gets deeper. */
static void
change_digit (GByteArray *file,
              GRand      *random)
{
  const guint header = get_header (file);
  const guint start  = g_rand_int_range (random, 0, header);

  for (guint i = 0; i < header; i++)
    {
      guint8 *byte = &file->data[LENGTH_SIZE + (start + i) % header];

      if (g_ascii_isdigit (*byte))
        {
          *byte = (guint8) ('0' + g_rand_int_range (random, 0, 10));
          return;
        }
    }
}

/* Over another piece of the header. */
static void
copy_piece (GByteArray *file,
            guint       header_size,
            GRand      *random)
{
  const guint from = g_rand_int_range (random, 0, header_size);
  const guint to   = g_rand_int_range (random, 0, header_size);
  const guint most = header_size - MAX (from, to);

  memmove (file->data + LENGTH_SIZE + to, file->data + LENGTH_SIZE + from,
           g_rand_int_range (random, 0, most + 1));
}

/* As far as there is one. */
static guint
get_header (GByteArray *file)
{
  guint64 size;

  if (file->len < LENGTH_SIZE)
    return 0;

  memcpy (&size, file->data, LENGTH_SIZE);
  size = GUINT64_FROM_LE (size);

  return (guint) MIN (size, file->len - LENGTH_SIZE);
}

static void
set_header (GByteArray *file,
            guint       size)
{
  const guint64 length = GUINT64_TO_LE ((guint64) size);

  memcpy (file->data, &length, LENGTH_SIZE);
}
