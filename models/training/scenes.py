# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# scenes: photographs and depth maps -> maps and the photos whose edges they share
"""Each of SOURCES is a function (data, count, size) -> (truth [count,1,size,size], photo [count,3,size,size]), about 0..1."""

import math
import random

import torch
from torch.nn import functional as F

from fields import blur, gaussian, lognormal, polygons, some, uniform

MOST_ZOOM = 1.7              # windows are up to so much larger, then scaled down: sharper than the camera made them
HARD = 0.35                  # width of a hard edge in pixels, as an antialiased one has


def windows(pictures, count, size):
    """The same random windows of several [n,c,h,w], stacked; at random scales."""
    height, width = pictures[0].shape[2:]
    zoom = 1 if random.random() < .5 else random.uniform(1, MOST_ZOOM)
    window = min(round(size * zoom), height, width)
    device, steps = pictures[0].device, torch.arange(window, device=pictures[0].device)
    index = torch.randint(len(pictures[0]), (count,), device=device)[:, None, None]
    rows = (torch.randint(height - window + 1, (count, 1), device=device) + steps)[:, :, None]
    columns = (torch.randint(width - window + 1, (count, 1), device=device) + steps)[:, None, :]
    cut = [p[index, :, rows, columns].permute(0, 3, 1, 2) for p in pictures]
    x = torch.cat([p.float() / 255 if p.dtype == torch.uint8 else p for p in cut], 1)
    return x if window == size else F.interpolate(x, size=(size, size), mode='bilinear', antialias=True)


def depth(data, count, size):
    x = windows((data.colours, data.depth), count, size)
    return x[:, 3:], x[:, :3]


def depth_masks(data, count, size):
    """What lies nearer than some distance."""
    truth, photo = depth(data, count, size)
    return edge(truth - torch.quantile(truth.flatten(1), random.uniform(.15, .85), 1)[:, None, None, None], .02), photo


def outlines(photo):
    """Signed distances (positive inside) to shapes, blobs and outlines of things in other photos; rough ones."""
    kind = random.randrange(4)
    if kind == 0:
        return torch.minimum(polygons(photo, random.choice((2, 3, 4))), polygons(photo, random.choice((3, 4, 5))))
    if kind == 1:
        return torch.maximum(polygons(photo, 3), polygons(photo, 4))
    if kind == 2:
        return (gaussian(photo, random.randint(3, 20)) - uniform(photo, -.5, .8)) * 12
    other = blur(photo.roll(1, 0).mean(1, keepdim=True), random.choice((.8, 2, 4)))
    return (other - other.mean((2, 3), keepdim=True)) * 40


def edge(distance, width):
    return torch.sigmoid(distance / width)


def layers(data, count, size):
    """Things before a background, all of them tilted planes with pieces of photos on them: edges without any doubt,
    texture that means nothing."""
    photo = windows((data.photos,), count, size)
    truth = plane(photo)
    for _ in range(random.randint(1, 4)):
        front, matte = windows((data.photos,), count, size), edge(outlines(photo), HARD)
        photo = photo + matte * (front - photo)
        truth = torch.where(matte > .5, plane(photo), truth)
    return truth, photo


def plane(x):
    """A tilted, slightly bent plane, often none but flat."""
    tilt = gaussian(x, 2) * uniform(x, 0, .12) + gaussian(x, 4) * uniform(x, 0, .03)
    tilt[some(x, .3)] = 0
    return uniform(x, 0, 1) + tilt


def mattes(data, count, size):
    """One thing before another, and how much of it there is; edges from hard to soft."""
    back, front = windows((data.photos,), count, size), windows((data.photos,), count, size)
    distance = outlines(back)
    if random.random() < .3:                             # fur and foliage: the outline follows fine structure
        fine = front.mean(1, keepdim=True)
        distance = distance + (fine - blur(fine, 4)) * uniform(fine, 0, 60)
    width = HARD if random.random() < .5 else torch.exp(uniform(back, math.log(HARD), math.log(6)))
    matte = edge(distance, width)
    return matte, back + matte * (front - back)


def segments(data, count, size):
    """Parts of a photo of like colour."""
    photo = windows((data.photos,), count, size)
    mix = (blur(photo, random.choice((.6, 1.2, 2.5))) * torch.randn(count, 3, 1, 1, device=photo.device)).sum(1, keepdim=True)
    truth = torch.zeros_like(mix)
    for _ in range(random.choice((1, 1, 2, 4))):
        limit = torch.quantile(mix.flatten(1), random.uniform(.1, .9), 1)[:, None, None, None]
        truth = truth + edge(mix - limit, .01) * torch.randn(count, 1, 1, 1, device=photo.device)
    low, high = truth.amin((2, 3), keepdim=True), truth.amax((2, 3), keepdim=True)
    return (truth - low) / (high - low).clamp_min(.05), photo


def solutions(data, count, size):
    """Maps that something solved for with the photo's edges in mind: random fields after a guided filter (He, Sun,
    Tang, 2013), or a mixture of the photo's colours."""
    photo = windows((data.photos,), count, size)
    if random.random() < .35:
        return .5 + (photo * torch.randn(count, 3, 1, 1, device=photo.device)).sum(1, keepdim=True) * .25, photo
    field = edge(gaussian(photo, random.randint(3, 12)), torch.exp(uniform(photo, math.log(.05), 0)))
    grey, sigma = photo.mean(1, keepdim=True), random.choice((4, 8, 16))
    mean, mean_field = blur(grey, sigma), blur(field, sigma)
    slope = (blur(grey * field, sigma) - mean * mean_field) / (blur(grey * grey, sigma) - mean * mean + lognormal(grey, 1) * .001)
    return blur(slope, sigma / 2) * grey + blur(mean_field - slope * mean, sigma / 2), photo


SOURCES = {'depth': depth, 'depth-masks': depth_masks, 'layers': layers, 'mattes': mattes, 'segments': segments,
           'solutions': solutions}
