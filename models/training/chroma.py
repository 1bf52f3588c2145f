# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# chroma: photographs and scribbled colours -> (reduced chroma enlarged again, luma, full chroma)
"""One plane of chroma at a time: a random direction between Cb and Cr of BT.601, of random strength, around 0.5. Two sources: the
chroma of photographs, scaled down as programs and JPEG files do; and colours that spread from scribbles (`colourise`), solved at
reduced size where the truth is the solution at full size. Both are enlarged on the centred grid, most by bicubic
interpolation. The guide is the luma, three times."""

import math
import pathlib
import random
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

import flash
import noise
import photos
import resample
from batch import Batch
from fields import lognormal, some, uniform

TRIALS = ('photo', 'solution')
LUMA = (.299, .587, .114)
SHARES = {'single': 1, 'double': 1, 'pair': 0}


class Solutions(NamedTuple):
    """luma [n,1,s,s], full and reduced-then-enlarged chroma [n,2,s,s] of scribbled pictures; bytes, and floats for the last."""

    luma: torch.Tensor
    full: torch.Tensor
    enlarged: torch.Tensor

    def to(self, device):
        return Solutions(*(x.to(device) for x in self))

    def take(self, chosen):
        return Solutions(*(x[chosen] for x in self))


class Sources(NamedTuple):
    tiles: photos.Tiles
    solutions: Solutions

    def __len__(self):
        return len(self.tiles) + len(self.solutions.luma)


def load(folders, settings, device):
    scribbled = [f for f in map(pathlib.Path, folders) if any(f.glob('*-chroma.webp'))]
    if not scribbled:
        raise FileNotFoundError('none of the folders has scribbled colours; colourise.py makes them')
    plain = [f for f in folders if pathlib.Path(f) not in scribbled]
    tiles = photos.load(plain, settings['tile'], settings['held_out_every'])
    solutions = read_solutions(scribbled, settings['factor'])
    held_out = torch.arange(len(solutions.luma)) % settings['held_out_every'] == 0
    return tuple(Sources(t.to(device), s.to(device)) for t, s in
                 zip(tiles, (solutions.take(~held_out), solutions.take(held_out))))


def read_solutions(folders, factor):
    names = sorted(str(p).removesuffix('-chroma.webp') for f in folders for p in f.glob('*-chroma.webp'))
    luma, full, small = (torch.from_numpy(np.stack([photos.read(f'{n}-{kind}.webp') for n in names])).permute(0, 3, 1, 2)
                         for kind in ('luma', 'chroma', f'x{factor}'))
    return Solutions(luma[:, :1].contiguous(), full[:, :2].contiguous(), enlarge(small[:, :2].float() / 255, factor, 'cubic'))


def scaled(x, height, width, kernel, antialias=True):
    rows, columns = (torch.from_numpy(resample.weights(n, m, kernel, antialias)).to(x.device)
                     for n, m in ((height, x.shape[2]), (width, x.shape[3])))
    return rows @ x @ columns.T


def enlarge(x, factor, kernel):
    return scaled(x, x.shape[2] * factor, x.shape[3] * factor, kernel)


def reduce(x, factor):
    """As somebody's program did it: means, bicubic and every so-many-th pixel, for parts of the batch."""
    quarter, size = len(x) // 4, (x.shape[2] // factor, x.shape[3] // factor)
    means, cubic, nearest = x.split([2 * quarter, quarter, len(x) - 3 * quarter])
    return torch.cat([scaled(means, *size, 'box'), scaled(cubic, *size, 'cubic'),
                      scaled(nearest, *size, 'box', antialias=False)])


def plane(chroma):
    """One plane of each [b,2,h,w]: a random direction and strength, around 0.5."""
    angle = uniform(chroma, 0, 2 * math.pi)
    value = chroma[:, :1] * torch.cos(angle) + chroma[:, 1:] * torch.sin(angle)
    return angle, lognormal(chroma, .4), value


def photographs(tiles, count, size, factor):
    """(target, luma, truth) with the chroma of photographs."""
    rgb = flash.cut(tiles, count, size, SHARES)[0]
    luma = torch.einsum('i,bihw->bhw', torch.tensor(LUMA, device=rgb.device), rgb)[:, None]
    chroma = torch.cat([(rgb[:, 2:] - luma) / 1.772, (rgb[:, :1] - luma) / 1.402], 1)
    _, gain, value = plane(chroma)
    truth = value * gain + .5
    small = reduce(truth, factor)
    k = some(small, .15)
    small[k] = compressed(small[k])
    cubic = round(.8 * len(small))
    order = torch.randperm(len(small), device=small.device)
    target = torch.empty_like(truth)
    for chosen, mode in ((order[:cubic], 'cubic'), (order[cubic:], 'triangle')):
        target[chosen] = enlarge(small[chosen], factor, mode)
    return target, luma, truth


def compressed(small):
    """What JPEG leaves of a chroma plane."""
    height, width = small.shape[2:]
    padded = F.pad(small, (0, -width % 8, 0, -height % 8), mode='replicate')
    scale = random.uniform(.05, .8)
    return noise.quantised((padded - .5) * 255, noise.CHROMINANCE, scale)[..., :height, :width] / 255 + .5


def solved(solutions, count, size):
    """(target, luma, truth) with scribbled colours."""
    device, last = solutions.luma.device, solutions.luma.shape[-1] - size + 1
    steps = torch.arange(size, device=device)
    index = torch.randint(len(solutions.luma), (count,), device=device)[:, None, None]
    rows = (torch.randint(last, (count, 1), device=device) + steps)[:, :, None]
    columns = (torch.randint(last, (count, 1), device=device) + steps)[:, None, :]
    luma, full, enlarged = (x[index, :, rows, columns].permute(0, 3, 1, 2) for x in solutions)
    crops = torch.cat([enlarged - .5, full.float() / 255 - .5, luma.float() / 255], 1)
    crops = torch.cat([flash.turned(x, random.randrange(8)) for x in crops.chunk(min(count, flash.GROUPS))])
    angle, gain, truth = plane(crops[:, 2:4])
    target = crops[:, :1] * torch.cos(angle) + crops[:, 1:2] * torch.sin(angle)
    return target * gain + .5, crops[:, 4:], truth * gain + .5


def batch_of(target, luma, truth):
    """Expects a part of the error that plain enlargement makes."""
    error = (target - truth).square().mean((1, 2, 3)).sqrt()
    return Batch(target, luma.expand(-1, 3, -1, -1), truth, torch.zeros_like(error), .5 * error + .004)


@torch.no_grad()
def examples(sources, count, size, settings):
    scribbled = round(count * settings['scribbled'])
    parts = (photographs(sources.tiles, count - scribbled, size, settings['factor']),
             solved(sources.solutions, scribbled, size))
    return batch_of(*(torch.cat(x) for x in zip(*parts))).shuffled()


@torch.no_grad()
def trials(sources, count, size, settings, source):
    if source == 'photo':
        return batch_of(*photographs(sources.tiles, count, size, settings['factor']))
    return batch_of(*solved(sources.solutions, count, size))


def figure(output, truth):
    """Root mean square error, on a scale of 0 to 255."""
    return 255 * float((output - truth).square().mean().sqrt())
