"""A callback of WeCom: against a bare POST that inserts one row, and how many a second."""

import itertools
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import psycopg

from bench.databases import MIDDLE
from bench.environment import AES_KEY, CORP_ID, TOKEN, url_of
from bench.load import load, post
from bench.rounds import ROUNDS, interleaved, one_by_one, ratios
from bench.seed import external_userid
from bench.servers import Served, web
from bench.table import Line
from guideapp.wecom.crypto import CallbackCrypto

_ALONE = 300
_BESIDES = 3_000
_CONNECTIONS = 8
_XML = (
    "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    "<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    "<Event><![CDATA[change_external_contact]]></Event>"
    "<ChangeType><![CDATA[edit_external_contact]]></ChangeType>"
    "<UserID><![CDATA[{userid}]]></UserID>"
    "<ExternalUserID><![CDATA[{customer}]]></ExternalUserID><Serial>{serial}</Serial></xml>"
)
_serials = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Keys:
    """What a callback is signed and sealed with."""

    corp_id: str = CORP_ID
    token: str = TOKEN
    aes_key: str = AES_KEY


OURS = Keys()


def measure() -> list[Line]:
    """Ratio and sustained rate; nobody works the jobs off meanwhile."""
    empty(MIDDLE.database)
    with web(MIDDLE.database) as server:
        lines = [*_against_bare(server), _sustained(server)]
    empty(MIDDLE.database)
    return lines


def edited(userid: str, customer: str, keys: Keys = OURS) -> bytes:
    """The request of an event that was never sent before: the guide edited the customer."""
    at = int(time.time())
    values = {"corp": keys.corp_id, "at": at, "userid": userid, "customer": customer}
    message = _XML.format(**values, serial=next(_serials))
    crypto = CallbackCrypto(keys.token, keys.aes_key, keys.corp_id)
    sealed = crypto.encrypt(message.encode(), nonce="bench", timestamp=str(at))
    query = urlencode({"msg_signature": sealed.msg_signature, "timestamp": at, "nonce": "bench"})
    body = f"<xml><Encrypt><![CDATA[{sealed.encrypt}]]></Encrypt></xml>"
    return post(f"/wecom/callback/?{query}", body.encode())


def empty(database: str) -> None:
    """Forget inbox and jobs of an earlier run."""
    with psycopg.connect(url_of(database)) as connection:
        connection.execute("TRUNCATE wecom_callbackevent, core_job RESTART IDENTITY CASCADE")


def edits(count: int) -> list[bytes]:
    """Events of that many different customers."""
    return [edited(f"guide{1 + n % 400}", external_userid(1 + n)) for n in range(count)]


def _against_bare(server: Served) -> list[Line]:
    size = len(edits(1)[0].partition(b"\r\n\r\n")[2])
    bare_post = one_by_one(server.port, [post("/bench/insert/", b"x" * size)] * _ALONE)

    def callback() -> float:
        return one_by_one(server.port, edits(_ALONE))()

    for one in (bare_post, callback):
        one()
    bare, stored = interleaved(bare_post, callback)
    note = f"bare POST: {min(bare):.1f} ms"
    return [Line("callback ÷ bare POST", ratios(stored, bare), bar=2, aim=1.5, note=note)]


def _sustained(server: Served) -> Line:
    rates = tuple(
        load(server.port, edits(_BESIDES), connections=_CONNECTIONS).rate for _ in range(ROUNDS)
    )
    name = "callbacks, load generator on the same cores"
    return Line(name, rates, "/s", bar=500, at_least=True)
