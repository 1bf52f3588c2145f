# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# noise: what sensors, demosaicing and JPEG do to photographs
"""Mostly white Gaussian noise of one level, as the network is told; shares of a batch get noise that differs between
channels, is shared by them, grows with the light or the shade, is correlated as after demosaicing, smoothing or at a coarser
scale, is clipped to 0..1, or went through JPEG.

Two numbers are told of it. Its level is the standard deviation over the patch. Its excess is how much more of it is coarse and
common to the channels than of white noise of the same level (coarse ()): such noise looks like structure, and a network that
did not know whether it is there would have to leave more of the white one. Both are some per cent off for most, farther off
for noise that two numbers do not say enough about."""

import math
import random

import torch
from torch.nn import functional as F

from fields import blur, lognormal, some, uniform

LUMINANCE = [[16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56],
             [14, 17, 22, 29, 51, 87, 80, 62], [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
             [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99]]    # ITU-T T.81, table K.1
CHROMINANCE = [[17, 18, 24, 47, 99, 99, 99, 99], [18, 21, 26, 66, 99, 99, 99, 99], [24, 26, 56, 99, 99, 99, 99, 99],
               [47, 66, 99, 99, 99, 99, 99, 99]] + [[99] * 8] * 4                           # table K.2
ODD_SPREAD = 0.15            # of what is told, for noise whose level is hard to estimate or differs from place to place
SHARED_SPREAD = 0.25         # of what is told of noise that channels share; the excess tells it from white noise, which need not pay
GAMMA = 2.2                  # close enough to sRGB's curve to trade light for light
TOE = 0.1                    # the slope of the curve is not without bounds near black, the less with what cameras do to contrast


def add(truth, settings):
    """Return (noisy, what is told [b,2]: levels and excesses, levels that count for what may be expected [b])."""
    sigma = levels(truth, settings['lowest'], settings['highest'])
    grain = coloured(torch.randn_like(truth))
    shared = some(truth, settings['shared'])
    grain[shared] = mixed(grain[shared])
    k = some(truth, settings['per_channel'])
    gains = lognormal(k, .3, 3)
    grain[k] = grain[k] * gains / gains.square().mean(1, keepdim=True).sqrt()
    uneven = torch.cat([some(truth, settings['signal_dependent']), shared[::2]]).unique()
    grain[uneven] = grain[uneven] * growing(truth[uneven])
    grey = (truth == truth[:, :1]).flatten(1).all(1)     # one plane repeated, and so is its noise
    grain[grey] = unit(grain[grey, :1]).expand(-1, 3, -1, -1)
    added = sigma * grain
    noisy = truth + added
    clipped = some(truth, settings['clipped'])
    compressed = clipped[:round(settings['jpeg'] * len(truth))]
    noisy[clipped] = noisy[clipped].clamp(0, 1)
    if len(compressed):
        noisy[compressed] = jpeg(noisy[compressed], random.randint(50, 97))
        added[compressed] = noisy[compressed] - truth[compressed]
    actual = torch.stack([added.square().mean((1, 2, 3)).sqrt(), coarse(added)], 1)
    told = actual.clone()
    for k, spread in ((some(truth, .6), settings['told_spread']), (torch.cat([uneven, compressed]).unique(), ODD_SPREAD),
                      (shared, SHARED_SPREAD)):
        told[k] = told[k] * lognormal(k, spread)[:, 0, 0] * lognormal(k, settings['told_spread'], 2)[:, :, 0, 0]
    return noisy, torch.stack([told[:, 0], told[:, 1] - told[:, 0]], 1), actual.amax(1)


def coarse(added):
    """The standard deviation of the channels' mean in blocks of 2x2 pixels [b], as a multiple of what white noise of level 1 has."""
    means = F.avg_pool2d(added.mean(1, keepdim=True), 2)
    return means.square().mean((1, 2, 3)).sqrt() * 2 * math.sqrt(added.shape[1])


def levels(x, lowest, highest):
    """Standard deviations [b,1,1,1]: most spread evenly over ratios, some over values, a few none at all."""
    sigma = torch.exp(uniform(x, math.log(lowest), math.log(highest)))
    k = some(x, .3)
    sigma[k] = uniform(k, .02, .15)
    sigma[some(x, .04)] = 0
    return sigma


def coloured(grain):
    """Correlate shares of white noise, keeping its variance."""
    sixteenth = len(grain) // 16
    parts = list(grain.split([2 * sixteenth, sixteenth, sixteenth, len(grain) - 4 * sixteenth]))
    parts[0] = demosaiced(parts[0])
    parts[1] = blur(parts[1], random.uniform(.3, .9))
    blotches = F.interpolate(torch.randn_like(F.avg_pool2d(parts[2], 2)), size=grain.shape[2:], mode='bicubic')
    parts[2] = parts[2] + uniform(blotches, 0, 1) * blotches
    parts = [unit(p) for p in parts[:3]] + parts[3:]
    return torch.cat(parts)[torch.randperm(len(grain), device=grain.device)]


def unit(grain):
    """Scaled to a mean square of 1 per patch."""
    return grain / grain.square().mean((1, 2, 3), keepdim=True).sqrt()


def soft_grain(x):
    """What a camera's own noise reduction leaves of its noise, mean square 1: smooth, for half of the batch mostly common to
    the channels."""
    grain = torch.randn_like(x)
    grain[::2] = grain[::2] + uniform(grain[::2], 1, 2) * torch.randn_like(grain[::2, :1])
    return unit(blur(grain, random.uniform(.5, 2)))


def demosaiced(grain):
    """White noise sampled on a Bayer mosaic and bilinearly interpolated."""
    mosaic = torch.zeros_like(grain)
    for channel, top, left in ((0, 0, 0), (1, 0, 1), (1, 1, 0), (2, 1, 1)):
        mosaic[:, channel, top::2, left::2] = grain[:, channel, top::2, left::2]
    cross = torch.tensor([[0, 1, 0], [1, 4, 1], [0, 1, 0]], device=grain.device) / 4
    square = torch.tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]], device=grain.device) / 4
    kernels = torch.stack([square, cross, square])[:, None]
    return F.conv2d(F.pad(mosaic, (1,) * 4, mode='reflect'), kernels, groups=3)


def mixed(grain):
    """Noise that the channels share, as cameras leave it: a part of it common to all, as demosaicing, JPEG and chroma
    noise reduction make it, often smoother or finer than what is the channels' own; half of it then mixed by a matrix that
    turns a sensor's colours into the screen's, which makes channels differ the more."""
    parts = []
    for part in grain.chunk(4):
        common, own = torch.randn_like(part[:, :1]), part
        if random.random() < .5:
            common = unit(blur(common, random.uniform(.3, 1.2)))
        if random.random() < .5:
            own = unit(blur(own, random.uniform(.3, 2)))
        correlation = uniform(part, 0, .97)
        parts.append(correlation.sqrt() * common + (1 - correlation).sqrt() * own)
    grain = torch.cat(parts)
    half = some(grain, .5)
    matrix = torch.eye(3, device=grain.device) - .35 * torch.rand(len(half), 3, 3, device=grain.device)
    grain[half] = torch.einsum('bij,bjhw->bihw', matrix, grain[half])
    return unit(grain)


def growing(truth):
    """Gain of noise whose variance is a constant plus a multiple of the light, mean square 1: of the encoded light; for half,
    of the linear light, before the encoding, whose curve is steep in the shade."""
    variance = uniform(truth, .02, .5) + truth * uniform(truth, .2, 2)
    k = some(truth, .5)
    linear = truth[k].clamp_min(0) ** GAMMA
    variance[k] = (uniform(k, 0, .1) + linear) * (truth[k].clamp_min(0) + TOE) ** (2 - 2 * GAMMA)
    return (variance / variance.mean((1, 2, 3), keepdim=True)).sqrt()


def jpeg(x, quality):
    """What JPEG at this quality leaves of x (blocks of 8, colour at half size in one of two calls)."""
    height, width = x.shape[2:]
    x = F.pad(x, (0, -width % 16, 0, -height % 16), mode='replicate') * 255
    transform = torch.tensor([[.299, .587, .114], [-.168736, -.331264, .5], [.5, -.418688, -.081312]], device=x.device)
    y, c = (torch.einsum('ij,bjhw->bihw', transform, x) - torch.tensor([128., 0, 0], device=x.device).view(1, 3, 1, 1)).split([1, 2], 1)
    halved = random.random() < .5
    c = F.avg_pool2d(c, 2) if halved else c
    scale = (5000 / quality if quality < 50 else 200 - 2 * quality) / 100
    y, c = quantised(y, LUMINANCE, scale), quantised(c, CHROMINANCE, scale)
    c = F.interpolate(c, scale_factor=2, mode='bilinear', align_corners=False) if halved else c
    x = torch.einsum('ij,bjhw->bihw', torch.linalg.inv(transform), torch.cat([y + 128, c], 1))
    return (x.round() / 255).clamp(0, 1)[..., :height, :width]


def quantised(x, table, scale):
    steps = (torch.tensor(table, device=x.device) * scale).round().clamp_min(1)
    n = torch.arange(8, device=x.device)
    dct = torch.cos((2 * n[None] + 1) * n[:, None] * math.pi / 16) / 2
    dct[0] /= math.sqrt(2)
    b, c, h, w = x.shape
    blocks = x.view(b, c, h // 8, 8, w // 8, 8).transpose(3, 4)
    blocks = dct.T @ ((dct @ blocks @ dct.T / steps).round() * steps) @ dct
    return blocks.transpose(3, 4).reshape(b, c, h, w)
