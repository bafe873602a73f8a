"""How fast the machine is at this moment, told by work that no change of the product touches.

A virtual machine is as fast as its host and its neighbours let it be. Ratios and bytes compare
all the same; seconds, milliseconds and "a second" do not.
"""

from collections.abc import Sequence
from statistics import median
from timeit import repeat

from wechatpy.work.crypto import WeChatCrypto

from bench.crypto import sealed_event
from bench.environment import AES_KEY, CORP_ID, TOKEN
from bench.table import Line

_REFERENCE = 15  # µs, where the bars in seconds were kept first: see docs/performance.md
_TIMES, _BATCHES = 300, 5


def pace() -> float:
    """µs that wechatpy needs to decrypt one callback, in the best of a few batches."""
    crypto, event = WeChatCrypto(TOKEN, AES_KEY, CORP_ID), sealed_event()
    seconds = repeat(lambda: crypto.decrypt_message(*event), number=_TIMES, repeat=_BATCHES)
    return min(seconds) / _TIMES * 1_000_000


def line(paces: Sequence[float]) -> Line:
    """The row of the table."""
    slower = median(paces) / _REFERENCE
    note = f"before each part; {slower:.1f} times the {_REFERENCE} µs of docs/performance.md"
    return Line("the host: a decryption by wechatpy", tuple(paces), "µs", note=note)
