"""TLS in front of processes on this machine, the way a reverse proxy stands there in production."""

import asyncio
import contextlib
import ssl
import subprocess
import threading
from pathlib import Path

_HEAD_MAX = 64 * 1024


def make_certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, good for a day; its key lies beside it."""
    certificate, key = folder / "tls.pem", folder / "tls.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key)]
    subprocess.run(  # noqa: S603 -- our own command
        [*command, "-out", str(certificate)], check=True, capture_output=True
    )
    return certificate


class TlsDoor:
    """Takes https on `port` and asks http on `behind`, one request a connection.

    It says X-Forwarded-Proto, which is what BEHIND_PROXY=1 trusts. `as_http`: the server behind
    knows nothing of https and would take the browser's Origin for a foreign one.
    """

    def __init__(self, port: int, behind: int, certificate: Path, *, as_http: bool = False) -> None:
        self._place = (port, behind)
        self._as_http = as_http
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take nothing more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        start = asyncio.start_server(
            self._pass_on, "127.0.0.1", self._place[0], ssl=self._context, limit=_HEAD_MAX
        )
        server = self._loop.run_until_complete(start)
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._leave())
        self._loop.close()

    async def _leave(self) -> None:
        """End what is under way, so that no connection stays open behind us."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.1)  # closing transports say goodbye in the loop

    async def _pass_on(self, asked: asyncio.StreamReader, told: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
                head = await asked.readuntil(b"\r\n\r\n")
                answer, question = await asyncio.open_connection("127.0.0.1", self._place[1])
                try:
                    question.write(self._changed(head))
                    await _both_ways(asked, question, answer, told)
                finally:
                    await _close(question)
        finally:
            await _close(told)

    def _changed(self, head: bytes) -> bytes:
        first, *lines = head.rstrip(b"\r\n").split(b"\r\n")
        ours = (b"connection:", b"x-forwarded-", b"keep-alive:")
        kept = [line for line in lines if not line.lower().startswith(ours)]
        if self._as_http:
            kept = [line.replace(b"rigin: https://", b"rigin: http://") for line in kept]
        added = [b"Connection: close", b"X-Forwarded-Proto: https"]
        return b"\r\n".join([first, *kept, *added]) + b"\r\n\r\n"


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(65536):
        target.write(chunk)
        await target.drain()


async def _both_ways(
    asked: asyncio.StreamReader,
    question: asyncio.StreamWriter,
    answer: asyncio.StreamReader,
    told: asyncio.StreamWriter,
) -> None:
    """Pass the rest of the question on until the whole answer came."""
    upward = asyncio.ensure_future(_copy(asked, question))
    try:
        await _copy(answer, told)
    finally:
        upward.cancel()
        await asyncio.gather(upward, return_exceptions=True)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError):
        await writer.wait_closed()
