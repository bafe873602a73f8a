"""Pictures for the seeded materials, drawn from the garments of static/icons.svg."""

import io
import re
from collections.abc import Iterator
from functools import cache
from xml.etree import ElementTree

from django.conf import settings
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 720, 576  # 5:4
_BOX = 48  # the symbols' own size
_SCALE = 9
_OVERSAMPLE = 2
_CURVE_STEPS = 12
_WORD = re.compile(r"[MmLlHhVvCcZz]|-?(?:\d*\.\d+|\d+)")
_TINTS = {  # ground, shade, ink: as the tokens of app.css
    "sage": ("#dcebe3", "#cfe2d8", "#3f6b58"),
    "clay": ("#f4e3d8", "#ecd6c7", "#8a5438"),
    "sky": ("#dfe9f4", "#d1dfee", "#40658d"),
    "plum": ("#ece1ec", "#e1d2e2", "#75507a"),
    "sand": ("#efe9da", "#e5dcc6", "#6f6138"),
}

type Point = tuple[float, float]


def cover(garment: str, tint: str, *, variant: int = 0) -> bytes:
    """A PNG of 720 × 576: the garment `g-…` on a tinted ground; `variant` moves the light."""
    ground, shade, ink = _TINTS[tint]
    size = (WIDTH * _OVERSAMPLE, HEIGHT * _OVERSAMPLE)
    image = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(image)
    _light(draw, size, shade, variant)
    scale = _SCALE * _OVERSAMPLE
    left = (size[0] - _BOX * scale) / 2
    top = (size[1] - _BOX * scale) / 2
    for outline in _outlines(garment):
        draw.polygon([(left + x * scale, top + y * scale) for x, y in outline], fill=ink)
    smooth = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    target = io.BytesIO()
    smooth.save(target, "PNG")
    return target.getvalue()


def _light(draw: ImageDraw.ImageDraw, size: tuple[int, int], shade: str, variant: int) -> None:
    """A soft shape behind the garment, so that sixty covers are not the same five."""
    width, height = size
    x = (0.2 + 0.15 * (variant % 5)) * width
    radius = (0.3 + 0.04 * (variant % 3)) * width
    match variant % 3:
        case 0:
            draw.ellipse((x - radius, height * 0.1, x + radius, height * 0.1 + radius * 2), shade)
        case 1:
            draw.polygon([(0, height), (width, height * 0.35), (width, height)], shade)
        case _:
            draw.rectangle((0, height * 0.72, width, height), shade)


@cache
def _outlines(garment: str) -> tuple[tuple[Point, ...], ...]:
    """The filled outlines of one symbol, as points in its 48 × 48 box."""
    tree = ElementTree.parse(settings.BASE_DIR / "static" / "icons.svg")  # noqa: S314 -- our file
    space = "{http://www.w3.org/2000/svg}"
    symbol = next(node for node in tree.iter(f"{space}symbol") if node.get("id") == garment)
    paths = [path for path in symbol.iter(f"{space}path") if path.get("fill") != "none"]
    return tuple(tuple(_points(path.get("d", ""))) for path in paths)


def _points(path: str) -> Iterator[Point]:
    """Follow one outline; curves become short straight lines."""
    words = iter(_WORD.findall(path))
    command, at = "M", (0.0, 0.0)
    for word in words:
        if word.isalpha():
            command = word
            if word in ("Z", "z"):
                return
            word = next(words)
        for point in _segment(command, word, words, at):
            at = point
            yield point
        command = {"M": "L", "m": "l"}.get(command, command)


def _segment(command: str, first: str, rest: Iterator[str], at: Point) -> list[Point]:
    count = {"h": 1, "v": 1, "c": 6}.get(command.lower(), 2)
    numbers = [float(first), *(float(next(rest)) for _ in range(count - 1))]
    x, y = at if command.islower() else (0.0, 0.0)
    match command.lower():
        case "h":
            return [(x + numbers[0], at[1])]
        case "v":
            return [(at[0], y + numbers[0])]
        case "c":
            one, two, end = ((x + numbers[i], y + numbers[i + 1]) for i in (0, 2, 4))
            return [_bezier(at, one, two, end, step / _CURVE_STEPS) for step in range(1, 13)]
        case _:
            return [(x + numbers[0], y + numbers[1])]


def _bezier(start: Point, one: Point, two: Point, end: Point, t: float) -> Point:
    u = 1 - t
    weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
    corners = (start, one, two, end)
    return (
        sum(w * point[0] for w, point in zip(weights, corners, strict=True)),
        sum(w * point[1] for w, point in zip(weights, corners, strict=True)),
    )
