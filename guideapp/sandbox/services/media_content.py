"""What the bytes of an upload say about themselves. What cannot be read counts as small."""

import struct

_FRAMES_A_SECOND = 50  # AMR-NB: 20 ms each
_AMR_HEAD = b"#!AMR\n"
_AMR_BYTES = (12, 13, 15, 17, 19, 20, 26, 31, 5)  # after the head of a frame, by its type
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # start of frame


def pixels(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG or JPG."""
    if content.startswith(b"\x89PNG") and len(content) >= 24 and content[12:16] == b"IHDR":
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    return _jpeg_pixels(content) if content.startswith(b"\xff\xd8") else (0, 0)


def video_seconds(content: bytes) -> float:
    """Length of an MP4, from the header of its movie box."""
    place = content.find(b"mvhd")
    if place < 0 or len(content) < place + 36:
        return 0
    if content[place + 4] == 1:
        scale, length = struct.unpack(">IQ", content[place + 24 : place + 36])
    else:
        scale, length = struct.unpack(">II", content[place + 16 : place + 24])
    return float(length / scale) if scale else 0


def amr_seconds(content: bytes) -> float:
    """Length of an AMR recording."""
    place, frames = len(_AMR_HEAD), 0
    while place < len(content):
        kind = content[place] >> 3 & 0x0F
        place += 1 + (_AMR_BYTES[kind] if kind < len(_AMR_BYTES) else 0)
        frames += 1
    return frames / _FRAMES_A_SECOND


def _jpeg_pixels(content: bytes) -> tuple[int, int]:
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return 0, 0
