"""The vendor's published messages: its sample of 2014 (A) and its Python sample of 2016 (B)."""

from typing import NamedTuple


class Receiver(NamedTuple):
    """Who a message is for."""

    token: str
    aes_key: str
    corp_id: str


class Vector(NamedTuple):
    """One published message; `plain` and `prefix` (16 bytes) are what decryption gives."""

    receiver: Receiver
    msg_signature: str
    timestamp: str
    nonce: str
    encrypt: str
    plain: str
    prefix: bytes


SAMPLE_A = Receiver("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
SAMPLE_B = Receiver(
    "hJqcu3uJ9Tn2gXPmxx2w9kkCkCE2EPYo",
    "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt",
    "ww1436e0e65a779aee",
)
VECTORS = {
    "A1": Vector(
        SAMPLE_A,
        "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
        "1409659589",
        "263014780",
        (
            "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaB"
            "O+FZXvnaqQ=="
        ),
        ("1616140317555161061"),
        b"c41b64491c2468d0",
    ),
    "A2": Vector(
        SAMPLE_A,
        "477715d11cdb4164915debcba66cb864d751f3e6",
        "1409659813",
        "1372623149",
        (
            "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0Q"
            "ADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8"
            "dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff"
            "0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrX"
            "JB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZp"
            "S+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2p"
            "DBS8R07+qN+E7Q=="
        ),
        (
            "<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>\n<FromUserName><"
            "![CDATA[mycreate]]></FromUserName>\n<CreateTime>1409659813</CreateTime>\n<MsgT"
            "ype><![CDATA[text]]></MsgType>\n<Content><![CDATA[hello]]></Content>\n<MsgId>4"
            "561255354251345929</MsgId>\n<AgentID>218</AgentID>\n</xml>"
        ),
        b"0960688932c47ef1",
    ),
    "B1": Vector(
        SAMPLE_B,
        "012bc692d0a58dd4b10f8dfe5c4ac00ae211ebeb",
        "1476416373",
        "47744683",
        (
            "fsi1xnbH4yQh0+PJxcOdhhK6TDXkjMyhEPA7xB2TGz6b+g7xyAbEkRxN/3cNXW9qdqjnoVzEtpbh"
            "nFyq6SVHyA=="
        ),
        ("1288432023552776189"),
        b"8908d0ff052afda0",
    ),
    "B2": Vector(
        SAMPLE_B,
        "0c3914025cb4b4d68103f6bfc8db550f79dcf48e",
        "1476422779",
        "1597212914",
        (
            "Kl7kjoSf6DMD1zh7rtrHjFaDapSCkaOnwu3bqLc5tAybhhMl9pFeK8NslNPVdMwmBQTNoW4mY7AI"
            "jeLvEl3NyeTkAgGzBhzTtRLNshw2AEew+kkYcD+Fq72Kt00fT0WnN87hGrW8SqGc+NcT3mu87Ha3"
            "dz1pSDi6GaUA6A0sqfde0VJPQbZ9U+3JWcoD4Z5jaU0y9GSh010wsHF8KZD24YhmZH4ch4Ka7ilE"
            "bjbfvhKkNL65HHL0J6EYJIZUC2pFrdkJ7MhmEbU2qARR4iQHE7wy24qy0cRX3Mfp6iELcDNfSsPG"
            "jUQVDGxQDCWjayJOpcwocugux082f49HKYg84EpHSGXAyh+/oxwaWbvL6aSDPOYuPDGOCI8jmnKi"
            "ypE+"
        ),
        (
            "<xml><ToUserName>ww1436e0e65a779aee</ToUserName><FromUserName>ChenJiaShun</F"
            "romUserName><CreateTime>1476422779</CreateTime><MsgType>text</MsgType><Conte"
            "nt>你好</Content><MsgId>1456453720</MsgId><AgentID>1000002</AgentID></xml>"
        ),
        b"694ce5a83ae07fe3",
    ),
    "B3": Vector(
        SAMPLE_B,
        "e3647471e395139e2308c1fa963f2d648a00b90e",
        "1409659813",
        "1372623149",
        (
            "cjhLUX7UU4yCSelv1vz7T0zT8huF51bAMVWriNvO1FMegHrQZNrtvRxbwf0fUPsFvwqR0U0fgiJN"
            "EA5Y30F2MoI2S7vv3EjVQ68C0cjw9frBoUE2Hj0BvFp9h3u6Vbsg4lc1C8AtHdaN8orKuNKkLRLu"
            "YEL52R1J3v8olJGZRLnRdVKIivixmX/eQpzgeExtp20jI1HxRP1AAZ6xZoILdqDPO549LO4WeG+6"
            "85JRUTdiwcY5fjZlqeMxuT4PpMn1X9OWsS7NRj06Wa5E3Tvg4twjWp39KPfOdRte6P1T4JU="
        ),
        (
            '{ "ToUserName": "wx5823bf96d3bd56c7", "FromUserName": :mycreate", "CreateTim'
            'e": 1409659813, "MsgType": "text", "Content": "hello", "MsgId": 456125535425'
            '1345929, "AgentID": 218}'
        ),
        b"dDVXRx6kn1gOT43Q",
    ),
}
