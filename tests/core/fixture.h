/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fixture: files for tests, made in memory
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A small model, as fixture_file () reads it: metadata lines key=value, tensor lines "name sizes".
 * Space to depth, sigma, three channels at once: 13 inputs for the target, 12 outputs of the filter.
 */
#define FIXTURE_MODEL           \
  "format=joint-filter-1\n"     \
  "task=test\n"                 \
  "scale=2\n"                   \
  "residual=true\n"             \
  "merge_relu=true\n"           \
  "noise_level=true\n"          \
  "space_to_depth=2\n"          \
  "target_channels=3\n"         \
  "author=somebody\n"           \
  "target.0.weight 4 13 5 5\n"  \
  "target.0.bias 4\n"           \
  "target.1.weight 3 4 3 3\n"   \
  "target.1.bias 3\n"           \
  "guidance.0.weight 2 12 1 1\n"\
  "guidance.0.bias 2\n"         \
  "filter.0.weight 12 5 3 3\n"  \
  "filter.0.bias 12\n"

/* Version 2, with the noise's excess beside sigma. */
#define FIXTURE_EXCESS_MODEL    \
  "format=joint-filter-2\n"     \
  "task=test\n"                 \
  "scale=1\n"                   \
  "residual=true\n"             \
  "noise_level=true\n"          \
  "noise_excess=true\n"         \
  "target.0.weight 2 3 3 3\n"   \
  "target.0.bias 2\n"           \
  "guidance.0.weight 1 3 1 1\n" \
  "guidance.0.bias 1\n"         \
  "filter.0.weight 1 3 1 1\n"   \
  "filter.0.bias 1\n"

/* A model in its simplest form, with every default. */
#define FIXTURE_PLAIN_MODEL     \
  "format=joint-filter-1\n"     \
  "task=test\n"                 \
  "scale=1\n"                   \
  "residual=false\n"            \
  "target.0.weight 1 1 3 3\n"   \
  "target.0.bias 1\n"           \
  "guidance.0.weight 1 3 1 1\n" \
  "guidance.0.bias 1\n"         \
  "filter.0.weight 1 2 1 1\n"   \
  "filter.0.bias 1\n"

GBytes * fixture_file          (const char  *description);
GBytes * fixture_raw           (const char  *header,
                                gsize        n_values);
char   * fixture_replace       (const char  *text,
                                const char  *old,
                                const char  *new);
char   * fixture_save          (const char  *folder,
                                const char  *name,
                                GBytes      *bytes);
char   * fixture_make_folder   (void);
void     fixture_remove_folder (const char  *folder);
char   * fixture_shared_folder (const char  *name);

G_END_DECLS
