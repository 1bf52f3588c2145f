# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# texture: structure with textures on it -> (the picture, the same as guide, the structure)
"""Structure is what has few edges and is smooth in between: depth maps in random colours (the paper trains its noise
reduction on them), layers of coloured planes, and photographs painted over until only their shapes are left. Texture has no mean of its own:
noise of several sizes, gratings, checks and weaves, spots, and the fine detail of photographs; several kinds meet in one picture and leave
parts of it bare. White noise of variance 1e-3 is the paper's training."""

import math
import pathlib
import random
from typing import NamedTuple

import torch
from torch.nn import functional as F

import depth
import flash
import photos
import scenes
from batch import Batch
from fields import blur, gaussian, lognormal, some, uniform

TRIALS = ('noise', 'grating', 'weave', 'spots', 'photograph', 'bare')
SHARES = {'single': 1, 'double': 1, 'pair': 0}
PAPER_SIGMA = math.sqrt(1e-3)
PIECES = 16                                  # of a pool, each with its own choice of kinds


class Sources(NamedTuple):
    tiles: photos.Tiles
    colours: torch.Tensor                    # of the depth maps, as scenes.depth wants them
    depth: torch.Tensor

    def __len__(self):
        return len(self.tiles) + len(self.depth)


def load(folders, settings, device):
    maps = [p for folder in folders for p in depth.find(folder)]
    if not maps:
        raise FileNotFoundError('none of the folders has depth maps: NAME_rgb.* beside NAME_depth.*')
    plain = [f for f in folders if not depth.find(pathlib.Path(f))]
    colours, planes = depth.load(maps, device)
    held_out = torch.arange(len(planes), device=device) % settings['held_out_every'] == 0
    tiles = photos.load(plain, settings['tile'], settings['held_out_every'])
    return tuple(Sources(t.to(device), colours[k], planes[k]) for t, k in zip(tiles, (~held_out, held_out)))


def coloured(plane):
    """A plane [b,1,h,w] as shades between colours, contrasts of all strengths."""
    return uniform(plane, .05, .95, 3) + (plane - plane.mean((2, 3), keepdim=True)) * torch.randn(len(plane), 3, 1, 1, device=plane.device) * .5


def layers(x):
    """Coloured, slightly bent planes before each other."""
    picture = coloured(gaussian(x, 3) * .2)
    for _ in range(random.randint(1, 6)):
        matte = scenes.edge(scenes.outlines(x), random.choice((.35, .35, .8)))
        picture = picture + matte * (coloured(gaussian(x, 2) * uniform(x, 0, .3)) - picture)
    return picture


def painted(photo):
    """Each pixel takes the mean of the flattest of the four windows it is a corner of: Kuwahara's filter, repeatedly."""
    radius = random.choice((2, 3, 4))
    for _ in range(3):
        size, pad = 2 * radius + 1, (2 * radius,) * 4
        padded = F.pad(photo, pad, mode='replicate')
        mean = F.avg_pool2d(padded, size, 1)
        spread = (F.avg_pool2d(padded * padded, size, 1) - mean * mean).sum(1, keepdim=True)
        height, width = photo.shape[2:]
        corners = [(slice(y, y + height), slice(x, x + width)) for y in (0, 2 * radius) for x in (0, 2 * radius)]
        flattest = torch.stack([spread[:, :, y, x] for y, x in corners]).argmin(0)
        photo = torch.stack([mean[:, :, y, x] for y, x in corners]).gather(0, flattest.expand(-1, 3, -1, -1)[None])[0]
    return photo


def structure(data, photo, kind):
    if kind == 'depth':
        return coloured(scenes.depth(data, len(photo), photo.shape[-1])[0] * uniform(photo, .5, 3))
    return painted(photo) if kind == 'painted' else layers(photo)


def phases(x, shortest, longest):
    """Two coordinates at right angles in periods of random length and direction, slightly bent."""
    size = x.shape[-1]
    place = torch.arange(size, device=x.device) - size / 2
    angle = uniform(x, 0, math.pi)
    period = torch.exp(uniform(x, math.log(shortest), math.log(longest)))
    bend = gaussian(x, 3) * uniform(x, 0, .8)
    u = (place.view(1, 1, 1, -1) * torch.cos(angle) + place.view(1, 1, -1, 1) * torch.sin(angle)) / period
    v = (place.view(1, 1, -1, 1) * torch.cos(angle) - place.view(1, 1, 1, -1) * torch.sin(angle)) / period
    return 2 * math.pi * (u + bend + uniform(x, 0, 1)), 2 * math.pi * (v * lognormal(v, .2) + uniform(x, 0, 1))


def grain(x):
    size = random.choice((0, 0, .6, 1, 1.6))
    return blur(torch.randn_like(x[:, :1]), size) if size else torch.randn_like(x[:, :1])


def spots(x):
    field = blur(torch.randn_like(x[:, :1]), random.uniform(1, 2.2))
    return torch.sigmoid((field / field.std((2, 3), keepdim=True) - uniform(x, 0, 1.2)) * 8)


def grating(x):
    return (torch.sin(phases(x, 2.5, 12)[0]) * uniform(x, 1, 8)).clamp(-1, 1)


def weave(x):
    u, v = phases(x, 4, 14)
    if random.random() < .5:                             # checks and dots
        return (torch.sin(u) * torch.sin(v) * uniform(x, 1, 6)).clamp(-1, 1)
    brick = torch.sin(u + math.pi * (torch.sin(v / 2) > 0))
    return torch.maximum(brick.abs().neg() * 4 + 1, torch.sin(v).abs().neg() * 4 + 1).clamp(-1, 1)


def photographed(x):
    """Fine detail; less of it where an edge would tower above."""
    fine = (x - blur(x, random.uniform(1.5, 3))).mean(1, keepdim=True).roll(1, 0)
    strength = blur(fine * fine, 3).sqrt()
    return fine / (strength + .02)


KINDS = {'noise': grain, 'grating': grating, 'weave': weave, 'spots': spots, 'photograph': photographed}


def texture(photo, kind):
    """One kind [b,3,h,w]: without a mean, of one amplitude, mostly light and dark of one colour."""
    wave = KINDS[kind](photo)
    wave = wave - blur(F.avg_pool2d(wave, 8), 1).repeat_interleave(8, 2).repeat_interleave(8, 3) if kind == 'photograph' else \
        wave - wave.mean((2, 3), keepdim=True)
    wave = wave / (wave.square().mean((2, 3), keepdim=True).sqrt() + 1e-3)
    amplitude = torch.exp(uniform(photo, math.log(.012), math.log(.12)))
    return wave * amplitude * (1 + .35 * torch.randn(len(photo), 3, 1, 1, device=photo.device))


def patchwork(photo, truth):
    """Textures of different kinds side by side, in parts of the picture none; stronger in the light for some."""
    first, second = (texture(photo, random.choice(list(KINDS))) for _ in range(2))
    matte = scenes.edge(scenes.outlines(photo), .5)
    second = second * (torch.rand_like(matte[:, :, :1, :1]) < .6)
    total = torch.where(torch.rand_like(matte[:, :, :1, :1]) < .4, first, first * matte + second * (1 - matte))
    k = some(photo, .3)
    total[k] = total[k] * (.3 + truth[k].mean(1, keepdim=True))
    k = some(photo, .3)
    total[k] = total[k] + torch.randn_like(total[k]) * uniform(k, 0, .02)
    return total


def piece(data, photo, kind):
    truth = structure(data, photo, random.choice(('depth', 'painted', 'layers')))
    if kind == 'mixed':
        return truth + patchwork(photo, truth), truth
    if kind == 'paper':
        return truth + PAPER_SIGMA * torch.randn_like(truth), truth
    if kind == 'bare':
        return truth, truth
    return truth + texture(photo, kind), truth


def batch_of(target, truth):
    error = (target - truth).square().mean((1, 2, 3)).sqrt()
    return Batch(target, target, truth, torch.zeros_like(error), .25 * error + .01)


def pieces(data, count, size, kinds):
    """count examples, in pieces whose kinds are drawn from kinds."""
    photo = flash.cut(data.tiles, count, size, SHARES)[0]
    photo = photo[torch.randperm(len(photo), device=photo.device)]
    made = [piece(data, part, random.choice(kinds)) for part in photo.chunk(PIECES)]
    return batch_of(*(torch.cat(x) for x in zip(*made)))


@torch.no_grad()
def examples(data, count, size, settings):
    return pieces(data, count, size, settings['kinds']).shuffled()


@torch.no_grad()
def trials(data, count, size, settings, kind):
    return pieces(data, count, size, [kind])


figure = flash.figure
