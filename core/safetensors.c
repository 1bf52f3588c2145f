/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * safetensors: named float32 arrays in a file
 *
 * The format (https://github.com/huggingface/safetensors, "Format"): eight bytes with the length N
 * of the header, little-endian; N bytes of JSON, one object whose members are the tensors
 *
 *   "name": { "dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24] }
 *
 * and "__metadata__", an object of strings; then the values, little-endian, rows first, without
 * gaps. The JSON may end in spaces, which keep the values aligned.
 */
#include <inttypes.h>
#include <string.h>

#include <json-glib/json-glib.h>
#include <glib/gi18n-lib.h>

#include "safetensors.h"


#define METADATA          "__metadata__"
#define LENGTH_SIZE       8

/* A tensor takes about 100 bytes of header, so this is room for ten thousand layers; the limit keeps
 * a damaged length from costing memory.
 */
#define MAX_HEADER_SIZE   (2 * 1024 * 1024)

/* Values converted at once where the host is big-endian. */
#define SWAP_COUNT        4096


struct _JfSafetensors
{
  char        *name;
  GBytes      *bytes;       /* the file                                            */
  float       *copy;        /* its values, where they cannot be used in place      */
  const char  *values;      /* where the values start, in bytes or copy            */
  gsize        n_values;    /* their size in bytes                                 */
  GHashTable  *metadata;    /* char * -> char *                                    */
  GHashTable  *by_name;     /* const char * -> JfTensor *                          */
  GPtrArray   *tensors;     /* JfTensor *, owned, as they lie in the file          */
};

/* What is watched while the header is parsed: JsonObject silently keeps the last of two members with
 * one name.
 */
typedef struct
{
  GArray *counts;           /* guint, members seen so far in each open object      */
  char   *duplicate;
} Watch;


static gboolean       find_values       (JfSafetensors       *file,
                                         const char         **header,
                                         gsize               *header_size,
                                         GError             **error);
static JsonObject   * parse_header      (const JfSafetensors *file,
                                         const char          *header,
                                         gsize                header_size,
                                         GError             **error);
static void           watch_start       (JsonParser          *parser,
                                         Watch               *watch);
static void           watch_member      (JsonParser          *parser,
                                         JsonObject          *object,
                                         const char          *name,
                                         Watch               *watch);
static void           watch_end         (JsonParser          *parser,
                                         JsonObject          *object,
                                         Watch               *watch);
static gboolean       read_metadata     (JfSafetensors       *file,
                                         JsonNode            *node,
                                         GError             **error);
static gboolean       read_tensor       (JfSafetensors       *file,
                                         const char          *name,
                                         JsonNode            *node,
                                         GError             **error);
static gboolean       read_type         (const JfSafetensors *file,
                                         const JfTensor      *tensor,
                                         JsonObject          *object,
                                         GError             **error);
static gboolean       read_shape        (const JfSafetensors *file,
                                         JfTensor            *tensor,
                                         JsonObject          *object,
                                         gsize               *size,
                                         GError             **error);
static gboolean       read_offsets      (const JfSafetensors *file,
                                         JfTensor            *tensor,
                                         JsonObject          *object,
                                         gsize                size,
                                         GError             **error);
static gboolean       check_layout      (JfSafetensors       *file,
                                         GError             **error);
static int            compare_places    (gconstpointer        a,
                                         gconstpointer        b);
static int            get_integers      (JsonObject          *object,
                                         const char          *name,
                                         gint64              *integers,
                                         int                  n_integers);
static void           tensor_free       (JfTensor            *tensor);
static void           set_error         (GError             **error,
                                         const JfSafetensors *file,
                                         const char          *format,
                                         ...) G_GNUC_PRINTF (3, 4);
static void           set_tensor_error  (GError             **error,
                                         const JfSafetensors *file,
                                         const JfTensor      *tensor,
                                         const char          *format,
                                         ...) G_GNUC_PRINTF (4, 5);
static GString      * make_header       (const char * const  *metadata,
                                         const JfTensor      *tensors,
                                         int                  n_tensors);
static JsonObject   * make_description  (const JfTensor      *tensor,
                                         gint64               begin);
static gboolean       write_values      (GOutputStream       *stream,
                                         const JfTensor      *tensor,
                                         GError             **error);


G_DEFINE_QUARK (jf-safetensors-error-quark, jf_safetensors_error)


/*  public functions  */

/**
 * jf_safetensors_load:
 * @path:  a file's name
 * @error: return location for a #JF_SAFETENSORS_ERROR or #G_FILE_ERROR
 *
 * Maps a file of float32 tensors into memory. The values are read when they are used, so nobody may
 * shorten the file meanwhile; replacing it by another is fine.
 *
 * Returns: (transfer full) (nullable): the file, free with jf_safetensors_free ()
 */
JfSafetensors *
jf_safetensors_load (const char  *path,
                     GError     **error)
{
  g_autoptr(GMappedFile) mapped = NULL;
  g_autoptr(GBytes)      bytes  = NULL;
  g_autofree char       *name   = NULL;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  name = g_filename_display_name (path);

  /* Mapping it would say that there is no such device. */
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, JF_SAFETENSORS_ERROR, JF_SAFETENSORS_ERROR_INVALID,
                   _("%s: this is a folder, not a safetensors file"), name);
      return NULL;
    }

  mapped = g_mapped_file_new (path, FALSE, error);
  if (! mapped)
    return NULL;

  bytes = g_mapped_file_get_bytes (mapped);

  return jf_safetensors_load_bytes (bytes, name, error);
}

/**
 * jf_safetensors_load_bytes:
 * @bytes: a file's content
 * @name:  how error messages shall call it
 * @error: return location for a #JF_SAFETENSORS_ERROR
 *
 * Checks everything the format demands and this program relies on: a header of valid UTF-8 JSON
 * within bounds, no name twice, float32 only, at most four dimensions, sizes that match shapes, values
 * that fill the file without gaps or overlaps. Values themselves may be anything, NaN too.
 *
 * Returns: (transfer full) (nullable): the file, free with jf_safetensors_free ()
 */
JfSafetensors *
jf_safetensors_load_bytes (GBytes      *bytes,
                           const char  *name,
                           GError     **error)
{
  g_autoptr(JfSafetensors) file   = NULL;
  g_autoptr(JsonObject)    object = NULL;
  g_autoptr(GList)         names  = NULL;
  const char              *header;
  gsize                    header_size;

  g_return_val_if_fail (bytes != NULL && name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  file           = g_new0 (JfSafetensors, 1);
  file->name     = g_strdup (name);
  file->bytes    = g_bytes_ref (bytes);
  file->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  file->by_name  = g_hash_table_new (g_str_hash, g_str_equal);
  file->tensors  = g_ptr_array_new_with_free_func ((GDestroyNotify) tensor_free);

  if (! find_values (file, &header, &header_size, error))
    return NULL;

  object = parse_header (file, header, header_size, error);
  if (! object)
    return NULL;

  names = json_object_get_members (object);

  for (GList *iter = names; iter; iter = iter->next)
    {
      JsonNode *node    = json_object_get_member (object, iter->data);
      gboolean  success = strcmp (iter->data, METADATA) ?
                          read_tensor (file, iter->data, node, error) :
                          read_metadata (file, node, error);

      if (! success)
        return NULL;
    }

  if (! check_layout (file, error))
    return NULL;

  return g_steal_pointer (&file);
}

/**
 * jf_safetensors_free:
 * @file: (nullable): a file
 *
 * Frees @file with its tensors and their values.
 */
void
jf_safetensors_free (JfSafetensors *file)
{
  if (! file)
    return;

  g_clear_pointer (&file->by_name, g_hash_table_unref);
  g_clear_pointer (&file->tensors, g_ptr_array_unref);
  g_clear_pointer (&file->metadata, g_hash_table_unref);
  g_clear_pointer (&file->bytes, g_bytes_unref);
  g_free (file->copy);
  g_free (file->name);
  g_free (file);
}

/**
 * jf_safetensors_get_name:
 * @file: a file
 *
 * Returns: (transfer none): what error messages call it
 */
const char *
jf_safetensors_get_name (const JfSafetensors *file)
{
  return file->name;
}

/**
 * jf_safetensors_get_tensor:
 * @file: a file
 * @name: a tensor's name
 *
 * Returns: (transfer none) (nullable): the tensor, or %NULL if @file has none of that name
 */
const JfTensor *
jf_safetensors_get_tensor (const JfSafetensors *file,
                           const char          *name)
{
  return g_hash_table_lookup (file->by_name, name);
}

/**
 * jf_safetensors_list_tensors:
 * @file: a file
 *
 * Returns: (transfer none) (element-type JfTensor): all tensors, as they lie in the file
 */
const GPtrArray *
jf_safetensors_list_tensors (const JfSafetensors *file)
{
  return file->tensors;
}

/**
 * jf_safetensors_get_metadata:
 * @file: a file
 * @key:  a key
 *
 * Returns: (transfer none) (nullable): the text stored under @key, or %NULL
 */
const char *
jf_safetensors_get_metadata (const JfSafetensors *file,
                             const char          *key)
{
  return g_hash_table_lookup (file->metadata, key);
}

/**
 * jf_safetensors_write:
 * @stream:    where to
 * @metadata:  (nullable): key, value, key, value, …, %NULL
 * @tensors:   (array length=n_tensors): tensors with different names
 * @n_tensors: their number
 * @error:     return location for a #G_IO_ERROR
 *
 * Writes a file of tensors. @stream stays open.
 *
 * Returns: whether all of it was written
 */
gboolean
jf_safetensors_write (GOutputStream       *stream,
                      const char * const  *metadata,
                      const JfTensor      *tensors,
                      int                  n_tensors,
                      GError             **error)
{
  g_autoptr(GString) header = make_header (metadata, tensors, n_tensors);
  guint64            length = GUINT64_TO_LE (header->len);

  if (! g_output_stream_write_all (stream, &length, LENGTH_SIZE, NULL, NULL, error) ||
      ! g_output_stream_write_all (stream, header->str, header->len, NULL, NULL, error))
    return FALSE;

  for (int i = 0; i < n_tensors; i++)
    if (! write_values (stream, &tensors[i], error))
      return FALSE;

  return TRUE;
}

/**
 * jf_safetensors_save:
 * @path:      a file's name
 * @tensors:   (array length=n_tensors): tensors with different names
 * @n_tensors: their number
 * @error:     return location for a #G_IO_ERROR
 *
 * Writes a file of tensors without metadata. A file that is there is replaced only once the new one is
 * complete, so @path may be the very file the tensors were loaded from.
 *
 * Returns: whether all of it was written
 */
gboolean
jf_safetensors_save (const char      *path,
                     const JfTensor  *tensors,
                     int              n_tensors,
                     GError         **error)
{
  g_autoptr(GFile)             file      = NULL;
  g_autoptr(GFileOutputStream) stream    = NULL;
  g_autoptr(GCancellable)      cancelled = NULL;

  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  file   = g_file_new_for_path (path);
  stream = g_file_replace (file, NULL, FALSE, G_FILE_CREATE_NONE, NULL, error);
  if (! stream)
    return FALSE;

  if (jf_safetensors_write (G_OUTPUT_STREAM (stream), NULL, tensors, n_tensors, error))
    return g_output_stream_close (G_OUTPUT_STREAM (stream), NULL, error);

  /* Closing with a cancelled cancellable gives the replacement up (g_file_replace ()). */
  cancelled = g_cancellable_new ();
  g_cancellable_cancel (cancelled);
  g_output_stream_close (G_OUTPUT_STREAM (stream), cancelled, NULL);

  return FALSE;
}

/**
 * jf_tensor_count:
 * @tensor: a tensor
 *
 * Returns: how many values it has; does not overflow for a tensor that was loaded
 */
gsize
jf_tensor_count (const JfTensor *tensor)
{
  gsize count = 1;

  for (int i = 0; i < tensor->n_dimensions; i++)
    count *= (gsize) tensor->shape[i];

  return count;
}

/**
 * jf_tensor_describe_shape:
 * @tensor: a tensor
 *
 * Returns: (transfer full): its shape for people, such as "[3, 480, 640]"
 */
char *
jf_tensor_describe_shape (const JfTensor *tensor)
{
  GString *text = g_string_new ("[");

  for (int i = 0; i < tensor->n_dimensions; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? ", " : "", tensor->shape[i]);

  g_string_append_c (text, ']');

  return g_string_free (text, FALSE);
}


/*  private functions  */

static gboolean
find_values (JfSafetensors  *file,
             const char    **header,
             gsize          *header_size,
             GError        **error)
{
  gsize       file_size;
  const char *data = g_bytes_get_data (file->bytes, &file_size);
  guint64     length;

  if (file_size < LENGTH_SIZE)
    {
      set_error (error, file, _("the file is too short to be a safetensors file"));
      return FALSE;
    }

  memcpy (&length, data, LENGTH_SIZE);
  length = GUINT64_FROM_LE (length);

  if (length > file_size - LENGTH_SIZE || length > MAX_HEADER_SIZE)
    {
      set_error (error, file,
                 _("the header's length, %" PRIu64 " bytes, is impossible: "
                   "this is no safetensors file, or it is damaged or cut off"),
                 length);
      return FALSE;
    }

  *header        = data + LENGTH_SIZE;
  *header_size   = (gsize) length;
  file->values   = *header + length;
  file->n_values = file_size - LENGTH_SIZE - *header_size;

  if (file->n_values > 0 &&
      (G_BYTE_ORDER == G_BIG_ENDIAN || (guintptr) file->values % G_ALIGNOF (float)))
    {
      file->copy = g_try_malloc (file->n_values);

      if (! file->copy)
        {
          set_error (error, file, _("there is no memory for its content"));
          return FALSE;
        }

      memcpy (file->copy, file->values, file->n_values);
      file->values = (const char *) file->copy;

#if G_BYTE_ORDER == G_BIG_ENDIAN
      for (gsize i = 0; i < file->n_values / sizeof (float); i++)
        ((guint32 *) file->copy)[i] = GUINT32_FROM_LE (((guint32 *) file->copy)[i]);
#endif
    }

  return TRUE;
}

static JsonObject *
parse_header (const JfSafetensors  *file,
              const char           *header,
              gsize                 header_size,
              GError              **error)
{
  g_autoptr(JsonParser) parser      = json_parser_new ();
  g_autoptr(GArray)     counts      = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr(GError)     parse_error = NULL;
  g_autofree char      *duplicate   = NULL;
  Watch                 watch       = { counts, NULL };
  JsonNode             *root;
  gboolean              success;

  if (! g_utf8_validate (header, (gssize) header_size, NULL))
    {
      set_error (error, file, _("the header is not valid UTF-8 text"));
      return NULL;
    }

  g_signal_connect (parser, "object-start", G_CALLBACK (watch_start), &watch);
  g_signal_connect (parser, "object-member", G_CALLBACK (watch_member), &watch);
  g_signal_connect (parser, "object-end", G_CALLBACK (watch_end), &watch);

  success   = json_parser_load_from_data (parser, header, (gssize) header_size, &parse_error);
  duplicate = watch.duplicate;

  if (! success)
    {
      set_error (error, file, _("the header is not valid JSON: %s"), parse_error->message);
      return NULL;
    }

  root = json_parser_get_root (parser);

  if (! root || ! JSON_NODE_HOLDS_OBJECT (root))
    {
      set_error (error, file, _("the header is not a JSON object"));
      return NULL;
    }

  if (duplicate)
    {
      set_error (error, file, _("the name “%s” appears twice in the header"), duplicate);
      return NULL;
    }

  return json_object_ref (json_node_get_object (root));
}

static void
watch_start (JsonParser *parser G_GNUC_UNUSED,
             Watch      *watch)
{
  const guint count = 0;

  g_array_append_val (watch->counts, count);
}

static void
watch_member (JsonParser *parser G_GNUC_UNUSED,
              JsonObject *object,
              const char *name,
              Watch      *watch)
{
  guint *count = &g_array_index (watch->counts, guint, watch->counts->len - 1);

  (*count)++;

  if (*count > json_object_get_size (object) && ! watch->duplicate)
    watch->duplicate = g_strdup (name);
}

static void
watch_end (JsonParser *parser G_GNUC_UNUSED,
           JsonObject *object G_GNUC_UNUSED,
           Watch      *watch)
{
  g_array_set_size (watch->counts, watch->counts->len - 1);
}

static gboolean
read_metadata (JfSafetensors  *file,
               JsonNode       *node,
               GError        **error)
{
  g_autoptr(GList) keys = NULL;
  JsonObject      *object;

  if (! JSON_NODE_HOLDS_OBJECT (node))
    {
      set_error (error, file, _("the metadata are not a JSON object"));
      return FALSE;
    }

  object = json_node_get_object (node);
  keys   = json_object_get_members (object);

  for (GList *iter = keys; iter; iter = iter->next)
    {
      JsonNode *value = json_object_get_member (object, iter->data);

      if (! JSON_NODE_HOLDS_VALUE (value) || json_node_get_value_type (value) != G_TYPE_STRING)
        {
          set_error (error, file, _("the metadata “%s” are not a string"),
                     (const char *) iter->data);
          return FALSE;
        }

      g_hash_table_insert (file->metadata,
                           g_strdup (iter->data), json_node_dup_string (value));
    }

  return TRUE;
}

static gboolean
read_tensor (JfSafetensors  *file,
             const char     *name,
             JsonNode       *node,
             GError        **error)
{
  JfTensor   *tensor = g_new0 (JfTensor, 1);
  JsonObject *object;
  gsize       size;

  tensor->name = g_strdup (name);
  g_ptr_array_add (file->tensors, tensor);
  g_hash_table_insert (file->by_name, tensor->name, tensor);

  if (! JSON_NODE_HOLDS_OBJECT (node))
    {
      set_tensor_error (error, file, tensor, _("its description is not a JSON object"));
      return FALSE;
    }

  object = json_node_get_object (node);

  return read_type (file, tensor, object, error)         &&
         read_shape (file, tensor, object, &size, error) &&
         read_offsets (file, tensor, object, size, error);
}

static gboolean
read_type (const JfSafetensors  *file,
           const JfTensor       *tensor,
           JsonObject           *object,
           GError              **error)
{
  JsonNode   *node = json_object_get_member (object, "dtype");
  const char *type = NULL;

  if (node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    type = json_node_get_string (node);

  if (! type)
    {
      set_tensor_error (error, file, tensor, _("its “dtype” is missing or not a string"));
      return FALSE;
    }

  if (strcmp (type, "F32"))
    {
      set_tensor_error (error, file, tensor,
                        _("it has the type “%s”; convert it to F32 (float32), the only type "
                          "that can be read"),
                        type);
      return FALSE;
    }

  return TRUE;
}

static gboolean
read_shape (const JfSafetensors  *file,
            JfTensor             *tensor,
            JsonObject           *object,
            gsize                *size,
            GError              **error)
{
  tensor->n_dimensions = get_integers (object, "shape", tensor->shape, JF_TENSOR_MAX_DIMENSIONS);

  if (tensor->n_dimensions < 0)
    {
      set_tensor_error (error, file, tensor,
                        _("its “shape” is not a list of at most %d sizes"),
                        JF_TENSOR_MAX_DIMENSIONS);
      return FALSE;
    }

  *size = sizeof (float);

  for (int i = 0; i < tensor->n_dimensions; i++)
    if ((guint64) tensor->shape[i] > G_MAXSIZE ||
        ! g_size_checked_mul (size, *size, (gsize) tensor->shape[i]))
      {
        g_autofree char *shape = jf_tensor_describe_shape (tensor);

        set_tensor_error (error, file, tensor, _("its shape %s is too large"), shape);
        return FALSE;
      }

  return TRUE;
}

static gboolean
read_offsets (const JfSafetensors  *file,
              JfTensor             *tensor,
              JsonObject           *object,
              gsize                 size,
              GError              **error)
{
  gint64 offsets[2];

  if (get_integers (object, "data_offsets", offsets, 2) != 2 || offsets[0] > offsets[1])
    {
      set_tensor_error (error, file, tensor,
                        _("its “data_offsets” are not a start and an end"));
      return FALSE;
    }

  if ((guint64) offsets[1] > file->n_values)
    {
      set_tensor_error (error, file, tensor,
                        _("its values lie beyond the end of the file, which is damaged or cut off"));
      return FALSE;
    }

  if ((guint64) (offsets[1] - offsets[0]) != size)
    {
      g_autofree char *shape = jf_tensor_describe_shape (tensor);

      set_tensor_error (error, file, tensor,
                        _("its shape %s needs %zu bytes, but it has %zu"),
                        shape, size, (gsize) (offsets[1] - offsets[0]));
      return FALSE;
    }

  tensor->data = (gconstpointer) (file->values + offsets[0]);

  return TRUE;
}

/* Every byte belongs to exactly one tensor, as the format demands. Sizes are multiples of a float's, so
 * this also makes every tensor aligned if the first is.
 */
static gboolean
check_layout (JfSafetensors  *file,
              GError        **error)
{
  const char *cursor = file->values;

  g_ptr_array_sort (file->tensors, compare_places);

  for (guint i = 0; i < file->tensors->len; i++)
    {
      const JfTensor *tensor = g_ptr_array_index (file->tensors, i);

      if ((const char *) tensor->data < cursor)
        {
          set_tensor_error (error, file, tensor, _("its values overlap another tensor's"));
          return FALSE;
        }

      if ((const char *) tensor->data > cursor)
        {
          set_tensor_error (error, file, tensor, _("there is a gap before its values"));
          return FALSE;
        }

      cursor += jf_tensor_count (tensor) * sizeof (float);
    }

  if (cursor < file->values + file->n_values)
    {
      set_error (error, file, _("there are bytes after the last tensor's values"));
      return FALSE;
    }

  return TRUE;
}

/* Empty tensors first where several start at one place. */
static int
compare_places (gconstpointer a,
                gconstpointer b)
{
  const JfTensor *one     = *(const JfTensor * const *) a;
  const JfTensor *other   = *(const JfTensor * const *) b;
  const gsize     n_one   = jf_tensor_count (one);
  const gsize     n_other = jf_tensor_count (other);

  if (one->data != other->data)
    return one->data < other->data ? -1 : 1;

  return n_one < n_other ? -1 : n_one > n_other;
}

/* Returns how many there are, or -1 if it is not a list of at most n_integers integers from 0 on. */
static int
get_integers (JsonObject *object,
              const char *name,
              gint64     *integers,
              int         n_integers)
{
  JsonNode  *node = json_object_get_member (object, name);
  JsonArray *array;
  guint      length;

  if (! node || ! JSON_NODE_HOLDS_ARRAY (node))
    return -1;

  array  = json_node_get_array (node);
  length = json_array_get_length (array);
  if (length > (guint) n_integers)
    return -1;

  for (guint i = 0; i < length; i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (! JSON_NODE_HOLDS_VALUE (element) || json_node_get_value_type (element) != G_TYPE_INT64)
        return -1;

      integers[i] = json_node_get_int (element);
      if (integers[i] < 0)
        return -1;
    }

  return (int) length;
}

static void
tensor_free (JfTensor *tensor)
{
  g_free (tensor->name);
  g_free (tensor);
}

static void
set_error (GError              **error,
           const JfSafetensors  *file,
           const char           *format,
           ...)
{
  g_autofree char *reason = NULL;
  va_list          args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);

  g_set_error (error, JF_SAFETENSORS_ERROR, JF_SAFETENSORS_ERROR_INVALID,
               /* TRANSLATORS: a file's name: what is wrong with it */
               _("%s: %s"), file->name, reason);
}

static void
set_tensor_error (GError              **error,
                  const JfSafetensors  *file,
                  const JfTensor       *tensor,
                  const char           *format,
                  ...)
{
  g_autofree char *reason = NULL;
  va_list          args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);

  g_set_error (error, JF_SAFETENSORS_ERROR, JF_SAFETENSORS_ERROR_INVALID,
               /* TRANSLATORS: a file's name: tensor “a name in it”: what is wrong with it */
               _("%s: tensor “%s”: %s"), file->name, tensor->name, reason);
}

static GString *
make_header (const char * const *metadata,
             const JfTensor     *tensors,
             int                 n_tensors)
{
  g_autoptr(JsonNode)   root   = json_node_new (JSON_NODE_OBJECT);
  g_autoptr(JsonObject) object = json_object_new ();
  g_autofree char      *json   = NULL;
  GString              *header;
  gint64                begin  = 0;

  if (metadata)
    {
      JsonObject *texts = json_object_new ();

      for (int i = 0; metadata[i]; i += 2)
        json_object_set_string_member (texts, metadata[i], metadata[i + 1]);

      json_object_set_object_member (object, METADATA, texts);
    }

  for (int i = 0; i < n_tensors; i++)
    {
      json_object_set_object_member (object, tensors[i].name,
                                     make_description (&tensors[i], begin));
      begin += (gint64) (jf_tensor_count (&tensors[i]) * sizeof (float));
    }

  json_node_set_object (root, object);
  json   = json_to_string (root, FALSE);
  header = g_string_new (json);

  /* Spaces up to a multiple of 8, so that readers can use the values in place. */
  while (header->len % LENGTH_SIZE)
    g_string_append_c (header, ' ');

  return header;
}

static JsonObject *
make_description (const JfTensor *tensor,
                  gint64          begin)
{
  JsonObject *object  = json_object_new ();
  JsonArray  *shape   = json_array_new ();
  JsonArray  *offsets = json_array_new ();

  for (int i = 0; i < tensor->n_dimensions; i++)
    json_array_add_int_element (shape, tensor->shape[i]);

  json_array_add_int_element (offsets, begin);
  json_array_add_int_element (offsets,
                              begin + (gint64) (jf_tensor_count (tensor) * sizeof (float)));

  json_object_set_string_member (object, "dtype", "F32");
  json_object_set_array_member (object, "shape", shape);
  json_object_set_array_member (object, "data_offsets", offsets);

  return object;
}

static gboolean
write_values (GOutputStream   *stream,
              const JfTensor  *tensor,
              GError         **error)
{
  const gsize count = jf_tensor_count (tensor);

#if G_BYTE_ORDER == G_BIG_ENDIAN
  guint32 swapped[SWAP_COUNT];

  for (gsize i = 0; i < count; i += SWAP_COUNT)
    {
      const gsize n = MIN (count - i, SWAP_COUNT);

      memcpy (swapped, tensor->data + i, n * sizeof (float));

      for (gsize j = 0; j < n; j++)
        swapped[j] = GUINT32_TO_LE (swapped[j]);

      if (! g_output_stream_write_all (stream, swapped, n * sizeof (float), NULL, NULL, error))
        return FALSE;
    }

  return TRUE;
#else
  return g_output_stream_write_all (stream, tensor->data, count * sizeof (float),
                                    NULL, NULL, error);
#endif
}
