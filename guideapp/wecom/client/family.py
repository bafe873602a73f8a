"""What the API families share: a call with a token, checked lists, cursor paging."""

from collections.abc import Iterator, Mapping
from typing import Any

from guideapp.wecom.errors import WeComProtocol
from guideapp.wecom.tokens import App, credentials
from guideapp.wecom.transport import Answer, Call


class Family:
    """A group of WeCom interfaces that one app may call."""

    def __init__(self, app: App) -> None:
        self._app = app

    def _get(self, path: str, **query: str | int) -> Answer:
        return credentials.authorised(self._app, Call(path, query))

    def _post(self, path: str, body: Mapping[str, Any]) -> Answer:
        return credentials.authorised(self._app, Call(path, body=body))


def rows_of(answer: Answer, name: str, path: str, *, key: str = "") -> list[Any]:
    """The list under `name`, each row an object with `key` (or, without a key, a text).

    Raises WeComProtocol: a list that is missing is not an empty one, or a sync would close
    everything that it does not see.
    """
    rows = answer.get(name)
    if not isinstance(rows, list):
        raise WeComProtocol(errmsg=f"no list {name}", path=path)
    for row in rows:
        fits = isinstance(row, dict) and key in row if key else isinstance(row, str)
        if not fits:
            raise WeComProtocol(errmsg=f"a row of {name} that cannot be read", path=path)
    return rows


def checked(found: Any, path: str, *, key: str) -> Any:
    """`found`, an object that has `key`. Raises WeComProtocol when it is anything else."""
    if not isinstance(found, dict) or key not in found:
        raise WeComProtocol(errmsg=f"no object with {key}", path=path)
    return found


class Cursor:
    """Where the next page begins. A server that repeats itself cannot keep us for ever."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen = {""}

    def after(self, answer: Answer, *, is_empty: bool) -> str:
        """The cursor of the page after `answer`, or '' at the end.

        Raises WeComProtocol when a page with rows names a cursor that was used before.
        """
        following = str(answer.get("next_cursor") or "")
        if following and following in self._seen:
            if is_empty:
                return ""
            raise WeComProtocol(errmsg="the cursor repeats", path=self._path)
        self._seen.add(following)
        return following


def chunks(items: list[str], size: int) -> Iterator[list[str]]:
    """`items` in lists of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
