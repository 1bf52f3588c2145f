# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# resample: pictures scaled down and up as programs do it
"""Separable resampling on centred grids: pixel i of n lies at (i + 0.5) / n. Beyond the border pictures are mirrored."""

import functools

import numpy as np


def box(x):
    return ((x > -.5) & (x <= .5)).astype(float)


def triangle(x):
    return np.maximum(1 - abs(x), 0)


def cubic(x):
    """Keys, Cubic Convolution Interpolation (1981), a = -0.5: what MATLAB and GIMP call cubic."""
    x = abs(x)
    return np.where(x <= 1, 1.5 * x ** 3 - 2.5 * x ** 2 + 1, np.where(x <= 2, -.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2, 0))


def lanczos(x):
    return np.where(abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


def gaussian(x):
    return np.exp(-2 * x ** 2)                           # standard deviation of half a pixel


KERNELS = {'box': (box, .5), 'triangle': (triangle, 1), 'cubic': (cubic, 2), 'lanczos': (lanczos, 3), 'gaussian': (gaussian, 2)}


@functools.lru_cache(1024)
def weights(outputs, inputs, kernel, antialias=True):
    """Matrix [outputs, inputs]. When scaling down, antialias widens the kernel to an output pixel: box is then the
    area's mean, and without it the nearest pixel."""
    function, radius = KERNELS[kernel]
    step = inputs / outputs
    wide = max(step, 1) if antialias else 1
    centres = (np.arange(outputs) + .5) * step - .5
    reach = int(np.ceil(radius * wide)) + 1
    taps = np.floor(centres).astype(int)[:, None] + np.arange(-reach, reach + 1)
    values = function((taps - centres[:, None]) / wide)
    values /= values.sum(1, keepdims=True)
    taps = taps % (2 * inputs)
    matrix = np.zeros((outputs, inputs))
    np.add.at(matrix, (np.arange(outputs)[:, None], np.minimum(taps, 2 * inputs - 1 - taps)), values)
    return matrix.astype(np.float32)


def decimated(picture, factor):
    """Every factor-th pixel of the last two axes, the last of each block: d(s:s:end, s:s:end) as the paper has it. A
    grid half a block off its centre, which the enlargement then takes for centred."""
    return picture[..., factor - 1::factor, factor - 1::factor]
