"""What `manage.py sandbox` was told, handed on to the server process in one variable."""

import json
import os
import secrets
import string
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from guideapp.env import BASE_DIR, env_str

DATABASE = BASE_DIR / "var" / "sandbox" / "db.sqlite3"
CALLBACK_URL = "http://127.0.0.1:8000/wecom/callback/"
_VARIABLE = "SANDBOX_OPTIONS"
_LETTERS = string.ascii_letters + string.digits
_AES_KEY_LENGTH = 43


@dataclass(frozen=True)
class Options:
    """`app_url` is scheme and host of the app that the chat window frames, without a path."""

    database: str = str(DATABASE)
    callback_url: str = CALLBACK_URL
    app_url: str = ""
    chat_page: str = "/s/"
    home_page: str = ""  # empty: the guide workbench's own homes, by role
    everywhere: bool = False  # reached by other names than the loopback ones

    @property
    def app(self) -> str:
        """The app's address; where none was given, the host of the callback address."""
        parts = urlsplit(self.app_url or self.callback_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def apps(self) -> list[str]:
        """The app's address under both names of this machine, where it is on it."""
        parts = urlsplit(self.app)
        names = {"127.0.0.1", "localhost"}
        if parts.hostname not in names:
            return [self.app]
        port = f":{parts.port}" if parts.port else ""
        return [f"{parts.scheme}://{name}{port}" for name in sorted(names)]

    def hand_on(self) -> None:
        """Put them into this process's environment, which its children inherit."""
        os.environ[_VARIABLE] = json.dumps(asdict(self))


def given() -> Options | None:
    """What this process was told; None in the command itself, which has yet to read it."""
    told = env_str("SANDBOX_OPTIONS", "")
    return Options(**json.loads(told)) if told else None


def keys(options: Options | None) -> dict[str, str]:
    """The played company's keys, made once and kept beside its database."""
    if options is None:
        return _new_keys()
    file = Path(options.database).with_suffix(".keys.json")
    kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if set(_new_keys()) <= set(kept):
        return kept
    made = _new_keys() | kept
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(made, indent=1), encoding="utf-8")
    partial.chmod(0o600)
    partial.replace(file)
    return made


def _new_keys() -> dict[str, str]:
    return {
        "secret_key": secrets.token_urlsafe(50),
        "corp_id": f"ww{secrets.token_hex(8)}",
        "agent_id": "1000002",
        "app_secret": secrets.token_urlsafe(32),
        "contacts_secret": secrets.token_urlsafe(32),
        "callback_token": secrets.token_hex(12),
        "callback_aes_key": "".join(secrets.choice(_LETTERS) for _ in range(_AES_KEY_LENGTH)),
    }
