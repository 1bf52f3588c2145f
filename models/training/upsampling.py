# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# upsampling: maps with photographs -> (map scaled down and up again, photo, map)
"""Depth maps, masks and other maps of one plane, made small by one of the ways that programs have and enlarged again
without the photo's help. The same recipe makes the paper's noise reduction, which degrades by noise.

Settings: shares of scenes.SOURCES; degrade: 'odd' (the paper's decimation), 'any' or 'noise'; factor; window, the pixels
across a whole picture, borders included, of which examples are parts; border, the network's margin."""

import math
import random
from typing import NamedTuple

import torch
from torch.nn import functional as F

import depth
import photos
import resample
import scenes
from batch import Batch
from fields import lognormal, some, uniform

TRIALS = tuple(scenes.SOURCES)
GROUPS = 16                  # examples of a batch are made in groups that share source, scale and way of scaling
STEP = 4                     # parts begin at a multiple of this: whole cells of any space to depth
DOWN = (('box', True), ('box', False), ('cubic', True), ('triangle', True), ('gaussian', True), ('lanczos', True))
UP = ('box', 'triangle', 'cubic', 'cubic', 'lanczos')
RANGE = 1.42                 # factors vary by so much, up and down
NOISE = math.sqrt(1e-3)      # the paper's
EXPECTED = 0.03              # error of depth maps of full contrast
DARKEST = 1e-4


class Data(NamedTuple):
    photos: torch.Tensor     # [n,3,s,s] bytes
    colours: torch.Tensor    # [m,3,h,w] bytes
    depth: torch.Tensor      # [m,1,h,w] floats

    def __len__(self):
        return sum(map(len, (self.photos, self.depth)))


def load(folders, settings, device):
    """Folders of photographs, and of photographs with depth maps; both are needed."""
    maps = [path for folder in folders for path in depth.find(folder)]
    if not maps:
        raise FileNotFoundError(f'{", ".join(map(str, folders))}: no depth maps (NAME_depth.* beside NAME_rgb.*)')
    every = settings['held_out_every']
    plain = [folder for folder in folders if not depth.find(folder)]
    tiles = [part.to(device).photos for part in photos.load(plain, settings['tile'], every)]
    colours, planes = depth.load(maps, device)
    kept = torch.arange(len(maps), device=device) % every != 0
    return (Data(tiles[i], colours[k], planes[k]) for i, k in enumerate((kept, ~kept)))


def turned(x, orientation):
    if orientation & 1:
        x = x.flip(-1)
    if orientation & 2:
        x = x.flip(-2)
    return x.transpose(-1, -2) if orientation & 4 else x


def resized(x, size, kernel, antialias=True):
    matrix = torch.from_numpy(resample.weights(size, x.shape[-1], kernel, antialias)).to(x.device)
    return matrix @ x @ matrix.T


def degraded(truth, settings):
    """The whole picture as the network's target."""
    size, factor = truth.shape[-1], settings['factor']
    if settings['degrade'] == 'noise':
        return truth + NOISE * torch.randn_like(truth)
    if settings['degrade'] == 'odd':
        return resized(resample.decimated(truth, factor), size, 'cubic')
    small = resized(truth, round(size / (factor * RANGE ** random.uniform(-1, 1))), *random.choice(DOWN))
    k = some(small, .5)                                  # maps of bytes
    small[k] = (small[k] * 255).round() / 255
    return resized(small, size, random.choice(UP))


def recontrasted(truth):
    """Depth of any contrast, near or far being bright; and the contrast."""
    gain = lognormal(truth, .5).clamp(.3, 3)
    sign = (torch.rand_like(gain) < .5).float() * 2 - 1
    return (truth - .5) * sign * gain + .5, gain


def recoloured(photo):
    """Other cameras' colours, and a share of grey guides."""
    matrix = torch.eye(3, device=photo.device) + .2 * torch.randn(len(photo), 3, 3, device=photo.device)
    k = some(photo, .15)
    matrix[k] = torch.softmax(torch.randn(len(k), 1, 3, device=photo.device), 2).expand(-1, 3, 3)
    photo = torch.einsum('bij,bjhw->bihw', matrix, photo).clamp(DARKEST, 1)
    return photo ** lognormal(photo, .35)


def group(data, count, size, settings, source):
    """Examples that are the same part of different pictures."""
    truth, photo = scenes.SOURCES[source](data, count, settings['window'])
    orientation = random.randrange(8)                    # before degrading: decimation is not symmetric
    truth, photo = turned(truth, orientation), turned(photo, orientation)
    truth, gain = recontrasted(truth)
    target, border = degraded(truth, settings), settings['border']
    top, left = (random.randrange(0, settings['window'] + 2 * border - size + 1, STEP) for _ in range(2))
    target, photo, truth = (F.pad(x, (border,) * 4, mode='replicate')[..., top:top + size, left:left + size]
                            for x in (target, photo, truth))
    return target, recoloured(photo), truth, EXPECTED * gain.flatten()


@torch.no_grad()
def examples(data, count, size, settings):
    names, shares = zip(*settings['shares'].items())
    groups = [group(data, count // GROUPS, size, settings, source) for source in random.choices(names, shares, k=GROUPS)]
    target, guide, truth, expected = (torch.cat(x) for x in zip(*groups))
    return Batch(target, guide, truth, torch.zeros_like(expected), expected).shuffled()


@torch.no_grad()
def trials(data, count, size, settings, source):
    groups = [group(data, count // GROUPS, size, settings, source) for _ in range(GROUPS)]
    target, guide, truth, expected = (torch.cat(x) for x in zip(*groups))
    return Batch(target, guide, truth, torch.zeros_like(expected), expected)


def figure(output, truth):
    """Mean RMSE in steps of a byte."""
    return float(255 * (output - truth).square().mean((1, 2, 3)).sqrt().mean())
