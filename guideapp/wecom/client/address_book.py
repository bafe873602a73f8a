"""The address book (通讯录): departments and members."""

from collections.abc import Mapping
from typing import Any

from guideapp.wecom.client.family import Cursor, Family, checked, rows_of
from guideapp.wecom.errors import WeComNotPermitted
from guideapp.wecom.tokens import App, credentials
from guideapp.wecom.transport import Call
from guideapp.wecom.types import Department, User

_IDS_PER_PAGE = 10_000


class AddressBook(Family):
    """Reads what the app's visible range shows; `sync_app` (通讯录同步) sees every userid."""

    def __init__(self, app: App, sync_app: App | None) -> None:
        super().__init__(app)
        self._sync_app = sync_app

    def departments(self) -> list[Department]:
        """Every department that the app may see; the top one may name a parent that it may not.

        Source: developer.work.weixin.qq.com/document/path/90208
        """
        path = "department/list"
        departments: list[Department] = rows_of(self._get(path), "department", path, key="id")
        return departments

    def user(self, userid: str) -> User:
        """One member. A field that is absent was not told to us; it is not empty.

        Raises WeComNotFound (60111), WeComNotPermitted (60011: outside the visible range).
        Source: developer.work.weixin.qq.com/document/path/90196
        """
        path = "user/get"
        user: User = checked(self._get(path, userid=userid), path, key="userid")
        return user

    def users(self, department_id: int) -> list[User]:
        """The members directly in one department; walk `departments` for the whole tree.

        Source: developer.work.weixin.qq.com/document/path/90201
        """
        path = "user/list"
        answer = self._get(path, department_id=department_id)
        users: list[User] = rows_of(answer, "userlist", path, key="userid")
        return users

    def user_ids(self) -> list[str]:
        """Every userid of the company, each once.

        Only 通讯录同步 may ask for that list. Without its secret: everybody in the departments that
        the app may see.
        Source: developer.work.weixin.qq.com/document/path/96067
        """
        if self._sync_app is None:
            found = (
                user["userid"]
                for department in self.departments()
                for user in self.users(department["id"])
            )
            return list(dict.fromkeys(found))
        path, ids, next_cursor = "user/list_id", [], ""
        cursor = Cursor(path)
        while True:
            body = {"cursor": next_cursor, "limit": _IDS_PER_PAGE}
            answer = credentials.authorised(self._sync_app, Call(path, body=body))
            rows = rows_of(answer, "dept_user", path, key="userid")
            ids += [row["userid"] for row in rows]
            next_cursor = cursor.after(answer, is_empty=not rows)
            if not next_cursor:
                return list(dict.fromkeys(ids))

    def create_user(self, userid: str, fields: Mapping[str, Any]) -> None:
        """Make an account; WeCom invites its owner. `fields` in WeCom's names, `name` among them.

        Needs 通讯录同步 (WeComNotPermitted without its secret), and one call at a time: keep the
        making of accounts serial. Raises WeComRefused 60102 (userid taken), 60104 (mobile taken).
        Source: developer.work.weixin.qq.com/document/path/90195
        """
        self._write(Call("user/create", body={"userid": userid, **fields}))

    def update_user(self, userid: str, fields: Mapping[str, Any]) -> None:
        """Change what is given; the mobile of somebody who has activated WeCom stays as it is.

        `department` replaces the whole list. Raises WeComNotFound 60111.
        Source: developer.work.weixin.qq.com/document/path/90197
        """
        self._write(Call("user/update", body={"userid": userid, **fields}))

    def delete_user(self, userid: str) -> None:
        """Remove an account. Raises WeComNotFound 60111, WeComRefused 301005 (the creator).

        Source: developer.work.weixin.qq.com/document/path/90198
        """
        self._write(Call("user/delete", {"userid": userid}))

    def _write(self, call: Call) -> None:
        if self._sync_app is None:
            raise WeComNotPermitted(48002, "no secret of the address-book sync", call.path)
        credentials.authorised(self._sync_app, call)
