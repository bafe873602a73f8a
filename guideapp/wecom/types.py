"""The answers of WeCom that we read, in its own field names. An absent field was not told to us."""

from typing import Any, NamedTuple, NotRequired, TypedDict


class Department(TypedDict):
    """A node of the address book; the top one we may see can name a parent that we cannot."""

    id: int
    name: str
    parentid: NotRequired[int]
    order: NotRequired[int]  # larger first
    department_leader: NotRequired[list[str]]


class User(TypedDict):
    """A member of the address book (成员). Sensitive fields are absent for newer apps."""

    userid: str
    name: NotRequired[str]
    department: NotRequired[list[int]]
    order: NotRequired[list[int]]
    is_leader_in_dept: NotRequired[list[int]]
    direct_leader: NotRequired[list[str]]
    main_department: NotRequired[int]
    position: NotRequired[str]
    alias: NotRequired[str]
    mobile: NotRequired[str]
    gender: NotRequired[str]  # "0", "1", "2": text here, a number for customers
    email: NotRequired[str]
    avatar: NotRequired[str]
    thumb_avatar: NotRequired[str]
    status: NotRequired[int]  # 1 active, 2 disabled, 4 not activated, 5 left
    external_position: NotRequired[str]
    extattr: NotRequired[dict[str, Any]]


class ExternalContact(TypedDict):
    """A customer as WeCom knows them."""

    external_userid: str
    name: NotRequired[str]
    avatar: NotRequired[str]
    type: NotRequired[int]  # 1 WeChat, 2 WeCom
    gender: NotRequired[int]  # 0 unknown, 1 male, 2 female
    unionid: NotRequired[str]
    position: NotRequired[str]
    corp_name: NotRequired[str]
    corp_full_name: NotRequired[str]


class FollowTag(TypedDict):
    """A tag on a relation; a member's own tag (type 2) has no id."""

    tag_name: str
    group_name: NotRequired[str]
    tag_id: NotRequired[str]
    type: NotRequired[int]  # 1 corporate, 2 the member's own, 3 of a strategy group


class FollowUser(TypedDict):
    """One member's relation with a customer, as `externalcontact/get` tells it."""

    userid: str
    remark: NotRequired[str]
    description: NotRequired[str]
    createtime: NotRequired[int]  # unix seconds
    tags: NotRequired[list[FollowTag]]
    remark_corp_name: NotRequired[str]
    remark_mobiles: NotRequired[list[str]]
    oper_userid: NotRequired[str]
    add_way: NotRequired[int]  # an open set
    state: NotRequired[str]


class ContactDetail(TypedDict):
    """A customer with every relation that the app may see."""

    external_contact: ExternalContact
    follow_user: list[FollowUser]


class FollowInfo(TypedDict):
    """One member's relation, as `batch/get_by_user` tells it: tags as ids, no personal ones."""

    userid: str
    remark: NotRequired[str]
    description: NotRequired[str]
    createtime: NotRequired[int]
    tag_id: NotRequired[list[str]]
    remark_corp_name: NotRequired[str]
    remark_mobiles: NotRequired[list[str]]
    oper_userid: NotRequired[str]
    add_way: NotRequired[int]
    state: NotRequired[str]


class ContactOfUser(TypedDict):
    """A customer with the relation of one member."""

    external_contact: ExternalContact
    follow_info: FollowInfo


class CorpTag(TypedDict):
    """A corporate customer tag (企业客户标签)."""

    id: str
    name: str
    order: NotRequired[int]
    create_time: NotRequired[int]
    deleted: NotRequired[bool]


class CorpTagGroup(TypedDict):
    """A group of corporate customer tags."""

    group_id: str
    group_name: str
    tag: list[CorpTag]
    order: NotRequired[int]
    create_time: NotRequired[int]
    deleted: NotRequired[bool]


class UploadedMedia(TypedDict):
    """A temporary upload; WeCom keeps it for three days from `created_at` (unix seconds)."""

    type: str
    media_id: str
    created_at: int


class MessageResult(TypedDict):
    """Where an app message went. WeCom answers "ok" although some got nothing: `invaliduser`."""

    msgid: str
    invaliduser: list[str]  # userids, lower-cased by WeCom


class Attachment(TypedDict, total=False):
    """One attachment of a welcome message: `msgtype` names the one other key that is set."""

    msgtype: str  # image, link, miniprogram, video, file
    image: dict[str, str]
    link: dict[str, str]
    miniprogram: dict[str, str]
    video: dict[str, str]
    file: dict[str, str]


class FileToUpload(NamedTuple):
    """A file on its way to WeCom, with the name that its receiver will see."""

    filename: str
    content: bytes
    content_type: str
