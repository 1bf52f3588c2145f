/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kernel: a register block of our own for CPUs with AVX-512
 */
#pragma once

#include "gemm.h"

G_BEGIN_DECLS

/* The lanes of a panel of pixels, one register, and the most outputs of a panel of weights. */
#define JF_KERNEL_PIXELS  16
#define JF_KERNEL_WEIGHTS 16

gboolean jf_kernel_is_available (void);
void     jf_kernel_multiply     (const JfProduct *job,
                                 int              panel);

G_END_DECLS
