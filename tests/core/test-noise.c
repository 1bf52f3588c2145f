/* Joint Filter: learned joint image filtering
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test-noise: the noise level, and its excess, of pictures whose noise is known
 */
#include <math.h>
#include <string.h>

#include "noise.h"


#define SIZE 256


/* A picture for the tests to add noise to: a slow ramp from 0.3 to 0.7. */
static JfPlanes
make_ramp (int channels,
           int width,
           int height)
{
  JfPlanes planes;

  g_assert_true (jf_planes_init (&planes, channels, width, height, NULL));

  for (int i = 0; i < channels * width * height; i++)
    planes.data[i] = 0.3f + 0.4f * (float) (i % width) / (float) width;

  return planes;
}

/* Gaussian, by Box and Muller. */
static void
add_noise (JfPlanes *planes,
           int       channel,
           double    sigma,
           GRand    *random)
{
  const int  n_pixels = planes->width * planes->height;
  float     *plane    = planes->data + (gsize) channel * n_pixels;

  for (int i = 0; i < n_pixels; i++)
    plane[i] += (float) (sigma * sqrt (-2.0 * log (1.0 - g_rand_double (random))) *
                         cos (2.0 * G_PI * g_rand_double (random)));
}

static void
clip (JfPlanes *planes)
{
  for (int i = 0; i < planes->channels * planes->width * planes->height; i++)
    planes->data[i] = CLAMP (planes->data[i], 0.0f, 1.0f);
}

static void
test_flat (void)
{
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

  for (int i = 0; i < 3 * SIZE * SIZE; i++)
    planes.data[i] = 0.5f;

  g_assert_cmpfloat (jf_noise_estimate (&planes, NULL).level, ==, 0.0f);
}

/* Bars of a few flat colours, as in drawings. */
static void
test_drawing (void)
{
  g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);

  for (int i = 0; i < SIZE * SIZE; i++)
    planes.data[i] = 0.2f * (float) (i % SIZE / 50);

  g_assert_cmpfloat (jf_noise_estimate (&planes, NULL).level, <, 1e-6f);
}

static void
test_black_and_white (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);

  for (int i = 0; i < SIZE * SIZE; i++)
    planes.data[i] = (float) g_rand_int_range (random, 0, 2);

  g_assert_cmpfloat (jf_noise_estimate (&planes, NULL).level, ==, 0.0f);
}

static void
test_clean_ramp (void)
{
  g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);

  g_assert_cmpfloat (jf_noise_estimate (&planes, NULL).level, <, 0.001f);
}

static void
test_white (void)
{
  const double sigmas[] = { 0.005, 0.01, 0.0316, 0.1, 0.2 };

  for (guint i = 0; i < G_N_ELEMENTS (sigmas); i++)
    {
      g_autoptr(GRand) random = g_rand_new_with_seed (1);
      g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);

      add_noise (&planes, 0, sigmas[i], random);
      g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, sigmas[i], 0.05 * sigmas[i]);
    }
}

/* Half of the picture is texture ten times as strong as the noise. */
static void
test_texture (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);

  for (int i = 0; i < SIZE * SIZE; i++)
    if (i % SIZE < SIZE / 2)
      planes.data[i] = (float) g_rand_double_range (random, 0.0, 1.0);

  add_noise (&planes, 0, 0.0316, random);
  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.0316, 0.1 * 0.0316);
}

/* Half of the picture is blown out, so that half of its noise is cut off there. */
static void
test_clipped (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);

  for (int i = 0; i < SIZE * SIZE; i++)
    if (i % SIZE < SIZE / 2)
      planes.data[i] = 1.0f;

  add_noise (&planes, 0, 0.05, random);
  clip (&planes);
  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.05 * sqrt (0.75), 0.05 * 0.05);
}

static void
test_channels (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

  for (int channel = 0; channel < 3; channel++)
    add_noise (&planes, channel, 0.02 * (1 + channel), random);

  for (int channel = 0; channel < 3; channel++)
    g_assert_cmpfloat_with_epsilon (jf_noise_estimate_channel (&planes, channel),
                                    0.02 * (1 + channel), 0.05 * 0.02 * (1 + channel));

  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.02 * sqrt (14.0 / 3.0), 0.002);
}

/* A channel that is blown out everywhere says nothing, and does not make the picture less noisy. */
static void
test_clipped_channel (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

  for (int i = 0; i < SIZE * SIZE; i++)
    planes.data[i] = 1.0f;

  add_noise (&planes, 1, 0.05, random);
  add_noise (&planes, 2, 0.05, random);

  g_assert_cmpfloat (jf_noise_estimate_channel (&planes, 0), ==, 0.0f);
  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.05, 0.05 * 0.05);
}

/* A channel of which only a few lights are not clipped does not count either, but for what is left of its ground's noise. */
static void
test_lights (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

  for (int i = 0; i < SIZE * SIZE; i++)
    planes.data[i] = i < SIZE * SIZE / 10 ? (float) g_rand_double (random) : 0.0f;

  for (int channel = 0; channel < 3; channel++)
    add_noise (&planes, channel, 0.05, random);

  clip (&planes);
  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.05 * sqrt (2.55 / 3.0), 0.05 * 0.05);
}

/* A noisy photo of something small in front of white: half of the ground's noise is cut off. The same
 * without noise has none.
 */
static void
test_white_ground (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);

  for (int i = 0; i < SIZE * SIZE; i++)
    planes.data[i] = i < SIZE * SIZE / 50 ? (float) g_rand_double (random) : 1.0f;

  g_assert_cmpfloat (jf_noise_estimate (&planes, NULL).level, ==, 0.0f);

  add_noise (&planes, 0, 0.05, random);
  clip (&planes);
  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.05 * sqrt (0.51), 0.05 * 0.05);
}

/* Grain two pixels wide, with next to nothing at the highest frequencies: the mean of 2x2 pixels of
 * white noise has half its standard deviation.
 */
static void
test_grain (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) white  = make_ramp (1, SIZE, SIZE);
  g_auto(JfPlanes) grain  = make_ramp (1, SIZE - 1, SIZE - 1);

  add_noise (&white, 0, 0.1, random);

  for (int y = 0; y < SIZE - 1; y++)
    for (int x = 0; x < SIZE - 1; x++)
      {
        const float *pixel = white.data + y * SIZE + x;

        grain.data[y * (SIZE - 1) + x] = 0.25f * (pixel[0] + pixel[1] + pixel[SIZE] + pixel[SIZE + 1]);
      }

  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&grain, NULL).level, 0.05, 0.2 * 0.05);
}

/* Noise that is spread over 3x3 pixels, as by demosaicing, on a ramp with edges: Pascal's triangle, in both
 * directions, leaves 6 / 16 of its standard deviation.
 */
static void
test_spread (void)
{
  const double sigmas[] = { 0.01, 0.03, 0.06 };

  for (guint i = 0; i < G_N_ELEMENTS (sigmas); i++)
    {
      g_autoptr(GRand) random = g_rand_new_with_seed (1);
      g_auto(JfPlanes) white  = make_ramp (1, SIZE + 2, SIZE + 2);
      g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);

      for (int j = 0; j < (SIZE + 2) * (SIZE + 2); j++)
        white.data[j] = 0.0f;

      add_noise (&white, 0, sigmas[i] * 16.0 / 6.0, random);

      for (int j = 0; j < SIZE * SIZE; j++)
        {
          const float *pixel = white.data + j / SIZE * (SIZE + 2) + j % SIZE;

          for (int k = 0; k < 9; k++)
            planes.data[j] += pixel[k / 3 * (SIZE + 2) + k % 3] *
                              (k % 2 ? 2.0f : k == 4 ? 4.0f : 1.0f) / 16.0f;

          planes.data[j] += j / SIZE % 100 < 50 ? 0.0f : 0.2f;
        }

      g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, sigmas[i], 0.15 * sigmas[i]);
    }
}

/* Noise whose variance grows with the light: the result is that of the middle. */
static void
test_light (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);
  g_auto(JfPlanes) noisy  = make_ramp (1, SIZE, SIZE);

  add_noise (&noisy, 0, 0.05, random);

  for (int i = 0; i < SIZE * SIZE; i++)
    planes.data[i] += sqrtf (planes.data[i] / 0.5f) * (noisy.data[i] - planes.data[i]);

  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.05, 0.15 * 0.05);
}

/* A fifth of the picture, its shade, has no noise at all. */
static void
test_shade (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);

  add_noise (&planes, 0, 0.05, random);

  for (int i = 0; i < SIZE * SIZE; i++)
    if (i % SIZE < SIZE / 5)
      planes.data[i] = 0.001f * (float) (i % SIZE);

  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.05, 0.1 * 0.05);
}

/* Noise that falls with the light: a network is told of the shade's. */
static void
test_falling (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);
  g_auto(JfPlanes) noisy  = make_ramp (1, SIZE, SIZE);
  const double     mean   = sqrt (0.0028);

  add_noise (&noisy, 0, 1.0, random);

  for (int i = 0; i < SIZE * SIZE; i++)
    planes.data[i] += (0.08f - 0.06f * (float) (i % SIZE) / SIZE) * (noisy.data[i] - planes.data[i]);

  g_assert_cmpfloat (jf_noise_estimate (&planes, NULL).level, >, mean);
  g_assert_cmpfloat (jf_noise_estimate (&planes, NULL).level, <, 0.08);
}

/* Noise of which the channels share half. */
static void
test_shared (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) common = make_ramp (1, SIZE, SIZE);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

  add_noise (&common, 0, 0.05 * sqrt (0.5), random);

  for (int channel = 0; channel < 3; channel++)
    {
      memcpy (planes.data + channel * SIZE * SIZE, common.data, sizeof (float) * SIZE * SIZE);
      add_noise (&planes, channel, 0.05 * sqrt (0.5), random);
    }

  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.05, 0.05 * 0.05);
}

/* A grey picture in three channels. */
static void
test_grey (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

  add_noise (&planes, 0, 0.05, random);

  for (int channel = 1; channel < 3; channel++)
    memcpy (planes.data + channel * SIZE * SIZE, planes.data, sizeof (float) * SIZE * SIZE);

  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.05, 0.05 * 0.05);
}

/* What the network is told beside the level, as a share of it. */
static double
get_excess (const JfPlanes *planes,
            const JfPlanes *guidance)
{
  const JfNoise noise = jf_noise_estimate (planes, guidance);

  return noise.excess / noise.level;
}

static void
test_excess_of_none (void)
{
  const int sizes[][2] = { { 64, 64 }, { 97, 131 }, { SIZE, SIZE }, { 700, 90 } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr(GRand) random = g_rand_new_with_seed (1);
      g_auto(JfPlanes) planes = make_ramp (3, sizes[i][0], sizes[i][1]);

      for (int channel = 0; channel < 3; channel++)
        add_noise (&planes, channel, 0.05, random);

      g_assert_cmpfloat (jf_noise_estimate (&planes, NULL).level, >, 0.04f);
      g_assert_cmpfloat (jf_noise_estimate (&planes, NULL).excess, ==, 0.0f);
    }
}

/* The channels share @shared of its variance. */
static void
add_shared_noise (JfPlanes *planes,
                  double    shared,
                  double    sigma,
                  GRand    *random)
{
  const int        n_pixels = planes->width * planes->height;
  g_auto(JfPlanes) common   = make_ramp (1, planes->width, planes->height);

  memset (common.data, 0, sizeof (float) * n_pixels);
  add_noise (&common, 0, sigma * sqrt (shared), random);

  for (int channel = 0; channel < 3; channel++)
    {
      add_noise (planes, channel, sigma * sqrt (1.0 - shared), random);

      for (int i = 0; i < n_pixels; i++)
        planes->data[channel * n_pixels + i] += common.data[i];
    }
}

/* The mean of three planes has the variance s + (1 - s) / 3 of theirs if they share s; three times that is 1 where they share
 * none.
 */
static void
test_excess_of_shared (void)
{
  const double shares[] = { 0.25, 0.5, 1.0 };

  for (guint i = 0; i < G_N_ELEMENTS (shares); i++)
    {
      g_autoptr(GRand) random = g_rand_new_with_seed (1);
      g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

      add_shared_noise (&planes, shares[i], 0.05, random);
      g_assert_cmpfloat_with_epsilon (get_excess (&planes, NULL), sqrt (1.0 + 2.0 * shares[i]) - 1.0, 0.12);
    }
}

/* The same of one plane and of three alike. */
static void
test_excess_of_grey (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);
  const JfPlanes   plane  = { planes.data, 1, SIZE, SIZE };

  add_shared_noise (&planes, 1.0, 0.05, random);
  g_assert_cmpfloat_with_epsilon (get_excess (&plane, NULL), get_excess (&planes, NULL), 1e-4);
  g_assert_cmpfloat_with_epsilon (get_excess (&plane, NULL), sqrt (3.0) - 1.0, 0.12);
}

/* Its mean over the channels is none. */
static void
add_chroma_noise (JfPlanes *planes,
                  double    sigma,
                  GRand    *random)
{
  g_auto(JfPlanes) noise = make_ramp (3, SIZE, SIZE);

  memset (noise.data, 0, 3 * sizeof (float) * SIZE * SIZE);

  for (int channel = 0; channel < 3; channel++)
    add_noise (&noise, channel, sigma, random);

  for (int i = 0; i < SIZE * SIZE; i++)
    {
      const float mean = (noise.data[i] + noise.data[i + SIZE * SIZE] + noise.data[i + 2 * SIZE * SIZE]) / 3.0f;

      for (int channel = 0; channel < 3; channel++)
        planes->data[i + channel * SIZE * SIZE] += noise.data[i + channel * SIZE * SIZE] - mean;
    }
}

static void
test_excess_of_chroma (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

  add_chroma_noise (&planes, 0.05, random);
  g_assert_cmpfloat (get_excess (&planes, NULL), <, -0.8);
  g_assert_cmpfloat (get_excess (&planes, NULL), >=, -1.0);
}

/* The grain of a picture that was enlarged twice: all of it is coarse, and more than that is not possible. */
static void
test_excess_of_grain (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) small  = make_ramp (1, SIZE / 2, SIZE / 2);
  g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);

  add_noise (&small, 0, 0.05, random);

  for (int y = 0; y < SIZE; y++)
    for (int x = 0; x < SIZE; x++)
      planes.data[y * SIZE + x] = small.data[y / 2 * (SIZE / 2) + x / 2];

  g_assert_cmpfloat (get_excess (&planes, NULL), >, 1.5);
  g_assert_cmpfloat (get_excess (&planes, NULL), <=, 2.0 * sqrt (3.0) - 1.0 + 1e-6);
}

/* What is there of noise, as networks are told of it. */
static JfNoise
measure_difference (const JfPlanes *noisy,
                    const JfPlanes *truth)
{
  double fine   = 0.0;
  double coarse = 0.0;

  for (int i = 0; i < 3 * SIZE * SIZE; i++)
    fine += pow (noisy->data[i] - truth->data[i], 2.0) / (3 * SIZE * SIZE);

  for (int y = 0; y < SIZE; y += 2)
    for (int x = 0; x < SIZE; x += 2)
      {
        double sum = 0.0;

        for (int i = 0; i < 12; i++)
          {
            const int pixel = i / 4 * SIZE * SIZE + (y + i / 2 % 2) * SIZE + x + i % 2;

            sum += noisy->data[pixel] - truth->data[pixel];
          }

        coarse += 12.0 * pow (sum / 12.0, 2.0) / (SIZE * SIZE / 4);
      }

  return (JfNoise) { (float) sqrt (fine), (float) (sqrt (coarse) - sqrt (fine)) };
}

/* The left half is a ground with noise of its own, of which what does not fit in is cut off. */
static void
check_ground (float  brightness,
              double sigma,
              double tolerance)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) truth  = make_ramp (3, SIZE, SIZE);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);
  g_auto(JfPlanes) ground = make_ramp (3, SIZE, SIZE);
  JfNoise          there, found;

  add_shared_noise (&planes, 0.5, 0.05, random);
  add_shared_noise (&ground, 0.5, sigma, random);

  for (int i = 0; i < 3 * SIZE * SIZE; i++)
    if (i % SIZE < SIZE / 2)
      {
        planes.data[i] = ground.data[i] - truth.data[i] + brightness;
        truth.data[i]  = brightness;
      }

  clip (&planes);
  there = measure_difference (&planes, &truth);
  found = jf_noise_estimate (&planes, NULL);
  g_assert_cmpfloat_with_epsilon (found.level, there.level, tolerance * there.level);
  g_assert_cmpfloat_with_epsilon (found.excess, there.excess, tolerance * there.level);
}

static void
test_excess_of_grounds (void)
{
  check_ground (0.0f, 0.05, 0.1);
  check_ground (0.0f, 0.1, 0.1);
  check_ground (1.0f, 0.05, 0.1);
  check_ground (1.0f, 0.03, 0.1);
}

/* A ground a little darker than white is not taken for white that noise has shifted. */
static void
test_excess_of_light_ground (void)
{
  check_ground (0.96f, 0.05, 0.25);
}

/* Things in front of a sky without any noise that is left: their edges are not the sky's noise. */
static void
test_excess_of_sky (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

  add_shared_noise (&planes, 0.5, 0.05, random);

  for (int y = 0; y < SIZE; y += 4)
    for (int x = 0; x < SIZE / 2; x += 4)
      {
        const float shade = (float) g_rand_double_range (random, -0.4, 0.6);

        for (int i = 0; i < 3 * 16; i++)
          planes.data[(i / 16 * SIZE + y + i / 4 % 4) * SIZE + x + i % 4] = 1.0f - MAX (shade, 0.0f);
      }

  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.05, 0.1 * 0.05);
  g_assert_cmpfloat_with_epsilon (get_excess (&planes, NULL), sqrt (2.0) - 1.0, 0.12);
}

/* Shades so light that hardly a block is without white pixels. */
static void
test_excess_near_white (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

  for (int i = 0; i < 3 * SIZE * SIZE; i++)
    planes.data[i] = 0.9f + 0.1f * planes.data[i];

  add_shared_noise (&planes, 0.5, 0.05, random);
  clip (&planes);
  g_assert_cmpfloat_with_epsilon (get_excess (&planes, NULL), sqrt (2.0) - 1.0, 0.12);
}

/* Clipping changes noise too much to tell that it is finer than white. */
static void
test_excess_of_chroma_near_white (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

  for (int i = 0; i < 3 * SIZE * SIZE; i++)
    planes.data[i] = 0.9f + 0.1f * planes.data[i];

  add_chroma_noise (&planes, 0.05, random);
  clip (&planes);
  g_assert_cmpfloat (jf_noise_estimate (&planes, NULL).excess, ==, 0.0f);
}

/* A pixel out of order, or a light, does not make texture of noise. */
static void
test_excess_beside_light (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

  add_shared_noise (&planes, 0.5, 0.05, random);
  planes.data[SIZE / 2 * SIZE + SIZE / 2] = 1000.0f;
  g_assert_cmpfloat_with_epsilon (get_excess (&planes, NULL), sqrt (2.0) - 1.0, 0.12);
}

/* Texture two pixels wide and as faint as photographs have it everywhere, under faint noise. */
static void
test_excess_of_faint_texture (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) small  = make_ramp (1, SIZE / 2, SIZE / 2);
  g_auto(JfPlanes) planes = make_ramp (3, SIZE, SIZE);

  memset (small.data, 0, sizeof (float) * SIZE * SIZE / 4);
  add_noise (&small, 0, 0.0017, random);

  for (int channel = 0; channel < 3; channel++)
    {
      for (int i = 0; i < SIZE * SIZE; i++)
        planes.data[channel * SIZE * SIZE + i] += small.data[i / SIZE / 2 * (SIZE / 2) + i % SIZE / 2];

      add_noise (&planes, channel, 0.01, random);
    }

  g_assert_cmpfloat (jf_noise_estimate (&planes, NULL).level, >, 0.009f);
  g_assert_cmpfloat (jf_noise_estimate (&planes, NULL).excess, ==, 0.0f);
}

/* A picture that is texture everywhere, three times as strong as the noise and unlike from place to place; and the same
 * scene in other light, with little noise of its own.
 */
static void
make_textured_pair (JfPlanes *target,
                    JfPlanes *guidance)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);

  *target   = make_ramp (3, SIZE, SIZE);
  *guidance = make_ramp (1, SIZE, SIZE);

  for (int i = 0; i < SIZE * SIZE; i++)
    {
      const float texture = (float) g_rand_double_range (random, -0.1, 0.1);
      const float light   = 0.8f + 0.4f * (float) i / (SIZE * SIZE);

      for (int channel = 0; channel < 3; channel++)
        target->data[channel * SIZE * SIZE + i] = light * (0.4f + texture);

      guidance->data[i] = 0.7f - 0.5f * texture;
    }

  for (int channel = 0; channel < 3; channel++)
    add_noise (target, channel, 0.02, random);

  add_noise (guidance, 0, 0.002, random);
}

static void
test_guided (void)
{
  g_auto(JfPlanes) target   = { 0 };
  g_auto(JfPlanes) guidance = { 0 };

  make_textured_pair (&target, &guidance);

  g_assert_cmpfloat (jf_noise_estimate (&target, NULL).level, >, 2.5f * 0.02f);
  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&target, &guidance).level, 0.02, 0.1 * 0.02);
}

/* Texture is coarse, but no noise. */
static void
test_excess_guided (void)
{
  g_auto(JfPlanes) target   = { 0 };
  g_auto(JfPlanes) guidance = { 0 };

  make_textured_pair (&target, &guidance);

  g_assert_cmpfloat (get_excess (&target, NULL), >, 0.3);
  g_assert_cmpfloat (jf_noise_estimate (&target, &guidance).excess, ==, 0.0f);
}

/* A flat guide, or one of other things, changes nothing to speak of; infinite pixels do no harm. */
static void
test_misguided (void)
{
  g_autoptr(GRand) random   = g_rand_new_with_seed (2);
  g_auto(JfPlanes) target   = make_ramp (1, SIZE, SIZE);
  g_auto(JfPlanes) guidance = make_ramp (1, SIZE, SIZE);

  add_noise (&target, 0, 0.05, random);
  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&target, &guidance).level, 0.05, 0.05 * 0.05);

  add_noise (&guidance, 0, 0.2, random);
  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&target, &guidance).level, 0.05, 0.05 * 0.05);

  for (int i = 0; i < SIZE * SIZE / 2; i++)
    guidance.data[i] = i % 3 ? NAN : INFINITY;

  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&target, &guidance).level, 0.05, 0.05 * 0.05);
}

/* A copy of the target knows nothing of the scene that the target does not. */
static void
test_copy (void)
{
  g_auto(JfPlanes) target   = { 0 };
  g_auto(JfPlanes) guidance = { 0 };

  make_textured_pair (&target, &guidance);

  g_assert_cmpfloat (jf_noise_estimate (&target, &target).level, ==, jf_noise_estimate (&target, NULL).level);
  g_assert_cmpfloat (jf_noise_estimate (&target, &target).excess, ==, jf_noise_estimate (&target, NULL).excess);
}

/* The result is in the units of the picture. */
static void
test_units (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);
  JfNoise          noise;

  add_noise (&planes, 0, 0.05, random);
  noise = jf_noise_estimate (&planes, NULL);

  for (int i = 0; i < SIZE * SIZE; i++)
    planes.data[i] = 255.0f * planes.data[i] - 1000.0f;

  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 255.0f * noise.level, 0.01);
  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).excess, 255.0f * noise.excess, 0.01);
}

/* Neither they nor the blown-out half beside them disturb. */
static void
test_not_finite (void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(JfPlanes) planes = make_ramp (1, SIZE, SIZE);

  add_noise (&planes, 0, 0.05, random);

  for (int i = 0; i < SIZE * SIZE; i++)
    if (i < 1000)
      planes.data[i] = i % 3 ? NAN : INFINITY;
    else if (i % SIZE < SIZE / 2)
      planes.data[i] = 1.0f;

  g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.05, 0.05 * 0.05);
}

static void
test_narrow (void)
{
  const int sizes[][2] = { { 20000, 1 }, { 1, 20000 }, { 5000, 7 }, { 7, 5000 } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr(GRand) random = g_rand_new_with_seed (1);
      g_auto(JfPlanes) planes = make_ramp (1, sizes[i][0], sizes[i][1]);

      /* The ramp would be steep across a narrow picture. */
      for (int j = 0; j < sizes[i][0] * sizes[i][1]; j++)
        planes.data[j] = 0.5f;

      add_noise (&planes, 0, 0.05, random);
      g_assert_cmpfloat_with_epsilon (jf_noise_estimate (&planes, NULL).level, 0.05, 0.05 * 0.05);
    }
}

/* Too little to measure well, but always a number, and none for less than three pixels in a row. */
static void
test_tiny (void)
{
  for (int height = 1; height <= 12; height++)
    for (int width = 1; width <= 12; width++)
      {
        g_autoptr(GRand) random = g_rand_new_with_seed (1);
        g_auto(JfPlanes) planes = make_ramp (3, width, height);
        JfNoise          noise;

        for (int channel = 0; channel < 3; channel++)
          add_noise (&planes, channel, 0.05, random);

        noise = jf_noise_estimate (&planes, height % 2 ? &planes : NULL);
        g_assert_true (isfinite (noise.level));
        g_assert_cmpfloat (noise.level, >=, 0.0f);
        g_assert_cmpfloat (noise.level, <, 0.5f);
        g_assert_cmpfloat (noise.excess, ==, 0.0f);

        if (width < 3 && height < 3)
          g_assert_cmpfloat (noise.level, ==, 0.0f);
      }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/noise/flat", test_flat);
  g_test_add_func ("/noise/drawing", test_drawing);
  g_test_add_func ("/noise/black-and-white", test_black_and_white);
  g_test_add_func ("/noise/clean-ramp", test_clean_ramp);
  g_test_add_func ("/noise/white", test_white);
  g_test_add_func ("/noise/texture", test_texture);
  g_test_add_func ("/noise/clipped", test_clipped);
  g_test_add_func ("/noise/channels", test_channels);
  g_test_add_func ("/noise/clipped-channel", test_clipped_channel);
  g_test_add_func ("/noise/lights", test_lights);
  g_test_add_func ("/noise/white-ground", test_white_ground);
  g_test_add_func ("/noise/grain", test_grain);
  g_test_add_func ("/noise/spread", test_spread);
  g_test_add_func ("/noise/light", test_light);
  g_test_add_func ("/noise/shade", test_shade);
  g_test_add_func ("/noise/falling", test_falling);
  g_test_add_func ("/noise/shared", test_shared);
  g_test_add_func ("/noise/grey", test_grey);
  g_test_add_func ("/noise/excess/none", test_excess_of_none);
  g_test_add_func ("/noise/excess/shared", test_excess_of_shared);
  g_test_add_func ("/noise/excess/grey", test_excess_of_grey);
  g_test_add_func ("/noise/excess/chroma", test_excess_of_chroma);
  g_test_add_func ("/noise/excess/grain", test_excess_of_grain);
  g_test_add_func ("/noise/excess/grounds", test_excess_of_grounds);
  g_test_add_func ("/noise/excess/light-ground", test_excess_of_light_ground);
  g_test_add_func ("/noise/excess/sky", test_excess_of_sky);
  g_test_add_func ("/noise/excess/near-white", test_excess_near_white);
  g_test_add_func ("/noise/excess/chroma-near-white", test_excess_of_chroma_near_white);
  g_test_add_func ("/noise/excess/beside-light", test_excess_beside_light);
  g_test_add_func ("/noise/excess/faint-texture", test_excess_of_faint_texture);
  g_test_add_func ("/noise/excess/guided", test_excess_guided);
  g_test_add_func ("/noise/guided", test_guided);
  g_test_add_func ("/noise/misguided", test_misguided);
  g_test_add_func ("/noise/copy", test_copy);
  g_test_add_func ("/noise/units", test_units);
  g_test_add_func ("/noise/not-finite", test_not_finite);
  g_test_add_func ("/noise/narrow", test_narrow);
  g_test_add_func ("/noise/tiny", test_tiny);

  return g_test_run ();
}
