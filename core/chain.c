/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * chain: convolution layers that follow each other, packed as steps
 *
 * Each layer is made by the method that is estimated to be the fastest. 1x1 layers become part of the step before them, and so
 * do layers by taps.
 */
#include "chain.h"

/*  private functions  */

/* The time of a layer's methods per pixel, in multiplications at full speed. Measured on Zen 4 with our kernel and with BLIS's
 * zen3, on 20 layers of 1 to 80 inputs and 1 to 96 outputs: products run at 0.9 of full speed or better, Winograd's transforms
 * take as long as 13 to 15 multiplications per tile of an input and as many per output, the packing of a column 27 to 32, the
 * adding of a tap up to 7. Tiles have about half of the multiplications by taps that are counted here (winograd.c), so taps are
 * chosen cautiously: networks with them cannot be made in strips. Counted exactly they would only be chosen for more models where
 * panels of weights are of 12 or more outputs, for 3x3 kernels to 4 outputs, and by little.
 */
#define PRODUCT_SPEED  0.9
#define TRANSFORM_TIME 14.0
#define PACKING_TIME   28.0
#define TAP_TIME       4.0

static double
estimate_time (const JfGemm  *gemm,
               JfConvMethod   method,
               const JfLayer *layer)
{
  double outputs = jf_gemm_round_outputs (gemm, layer->outputs) / PRODUCT_SPEED;
  double area    = (double) layer->kernel * layer->kernel;
  double blocks  = (layer->kernel + 2) / 3 * ((layer->kernel + 2) / 3);

  if (method == JF_CONV_WINOGRAD)
    return blocks * layer->inputs * (64.0 / 36.0 * outputs + TRANSFORM_TIME) + layer->outputs * TRANSFORM_TIME;

  return layer->inputs * area * (outputs + PACKING_TIME);
}

static double
estimate_time_of_taps (const JfGemm  *gemm,
                       const JfLayer *layer)
{
  int taps = layer->outputs * layer->kernel * layer->kernel;

  return layer->inputs * jf_gemm_round_outputs (gemm, taps) / PRODUCT_SPEED + taps * TAP_TIME;
}

static JfConvMethod
choose_method (const JfGemm    *gemm,
               JfNetworkMethod  method,
               const JfLayer   *layer)
{
  if (method == JF_NETWORK_DIRECT || layer->kernel == 1 ||
      estimate_time (gemm, JF_CONV_DIRECT, layer) < estimate_time (gemm, JF_CONV_WINOGRAD, layer))
    return JF_CONV_DIRECT;

  return JF_CONV_WINOGRAD;
}

/* Taps become part of the step before them. */
static gboolean
choose_taps (const JfChain   *chain,
             const JfGemm    *gemm,
             JfNetworkMethod  method,
             const JfLayer   *layer)
{
  if (method == JF_NETWORK_DIRECT || layer->kernel > JF_CONV_MAX_TAPS ||
      chain->n_steps == 0 || chain->steps[chain->n_steps - 1].conv.late > 0)
    return FALSE;

  return estimate_time_of_taps (gemm, layer) < estimate_time (gemm, choose_method (gemm, method, layer), layer);
}

/* A layer becomes part of the step before it, if it can, or a step of its own. */
static void
chain_add_layer (JfChain         *chain,
                 const JfGemm    *gemm,
                 JfNetworkMethod  method,
                 const JfLayer   *layer,
                 int              shared,
                 gboolean         relu)
{
  JfStep     *step     = &chain->steps[chain->n_steps];
  JfChannels  channels = { chain->copies, shared, layer->inputs, layer->outputs };

  if (layer->kernel == 1 && chain->n_steps > 0 && step[-1].conv.late == 0)
    {
      jf_conv_add_pointwise (&step[-1].conv, layer->outputs, relu, layer->weight, layer->bias);
      return;
    }

  if (choose_taps (chain, gemm, method, layer))
    {
      jf_conv_add_taps (&step[-1].conv, layer->outputs, layer->kernel, relu, layer->weight, layer->bias);
      return;
    }

  chain->n_steps++;
  jf_conv_init (&step->conv, gemm, choose_method (gemm, method, layer), &channels, layer->kernel, relu, layer->weight);
  step->bias = g_memdup2 (layer->bias, layer->outputs * sizeof (float));
}

/*  public functions  */

/**
 * jf_chain_init:
 * @chain:     (out): a chain, of zeros before
 * @gemm:      what to multiply with
 * @method:    how to choose the methods of convolution
 * @layers:    the layers, which are not needed any more afterwards
 * @n_layers:  how many
 * @copies:    how many planes go through them beside each other
 * @shared:    inputs of the first layer that are the same for all copies
 * @last_relu: whether the last layer clips negative results, as all others do
 *
 * Packs the layers' weights.
 */
void
jf_chain_init (JfChain         *chain,
               const JfGemm    *gemm,
               JfNetworkMethod  method,
               const JfLayer   *layers,
               int              n_layers,
               int              copies,
               int              shared,
               gboolean         last_relu)
{
  int i;

  chain->steps  = g_new0 (JfStep, n_layers);
  chain->copies = copies;
  for (i = 0; i < n_layers; i++)
    {
      chain_add_layer (chain, gemm, method, &layers[i], i == 0 && copies > 1 ? shared : 0, i < n_layers - 1 || last_relu);
      chain->halo += layers[i].kernel / 2;
    }
}

/**
 * jf_chain_clear:
 * @chain: a chain, or zeros
 */
void
jf_chain_clear (JfChain *chain)
{
  int i;

  for (i = 0; i < chain->n_steps; i++)
    {
      jf_conv_clear (&chain->steps[i].conv);
      g_free (chain->steps[i].bias);
    }
  g_free (chain->steps);
}
