"""Customers (客户联系): who they are, who follows them, their tags, the welcome message."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from guideapp.wecom.client.family import Cursor, Family, checked, chunks, rows_of
from guideapp.wecom.errors import WeComError
from guideapp.wecom.types import (
    Attachment,
    ContactDetail,
    ContactOfUser,
    CorpTagGroup,
    FollowUser,
)

_NO_RELATION = 84061
_USERS_PER_CALL = 100
_ROWS_PER_PAGE = 100


class Contacts(Family):
    """The app must be listed under 可调用接口的应用, or every call raises WeComNotPermitted."""

    def follow_user_ids(self) -> list[str]:
        """The members who have the customer-contact function.

        Source: developer.work.weixin.qq.com/document/path/92571
        """
        path = "externalcontact/get_follow_user_list"
        return rows_of(self._get(path), "follow_user", path)

    def external_userids(self, userid: str) -> list[str]:
        """The customers of one member; none is an empty list (WeCom answers 84061 for it).

        Raises WeComNotPermitted when the member lacks the customer-contact function.
        Source: developer.work.weixin.qq.com/document/path/92113
        """
        path = "externalcontact/list"
        try:
            answer = self._get(path, userid=userid)
        except WeComError as error:
            if error.errcode == _NO_RELATION:
                return []
            raise
        return rows_of(answer, "external_userid", path)

    def detail(self, external_userid: str) -> ContactDetail:
        """A customer with every relation that the app may see, over all pages.

        Raises WeComNotFound: 84061 when no relation is left (or the callback was seconds ago),
        40096 for an unknown id.
        Source: developer.work.weixin.qq.com/document/path/92114
        """
        path, follows = "externalcontact/get", []
        cursor, next_cursor = Cursor(path), ""
        while True:
            query = {"external_userid": external_userid} | (
                {"cursor": next_cursor} if next_cursor else {}
            )
            answer = self._get(path, **query)
            rows: list[FollowUser] = rows_of(answer, "follow_user", path, key="userid")
            follows += rows
            next_cursor = cursor.after(answer, is_empty=not rows)
            if not next_cursor:
                break
        contact = checked(answer.get("external_contact"), path, key="external_userid")
        return {"external_contact": contact, "follow_user": follows}

    def of_users(self, userids: Sequence[str]) -> Iterator[ContactOfUser]:
        """Every customer of these members, once per member who follows them, page by page.

        Tags come as ids here, and personal tags not at all. Members without customers give nothing.
        Source: developer.work.weixin.qq.com/document/path/92994
        """
        for some in chunks(list(userids), _USERS_PER_CALL):
            yield from self._of_some_users(some)

    def remark(
        self,
        *,
        userid: str,
        external_userid: str,
        remark: str | None = None,
        description: str | None = None,
        remark_company: str | None = None,
        remark_mobiles: Sequence[str] | None = None,
    ) -> None:
        """Change what the member noted about the customer; None leaves a field as it is.

        `remark` and `remark_company` ≤ 20 characters, `description` ≤ 150. `remark_mobiles`
        replaces all; an empty list clears them. Nothing given: nothing is called.
        Source: developer.work.weixin.qq.com/document/path/92115
        """
        changes = _given(
            remark=remark,
            description=description,
            remark_company=remark_company,
            remark_mobiles=None if remark_mobiles is None else list(remark_mobiles) or [""],
        )
        if changes:
            body = {"userid": userid, "external_userid": external_userid, **changes}
            self._post("externalcontact/remark", body)

    def corp_tags(
        self, tag_ids: Sequence[str] | None = None, group_ids: Sequence[str] | None = None
    ) -> list[CorpTagGroup]:
        """The corporate tags in their groups: all, or those named (`tag_ids` wins).

        `deleted` is told only for tags and groups that were asked for by id.
        Source: developer.work.weixin.qq.com/document/path/92117
        """
        path = "externalcontact/get_corp_tag_list"
        answer = self._post(path, _given(tag_id=tag_ids, group_id=group_ids))
        groups: list[CorpTagGroup] = rows_of(answer, "tag_group", path, key="group_id")
        for group in groups:
            group["tag"] = rows_of(dict(group), "tag", path, key="id")
        return groups

    def mark_tag(
        self,
        *,
        userid: str,
        external_userid: str,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> None:
        """Put corporate tags on this member's relation with the customer, take others off.

        Repeating it changes nothing. Nothing to add or remove: nothing is called.
        Raises WeComNotFound (40068: no such tag; 84061: no relation).
        Source: developer.work.weixin.qq.com/document/path/92118
        """
        changes = _given(add_tag=list(add) or None, remove_tag=list(remove) or None)
        if changes:
            body = {"userid": userid, "external_userid": external_userid, **changes}
            self._post("externalcontact/mark_tag", body)

    def send_welcome(
        self, *, welcome_code: str, text: str, attachments: Sequence[Attachment] = ()
    ) -> None:
        """The welcome message of a new relation: within 20 s of the event, once. Not repeatable.

        Raises WeComRefused: 41050 code invalid or too old, 41051 already talking or welcomed,
        41096 another app is sending one now (ask again inside the 20 s).
        Source: developer.work.weixin.qq.com/document/path/92599
        """
        content = _given(
            text={"content": text} if text else None, attachments=list(attachments) or None
        )
        self._post("externalcontact/send_welcome_msg", {"welcome_code": welcome_code, **content})

    def _of_some_users(self, userids: list[str]) -> Iterator[ContactOfUser]:
        path, next_cursor = "externalcontact/batch/get_by_user", ""
        cursor = Cursor(path)
        while True:
            body = {"userid_list": userids, "cursor": next_cursor, "limit": _ROWS_PER_PAGE}
            try:
                answer = self._post(path, body)
            except WeComError as error:
                if error.errcode == _NO_RELATION:
                    return
                raise
            rows = rows_of(answer, "external_contact_list", path, key="follow_info")
            for row in rows:
                checked(row.get("external_contact"), path, key="external_userid")
                checked(row["follow_info"], path, key="userid")
            yield from rows
            next_cursor = cursor.after(answer, is_empty=not rows)
            if not next_cursor:
                return


def _given(**fields: Any) -> Mapping[str, Any]:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}
