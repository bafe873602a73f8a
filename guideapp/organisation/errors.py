"""Refusals of the room."""

from django.utils.translation import gettext_lazy as _

from guideapp.core.errors import GuideAppError


class LoginStateRefused(GuideAppError):
    """The `state` of a login is missing, unknown, used, too old, or another browser's."""

    code = "login_state_refused"
    status = 400
    message = _("这次登录已经失效，请重新进入")


class ScopeMismatch(GuideAppError):
    """A role and its place do not fit: store manager and store, regional manager and region."""

    code = "scope_mismatch"
    status = 422
    message = _("店长要填门店编号，区域经理要选大区，其他角色都不用")


class RoleKeptByWeCom(GuideAppError):
    """A role that follows from the address book cannot be taken away by hand."""

    code = "role_kept_by_wecom"
    status = 409
    message = _("这个角色来自企业微信，请在企业微信里调整部门或负责人")


class OwnAdminRole(GuideAppError):
    """Administrators cannot lock themselves out."""

    code = "own_admin_role"
    status = 409
    message = _("不能收回自己的管理员角色，请另一位管理员来做")


class GuideNotActive(GuideAppError):
    """The person has left or is disabled."""

    code = "guide_not_active"
    status = 409
    message = _("TA 已停用或离职，不能开通角色")


class DepartmentTaken(GuideAppError):
    """The region or store already has a department that stands for it."""

    code = "department_taken"
    status = 409
    message = _("它已经对应了另一个部门，请先在那边取消")


class HrPlanOver(GuideAppError):
    """The plan was applied, or a newer one has taken its place."""

    code = "hr_plan_over"
    status = 409
    message = _("这份方案已经执行过，或者有了新的，刷新看看")


class HrPlanOutdated(GuideAppError):
    """HR or the address book changed after the plan was made: nobody has seen what it would do."""

    code = "hr_plan_outdated"
    status = 409
    message = _("花名册或通讯录刚有变化，重新核对一次再执行")


class NoAddressBookSecret(GuideAppError):
    """WeCom lets only 通讯录同步 write the address book, and its secret is not configured."""

    code = "no_address_book_secret"
    status = 409
    message = _("还没填「通讯录同步」的密钥，填好才能改通讯录")
