/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-safetensors: files of tensors, good and malformed
 */
#include <string.h>

#include <glib/gstdio.h>

#include "fixture.h"
#include "safetensors.h"


/* A header, how many bytes of values follow it, and what the error must mention. */
typedef struct
{
  const char *name;
  const char *header;
  gsize       n_values;
  const char *message;
} Malformed;


#define TENSOR(dtype, shape, offsets) \
  "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const Malformed malformed[] =
{
  { "not-json",            "hello",                                                 0, "JSON" },
  { "empty-header",        "",                                                      0, "JSON" },
  { "unfinished",          "{\"a\":",                                               0, "JSON" },
  { "list",                "[1,2]",                                                 0, "JSON object" },
  { "not-utf-8",           "{\"\xff\xfe\":" TENSOR ("F32", "[1]", "[0,4]") "}",     4, "UTF-8" },
  { "metadata-list",       "{\"__metadata__\":[]}",                                 0, "metadata" },
  { "metadata-number",     "{\"__metadata__\":{\"key\":1}}",                        0, "“key”" },
  { "twice",               "{\"a\":" TENSOR ("F32", "[1]", "[0,4]")
                           ",\"a\":" TENSOR ("F32", "[1]", "[0,4]") "}",            4, "“a” appears twice" },
  { "metadata-twice",      "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}",          0, "“k” appears twice" },
  { "text-for-tensor",     "{\"a\":\"b\"}",                                         0, "“a”" },
  { "no-type",             "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}",        4, "“a”: its “dtype”" },
  { "other-type",          "{\"a\":" TENSOR ("F16", "[2]", "[0,4]") "}",            4, "“a”: it has the type “F16”" },
  { "no-shape",            "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}",    4, "“a”: its “shape”" },
  { "negative-size",       "{\"a\":" TENSOR ("F32", "[-1]", "[0,4]") "}",           4, "“a”: its “shape”" },
  { "fractional-size",     "{\"a\":" TENSOR ("F32", "[1.0]", "[0,4]") "}",          4, "“a”: its “shape”" },
  { "five-dimensions",     "{\"a\":" TENSOR ("F32", "[1,1,1,1,1]", "[0,4]") "}",    4, "“a”: its “shape”" },
  { "overflow",            "{\"a\":" TENSOR ("F32", "[4294967296,4294967296]",
                                             "[0,0]") "}",                          0, "too large" },
  { "overflow-by-4",       "{\"a\":" TENSOR ("F32", "[4611686018427387904]",
                                             "[0,0]") "}",                          0, "too large" },
  { "number-too-large",    "{\"a\":" TENSOR ("F32", "[18446744073709551617]",
                                             "[0,4]") "}",                          4, "“a”" },
  { "no-offsets",          "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}",             4, "“a”: its “data_offsets”" },
  { "one-offset",          "{\"a\":" TENSOR ("F32", "[1]", "[0]") "}",              4, "“a”: its “data_offsets”" },
  { "three-offsets",       "{\"a\":" TENSOR ("F32", "[1]", "[0,4,8]") "}",          8, "“a”: its “data_offsets”" },
  { "backwards",           "{\"a\":" TENSOR ("F32", "[1]", "[4,0]") "}",            4, "“a”: its “data_offsets”" },
  { "beyond-the-end",      "{\"a\":" TENSOR ("F32", "[2]", "[0,8]") "}",            4, "“a”: its values lie beyond" },
  { "wrong-size",          "{\"a\":" TENSOR ("F32", "[3]", "[0,8]") "}",            8, "“a”: its shape [3] needs 12 bytes" },
  { "overlap",             "{\"a\":" TENSOR ("F32", "[2]", "[0,8]")
                           ",\"b\":" TENSOR ("F32", "[2]", "[4,12]") "}",          12, "“b”: its values overlap" },
  { "gap",                 "{\"a\":" TENSOR ("F32", "[1]", "[0,4]")
                           ",\"b\":" TENSOR ("F32", "[1]", "[8,12]") "}",          12, "“b”: there is a gap" },
  { "rest",                "{\"a\":" TENSOR ("F32", "[1]", "[0,4]") "}",            5, "after the last tensor" }
};


static void
test_malformed (gconstpointer data)
{
  const Malformed          *test  = data;
  g_autoptr(GBytes)         bytes = fixture_raw (test->header, test->n_values);
  g_autoptr(GError)         error = NULL;
  g_autoptr(JfSafetensors)  file  = jf_safetensors_load_bytes (bytes, "some.file", &error);

  g_assert_null (file);
  g_assert_error (error, JF_SAFETENSORS_ERROR, JF_SAFETENSORS_ERROR_INVALID);
  g_assert_true (g_str_has_prefix (error->message, "some.file: "));
  g_assert_nonnull (strstr (error->message, test->message));
}

static void
test_round_trip (void)
{
  const float               a[6]      = { 1.0f, -2.5f, 3e-30f, 4.0f, 5.0f, 6.0f };
  const float               b[1]      = { 7.0f };
  const JfTensor            tensors[] =
  {
    { (char *) "a \"quoted\" name", 2, { 2, 3 }, a },
    { (char *) "scalar",            0, { 0 },    b },
    { (char *) "nothing",           2, { 0, 9 }, b }
  };
  g_autofree char          *folder    = fixture_make_folder ();
  g_autofree char          *path      = g_build_filename (folder, "ä.safetensors", NULL);
  g_autoptr(GError)         error     = NULL;
  g_autoptr(JfSafetensors)  file      = NULL;
  const JfTensor           *tensor;

  g_assert_true (jf_safetensors_save (path, tensors, 3, &error));
  g_assert_no_error (error);
  file = jf_safetensors_load (path, &error);
  g_assert_no_error (error);

  g_assert_cmpuint (jf_safetensors_list_tensors (file)->len, ==, 3);
  tensor = jf_safetensors_get_tensor (file, "a \"quoted\" name");
  g_assert_cmpint (tensor->n_dimensions, ==, 2);
  g_assert_cmpint (tensor->shape[0], ==, 2);
  g_assert_cmpint (tensor->shape[1], ==, 3);
  g_assert_cmpmem (tensor->data, sizeof (a), a, sizeof (a));
  g_assert_cmpuint ((guintptr) tensor->data % 8, ==, 0);

  tensor = jf_safetensors_get_tensor (file, "scalar");
  g_assert_cmpint (tensor->n_dimensions, ==, 0);
  g_assert_cmpfloat (*tensor->data, ==, 7.0f);

  tensor = jf_safetensors_get_tensor (file, "nothing");
  g_assert_cmpuint (jf_tensor_count (tensor), ==, 0);

  g_assert_null (jf_safetensors_get_tensor (file, "other"));

  fixture_remove_folder (folder);
}

static void
test_metadata (void)
{
  g_autoptr(GBytes)         bytes = fixture_file ("key=some = text\nempty=\na 1\n");
  g_autoptr(JfSafetensors)  file  = jf_safetensors_load_bytes (bytes, "file", NULL);

  g_assert_cmpstr (jf_safetensors_get_metadata (file, "key"), ==, "some = text");
  g_assert_cmpstr (jf_safetensors_get_metadata (file, "empty"), ==, "");
  g_assert_null (jf_safetensors_get_metadata (file, "other"));
  g_assert_null (jf_safetensors_get_tensor (file, "__metadata__"));
}

static void
test_no_tensors (void)
{
  g_autoptr(GBytes)         bytes = fixture_raw ("{}", 0);
  g_autoptr(GError)         error = NULL;
  g_autoptr(JfSafetensors)  file  = jf_safetensors_load_bytes (bytes, "file", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (jf_safetensors_list_tensors (file)->len, ==, 0);
}

/* Every length of header, and so every alignment of the values. */
static void
test_unaligned (void)
{
  for (int n_spaces = 0; n_spaces < 8; n_spaces++)
    {
      g_autofree char          *header = g_strdup_printf ("{\"a\":" TENSOR ("F32", "[2]", "[0,8]") "}%*s",
                                                          n_spaces, "");
      g_autoptr(GBytes)         zeros  = fixture_raw (header, 8);
      gsize                     size   = g_bytes_get_size (zeros);
      g_autofree guint8        *data   = g_memdup2 (g_bytes_get_data (zeros, NULL), size);
      g_autoptr(GBytes)         bytes  = NULL;
      g_autoptr(JfSafetensors)  file   = NULL;
      const JfTensor           *tensor;

      /* 1.0 and -2.0, little-endian. */
      memcpy (data + size - 8, "\x00\x00\x80\x3f\x00\x00\x00\xc0", 8);
      bytes  = g_bytes_new (data, size);
      file   = jf_safetensors_load_bytes (bytes, "file", NULL);
      tensor = jf_safetensors_get_tensor (file, "a");

      g_assert_cmpuint ((guintptr) tensor->data % sizeof (float), ==, 0);
      g_assert_cmpfloat (tensor->data[0], ==, 1.0f);
      g_assert_cmpfloat (tensor->data[1], ==, -2.0f);
    }
}

/* A file that was cut off anywhere is refused. */
static void
test_truncated (void)
{
  g_autoptr(GBytes) bytes = fixture_file ("key=value\na 2 3\nb 4\n");

  for (gsize size = 0; size < g_bytes_get_size (bytes); size++)
    {
      g_autoptr(GBytes)         part  = g_bytes_new (g_bytes_get_data (bytes, NULL), size);
      g_autoptr(GError)         error = NULL;
      g_autoptr(JfSafetensors)  file  = jf_safetensors_load_bytes (part, "file", &error);

      g_assert_null (file);
      g_assert_error (error, JF_SAFETENSORS_ERROR, JF_SAFETENSORS_ERROR_INVALID);
    }
}

static void
test_impossible_length (void)
{
  static const guint8       data[16] = { 255, 255, 255, 255, 255, 255, 255, 255, '{', '}' };
  g_autoptr(GBytes)         bytes    = g_bytes_new_static (data, sizeof (data));
  g_autoptr(GError)         error    = NULL;
  g_autoptr(JfSafetensors)  file     = jf_safetensors_load_bytes (bytes, "file", &error);

  g_assert_null (file);
  g_assert_error (error, JF_SAFETENSORS_ERROR, JF_SAFETENSORS_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "length"));
}

/* A hundred thousand open lists must not overflow the stack. */
static void
test_deep (void)
{
  g_autofree char          *header = g_strnfill (100000, '[');
  g_autoptr(GBytes)         bytes  = fixture_raw (header, 0);
  g_autoptr(GError)         error  = NULL;
  g_autoptr(JfSafetensors)  file   = jf_safetensors_load_bytes (bytes, "file", &error);

  g_assert_null (file);
  g_assert_error (error, JF_SAFETENSORS_ERROR, JF_SAFETENSORS_ERROR_INVALID);
}

static void
test_missing (void)
{
  g_autoptr(GError)         error = NULL;
  g_autoptr(JfSafetensors)  file  = jf_safetensors_load ("/no/such/file", &error);

  g_assert_null (file);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, "/no/such/file"));
}

/* The tensors being saved may be those of the file that is replaced. */
static void
test_save_over_itself (void)
{
  g_autofree char          *folder = fixture_make_folder ();
  g_autoptr(GBytes)         bytes  = fixture_file ("a 100 100\n");
  g_autofree char          *path   = fixture_save (folder, "file", bytes);
  g_autoptr(JfSafetensors)  file   = jf_safetensors_load (path, NULL);
  g_autoptr(GError)         error  = NULL;
  g_autofree char          *data   = NULL;
  gsize                     size;

  g_assert_true (jf_safetensors_save (path, jf_safetensors_get_tensor (file, "a"), 1, &error));
  g_assert_no_error (error);

  g_file_get_contents (path, &data, &size, NULL);
  g_assert_cmpmem (data, size, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  fixture_remove_folder (folder);
}

static void
test_save_nowhere (void)
{
  const float       value  = 0.0f;
  const JfTensor    tensor = { (char *) "a", 1, { 1 }, &value };
  g_autoptr(GError) error  = NULL;

  g_assert_false (jf_safetensors_save ("/no/such/folder/file", &tensor, 1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      g_autofree char *path = g_strdup_printf ("/safetensors/malformed/%s", malformed[i].name);

      g_test_add_data_func (path, &malformed[i], test_malformed);
    }

  g_test_add_func ("/safetensors/round-trip", test_round_trip);
  g_test_add_func ("/safetensors/metadata", test_metadata);
  g_test_add_func ("/safetensors/no-tensors", test_no_tensors);
  g_test_add_func ("/safetensors/unaligned", test_unaligned);
  g_test_add_func ("/safetensors/truncated", test_truncated);
  g_test_add_func ("/safetensors/impossible-length", test_impossible_length);
  g_test_add_func ("/safetensors/deep", test_deep);
  g_test_add_func ("/safetensors/missing", test_missing);
  g_test_add_func ("/safetensors/save-over-itself", test_save_over_itself);
  g_test_add_func ("/safetensors/save-nowhere", test_save_nowhere);

  return g_test_run ();
}
