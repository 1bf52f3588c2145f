# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# flash: clean photographs -> (noisy photo, its noise level, flash or infrared photo, truth)
"""A second photograph of the same scene under flash is imitated from the first: its linear light is split into
coarse illumination and fine shading, both are changed, colours are mixed anew or down to one plane, light falls off,
shadows and highlights are drawn that the truth does not have. As in real pairs, most fine structure of the truth is that of
the guide times a gain that varies slowly from place to place, mostly well below 1 because light is soft where it is scarce:
of a real pair such a model, fitted in windows of 13 to 25 pixels, explains 63 to 85 % of what is coarser than a pixel.
Infrared pictures of registered pairs are taken as they are, but for their tones. A share of guides is displaced, blank or of another
scene, so that the network takes structure from a guide only where the target agrees. Values are sRGB-encoded, 0..1."""

import math
import random

import torch
from torch.nn import functional as F

import noise
import photos
from batch import Batch
from fields import blur, coarse, gaussian, lognormal, shadows, some, uniform
from noise import GAMMA

TRIALS = ('flash 0', 'flash 0.01', 'flash 0.0316', 'flash 0.1', 'infrared 0.0316', 'infrared 0.1', 'shared 0.0316', 'shared 0.1')
MOSTLY_PAIRS = {'single': 1e-6, 'double': 1e-6, 'pair': 1}     # pairs alone, but for photographs without any
DARKEST = 1e-4               # keeps powers and logarithms finite
BLURS = 8                    # of a batch
LARGEST_SHIFT = 1.5          # of a guide, in pixels
ZOOMS = (.75, 2.4)           # cameras' pixels are seldom as sharp as those of pictures made smaller
GROUPS = 16                  # patches of a batch are cut in groups that share scale and orientation


def cut(tiles, count, size, shares):
    """count patches with what to make guides from: (photos, sources, indices of those whose source is a true partner),
    pictures [count,3,size,size] in 0..1. shares gives the probabilities of photographs without a partner, with one but
    not using it, and of true pairs."""
    if count < GROUPS:
        raise ValueError(f'{count} patches: pools, batches and trials are of {GROUPS} at least')
    photos, sources, pairs = [], [], []
    single, double = ((~tiles.paired).nonzero()[:, 0], tiles.paired.nonzero()[:, 0])
    kinds = [kind for kind, pool in (('single', single), ('double', double), ('pair', double)) if len(pool)]
    for _ in range(GROUPS):
        kind = random.choices(kinds, [shares[k] for k in kinds])[0]
        pool = single if kind == 'single' else double
        zoom = 1 if random.random() < .45 else math.exp(random.uniform(*map(math.log, ZOOMS)))
        window = min(round(size / zoom), tiles.photos.shape[-1])
        patches = crops(tiles, pool, count // GROUPS, window, kind == 'pair')
        if window != size:
            patches = F.interpolate(patches, size=(size, size), mode='bicubic', align_corners=False, antialias=True)
        patches = turned(patches, random.randrange(8)).clamp(0, 1)
        pairs += range(len(photos) * len(patches), (len(photos) + 1) * len(patches)) if kind == 'pair' else ()
        photos.append(patches[:, :3])
        sources.append(patches[:, 3:])
    return torch.cat(photos), torch.cat(sources), torch.tensor(pairs, dtype=torch.long, device=tiles.photos.device)


def crops(tiles, pool, count, window, with_partner):
    device, last = pool.device, tiles.photos.shape[-1] - window + 1
    steps = torch.arange(window, device=device)
    index = pool[torch.randint(len(pool), (count,), device=device)][:, None, None]
    rows = (torch.randint(last, (count, 1), device=device) + steps)[:, :, None]
    columns = (torch.randint(last, (count, 1), device=device) + steps)[:, None, :]
    pictures = (tiles.photos, tiles.partners if with_partner else tiles.photos)
    return torch.cat([p[index, :, rows, columns].permute(0, 3, 1, 2) for p in pictures], 1).float() / 255


def turned(x, orientation):
    if orientation & 1:
        x = x.flip(-1)
    if orientation & 2:
        x = x.flip(-2)
    return x.transpose(-1, -2) if orientation & 4 else x


def ambient(photo):
    """The truth: photographs as they are, and as warm, dim, flat, soft or unevenly lit ones; with what a camera's own
    noise reduction leaves, which is part of a photo as much as its texture is."""
    photo = photo.clone()
    k = some(photo, .6)
    warmth = torch.cat([uniform(k, .8, 1), uniform(k, .55, 1), uniform(k, .25, 1)], 1)
    photo[k] = photo[k].clamp_min(DARKEST) ** lognormal(k, .15) * (warmth * uniform(k, .3, 1.1)) ** (1 / GAMMA)
    k = some(photo, .3)
    photo[k] = photo[k] * torch.exp(.3 * gaussian(photo[k], random.randint(2, 4)))
    k = some(photo, .2)
    mask = shadows(photo[k], photo[k].mean(1, keepdim=True))
    photo[k] = photo[k] * (1 - uniform(k, .2, .8) * mask)
    k = some(photo, .4)
    base = coarse(photo[k], random.choice((4, 8, 16, 32)))
    photo[k] = base + (photo[k] - base) * uniform(k, .15, .9)
    for k in some(photo, .4).chunk(BLURS):
        photo[k] = blur(photo[k], random.uniform(.4, 1.3))
    k = some(photo, .15)
    photo[k] = photo[k] + noise.soft_grain(photo[k]) * uniform(k, .001, .008)
    return photo.clamp(0, 1)


def guide_of(source, pairs, grey):
    guide = relit(source, grey)
    if len(pairs):
        guide[pairs] = toned(source[pairs])
    return guide


def toned(infrared):
    """A true partner: its own light is another already."""
    light = infrared.clamp_min(DARKEST)
    light = light ** lognormal(light, .25) * torch.exp(uniform(light, 0, .3) * gaussian(light, random.randint(2, 4)))
    light = light * lognormal(light, .25)
    k = some(light, .1)
    light[k] = 1 - light[k].clamp(0, 1)
    return light.clamp(0, 1)


def relit(source, grey):
    """The guide: the same scene under another light, seen by the same or another kind of sensor, a share of one plane."""
    light = source.clamp_min(DARKEST) ** GAMMA
    lightness = source.mean(1, keepdim=True)
    k = some(light, .6)
    light[k] = reshaded(light[k])
    k = some(light, .1)
    light[k] = light[k] * embossed(lightness[k])
    light = recoloured(light, grey)
    light = light * torch.exp(uniform(light, 0, .6) * gaussian(light, random.randint(2, 5))) * lognormal(light, .4)
    k = some(light, .4)
    light[k] = light[k] * (1 - uniform(k, .4, .98) * shadows(light[k], lightness[k]))
    k = some(light, .3)
    light[k] = light[k] + highlights(lightness[k])
    guide = light.clamp_min(DARKEST) ** (lognormal(light, .2) / GAMMA)
    return guide.clamp(0, 1)


def reshaded(light):
    """Contrast of fine shading against coarse illumination, flattened or raised, reversed at times; a gain that varies
    slowly over the picture."""
    log = torch.log(light)
    base = coarse(log, random.choice((4, 8, 16, 32)))
    contrast = lognormal(light, .35)
    k = some(light, .12)
    contrast[k] = uniform(k, -.5, .5)
    contrast = contrast * torch.exp(uniform(light, 0, .5) * gaussian(light, random.randint(3, 12)))
    return torch.exp((base * lognormal(light, .25) + (log - base) * contrast).clamp(math.log(DARKEST), 1))


def embossed(lightness):
    """Relief lit from the side: slopes of the fine structure, which the truth's light does not show so."""
    fine = lightness - coarse(lightness, 8)
    angle = random.uniform(0, 2 * math.pi)
    slope = math.cos(angle) * (fine - fine.roll(1, 3)) + math.sin(angle) * (fine - fine.roll(1, 2))
    return torch.exp((slope * uniform(slope, 0, 12)).clamp(-1.5, 1.5))


def recoloured(light, grey):
    b, device = len(light), light.device
    matrix = torch.eye(3, device=device) + .15 * torch.randn(b, 3, 3, device=device)
    mixed = torch.einsum('bij,bjhw->bihw', matrix, light) * lognormal(light, .25, 3)
    k = some(light, grey)
    mixed[k] = one_plane(light[k]).expand(-1, 3, -1, -1)
    return mixed.clamp_min(DARKEST)


def one_plane(light):
    """A grey or infrared guide: shades by light and by colour, the latter in an order of its own, so that dark
    things may be the bright ones."""
    log = torch.log(light.clamp_min(DARKEST))
    weights = torch.softmax(2 * torch.randn(len(light), 3, 1, 1, device=light.device), 1)
    half = some(light, .5)
    weights[half] = weights[half] + .7 * torch.randn(len(half), 3, 1, 1, device=light.device)
    plane = (log * weights).sum(1, keepdim=True)
    return torch.exp(plane - plane.mean((2, 3), keepdim=True) + uniform(plane, -2.5, -.5)).clamp(DARKEST, 4)


def highlights(lightness):
    """Blobs of any size, and glints on fine structure."""
    half = len(lightness) // 2
    spots = gaussian(lightness[:half], random.randint(6, 40)) - uniform(lightness[:half], .8, 2)
    fine = lightness[half:] - coarse(lightness[half:], random.choice((4, 8)))
    glints = (fine / (fine.std((2, 3), keepdim=True) + .01) - uniform(fine, .5, 2)) * .5
    return torch.cat([spots, glints]).clamp_min(0) * uniform(lightness, .1, 3)


def imperfect(guide):
    """What goes wrong between two exposures, and guides that know nothing."""
    k = some(guide, .15)
    guide[k] = blur(guide[k], random.uniform(.4, 1))
    k = some(guide, .3)
    guide[k] = displaced(guide[k])
    k = some(guide, .3)
    guide[k[::2]] = guide[k[::2]] + torch.randn_like(guide[k[::2]]) * uniform(k[::2], 0, .01)
    guide[k[1::2]] = guide[k[1::2]] + noise.soft_grain(guide[k[1::2]]) * uniform(k[1::2], 0, .008)
    k = some(guide, .06)
    strangers, blanks = k[:len(k) // 2], k[len(k) // 2:]
    guide[strangers] = guide[strangers.roll(1)]
    guide[blanks] = uniform(blanks, 0, 1).expand_as(guide[blanks])
    return guide.clamp(0, 1)


def displaced(guide):
    """Shifted by up to LARGEST_SHIFT pixels, fractions included, the farther the rarer."""
    shift = (torch.rand(len(guide), 2, device=guide.device) * 2 - 1) ** 3 * LARGEST_SHIFT
    theta = torch.zeros(len(guide), 2, 3, device=guide.device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1
    theta[:, :, 2] = shift * 2 / guide.shape[-1]
    grid = F.affine_grid(theta, guide.shape, align_corners=False)
    return F.grid_sample(guide, grid, mode='bicubic', padding_mode='border', align_corners=False)


def expected(level):
    """A rough root mean square error after denoising: weighs noise levels equally."""
    return 0.06 * level ** 0.6 + 0.001


def load(folders, settings, device):
    return (t.to(device) for t in photos.load(folders, settings['tile'], settings['held_out_every']))


@torch.no_grad()
def examples(tiles, count, size, settings):
    photo, source, pairs = cut(tiles, count, size, settings['shares'])
    truth, guide = ambient(photo), imperfect(guide_of(source, pairs, settings['grey']))
    k = some(truth, settings['grey_targets'])
    truth[k] = truth[k].mean(1, keepdim=True).expand(-1, 3, -1, -1)
    noisy, told, level = noise.add(truth, settings)
    return Batch(noisy, guide, truth, told, expected(level)).shuffled()


@torch.no_grad()
def trials(tiles, count, size, settings, trial):
    """Plain Gaussian noise of a known level, not clipped; shared: the channels share some of it."""
    kind, level = trial.split()
    infrared = kind == 'infrared'
    photo, source, pairs = cut(tiles, count, size, MOSTLY_PAIRS if infrared else settings['shares'])
    truth = ambient(photo)
    guide = guide_of(source, pairs, grey=float(infrared))
    grain = torch.randn_like(truth)
    added = float(level) * (noise.mixed(grain) if kind == 'shared' else grain)
    level = torch.full((len(truth),), float(level), device=truth.device)
    excess = noise.coarse(added) - level if kind == 'shared' else torch.zeros_like(level)
    return Batch(truth + added, guide, truth, torch.stack([level, excess], 1), expected(level))


def figure(output, truth):
    """Mean PSNR in dB."""
    errors = (output - truth).square().mean((1, 2, 3)).clamp_min(1e-10)
    return float((-10 * torch.log10(errors)).mean())
