# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# fields: random draws, smooth fields, masks and blurs for batches of patches
"""Everything here works on [b,c,h,w] tensors on any device and draws from torch's own generator."""

import math
import random

import torch
from torch.nn import functional as F


def uniform(x, low, high, channels=1):
    """One number per patch (and channel) of batch x."""
    return torch.rand(len(x), channels, 1, 1, device=x.device) * (high - low) + low


def lognormal(x, spread, channels=1):
    return torch.exp(spread * torch.randn(len(x), channels, 1, 1, device=x.device))


def some(x, share):
    """Indices of a random share of the batch."""
    return torch.randperm(len(x), device=x.device)[:round(share * len(x))]


def gaussian(x, spread):
    """Smooth field of unit variance or so: a grid of spread x spread random numbers, bicubically enlarged."""
    field = torch.randn(len(x), 1, spread, spread, device=x.device)
    return F.interpolate(field, size=x.shape[2:], mode='bicubic', align_corners=False)


def blur(x, sigma):
    """Gaussian blur, one sigma for the batch, replicated borders."""
    radius = max(1, math.ceil(2.5 * sigma))
    taps = torch.exp(-torch.arange(-radius, radius + 1, device=x.device, dtype=x.dtype) ** 2 / (2 * sigma ** 2))
    taps = (taps / taps.sum()).view(1, 1, 1, -1).expand(x.shape[1], 1, 1, -1)
    x = F.pad(x, (radius,) * 4, mode='replicate')
    x = F.conv2d(x, taps, groups=x.shape[1])
    return F.conv2d(x, taps.transpose(2, 3), groups=x.shape[1])


def coarse(x, factor):
    """A wide blur, cheap: box means at 1/factor size, bilinearly enlarged."""
    return F.interpolate(F.avg_pool2d(x, factor, ceil_mode=True), size=x.shape[2:], mode='bilinear', align_corners=False)


def polygons(x, edges=3):
    """Signed distance in pixels (positive inside) to random convex shapes that may reach out of the patch."""
    size = max(x.shape[2:])
    rows = torch.arange(x.shape[2], device=x.device, dtype=x.dtype).view(1, 1, -1, 1)
    columns = torch.arange(x.shape[3], device=x.device, dtype=x.dtype).view(1, 1, 1, -1)
    cy, cx = uniform(x, 0, x.shape[2]), uniform(x, 0, x.shape[3])
    turn, inside = uniform(x, 0, 2 * math.pi), None
    for i in range(edges):
        angle = turn + (i + uniform(x, -.3, .3)) * 2 * math.pi / edges
        distance = uniform(x, .05, .5) * size - (torch.cos(angle) * (columns - cx) + torch.sin(angle) * (rows - cy))
        inside = distance if inside is None else torch.minimum(inside, distance)
    return inside


def shadows(x, lightness):
    """Masks 0..1 of shapes, blobs and displaced silhouettes of the scene, with edges from hard to soft."""
    third = len(x) // 3
    shapes = polygons(x[:third], random.choice((2, 3, 4)))
    blobs = (gaussian(x[third:2 * third], random.randint(3, 12)) - uniform(x[third:2 * third], -.5, 1)) * 20
    scene = torch.roll(lightness[2 * third:], (random.randint(-16, 16), random.randint(-16, 16)), (2, 3))
    silhouettes = (scene.mean((2, 3), keepdim=True) - scene) * 60
    distance = torch.cat([shapes, blobs, silhouettes])
    return torch.sigmoid(distance / torch.exp(uniform(x, math.log(.3), math.log(10))))
