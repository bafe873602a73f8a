"""Refusals of this room."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guideapp.core.errors import BadInput, Forbidden, GuideAppError


class NoteRefused(BadInput):
    """A note that cannot be kept; the message says why."""

    code = "note_refused"


class AlreadyDecided(GuideAppError):
    """Somebody else has joined or parted these records meanwhile."""

    code = "already_decided"
    status = 409
    message = _("刚刚有人处理过了，刷新看结果")


class ConsentMissing(BadInput):
    """Nobody becomes a member without having agreed."""

    code = "consent_missing"
    message = _("勾选同意后才能入会")


class PersonErased(GuideAppError):
    """One of the two was erased: a pseudonym is joined to nobody."""

    code = "erased"
    status = 409
    message = _("这位顾客的资料已经删除，不能再关联")


class NotForBrands(Forbidden):
    """What is of no one brand is read and written by whoever may do so for all of them."""

    code = "not_for_brands"
    message = _("公众号粉丝不分品牌，只限部分品牌的接口客户端不能读写")


class AskAtDesk(BadInput):
    """This number takes a person at the store's desk; why is not told, nor who is known."""

    code = "ask_at_desk"
    message = _("这个手机号在这里办不了，请到门店服务台办理")


class PhoneDiffers(BadInput):
    """Not the phone number of the card; `left` tries remain."""

    code = "phone_differs"

    def __init__(self, *, left: int) -> None:
        super().__init__(
            _("和会员卡上的手机号不一样，还能再试 %(left)d 次") % {"left": left}
            if left
            else _("和会员卡上的手机号不一样，请找导购再发一次")
        )
        self.left = left


class QuestionOver(GuideAppError):
    """The question was answered, ran out, or was tried too often."""

    code = "question_over"
    status = 410
    message = _("这个链接已经用过或过期了，请找导购再发一次")


class AlreadyErased(GuideAppError):
    """Nothing but a pseudonym is left of the person."""

    code = "already_erased"
    status = 409
    message = _("这位顾客的资料已经删除过了")


class NoConsent(GuideAppError):
    """The person has not consented to this purpose, or has withdrawn."""

    code = "no_consent"
    status = 409
    message = _("TA 没有同意，或已经撤回")


class TooYoung(NoConsent):
    """Nobody under 14 gets marketing, whatever was ticked."""

    code = "too_young"
    message = _("TA 未满 14 岁，不能发营销内容")


class RevealLimit(GuideAppError):
    """The day's reveals of phone numbers are used up."""

    code = "reveal_limit"
    status = 429
    message = _("今天能看的次数用完了，明天再看")


class ExportLimit(GuideAppError):
    """The day's copies of people's data are used up."""

    code = "export_limit"
    status = 429
    message = _("今天能导出的次数用完了，明天再来")


class PhoneUnknown(GuideAppError):
    """There is no phone number to show."""

    code = "phone_unknown"
    status = 409
    message = _("还没有 TA 的手机号")


class PhoneRefused(BadInput):
    """Not a phone number that can be called."""

    code = "phone_refused"
    message = _("手机号不对，再看一遍")


class TagGone(GuideAppError):
    """Headquarters removed the tag while the sheet was open."""

    code = "tag_gone"
    status = 409
    message = _("这个标签已经不在了，换一个")


class RelationEnded(GuideAppError):
    """The customer and the guide are no longer connected."""

    code = "relation_ended"
    status = 409
    message = _("TA 已经不是这位导购的客户了")


class TopicRefused(BadInput):
    """Sensitive personal information is not kept; the message names the word and its topic."""

    code = "topic_refused"

    def __init__(self, word: str, topic: str | Promise) -> None:
        super().__init__(
            _("“%(word)s”属于%(topic)s信息，不能记在客户名下，换个说法")
            % {"word": word, "topic": topic}
        )


class PreferenceRefused(BadInput):
    """A size or liking that cannot be kept; the message says why."""

    code = "preference_refused"


class DateRefused(BadInput):
    """Not a day of the year; the message says why."""

    code = "date_refused"
    message = _("这一天不存在，换一天")


class TagRefused(BadInput):
    """A personal tag that cannot be made; the message says why."""

    code = "tag_refused"


class RuleRefused(BadInput):
    """A rule of an automatic tag that cannot be kept; the message says why."""

    code = "rule_refused"


class ListAway(GuideAppError):
    """The list of erasures beside the database takes no entry; nothing was changed."""

    code = "erasure_list_away"
    status = 503
    message = _("删除名单现在写不进去，什么都没有改，请联系管理员")
