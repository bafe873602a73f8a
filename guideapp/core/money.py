"""Amounts are whole fen; only a page turns them into yuan."""


def yuan(amount_fen: int, *, decimals: bool = False) -> str:
    """`189900` → `¥1,899`; `238650` → `¥2,386.50`. `decimals` keeps two places for whole yuan."""
    sign = "-" if amount_fen < 0 else ""
    whole, fen = divmod(abs(amount_fen), 100)
    tail = f".{fen:02d}" if fen or decimals else ""
    return f"{sign}¥{whole:,}{tail}"
