# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# noise: adds a sensor's noise to a picture, PPM in, PPM out
"""Usage: noise.py < truth.ppm > noflash.ppm

Shot noise grows with the square root of the light, and the sRGB curve is close
to that root's inverse in slope: what remains in the encoded picture is nearly
the same everywhere.  Read noise, the same at all levels in linear light, lifts
it in the shadows.  So the noise here is white and Gaussian in encoded values,
from SHADOWS at black down to LIGHTS at white.
"""
import random
import sys

SEED = 2024
SHADOWS, LIGHTS = 0.080, 0.060


def read_ppm(stream):
    magic, size, top = (stream.readline().split() for _ in range(3))
    if magic != [b"P6"] or top != [b"255"]:
        sys.exit("noise.py wants an 8-bit binary PPM without comments.")
    return size, stream.read()


def with_noise(value, source):
    sigma = 255 * SHADOWS + (LIGHTS - SHADOWS) * value
    return min(255, max(0, round(source.gauss(value, sigma))))


def main():
    source = random.Random(SEED)
    size, pixels = read_ppm(sys.stdin.buffer)
    sys.stdout.buffer.write(b"P6\n%s %s\n255\n" % tuple(size))
    sys.stdout.buffer.write(bytes(with_noise(v, source) for v in pixels))


main()
