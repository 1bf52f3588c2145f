# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# pictures: small made-up photographs and depth maps
"""For tests that train."""


def soft_pattern(seed, size=96):
    """A picture of smooth colours and hard edges."""
    import numpy as np
    rows, columns = np.mgrid[:size, :size] / size
    draw = np.random.default_rng(seed).random
    planes = [.5 + .25 * np.sin(9 * (draw() * rows + draw() * columns)) + .2 * (draw() * rows > draw() * columns) for _ in range(3)]
    return np.stack(planes, 2).clip(0, 1).astype(np.float32)


def photographs(folder):
    """Eight photographs, two of them with a second picture."""
    import numpy as np
    from PIL import Image
    for i in range(8):
        picture = Image.fromarray((soft_pattern(i) * 255).astype(np.uint8))
        picture.save(folder / f'{i}{"_rgb" if i > 5 else ""}.png')
        if i > 5:
            picture.convert('L').save(folder / f'{i}_nir.png')


def depth_maps(folder):
    """Eight photographs of a thing before a background, with their depth maps."""
    import numpy as np
    from PIL import Image
    for i in range(8):
        photo = (soft_pattern(i) * 255).astype(np.uint8)
        near = photo[..., 0] > photo[..., 1]
        photo[near] = 255 - photo[near]
        Image.fromarray(photo).save(folder / f'{i}_rgb.png')
        depth = np.where(near, 60, 180) + np.arange(len(photo))[:, None] // 4
        Image.fromarray(depth.astype(np.uint8)).save(folder / f'{i}_depth.png')
