"""The drawn herd: the same animals as plain horses and as striped zebras, whose true partner is known.

Every scene is drawn twice, and the two pictures differ in the coat alone. A plain coat is one chestnut, and the stripes
are tied to the body (its pose, size and direction), so the picture itself tells how its partner looks.

Shapes are signed distances, negative inside, in units of the picture's side; x points right and y down. The animal is
made of bones, which are lines with a radius at each end.
"""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gan.errors import UserError

Dice = Callable[[float, float], float]

SUPERSAMPLE = 2  # on top of edges that are already a pixel soft
NUMBERS, NOISE = 112, 24  # random numbers of a scene, and the side of its texture's lattice

CHESTNUT, MANE, DARK = (0.74, 0.38, 0.18), (0.32, 0.16, 0.10), (0.21, 0.16, 0.15)
WHITE, BLACK = (1.00, 0.98, 0.94), (0.12, 0.11, 0.12)
PERIOD = 0.42  # of the stripes, in body units: 5.6 to 7.5 pixels at 64x64

# sky above, sky at the horizon, sun, far hills, ground at the horizon, ground in front, plants, stones, flowers
PLACES = [
    ["5fa8dc", "d3ebf2", "fff3b8", "8fbfa8", "93c46c", "5f9c48", "3f7f45", "a3aaa6", "ffe98a"],  # meadow
    ["7fc0d8", "f2efd2", "fff6cf", "c3c79c", "e6d99a", "d2bd74", "86974c", "b9b4a0", "a8a04f"],  # savanna
    ["9fb6d0", "dfe8f0", "f7f3e2", "b3c6d8", "dbe6ef", "bdd0e2", "6f9a9c", "8f9eb0", "93b4c4"],  # snow
    ["5a5296", "eab0bf", "ffdcc2", "8d76a6", "7f9a94", "4f7675", "37605f", "7c7892", "d59ac4"],  # dusk
    ["79c4c6", "e8f3dc", "fff8d8", "9cc6b4", "b7cf8e", "84b074", "5b9a72", "adb5a8", "f2a7c3"],  # spring
    ["8ea6e0", "ecdff0", "fff0d8", "a9a3d2", "b3a3d8", "8a7ec0", "5f8a6e", "a6a6b8", "6b59b5"],  # lavender
]


@dataclass(frozen=True)
class Herd:
    """n scenes with either coat: uint8 [n, 3, S, S] each, and bool [n, 1, S, S], true on every pixel of coat."""

    plain: Tensor
    striped: Tensor
    mask: Tensor


def draw(n: int, size: int, seed: int, only: Collection[int] | None = None) -> Herd:
    """Draw n scenes of size x size pixels, or of these n only those with the numbers (from 0) in `only`, in order.

    The same seed at another size gives the same scenes, and the first k of n are those of `draw(k, size, seed)`.
    `size` must be a multiple of 4 from 32 to 256, else UserError.
    """
    if size % 4 or not 32 <= size <= 256:
        raise UserError("herd.size", size=size)
    numbers = np.random.default_rng(seed).random((n, NUMBERS + NOISE * NOISE), np.float32)
    chosen = range(n) if only is None else sorted(only)
    plain, striped = (np.empty((len(chosen), 3, size, size), np.uint8) for _ in range(2))
    mask = np.empty((len(chosen), 1, size, size), bool)
    for i, scene in enumerate(chosen):
        plain[i], striped[i], mask[i] = _scene(numbers[scene], size)
    return Herd(*map(torch.from_numpy, (plain, striped, mask)))


def _scene(numbers: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the scene of these random numbers in [0, 1): plain, striped and mask as one row of Herd."""
    row = iter(numbers[:NUMBERS].tolist())

    def dice(low: float, high: float) -> float:
        return low + (high - low) * next(row)

    animal = _Animal(dice)
    ground = _Ground(size).paint(dice, numbers[NUMBERS:].reshape(NOISE, NOISE) - 0.5, animal)
    cover, coat, mane, dark, white = (_shrink(field) for field in animal.paint(size * SUPERSAMPLE))
    common = ground * (1 - cover) + dark * _colour(DARK)
    plain = common + coat * _colour(CHESTNUT) + mane * _colour(MANE)
    striped = common + (coat + mane - white) * _colour(BLACK) + white * _colour(WHITE)
    return *((x.clip(0, 1) * 255 + 0.5).astype(np.uint8) for x in (plain, striped)), coat + mane > 0


class _Animal:
    """One animal's pose; `paint` draws it.

    The body has its own coordinates: x towards the head, y down, the trunk from -1 to 1 and the feet at y = 1.32.
    """

    def __init__(self, dice: Dice):
        self.unit = dice(0.215, 0.285)
        self.facing = -1 if dice(0, 1) < 0.5 else 1
        tilt = dice(-0.07, 0.07)
        self.cos, self.sin = math.cos(tilt), math.sin(tilt)
        self.feet = dice(0.83, 0.94)
        self.x = 0.5 - self.facing * 0.27 * self.unit + max(0.5 - 1.68 * self.unit, 0.01) * dice(-1, 1)
        self.y = self.feet - 1.32 * self.unit
        grazing, height, turn = dice(0, 1) < 0.35, dice(0, 1), dice(0, 1)
        self.neck = height * 0.3 - 0.85 if grazing else height * 0.5 + 0.55  # radians above the level
        self.head = turn * 0.3 + 0.95 if grazing else turn * 0.4 + 0.35  # radians below it
        self.phase = dice(0, 2 * math.pi)
        self.stride = dice(0.1, 0.5) * (0.4 if grazing else 1)
        self.sway = dice(-0.12, 0.2)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where in the picture the body's point (x, y) is."""
        x, y = x * self.cos - y * self.sin, x * self.sin + y * self.cos
        return self.x + self.unit * self.facing * x, self.y + self.unit * y

    def paint(self, pixels: int) -> tuple[np.ndarray, ...]:
        """Draw on pixels x pixels: the cover, and the light of coat, mane, dark parts and white stripes in it."""
        self.grid = _Grid(pixels)
        swing = [(math.sin(self.phase + q * math.pi / 2), math.cos(self.phase + q * math.pi / 2)) for q in range(4)]
        k = 0.18 * self.unit  # how far the parts of the body melt into one another

        far, far_hoof = self.nothing(), self.nothing()
        self.leg(far, far_hoof, -0.42, 0.15, -0.12, 0.22, *swing[2], k)
        self.leg(far, far_hoof, 0.36, 0.20, 0.04, 0.20, *swing[3], k)
        tail = self.nothing()
        self.bone(tail, (-0.90, -0.22), (-1.13, 0.02), 0.07, 0.06)
        self.bone(tail, (-1.13, 0.02), (-1.16 - self.sway, 0.68), 0.07, 0.04, swell=0.05)

        # neck and head as directions, and the sides of them that face up
        nx, ny, hx, hy = math.cos(self.neck), -math.sin(self.neck), math.cos(self.head), math.sin(self.head)
        poll = 0.62 + 0.92 * nx, -0.14 + 0.92 * ny
        up = (ny + hy) / math.hypot(ny + hy, nx + hx), -(nx + hx) / math.hypot(ny + hy, nx + hx)

        def on_head(along: float, brow: float, rise: float = 0) -> tuple[float, float]:
            return poll[0] + along * hx + brow * hy + rise * up[0], poll[1] + along * hy - brow * hx + rise * up[1]

        trunk, neck, head, hoof, eye, mane = (self.nothing() for _ in range(6))
        self.bone(trunk, (-0.56, -0.02), (0.54, 0.02), 0.46, 0.44, swell=-0.01)
        along_neck = self.bone(neck, (0.60, -0.12), poll, 0.34, 0.17, swell=-0.02, margin=k)
        along_head = self.bone(head, on_head(0, 0), on_head(0.58, -0.02), 0.19, 0.115, margin=k)
        body = _join(trunk, neck, k)
        self.leg(body, hoof, -0.68, 0.10, -0.12, 0.28, *swing[0], k)
        self.leg(body, hoof, 0.58, 0.15, 0.04, 0.24, *swing[1], k)
        body = _join(body, head, k / 2)
        for along, lean in ((-0.01, 0.0), (-0.12, -0.03)):
            self.bone(body, on_head(along, 0, 0.10), on_head(along + lean, 0, 0.34), 0.08, 0.025)
        self.bone(mane, (0.44 + 0.22 * ny, -0.22 - 0.22 * nx), on_head(0.04, 0, 0.17), 0.07, 0.10, swell=0.02)
        self.bone(eye, on_head(0.20, 0.06), on_head(0.22, 0.06), 0.05, 0.05)

        mane, far, tail = (self.cover(x) for x in (mane, far, tail))
        near = np.maximum(self.cover(body), mane)
        muzzle = self.cover(head) * _clamp((along_head - 0.74) * 12)
        near_dark = np.maximum(np.maximum(self.cover(eye), muzzle), self.cover(hoof))
        far_hoof = self.cover(far_hoof)

        # light from above: the outline's slope, strongest at the rim
        slope = np.zeros_like(body)
        slope[1:-1] = (body[2:] - body[:-2]) * (0.5 * pixels)
        light = 0.84 - 0.22 * slope.clip(-1, 1) * _clamp(1 + body / (0.4 * self.unit))

        # behind the near side: the tail in front of the far legs
        tail *= 1 - near
        far *= (1 - near) * (1 - tail)
        coat = near * (1 - near_dark) * light
        hair = coat * mane
        coat += far * (1 - far_hoof) * 0.62 - hair
        dark = near * near_dark * light + tail + far * far_hoof * 0.62
        white = (coat + hair) * self.stripes(trunk, neck, head, along_neck, along_head, k)
        return near + far + tail, coat, hair, dark, white

    def stripes(self, trunk, neck, head, along_neck, along_head, k: float) -> np.ndarray:
        """The share of white: a wave for each part, in the body's own coordinates, faded into one another."""
        x, y = (self.grid.x - self.x) * (self.facing / self.unit), (self.grid.y - self.y) / self.unit
        x, y = x * self.cos + y * self.sin, y * self.cos - x * self.sin
        wave = _wave(x * (1 + 0.12 * y) + 0.12 * y, PERIOD)
        wave = _mix(wave, _wave(y, 0.36), _clamp((y - 0.42) * 4))
        wave = _mix(wave, _wave(along_neck * 0.92, 0.38), _clamp(0.5 + (trunk - neck) / k))
        wave = _mix(wave, _wave(along_head * 0.58, 0.30), _clamp(0.5 + (neck - head) / (k / 2)))
        return _clamp(0.5 + 2.2 * wave)

    def leg(self, body, hoof, hip: float, top: float, knee: float, thigh: float, swing: float, lift: float, k: float):
        """Join a leg to the distances `body`, and its hoof to `hoof`."""
        lift = self.stride * max(lift, 0)
        foot = hip + self.stride * 0.9 * swing, 1.25 - 0.35 * lift
        middle = hip + knee + self.stride * 0.35 * swing + 0.25 * lift, 0.72 - 0.2 * lift
        toe = [a + 0.84 * (b - a) for a, b in zip(middle, foot, strict=True)]
        self.bone(body, (hip, top), middle, thigh, 0.115, join=k)
        self.bone(body, middle, foot, 0.105, 0.095, join=k / 3)
        self.bone(hoof, toe, foot, 0.10, 0.11)

    def bone(self, field, start, end, r0: float, r1: float, *, swell=0.0, margin=0.0, join=0.0) -> np.ndarray:
        """Join a bone to the distances `field`, near it alone; return the share of its length, 0 to 1, everywhere."""
        (ax, ay), (bx, by) = self.at(*start), self.at(*end)
        reach = self.unit * (max(r0, r1) + abs(swell)) + max(margin, join) + 2 / self.grid.pixels
        box = self.grid.box(min(ax, bx) - reach, min(ay, by) - reach, max(ax, bx) + reach, max(ay, by) + reach)
        x, y = self.grid.x[:, box[1]] - ax, self.grid.y[box[0]] - ay
        dx, dy = bx - ax, by - ay
        t = _clamp((x * dx + y * dy) / (dx * dx + dy * dy))
        radius = self.unit * (r0 + (r1 - r0) * t + 4 * swell * t * (1 - t))
        distance = np.sqrt((x - t * dx) ** 2 + (y - t * dy) ** 2) - radius
        field[box] = _join(field[box], distance, join) if join else np.minimum(field[box], distance)
        share = np.zeros_like(field)
        share[box] = t
        return share

    def cover(self, distance: np.ndarray) -> np.ndarray:
        return _clamp(0.5 - distance * self.grid.pixels)

    def nothing(self) -> np.ndarray:
        return np.ones((self.grid.pixels, self.grid.pixels), np.float32)


class _Ground:
    """The place an animal stands in: `paint` gives float32 [3, size, size] in [0, 1], with the animal's shadow."""

    def __init__(self, size: int):
        self.grid = _Grid(size)
        self.picture = np.zeros((3, size, size), np.float32)

    def paint(self, dice: Dice, noise: np.ndarray, animal: _Animal) -> np.ndarray:
        place = PLACES[int(dice(0, len(PLACES)))]
        tint = _colour([dice(0.95, 1.05) for _ in range(3)])
        place = [_colour([int(c[i : i + 2], 16) / 255 for i in (0, 2, 4)]) * tint for c in place]
        sky, low, sun, hill, far, front, plant, stone, flower = place
        x, y, horizon = self.grid.x, self.grid.y, dice(0.36, 0.58)

        self.picture += _mix(sky, low, _clamp(y / horizon))
        disc = dice(0.1, 0.9), horizon * dice(0.15, 0.6), *[dice(0.035, 0.06)] * 2
        self.lay(_ellipse(x, y, *disc) - 0.07, sun, 0.3, blur=0.16)
        self.lay(_ellipse(x, y, *disc), sun)
        for _ in range(2):
            cloud = dice(0, 1), horizon * dice(0.1, 0.6), dice(0.08, 0.16), dice(0.025, 0.045)
            self.lay(_puff(x, y, *cloud), low + 0.04, dice(0, 0.9), blur=0.03)
        for depth in (0.35, 0.8):
            height = (1 - depth * 0.5) * dice(0.02, 0.13)
            waves = 0.5 * np.sin(x * dice(4, 9) + dice(0, 7)) + 0.25 * np.sin(x * dice(11, 19) + dice(0, 7))
            haze = _mix(_mix(low, hill, 0.75), _mix(hill, far, 0.35), depth)
            self.lay(horizon - height * (0.6 + waves) - y, haze)
        near = _clamp((y - horizon) / (1 - horizon))
        rough = 1 + 0.16 * (0.35 + near) * _stretch(noise, self.grid.pixels)
        self.lay(horizon - y, _mix(far, front, near) * rough)
        fence, shift, gap, high, base = dice(0, 1), dice(0, 1), dice(0.13, 0.2), dice(0.07, 0.1), dice(0.02, 0.05)
        if fence < 0.25:
            self.fence(horizon + base, shift, gap, high, _mix(stone, far, 0.25) * 0.8)
        for _ in range(3):
            self.thing(dice, horizon, plant, stone)
        dots = [(dice(0, 1), dice(0.1, 1)) for _ in range(8)]
        dots = [(at, horizon + (1 - horizon) * d, 0.004 + 0.007 * d, 0.003 + 0.006 * d) for at, d in dots]
        self.lay(np.minimum.reduce([_ellipse(x, y, *dot) for dot in dots]), flower, 0.9)
        shadow = _ellipse(x, y, animal.x, animal.feet - 0.01, animal.unit * 1.25, animal.unit * 0.17)
        self.lay(shadow, self.picture * 0.72, 0.85, blur=0.03)
        return self.picture

    def lay(self, distance: np.ndarray, colour: np.ndarray, strength: float = 1, blur: float = 0) -> None:
        """Lay a colour on the picture where the distance is negative, with an edge at least a pixel wide."""
        share = _clamp(0.5 - distance / max(blur, 1 / self.grid.pixels)) * strength
        self.picture = _mix(self.picture, colour, share)

    def fence(self, base: float, shift: float, gap: float, high: float, colour: np.ndarray) -> None:
        x, y = self.grid.x, self.grid.y
        posts = np.abs((x + shift) % gap - gap / 2) - 0.011
        fence = np.maximum(posts, np.abs(y - base + high / 2) - high / 2)
        for share in (0.45, 0.85):
            fence = np.minimum(fence, np.abs(y - base + high * share) - 0.007)
        self.lay(fence, colour)

    def thing(self, dice: Dice, horizon: float, plant: np.ndarray, stone: np.ndarray) -> None:
        """A tree, a bush, a stone or nothing, the larger the nearer."""
        kind = ("tree", "bush", "stone", "nothing")[int(dice(0, 4))]
        at, depth, tint, size, flat = (
            dice(0.02, 0.98),
            dice(0.03, 0.3),
            dice(0.85, 1.12),
            dice(0.8, 1.3),
            dice(0.45, 0.8),
        )
        size *= 0.05 + 0.22 * depth
        x, y, base = self.grid.x, self.grid.y, horizon + depth
        if kind == "nothing":
            return
        self.lay(_ellipse(x, y, at, base, size * 1.1, size * 0.22), self.picture * 0.75, blur=0.03)
        if kind == "stone":
            light = np.clip(0.88 - 0.4 * (y - base + 0.3 * size) / size, 0.6, 1.1)
            boulder = _ellipse(x, y, at, base - 0.1 * size, size * 0.9, size * flat)
            self.lay(np.maximum(boulder, y - base - 0.12 * size), stone * tint * light)
            return
        rise = size * (2.1 if kind == "tree" else 0.45)
        if kind == "tree":
            self.lay(np.maximum(np.abs(x - at) - 0.13 * size, np.abs(y - base + 0.9 * size) - 0.9 * size), plant * 0.6)
        light = np.clip(1.06 - 0.25 * (y - base + rise) / size, 0.7, 1.25)
        self.lay(_puff(x, y, at, base - rise, size * 1.25, size * flat), plant * tint * light)


class _Grid:
    """The centres of pixels x pixels: `y` down [P, 1] and `x` across [1, P], in [0, 1]."""

    def __init__(self, pixels: int):
        self.pixels = pixels
        at = (np.arange(pixels, dtype=np.float32) + 0.5) / pixels
        self.y, self.x = at[:, None], at[None]

    def box(self, left: float, top: float, right: float, bottom: float) -> tuple[slice, slice]:
        """The pixels that a rectangle touches, as an index."""
        low = [max(math.floor(v * self.pixels), 0) for v in (top, left)]
        return tuple(slice(a, max(math.ceil(v * self.pixels), a)) for a, v in zip(low, (bottom, right), strict=True))


def _clamp(x: np.ndarray) -> np.ndarray:
    return np.minimum(np.maximum(x, 0), 1)  # for small arrays twice as fast as np.clip


def _mix(a, b, share):
    return a + (b - a) * share


def _wave(u: np.ndarray, period: float) -> np.ndarray:
    return np.sin(u * (2 * math.pi / period))


def _join(a: np.ndarray, b: np.ndarray, k: float) -> np.ndarray:
    """The lesser of two distances, with the corner between them filled (polynomial smooth minimum)."""
    h = np.maximum(k - np.abs(a - b), 0)
    return np.minimum(a, b) - h * h * (0.25 / k)


def _ellipse(x, y, cx: float, cy: float, w: float, h: float) -> np.ndarray:
    """About the distance from an ellipse with half axes w and h."""
    return (np.sqrt(((x - cx) / w) ** 2 + ((y - cy) / h) ** 2) - 1) * min(w, h)


def _puff(x, y, cx: float, cy: float, w: float, h: float) -> np.ndarray:
    """Distance from three lobes side by side: a cloud, a bush or the crown of a tree."""
    lobes = ((0, -0.25, 0.62, 0.75), (-0.55, 0.1, 0.45, 0.55), (0.5, 0.05, 0.5, 0.6))
    return np.minimum.reduce([_ellipse(x, y, cx + a * w, cy + b * h, c * w, d * h) for a, b, c, d in lobes])


def _shrink(field: np.ndarray) -> np.ndarray:
    """Average blocks of SUPERSAMPLE x SUPERSAMPLE pixels."""
    s = SUPERSAMPLE
    return sum(field[i::s, j::s] for i in range(s) for j in range(s)) / (s * s)


def _stretch(noise: np.ndarray, size: int) -> np.ndarray:
    """Stretch the texture's lattice to the picture, bilinear: [size, size]."""
    at = np.linspace(0, NOISE - 1, size, dtype=np.float32)
    weight = np.maximum(1 - np.abs(at[:, None] - np.arange(NOISE, dtype=np.float32)), 0)
    return weight @ noise @ weight.T


def _colour(rgb) -> np.ndarray:
    return np.array(rgb, np.float32)[:, None, None]
