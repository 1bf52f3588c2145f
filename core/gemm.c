/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * gemm: the matrix product at the bottom of every convolution
 *
 * A convolution multiplies a small matrix of weights [outputs][depth] by a large one of pixels
 * [depth][lanes]. Both are packed by us, the weights once per model, so BLIS's own packing and
 * blocking would be work done twice: we take the register-block kernel ("micro-kernel") and its block
 * size from the BLIS context and call it directly. Pixels lie on the kernel's vector side, which is n
 * where it prefers to store rows and m where it prefers columns (BLIS, docs/KernelsHowTo.md).
 *
 * For short sums on BLIS's 6x16 block (all AVX2 machines) there is a kernel of our own on the same panels, and CPUs with
 * AVX-512 have one of their own for everything (kernel.h).
 */
#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#endif

#ifdef JF_BLIS_SUBFOLDER
#include <blis/blis.h>
#else
#include <blis.h>
#endif

#include "gemm.h"
#include "kernel.h"
#include "simd.h"

/* The width of a pixel panel for bli_sgemm, which blocks for itself: wide enough to be worth a call. */
#define PUBLIC_PANEL 64

/* BLIS's block on machines with AVX2 (haswell, zen, zen2, zen3). */
#define SHORT_WEIGHTS 6
#define SHORT_PIXELS  16

/* Up to this depth our kernel is the faster one: a call of BLIS's costs some 30 cycles more. Measured on Zen 3, 48 outputs,
 * GFLOP/s ours / BLIS: depth 9 72 / 55, 27 88 / 81, 48 93 / 87, 64 95 / 92, 80 95 / 94, 96 93 / 95.
 */
#define SHORT_DEPTH 80

/* Outputs of a group, at most: 64 products of 24 outputs and 16 lanes fill 96 KiB. */
#define GROUP_OUTPUTS 24

/*  private functions  */

#if defined (__x86_64__) && (defined (BLIS_CONFIG_SKX) || defined (BLIS_CONFIG_ZEN3))
/* The "display family" of AMD's CPUID specification (function 1, EAX), 0 for other makers. */
static guint
amd_family (void)
{
  guint eax, ebx, ecx, edx;

  if (! __get_cpuid (0, &eax, &ebx, &ecx, &edx) ||
      ebx != signature_AMD_ebx || ! __get_cpuid (1, &eax, &ebx, &ecx, &edx))
    return 0;

  return ((eax >> 8) & 0xf) + ((eax >> 20) & 0xff);
}
#endif

/* BLIS (1.1 and 2.1) does not know AMD's family 1Ah (Zen 5) and later, and takes its plain C kernels
 * there, a third as fast. A better choice has to be in the environment before BLIS is first called, as
 * the integer of its enum (to 1.1 a name silently means 0); it stays as it is where the user has set it.
 *
 * It also tells Xeons with two vector units by their names, which virtual machines hide, and takes its AVX2 kernels there.
 * That does not matter to us: all of these have AVX-512, for which we have our own kernel.
 */
static void
correct_configuration (void)
{
#if defined (__x86_64__) && (defined (BLIS_CONFIG_SKX) || defined (BLIS_CONFIG_ZEN3))
  char value[16];
  int  arch = -1;

  if (amd_family () < 0x1a)
    return;

#ifdef BLIS_CONFIG_ZEN3
  if (jf_cpu_has_avx2 ())
    arch = BLIS_ARCH_ZEN3;
#endif
#ifdef BLIS_CONFIG_SKX
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512dq") &&
      __builtin_cpu_supports ("avx512bw") && __builtin_cpu_supports ("avx512vl"))
    arch = BLIS_ARCH_SKX;
#endif
  if (arch < 0)
    return;

  g_snprintf (value, sizeof value, "%d", arch);
  g_setenv ("BLIS_ARCH_TYPE", value, FALSE);
#endif
}

/* Our panels are plain [depth][panel]; a kernel that wants more than that (values broadcast or padded
 * while packing, as on POWER) or whose panel our vectors do not divide is left to bli_sgemm.
 */
static gboolean
kernel_suits (const cntx_t *context,
              const JfGemm *gemm)
{
  return gemm->kernel && gemm->pixels % JF_LANES == 0 && gemm->pixels <= JF_GEMM_MAX_PIXELS &&
         bli_cntx_get_blksz_max_dt (BLIS_FLOAT, BLIS_MR, context) ==
         bli_cntx_get_blksz_def_dt (BLIS_FLOAT, BLIS_MR, context) &&
         bli_cntx_get_blksz_max_dt (BLIS_FLOAT, BLIS_NR, context) ==
         bli_cntx_get_blksz_def_dt (BLIS_FLOAT, BLIS_NR, context);
}

static gpointer
find_kernels (gpointer data)
{
  JfGemm       *gemms = data;
  JfGemm       *micro = &gemms[JF_GEMM_MICRO_KERNEL];
  const cntx_t *context;
  gboolean      rows;

  /* Whoever asks for one of BLIS's configurations gets its kernel. */
  gboolean      ours = jf_kernel_is_available () && ! g_getenv ("BLIS_ARCH_TYPE");

  gemms[JF_GEMM_PUBLIC] = (JfGemm) { .path    = JF_GEMM_PUBLIC,
                                     .pixels  = PUBLIC_PANEL,
                                     .weights = 1 };
  correct_configuration ();
  bli_init ();
  context = bli_gks_query_cntx ();
  rows    = bli_cntx_ukr_prefers_rows_dt (BLIS_FLOAT, BLIS_GEMM_UKR, context);

  *micro = (JfGemm)
    {
      .path               = JF_GEMM_MICRO_KERNEL,
      .pixels             = (int) bli_cntx_get_blksz_def_dt (BLIS_FLOAT, rows ? BLIS_NR : BLIS_MR, context),
      .weights            = (int) bli_cntx_get_blksz_def_dt (BLIS_FLOAT, rows ? BLIS_MR : BLIS_NR, context),
      .pixels_are_columns = rows,
      .kernel             = (gpointer) bli_cntx_get_ukr_dt (BLIS_FLOAT, BLIS_GEMM_UKR, context),
      .context            = context
    };
  micro->has_short = rows && micro->weights == SHORT_WEIGHTS && micro->pixels == SHORT_PIXELS;
  if (ours)
    *micro = (JfGemm) { .path    = JF_GEMM_MICRO_KERNEL,
                        .pixels  = JF_KERNEL_PIXELS,
                        .weights = JF_KERNEL_WEIGHTS,
                        .is_ours = TRUE };
  else if (! kernel_suits (context, micro))
    *micro = gemms[JF_GEMM_PUBLIC];

  return gemms;
}

static void
multiply_public (int          outputs,
                 int          depth,
                 const float *weights,
                 const float *pixels,
                 float        beta,
                 float       *product,
                 gsize        stride)
{
  const float one  = 1.0f;
  rntm_t      rntm = BLIS_RNTM_INITIALIZER;

  bli_rntm_set_num_threads (1, &rntm);
  bli_sgemm_ex (BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, outputs, PUBLIC_PANEL, depth,
                &one,
                weights, 1, outputs,
                pixels, PUBLIC_PANEL, 1,
                &beta,
                product, (inc_t) stride, 1,
                NULL, &rntm);
}

/* Adds the bias in place, and clips if wanted. */
JF_DISPATCH static void
activate (float       *product,
          int          outputs,
          int          lanes,
          const float *bias,
          gboolean     relu,
          gsize        stride)
{
  int o, lane;

  for (o = 0; o < outputs; o++)
    for (lane = 0; lane < lanes; lane += JF_LANES)
      {
        float    *at = product + o * stride + lane;
        JfVector  v  = jf_vector_load (at) + bias[o];

        jf_vector_store (at, relu ? jf_vector_positive (v) : v);
      }
}

/* Two vectors of a product that is complete. */
JF_INLINE void
store_short (float          *product,
             gsize           next,
             const JfVector *sum,
             float           bias,
             gboolean        relu)
{
  JfVector first  = sum[0] + bias;
  JfVector second = sum[1] + bias;

  jf_vector_store (product, relu ? jf_vector_positive (first) : first);
  jf_vector_store (product + next, relu ? jf_vector_positive (second) : second);
}

/* One panel of weights, of which @outputs (a constant where it is called) are wanted, with one panel of pixels. */
JF_INLINE void
multiply_short_panel (int          outputs,
                      int          depth,
                      const float *weights,
                      const float *pixels,
                      const float *bias,
                      gboolean     relu,
                      float       *product,
                      gsize        stride)
{
  JfVector sum[SHORT_WEIGHTS][2] = { 0 };
  int      k, i;

  for (k = 0; k < depth; k++)
    {
      JfVector left  = jf_vector_load (pixels);
      JfVector right = jf_vector_load (pixels + JF_LANES);

#pragma GCC unroll 6
      for (i = 0; i < outputs; i++)
        {
          sum[i][0] += weights[i] * left;
          sum[i][1] += weights[i] * right;
        }
      weights += SHORT_WEIGHTS;
      pixels  += SHORT_PIXELS;
    }

#pragma GCC unroll 6
  for (i = 0; i < outputs; i++)
    store_short (product + i * stride, JF_LANES, sum[i], bias ? bias[i] : 0.0f, relu);
}

/* All panels of weights with one panel of pixels. */
JF_DISPATCH static void
multiply_short (int          outputs,
                int          depth,
                const float *weights,
                const float *pixels,
                const float *bias,
                gboolean     relu,
                float       *product,
                gsize        stride)
{
  for (; outputs >= SHORT_WEIGHTS; outputs -= SHORT_WEIGHTS)
    {
      multiply_short_panel (SHORT_WEIGHTS, depth, weights, pixels, bias, relu, product, stride);
      weights += SHORT_WEIGHTS * (gsize) depth;
      product += SHORT_WEIGHTS * stride;
      if (bias)
        bias += SHORT_WEIGHTS;
    }

  switch (outputs)
    {
    case 1: multiply_short_panel (1, depth, weights, pixels, bias, relu, product, stride); break;
    case 2: multiply_short_panel (2, depth, weights, pixels, bias, relu, product, stride); break;
    case 3: multiply_short_panel (3, depth, weights, pixels, bias, relu, product, stride); break;
    case 4: multiply_short_panel (4, depth, weights, pixels, bias, relu, product, stride); break;
    case 5: multiply_short_panel (5, depth, weights, pixels, bias, relu, product, stride); break;
    default: break;
    }
}

/* The same for the left half of the lanes alone, for what remains at the end of a row: two panels of weights at a time. */
JF_DISPATCH static void
multiply_half (int          outputs,
               int          depth,
               const float *weights,
               const float *pixels,
               const float *bias,
               gboolean     relu,
               float       *product,
               gsize        stride)
{
  int    panels = (outputs + SHORT_WEIGHTS - 1) / SHORT_WEIGHTS;
  float *start  = product;

  for (; panels > 0; panels -= 2)
    {
      /* Of an odd number the last one is made twice. */
      gsize        next  = panels > 1 ? SHORT_WEIGHTS * (gsize) depth : 0;
      gsize        below = panels > 1 ? SHORT_WEIGHTS * stride : 0;
      JfVector     sum[SHORT_WEIGHTS][2] = { 0 };
      const float *pixel = pixels;
      int          k, i;

      for (k = 0; k < depth; k++)
        {
          JfVector left = jf_vector_load (pixel);

#pragma GCC unroll 6
          for (i = 0; i < SHORT_WEIGHTS; i++)
            {
              sum[i][0] += weights[i] * left;
              sum[i][1] += weights[next + i] * left;
            }
          weights += SHORT_WEIGHTS;
          pixel   += SHORT_PIXELS;
        }
      weights += next;

#pragma GCC unroll 6
      for (i = 0; i < SHORT_WEIGHTS; i++)
        store_short (product + i * stride, below, sum[i], 0.0f, FALSE);
      product += 2 * below;
    }

  if (bias)
    activate (start, outputs, JF_LANES, bias, relu, stride);
}

static void
multiply_micro (const JfGemm *gemm,
                int           outputs,
                int           depth,
                const float  *weights,
                const float  *pixels,
                float         beta,
                float        *product,
                gsize         stride)
{
  const float one    = 1.0f;
  gemm_ukr_ft kernel = (gemm_ukr_ft) gemm->kernel;
  auxinfo_t   aux    = { 0 };
  gsize       size   = (gsize) gemm->weights * depth;
  int         output;

  for (output = 0; output < outputs; output += gemm->weights)
    {
      int n = MIN (gemm->weights, outputs - output);

      /* What the kernel may prefetch: the panels it will want next. */
      bli_auxinfo_set_next_a (gemm->pixels_are_columns ? weights + size : pixels, &aux);
      bli_auxinfo_set_next_b (gemm->pixels_are_columns ? pixels : weights + size, &aux);

      if (gemm->pixels_are_columns)
        kernel (n, gemm->pixels, depth, &one, weights, pixels, &beta,
                product, (inc_t) stride, 1, &aux, gemm->context);
      else
        kernel (gemm->pixels, n, depth, &one, pixels, weights, &beta,
                product, 1, (inc_t) stride, &aux, gemm->context);

      weights += size;
      product += gemm->weights * stride;
    }
}

/* The outputs of a panel of weights. Ours are as equal as can be, as few outputs are slow. */
static int
panel_outputs (const JfGemm *gemm,
               int           outputs)
{
  int panels;

  /* bli_sgemm wants one matrix, here with its outputs contiguous. */
  if (gemm->path == JF_GEMM_PUBLIC)
    return outputs;
  if (! gemm->is_ours)
    return gemm->weights;

  if (outputs <= JF_KERNEL_WEIGHTS)
    return outputs;

  panels = (outputs + JF_KERNEL_WEIGHTS - 1) / JF_KERNEL_WEIGHTS;

  return (outputs + panels - 1) / panels;
}

/* Products of several panels are only repeated by the kernel itself if their weights are the same. */
static void
multiply_ours (const JfGemm    *gemm,
               const JfProduct *job)
{
  int       panel   = panel_outputs (gemm, job->outputs);
  JfProduct product;
  int       i;

  if (job->repeats == 0 || job->same_weights || panel == job->outputs)
    {
      jf_kernel_multiply (job, panel);
      return;
    }

  product         = *job;
  product.repeats = 0;
  for (i = 0; i <= job->repeats; i++)
    {
      jf_kernel_multiply (&product, panel);
      product.weights += (gsize) job->outputs * job->depth;
      product.pixels  += job->pixels_step;
      product.product += job->product_step;
    }
}

/* BLIS adds to what is there. */
static void
copy_sum (const JfGemm    *gemm,
          const JfProduct *job,
          const float     *sum,
          float           *product)
{
  int o;

  for (o = 0; o < job->outputs && sum != product; o++)
    memcpy (product + o * job->stride, sum + o * job->stride, gemm->pixels * sizeof (float));
}

/* One product by BLIS or by the kernel for short sums. */
static void
multiply_one (const JfGemm    *gemm,
              const JfProduct *job,
              const float     *weights,
              const float     *pixels,
              const float     *sum,
              float           *product)
{
  const float *bias = job->bias;
  float        beta = sum ? 1.0f : 0.0f;

  if (gemm->has_short && job->depth <= SHORT_DEPTH && ! sum)
    {
      if (job->lanes > JF_LANES)
        multiply_short (job->outputs, job->depth, weights, pixels, bias, bias && job->relu, product, job->stride);
      else
        multiply_half (job->outputs, job->depth, weights, pixels, bias, job->relu, product, job->stride);
      return;
    }

  if (sum)
    copy_sum (gemm, job, sum, product);
  if (gemm->path == JF_GEMM_PUBLIC)
    multiply_public (job->outputs, job->depth, weights, pixels, beta, product, job->stride);
  else
    multiply_micro (gemm, job->outputs, job->depth, weights, pixels, beta, product, job->stride);

  if (bias)
    activate (product, job->outputs, gemm->pixels, bias, job->relu, job->stride);
}

/*  public functions  */

/**
 * jf_gemm_get:
 * @path: which way to multiply
 *
 * The matrix product for this CPU. Where BLIS's micro-kernel does not suit us,
 * JF_GEMM_MICRO_KERNEL gives the public path: look at the `path` of the result.
 *
 * Returns: (transfer none): valid for the life of the program
 */
const JfGemm *
jf_gemm_get (JfGemmPath path)
{
  static GOnce  once = G_ONCE_INIT;
  static JfGemm gemms[2];

  g_once (&once, find_kernels, gemms);

  return &gemms[path];
}

/**
 * jf_gemm_describe:
 *
 * Returns: (transfer none): the name of the kernel: "avx512" for ours, or that of the configuration BLIS has chosen, such
 *   as "zen3"
 */
const char *
jf_gemm_describe (void)
{
  if (jf_gemm_get (JF_GEMM_MICRO_KERNEL)->is_ours)
    return "avx512";

  return bli_arch_string (bli_arch_query_id ());
}

/**
 * jf_gemm_round_outputs:
 * @gemm:    the product
 * @outputs: rows of the weights
 *
 * Returns: @outputs rounded up to whole panels: the rows that jf_gemm_multiply() writes
 */
int
jf_gemm_round_outputs (const JfGemm *gemm,
                       int           outputs)
{
  if (gemm->is_ours)
    return outputs;

  return (outputs + gemm->weights - 1) / gemm->weights * gemm->weights;
}

/**
 * jf_gemm_group_outputs:
 * @gemm:    the product
 * @outputs: rows of the weights
 *
 * Returns: into how large groups, of whole panels, to cut @outputs where many small products are better made for some outputs
 *   at a time
 */
int
jf_gemm_group_outputs (const JfGemm *gemm,
                       int           outputs)
{
  int groups = (outputs + GROUP_OUTPUTS - 1) / GROUP_OUTPUTS;

  if (gemm->is_ours)
    return panel_outputs (gemm, outputs);

  return jf_gemm_round_outputs (gemm, (outputs + groups - 1) / groups);
}

/**
 * jf_gemm_allocate:
 * @n_floats:  how many
 * @alignment: in bytes, a power of 2
 *
 * Returns: (transfer full): memory for operands, with something behind them that kernels may load; free with g_aligned_free()
 */
float *
jf_gemm_allocate (gsize n_floats,
                  gsize alignment)
{
  return g_aligned_alloc (n_floats + JF_GEMM_PRELOAD / sizeof (float), sizeof (float), alignment);
}

/**
 * jf_gemm_pack_weights:
 * @gemm:          the product
 * @outputs:       rows of the weights
 * @depth:         columns of the weights
 * @weights:       the matrix, element (o, k) at o * @output_stride + k * @depth_stride
 * @output_stride: see @weights
 * @depth_stride:  see @weights
 * @packed:        (out): room for jf_gemm_round_outputs() * @depth floats
 *
 * Packs weights into panels, the last one filled up with zeros to jf_gemm_round_outputs().
 */
void
jf_gemm_pack_weights (const JfGemm *gemm,
                      int           outputs,
                      int           depth,
                      const float  *weights,
                      gsize         output_stride,
                      gsize         depth_stride,
                      float        *packed)
{
  int panel = panel_outputs (gemm, outputs);
  int rows  = gemm->path == JF_GEMM_PUBLIC ? outputs : jf_gemm_round_outputs (gemm, outputs);
  int first, k, i;

  for (first = 0; first < rows; first += panel)
    for (k = 0; k < depth; k++)
      for (i = 0; i < MIN (panel, rows - first); i++)
        *packed++ = first + i < outputs ? weights[(first + i) * output_stride + k * depth_stride]
                                        : 0.0f;
}

/**
 * jf_gemm_multiply:
 * @gemm: the product
 * @job:  what to multiply
 *
 * Multiplies, in the calling thread alone.
 */
void
jf_gemm_multiply (const JfGemm    *gemm,
                  const JfProduct *job)
{
  gsize size = job->same_weights ? 0 : (gsize) jf_gemm_round_outputs (gemm, job->outputs) * job->depth;
  int   i;

  if (gemm->is_ours)
    {
      multiply_ours (gemm, job);
      return;
    }

  for (i = 0; i <= job->repeats; i++)
    multiply_one (gemm, job, job->weights + i * size, job->pixels + i * job->pixels_step,
                  job->sum, job->product + i * job->product_step);
}
