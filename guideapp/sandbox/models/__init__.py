"""What the played WeCom knows. Corp id, secrets and keys are settings and stand in no row."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guideapp.sandbox.models import (  # noqa: F401 -- so that Django finds the tables
    acquisition,
    activity,
    address_book,
    campaigns,
    contact_ways,
    control,
    library,
    strategies,
    transfers,
)
from guideapp.sandbox.models.app_messages import AppMessage as AppMessage
from guideapp.sandbox.models.groups import GroupChat as GroupChat
from guideapp.sandbox.models.uploads import Media as Media


class Corp(models.Model):
    """The one company, made by the scenario that was loaded last; its switches are here."""

    class ClientSwitch(models.TextChoices):
        NONE = "", _("正常")
        WRONG_CONTEXT = "wrong_context", _("不在客户聊天里")
        NO_PERMISSION = "no_permission", _("没有客户联系权限")
        CANCEL = "cancel", _("发送时取消")
        NEVER_ANSWERS = "never_answers", _("一直不回应")

    name = models.CharField(max_length=64)
    scenario = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()
    unionid_bound = models.BooleanField(default=True)  # a WeChat developer account is bound
    privacy = models.BooleanField(default=True)  # the field stripping of 2022
    clock_seconds = models.BigIntegerField(default=0)  # how far the time was advanced (clock.py)
    tells_api_changes = models.BooleanField(default=False)  # WeCom tells only the console's
    member_fields = models.JSONField(default=list)  # names that extattr may carry (自定义属性)
    short_names = models.JSONField(default=list)  # verified (企业简称), for external_corp_name
    channels = models.JSONField(default=list)  # nicknames of bound 视频号
    contact_way_quota = models.PositiveIntegerField(default=500_000)
    client_switch = models.CharField(
        max_length=16, choices=ClientSwitch, blank=True, default=ClientSwitch.NONE
    )


class App(models.Model):
    """A holder of a secret: a self-built app, 通讯录同步 or 客户联系. `slug` says whose secret."""

    class Kind(models.TextChoices):
        APP = "app", _("自建应用")
        CONTACTS = "contacts", _("通讯录同步")
        CUSTOMER = "customer", _("客户联系")

    slug = models.SlugField(max_length=16, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=32)
    agent_id = models.PositiveIntegerField(default=0)  # 0: the setting's, or none
    callable = models.BooleanField(default=True)  # listed in 客户联系 → 可调用接口的应用
    enabled = models.BooleanField(default=True)
    trusted_ips = models.JSONField(default=list)  # 企业可信IP; empty: any address
    departments = models.JSONField(default=list)  # visible range; empty: User.in_scope decides
    settings = models.JSONField(default=dict)  # what agent/set wrote
    menu = models.JSONField(default=list)


class Department(models.Model):
    """One department; the primary key is WeCom's department id, 1 is the root."""

    id = models.PositiveIntegerField(primary_key=True)
    name = models.CharField(max_length=32)
    name_en = models.CharField(max_length=64, blank=True)
    parent_id = models.PositiveIntegerField(default=0)
    order = models.PositiveIntegerField(default=0)  # larger first


class UserQuerySet(models.QuerySet["User"]):
    """Members who are still in the address book."""

    def present(self) -> Self:
        """Not deleted."""
        return self.filter(deleted_at=None)

    def visible(self) -> Self:
        """Present and inside the app's visible range (可见范围)."""
        return self.present().filter(in_scope=True)

    def named(self, userid: str) -> "User | None":
        """The present member with this userid, whatever its case."""
        return self.present().filter(folded=userid.lower()).first()


class User(models.Model):
    """A member (成员). Left members stay as rows with `deleted_at`."""

    class Status(models.IntegerChoices):
        ACTIVE = 1, _("已激活")
        DISABLED = 2, _("已禁用")
        NOT_ACTIVE = 4, _("未激活")
        LEFT = 5, _("退出企业")

    userid = models.CharField(max_length=64)
    folded = models.CharField(max_length=64)  # userid in lower case: ids ignore case
    name = models.CharField(max_length=64)
    alias = models.CharField(max_length=64, blank=True)
    position = models.CharField(max_length=128, blank=True)
    external_position = models.CharField(max_length=12, blank=True)
    gender = models.CharField(max_length=1, default="0")  # "1" man, "2" woman
    mobile = models.CharField(max_length=32, blank=True)
    email = models.CharField(max_length=64, blank=True)
    departments = models.JSONField(default=list)  # [{"id": 2, "leader": false, "order": 0}]
    extattr = models.JSONField(default=list)  # [{"type": 0, "name": "工号", "text": {"value": …}}]
    status = models.PositiveSmallIntegerField(choices=Status, default=Status.ACTIVE)
    contact_right = models.BooleanField(default=True)  # has 客户联系
    in_scope = models.BooleanField(default=True)  # inside the app's visible range
    telephone = models.CharField(max_length=32, blank=True)
    address = models.CharField(max_length=128, blank=True)
    biz_mail = models.CharField(max_length=64, blank=True)
    main_department = models.PositiveIntegerField(default=0)  # 0: the first one
    direct_leaders = models.JSONField(default=list)
    external_profile = models.JSONField(default=dict)
    is_creator = models.BooleanField(default=False)  # cannot be deleted (301005)
    wechat_bound = models.BooleanField(default=True)
    real_name = models.BooleanField(default=True)  # verified; needed to take customers over
    console_welcome = models.BooleanField(default=False)  # greeted by the console: no WelcomeCode
    customers_max = models.PositiveIntegerField(default=20_000)  # 40099 above
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = UserQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["folded"], condition=Q(deleted_at=None), name="sandbox_one_userid"
            )
        ]

    def department_ids(self) -> list[int]:
        """Ids of the departments, in the member's own order."""
        return [entry["id"] for entry in self.departments]


class Customer(models.Model):
    """A person outside the company; a customer only through a Follow."""

    external_userid = models.CharField(max_length=64, unique=True)  # wm… WeChat, wo… WeCom
    name = models.CharField(max_length=64)
    avatar = models.CharField(max_length=200, blank=True)
    gender = models.PositiveSmallIntegerField(default=0)  # 1 man, 2 woman
    unionid = models.CharField(max_length=64, blank=True)
    type = models.PositiveSmallIntegerField(default=1)  # 1 WeChat user, 2 WeCom user
    corp_name = models.CharField(max_length=64, blank=True)


class CorpTagGroup(models.Model):
    """A group of customer tags (企业标签组). Deleted ones stay, and WeCom says so when asked."""

    group_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=30)
    order = models.PositiveIntegerField(default=0)
    by_app = models.BooleanField(default=False)  # made through the API, not in the console
    slug = models.CharField(max_length=16, default="app")  # of the App that made it, if by_app
    strategy_id = models.PositiveIntegerField(default=0)  # of a rule group (规则组标签)
    created_at = models.DateTimeField()
    deleted = models.BooleanField(default=False)


class CorpTag(models.Model):
    """A customer tag (企业标签)."""

    tag_id = models.CharField(max_length=64, unique=True)
    group = models.ForeignKey(CorpTagGroup, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=30)
    order = models.PositiveIntegerField(default=0)
    by_app = models.BooleanField(default=False)
    slug = models.CharField(max_length=16, default="app")
    created_at = models.DateTimeField()
    deleted = models.BooleanField(default=False)


class FollowQuerySet(models.QuerySet["Follow"]):
    """Relations that the API still shows."""

    def standing(self) -> Self:
        """Not deleted by the member; a customer who left keeps a one-way relation."""
        return self.filter(
            deleted_at=None, user__deleted_at=None, user__status__in=(1, 2, 4)
        ).select_related("user", "customer")


class Follow(models.Model):
    """One member following one customer, an entry of `follow_user`."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="follows")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="follows")
    remark = models.CharField(max_length=20, blank=True)
    description = models.CharField(max_length=150, blank=True)
    remark_company = models.CharField(max_length=20, blank=True)
    remark_mobiles = models.JSONField(default=list)
    created_at = models.DateTimeField()
    add_way = models.PositiveSmallIntegerField(default=1)
    oper_userid = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=64, blank=True)
    tags = models.ManyToManyField(CorpTag, related_name="follows")
    own_tags = models.JSONField(default=list)  # names of the member's personal tags
    wechat_channels = models.JSONField(default=dict)  # {"nickname", "source"}, only add_way 10
    half = models.BooleanField(default=False)  # the member has not added the customer back
    readable_at = models.DateTimeField(null=True, blank=True)  # until then the API says 84061
    customer_left_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)  # by the member

    objects = FollowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "customer"], name="sandbox_one_follow")
        ]


class ChatMessage(models.Model):
    """One bubble in a chat of the window. A customer's words never leave this table."""

    class Sender(models.TextChoices):
        USER = "user", _("成员")
        CUSTOMER = "customer", _("客户")
        SYSTEM = "system", _("系统")

    class Source(models.TextChoices):
        TYPED = "typed", _("打字")
        SIDEBAR = "sidebar", _("侧边栏发送")
        WELCOME = "welcome", _("欢迎语")
        MASS = "mass", _("群发")
        NOTE = "note", _("提示")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="chat_messages")
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="chat_messages", null=True, blank=True
    )
    group = models.ForeignKey(
        GroupChat, on_delete=models.CASCADE, related_name="chat_messages", null=True, blank=True
    )
    sender = models.CharField(max_length=8, choices=Sender)
    source = models.CharField(max_length=8, choices=Source)
    msgtype = models.CharField(max_length=16)  # text, image, video, file, news, link, miniprogram
    payload = models.JSONField()  # the object under the msgtype key: {"content": …} for a text
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "customer", "id"], name="sandbox_chat")]


class WelcomeCode(models.Model):
    """A WelcomeCode of an event: 20 seconds, one use."""

    code = models.CharField(max_length=128, unique=True)
    follow = models.ForeignKey(Follow, on_delete=models.CASCADE, related_name="welcome_codes")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)  # another app is sending (41096)
    hold_fails = models.BooleanField(default=False)  # and will not make it


class OAuthCode(models.Model):
    """A code of the authorize page or the QR login: five minutes, one use."""

    code = models.CharField(max_length=128, unique=True)
    userid = models.CharField(max_length=64, blank=True)
    external_userid = models.CharField(max_length=64, blank=True)
    by_qr = models.BooleanField(default=False)
    slug = models.CharField(max_length=16, default="app")  # the app that it was made for
    shared = models.JSONField(null=True)  # fields of the consent page; null: snsapi_base
    redirect_host = models.CharField(max_length=255)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class UserTicket(models.Model):
    """A user_ticket of getuserinfo: what one member agreed to show, for 1800 seconds."""

    ticket = models.CharField(max_length=512, unique=True)
    userid = models.CharField(max_length=64)
    shared = models.JSONField(default=list)
    expires_at = models.DateTimeField()


class AccessToken(models.Model):
    """A token of one secret. `owner` is a digest of corp id and secret, never the secret."""

    token = models.CharField(max_length=512, unique=True)
    slug = models.CharField(max_length=16)  # of its App
    owner = models.CharField(max_length=64, db_index=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()


class Ticket(models.Model):
    """One of the two jsapi tickets; `calls` of the hour that began at `window_at` are counted."""

    class Kind(models.TextChoices):
        CORP = "corp", "jsapi_ticket"
        APP = "agent_config", "agent_config"

    kind = models.CharField(max_length=16, choices=Kind)
    owner = models.CharField(max_length=64)
    value = models.CharField(max_length=512)
    expires_at = models.DateTimeField()
    window_at = models.DateTimeField()
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "owner"], name="sandbox_one_ticket")]


class Callback(models.Model):
    """One event on its way to the app: at most three tries, always the same body and query."""

    class State(models.TextChoices):
        WAITING = "waiting", _("等待")
        SENDING = "sending", _("发送中")
        DELIVERED = "delivered", _("已送达")
        LOST = "lost", _("三次都没送达")

    event = models.CharField(max_length=64)
    change_type = models.CharField(max_length=64)
    url = models.URLField(max_length=500)
    query = models.JSONField()  # msg_signature, timestamp, nonce
    plain = models.TextField()  # the XML before encryption
    body = models.TextField()  # what is posted
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)  # null: no answer
    next_at = models.DateTimeField()
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    fault = models.CharField(max_length=32, blank=True)  # Fault.Name that it met

    class Meta:
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=Q(state__in=["waiting", "sending"]),
                name="sandbox_to_deliver",
            )
        ]


class FrameConfig(models.Model):
    """What one frame of the window was allowed by agentConfig and config, for one page URL."""

    frame = models.CharField(max_length=64, unique=True)
    page_url = models.CharField(max_length=2000)  # without the fragment
    agent_apis = models.JSONField(default=list)  # native names; empty: agentConfig has not passed
    corp_apis = models.JSONField(default=list)


class WireLog(models.Model):
    """One thing that really went over the wire; the log beside the chat shows these rows."""

    class Kind(models.TextChoices):
        API = "api", "api"
        CALLBACK = "event", "event"
        OAUTH = "oauth", "oauth"
        JSSDK = "jssdk", "jssdk"

    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=8, choices=Kind)
    title = models.CharField(max_length=120)  # path, change type, name of the call
    detail = models.CharField(max_length=300, blank=True)  # ids and outcomes, no secrets
    ok = models.BooleanField()
    errcode = models.IntegerField(null=True, blank=True)  # of an API call
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # HTTP, of a callback
    ms = models.PositiveIntegerField(default=0)
    userid = models.CharField(max_length=64, blank=True)
    external_userid = models.CharField(max_length=64, blank=True)
    fault = models.CharField(max_length=64, blank=True)  # what went wrong on purpose

    class Meta:
        indexes = [models.Index(fields=["kind", "title", "at"], name="sandbox_wire")]
