/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz-model: whatever is in a model file, it is refused with an error or it works
 *
 * The entry is libFuzzer's, so that clang -fsanitize=fuzzer,address can drive it; fuzz-main.c drives it
 * as an ordinary test.
 */
#include "filter.h"
#include "fuzz-model.h"
#include "model.h"


/* What loads is run only where that takes no time: halos and depths may be large. */
#define MAX_MULTIPLICATIONS   1e5
#define MAX_HALO              32
#define WIDTH                 5
#define HEIGHT                3


static void   run_model (JfModel *model);


/*  public functions  */

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr(GBytes)  bytes = g_bytes_new_static (data, size);
  g_autoptr(GError)  error = NULL;
  g_autoptr(JfModel) model = jf_model_load_bytes (bytes, "fuzz", &error);

  g_assert_true ((model == NULL) == (error != NULL));

  if (! model)
    {
      g_assert_true (error->domain == JF_MODEL_ERROR);
      g_assert_true (g_str_has_prefix (error->message, "fuzz: "));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }

  if (model->halo <= MAX_HALO && jf_model_get_multiplications (model, 3) <= MAX_MULTIPLICATIONS)
    run_model (model);

  return 0;
}


/*  private functions  */

static void
run_model (JfModel *model)
{
  const JfFilterOptions  options                          = { .task.n_threads = 1, .noise = { 0.1f, 0.05f } };
  float                  target_data[3 * WIDTH * HEIGHT]  = { 0 };
  float                  guidance_data[WIDTH * HEIGHT]    = { 0 };
  float                  output_data[3 * WIDTH * HEIGHT];
  const JfPlanes         target                           = { target_data, 3, WIDTH, HEIGHT };
  const JfPlanes         guidance                         = { guidance_data, 1, WIDTH, HEIGHT };
  JfPlanes               output                           = { output_data, 3, WIDTH, HEIGHT };
  g_autoptr(JfFilter)    filter                           = jf_filter_new (model);
  g_autoptr(GError)      error                            = NULL;

  jf_filter_apply (filter, &target, &guidance, &options, &output, &error);
  g_assert_no_error (error);
}
