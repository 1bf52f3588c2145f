# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# halftone: clean pictures -> (their printed, dithered or diffused likeness, a guide, the tone without dots)
"""Pictures are separated into four inks, each is screened with dots on a grid of its own angle and ruling, and the print is
scanned: blurred, noisy, perhaps a JPEG file. The truth is what the same inks make in the mean: the tone without the dots, with the print's own colours,
paper, register and blur. Line art is drawn over tints as solid black: photographs become comics, and illustrations are invented whose
plates overlap their contours and whose hatching is nearly as fine as the screens. Other shares are ordered dither and
error diffusion of pixels, which nothing blurs, and clean pictures, which are to stay as they are. Most are guided by themselves, a share by a
better picture of the same: a photo of other tones and colours without dots."""

import math
import random

import torch
from torch.nn import functional as F

import flash
import noise
import photos
from batch import Batch
from fields import blur, gaussian, lognormal, some, uniform

TRIALS = ('fine', 'coarse', 'guided', 'comic', 'illustration', 'ordered', 'diffused', 'clean')
ANGLES = (15, 75, 0, 45)                     # degrees of cyan, magenta, yellow and black in offset printing
INKS = ((.0, .62, .86), (.85, .1, .5), (.98, .92, .05), (.1, .1, .1))    # encoded red, green and blue of offset inks on white
PURE = ((0, 1, 1), (1, 0, 1), (1, 1, 0), (0, 0, 0))
SHAPES = {'round': 4, 'chequer': 4, 'elliptic': 2, 'line': 1}               # of dots, and how often
CELLS = 64                                   # samples of a dot along each side, to learn its growth
STROKES = 64                                 # side by side, and one after the other, until hatching repeats
FINER = 2                                    # dots are drawn at twice the size and averaged
AREAS = 6                                    # kinds of tint in an illustration
OFF_REGISTER = 4                             # standard deviation of the worst plates, in pixels
HATCHING = (3.5, 14)                         # pixels from stroke to stroke
FRINGE = .3                                  # pixels between the colours of a scan
LUMA = (.299, .587, .114)
SHARES = {'single': 1, 'double': 1, 'pair': 0}


def load(folders, settings, device):
    return (t.to(device) for t in photos.load(folders, settings['tile'], settings['held_out_every']))


def grey(x):
    return torch.einsum('i,bihw->bhw', torch.tensor(LUMA, device=x.device), x)[:, None]


def comics(photo):
    """The tints of photographs in few steps, and (black 0..1) lines and solids on them."""
    steps = random.choice((3, 4, 6))
    tint = (blur(photo, random.uniform(2, 5)).clamp(0, 1) * steps).round() / steps
    light = grey(photo)
    edges = blur(light, .7) - 1.02 * blur(light, 1.6)
    outlines = torch.sigmoid((uniform(photo, -.03, -.01) - edges) * 150)
    field = gaussian(photo, random.randint(4, 14))
    slope = (field[..., 1:, 1:] - field[..., :-1, :-1]).abs() + (field[..., 1:, :-1] - field[..., :-1, 1:]).abs()
    distance = field.abs() / (F.pad(slope, (0, 1, 0, 1), mode='replicate') / 2 + 1e-3)
    curves = torch.sigmoid((uniform(photo, .4, 2.5) - distance) * 2)
    return tint, torch.where(torch.rand_like(light[:, :, :1, :1]) < .5, outlines, curves)


def illustrations(x):
    """Coverages [b,4,h,w] of flat or shaded tints in areas, and (black 0..1) the lines: contours of the areas, hatching, solids.
    Every plate lies beside the lines, so that strips a dot or two wide are left there. A share is printed with black alone, screened
    and without lines, so that ragged edges are not taken for drawn ones."""
    area, border = areas(x)
    hatched, black = (by_area((torch.rand(len(x), 1, AREAS, device=x.device) < share).float(), area) for share in (.4, .04))
    width = uniform(x, .4, 2) * (1 + uniform(x, 0, .7) * gaussian(x, random.randint(6, 14)))
    contours = torch.sigmoid((width - border) * 3)
    cmyk, lines = tints(area), torch.stack([contours, hatched * hatching(x), black]).amax(0)
    k = some(x, .3)
    cmyk[k], lines[k] = 0, 0
    cmyk[k, 3:] = by_area(torch.rand(len(k), 1, AREAS, device=x.device), area[k])
    return cmyk, lines


def areas(x):
    """(which one of AREAS a pixel is in, how many pixels from the border), both [b,1,h,w]."""
    heights = torch.cat([gaussian(x, random.randint(2, 9)) for _ in range(AREAS)], 1)
    (first, second), (area, neighbour) = (y.split(1, 1) for y in heights.topk(2, 1))
    slopes = (heights - heights.roll(1, k) for k in (2, 3))
    slope = torch.hypot(*(s.gather(1, area) - s.gather(1, neighbour) for s in slopes))
    return area, (first - second) / (slope + 1e-3)


def by_area(values, area):
    """values [b,c,AREAS] spread over the pixels of their areas."""
    return values.gather(2, area.flatten(2).expand(-1, values.shape[1], -1)).unflatten(2, area.shape[2:])


def tints(area):
    levels = torch.rand(len(area), 4, AREAS, device=area.device)
    chance = torch.rand_like(levels)
    levels = torch.where(chance < .5, 0, torch.where(chance > .85, 1, levels))
    levels[:, 3] *= .8 * (torch.rand_like(levels[:, 3]) < .15)   # black is seldom screened beside lines
    levels = levels * (torch.rand_like(levels[:, :1]) > .25)     # bare paper
    cmyk = by_area(levels, area)
    k = some(cmyk, .3)
    cmyk[k] = cmyk[k] * (.5 + gaussian(cmyk[k], random.randint(2, 5))).clamp(0, 1)
    cmyk = blur(cmyk, random.uniform(.3, 1.5))                   # dots at a border are cut, or whole
    return torch.cat([torch.roll(cmyk[:, i:i + 1], (off_register(), off_register()), (2, 3)) for i in range(4)], 1)


def off_register():
    """Pixels, mostly few, that a plate lies beside its place."""
    return round(random.gauss(0, 1) * random.uniform(0, OFF_REGISTER))


def hatching(x):
    """Strokes side by side that swell, end and begin anew."""
    rows = torch.arange(x.shape[2], device=x.device, dtype=x.dtype).view(1, 1, -1, 1)
    columns = torch.arange(x.shape[3], device=x.device, dtype=x.dtype).view(1, 1, 1, -1)
    turn, spacing = uniform(x, 0, 2 * math.pi), torch.exp(uniform(x, *map(math.log, HATCHING)))
    across = (columns * torch.cos(turn) + rows * torch.sin(turn) + uniform(x, 0, 2) * gaussian(x, 5)) / spacing
    along = (rows * torch.cos(turn) - columns * torch.sin(turn)) / uniform(x, 5, 40)
    swell = torch.randn(len(x), STROKES * STROKES, device=x.device)
    line = across.floor().long() % STROKES * STROKES
    here, next_ = (swell.gather(1, (line + (along + i).floor().long() % STROKES).flatten(1)).view_as(along) for i in (0, 1))
    width = spacing * uniform(x, .08, .32) * (1 + uniform(x, 0, 1) * torch.lerp(here, next_, along - along.floor()))
    return torch.sigmoid((width - (across - across.floor() - .5).abs() * spacing) * 3)


def separate(rgb, inks):
    """Coverages [b,4,h,w] of cyan, magenta, yellow and black; how much grey is printed with black is random."""
    cmy = 1 - rgb
    black = cmy.amin(1, keepdim=True) ** lognormal(rgb, .3) * uniform(rgb, 0, 1)
    black = torch.minimum(black, cmy.amin(1, keepdim=True))
    cmyk = torch.cat([(cmy - black) / (1 - black).clamp_min(.02), black], 1)
    only_black = some(rgb, .3)
    cmyk[only_black] = torch.cat([torch.zeros_like(cmyk[only_black, :3]), 1 - grey(rgb[only_black])], 1)
    return cmyk.clamp(0, 1)


def spots(u, v, shape):
    """Height of a dot's threshold hill at cell coordinates in periods: dots grow from its top."""
    a, b = torch.cos(2 * math.pi * u), torch.cos(2 * math.pi * v)
    if shape == 'round':
        return -((u - u.round()) ** 2 + (v - v.round()) ** 2)
    if shape == 'elliptic':
        return a + .6 * b
    if shape == 'line':
        return a + .05 * b
    return a + b                                         # round in light and shadow, a chequerboard in between


def thresholds(u, v, shape):
    """The same, stretched so that as much of a cell lies below any number as it says."""
    n = (torch.arange(CELLS, device=u.device) + .5) / CELLS
    table = spots(n[:, None].expand(CELLS, CELLS), n[None].expand(CELLS, CELLS), shape).flatten().sort().values
    return 1 - torch.searchsorted(table, spots(u, v, shape).contiguous()).float() / len(table)


def screened(cmyk, period):
    """Coverages as dots, 0 or 1 with soft edges, at FINER times the size and averaged. period [b,1,1,1] in pixels."""
    height, width = cmyk.shape[2:]
    fine = F.interpolate(cmyk, scale_factor=FINER, mode='bilinear', align_corners=False)
    device = cmyk.device
    rows = ((torch.arange(height * FINER, device=device) + .5) / FINER).view(1, 1, -1, 1)
    columns = ((torch.arange(width * FINER, device=device) + .5) / FINER).view(1, 1, 1, -1)
    order = torch.argsort(torch.rand(len(cmyk), 4, device=device), 1)
    own = torch.tensor(ANGLES, device=device, dtype=torch.float32)[order][..., None, None]
    angle = (own + uniform(cmyk, -2, 2, 4) + uniform(cmyk, -8, 8)) * math.pi / 180
    period = period * lognormal(cmyk, .04, 4)
    u = (columns * torch.cos(angle) + rows * torch.sin(angle)) / period + uniform(cmyk, 0, 1, 4)
    v = (rows * torch.cos(angle) - columns * torch.sin(angle)) / period + uniform(cmyk, 0, 1, 4)
    level = thresholds(u, v, random.choices(*zip(*SHAPES.items()))[0])
    softness = FINER * period * uniform(cmyk, .02, .12)  # of a dot's edge, in threshold per fine pixel
    dots = ((fine - level) * softness.clamp_min(.3) * 4 + .5).clamp(0, 1)
    dots = torch.where(fine > .995, 1, torch.where(fine < .005, 0, dots))
    return F.avg_pool2d(dots, FINER)


def printed(coverage, inks):
    """Colours that coverages [b,4,h,w] of inks [b,4,3] make on white, the dots of different inks lying at random."""
    light = 1 - coverage[:, :, None] * (1 - inks[..., None, None])
    return light.prod(1)


def press(photo, period, comic, illustrated):
    """(scan of the print, its tone without dots). The first `comic` pictures are made comics of, the last `illustrated` become
    illustrations."""
    b, device = len(photo), photo.device
    solid = torch.zeros_like(photo[:, :1])
    tint = photo.clone()
    if comic:
        tint[:comic], solid[:comic] = comics(photo[:comic])
    real, pure = (torch.tensor(x, device=device, dtype=torch.float32) for x in (INKS, PURE))
    share = uniform(photo, 0, 1)[:, :, 0]
    inks = pure + (real - pure) * share + .03 * torch.randn(b, 4, 3, device=device) * share
    cmyk = separate(tint, inks)
    if illustrated:
        cmyk[-illustrated:], solid[-illustrated:] = illustrations(photo[-illustrated:])
    cmyk = (cmyk + uniform(cmyk, 0, .15, 4) * 4 * cmyk * (1 - cmyk)).clamp(0, 1)      # dots grow in print
    cmyk = torch.cat([torch.roll(cmyk[:, i:i + 1], (random.randint(-1, 1), random.randint(-1, 1)), (2, 3)) for i in range(4)], 1)
    dots = screened(cmyk, period)
    scans = []
    for coverage in (dots, cmyk):
        black = 1 - (1 - coverage[:, 3:]) * (1 - solid)
        scans.append(printed(torch.cat([coverage[:, :3], black], 1), inks))
    return scanned(*scans)


def scanned(print_, tone):
    """Both with the same paper, light, fringes and blur; the print with noise, some of it as JPEG."""
    paper, floor = 1 - uniform(tone, 0, .2, 3) * uniform(tone, 0, 1), uniform(tone, 0, .12)
    k = some(tone, .3)
    paper[k] = paper[k] * uniform(k, .65, 1)                                          # old paper, or a dim scan
    print_, tone = (floor + x * (paper - floor) for x in (print_, tone))
    k = some(tone, .3)
    if len(k):
        print_[k], tone[k] = fringed(print_[k], tone[k])
    parts = []
    for piece, truth in zip(print_.chunk(8), tone.chunk(8)):
        sigma = random.uniform(.25, 1)
        parts.append((blur(piece, sigma), blur(truth, min(sigma, .6))))
    print_, tone = (torch.cat(x) for x in zip(*parts))
    k = some(tone, .6)
    print_[k] = print_[k] + torch.randn_like(print_[k]) * uniform(k, 0, .03)
    k = some(tone, .2)
    print_[k] = noise.jpeg(print_[k].clamp(0, 1), random.randint(70, 95))
    return print_, tone


def fringed(*pictures):
    """All of them with red, green and blue a fraction of a pixel apart, as many scanners see them."""
    b, c, height, width = pictures[0].shape
    theta = torch.eye(2, 3, device=pictures[0].device).repeat(b * c, 1, 1)
    theta[:, :, 2] = torch.randn_like(theta[:, :, 2]) * 2 * FRINGE / width
    grid = F.affine_grid(theta, (b * c, 1, height, width), align_corners=False)
    return [F.grid_sample(x.reshape(b * c, 1, height, width), grid, mode='bicubic', padding_mode='border', align_corners=False).view_as(x)
            for x in pictures]


def bayer(order):
    """Recursive threshold matrix of 2^order pixels on each side."""
    matrix = torch.zeros(1, 1)
    for _ in range(order):
        matrix = torch.cat([torch.cat([4 * matrix, 4 * matrix + 2], 1), torch.cat([4 * matrix + 3, 4 * matrix + 1], 1)])
    return (matrix + .5) / matrix.numel()


def clustered(side):
    """Thresholds that grow dots from the middle of a cell of side x side pixels."""
    n = (torch.arange(side) + .5) / side
    height = spots(n[:, None].expand(side, side), n[None].expand(side, side), 'chequer') + 1e-3 * torch.rand(side, side)
    ranks = torch.empty(side * side)
    ranks[height.flatten().argsort(descending=True)] = torch.arange(side * side, dtype=torch.float32)
    return ((ranks + .5) / side ** 2).view(side, side)


def in_steps(values, chooser):
    """values in 0..1 reduced to few levels, 2 for most; chooser rounds each fraction to 0 or 1."""
    steps = torch.tensor((1., 1., 1., 2., 3.), device=values.device)[torch.randint(5, (len(values), 1, 1, 1), device=values.device)]
    whole = torch.minimum((values * steps).floor(), steps - 1)
    return (whole + chooser(values * steps - whole)) / steps


def ordered(photo):
    """One matrix for each of eight parts."""
    parts = []
    for part in photo.chunk(8):
        matrix = bayer(random.randint(1, 4)) if random.random() < .6 else clustered(random.randint(3, 8))
        tiles = [-(-n // len(matrix)) for n in photo.shape[2:]]
        level = matrix.to(photo.device).repeat(*tiles)[:photo.shape[2], :photo.shape[3]]
        parts.append(in_steps(part, lambda x: (x > level).float()))
    return torch.cat(parts)


def diffused(photo):
    """Floyd and Steinberg's error diffusion of every channel, along diagonals that do not depend on each other; a random
    threshold breaks its worms up for some."""
    spread = uniform(photo, -.3, .3).clamp_min(0)
    return in_steps(photo, lambda x: diffuse(x, spread * (torch.rand_like(x) - .5) + .5))


def diffuse(values, threshold):
    b, c, height, width = values.shape
    length = width + 2 * (height - 1)
    rows = torch.arange(height, device=values.device)
    slots = torch.arange(width, device=values.device)[None] + 2 * rows[:, None]            # (y, x) -> diagonal
    skewed = torch.zeros(length, b, c, height, device=values.device)
    level, inside = torch.full_like(skewed, 2), torch.zeros_like(skewed)
    for store, content in ((skewed, values), (level, threshold), (inside, torch.ones_like(values))):
        store[slots, :, :, rows[:, None]] = content.permute(2, 3, 0, 1)
    first = second = third = torch.zeros_like(skewed[0])
    result = torch.empty_like(skewed)
    for t in range(length):
        above = (3 * first + 5 * second + third) / 16
        value = skewed[t] + 7 / 16 * first + F.pad(above[..., :-1], (1, 0))
        result[t] = value > level[t]
        first, second, third = (value - result[t]) * inside[t], first, second
    return result[slots, :, :, rows[:, None]].permute(2, 3, 0, 1)


def pixels(photo, maker):
    """Dithered pictures, a share of them grey."""
    photo, k = photo.clone(), some(photo, .3)
    photo[k] = grey(photo[k]).expand(-1, 3, -1, -1)
    return maker(photo), photo


def better(tone):
    """The same without dots from elsewhere: colours mixed anew or grey, other tones, a little soft and noisy; some not quite in
    place, and a few of another picture, which are of no use."""
    mixed = flash.recoloured(tone.clamp_min(0), .3) ** lognormal(tone, .3)
    parts = [blur(part, random.uniform(.25, .9)) for part in mixed.chunk(8)]
    guide = (torch.cat(parts) + torch.randn_like(tone) * uniform(tone, 0, .01)).clamp(0, 1)
    k = some(guide, .3)
    guide[k] = flash.displaced(guide[k])
    k = some(guide, .06)
    guide[k] = guide[k.roll(1)]
    return guide


def batch_of(target, truth, guided=0):
    """A share `guided` has a better picture as guide, the others themselves."""
    error, guide = (target - truth).square().mean((1, 2, 3)).sqrt(), target.clone()
    k = some(target, guided)
    if len(k):
        guide[k] = better(truth[k])
    return Batch(target, guide, truth, torch.zeros_like(error), .25 * error + .01)


@torch.no_grad()
def examples(tiles, count, size, settings):
    photo = flash.cut(tiles, count, size, SHARES)[0]
    photo = photo[torch.randperm(len(photo), device=photo.device)]
    parts = photo.split([round(settings[k] * count) for k in ('screened', 'ordered', 'diffused')] +
                        [count - sum(round(settings[k] * count) for k in ('screened', 'ordered', 'diffused'))])
    period = torch.exp(uniform(parts[0], math.log(settings['finest']), math.log(settings['coarsest'])))
    made = [[torch.cat(x) for x in zip(*(press(p, q, len(p) // 8, len(p) // 5) for p, q in zip(parts[0].chunk(8), period.chunk(8))))],
            pixels(parts[1], ordered), pixels(parts[2], diffused), (parts[3], parts[3])]
    return batch_of(*(torch.cat(x) for x in zip(*made)), settings['guided']).shuffled()


@torch.no_grad()
def trials(tiles, count, size, settings, kind):
    photo = flash.cut(tiles, count, size, SHARES)[0]
    if kind in ('ordered', 'diffused'):
        return batch_of(*pixels(photo, ordered if kind == 'ordered' else diffused))
    if kind == 'clean':
        return batch_of(photo, photo)
    period = torch.full((len(photo), 1, 1, 1), 7. if kind in ('coarse', 'guided') else 4., device=photo.device)
    drawn = (len(photo) * (kind == k) for k in ('comic', 'illustration'))
    return batch_of(*press(photo, period, *drawn), float(kind == 'guided'))


figure = flash.figure
