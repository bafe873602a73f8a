"""Pages that the client or a phone shows: silent authorisation, QR login, a member's contact QR."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from guideapp.core.access import public
from guideapp.sandbox import config
from guideapp.sandbox.models import App, Customer, Department, Follow, User
from guideapp.sandbox.services import oauth, relations
from guideapp.sandbox.views.client import remember_person

played = public("the played WeCom logs anybody in; settings refuse the sandbox in production")
_OFFERED = 50  # people nobody knows yet, on the page after a contact QR


@played
@require_GET
@never_cache
def authorize(request: HttpRequest) -> HttpResponse:
    """oauth2/authorize: silent for whoever the browser plays, else a list to choose from.

    snsapi_privateinfo asks the member what to show; without agentid it is as silent as snsapi_base.
    """
    problem = _problem(request) or _scope_problem(request)
    if problem:
        return refuse(request, problem)
    redirect_uri = request.GET["redirect_uri"]
    chosen = request.GET.get("as", "")
    person = chosen or request.COOKIES.get(config.PERSON_COOKIE, "")
    shared = _shared(request)
    if shared is None and User.objects.named(person) and _asks_for_privacy(request):
        return _consent(request, person)
    slug = _app_of(request).slug
    code = oauth.issue_code(person, redirect_uri, by_qr=False, slug=slug, shared=shared)
    if not code and person and User.objects.filter(folded=person.lower()).exists():
        return refuse(request, _("这位成员已经离开企业，进不来了"))
    if not code:
        return render(request, "sandbox/oauth.html", {"people": _people(request)})
    state = request.GET.get("state", "")
    response = HttpResponseRedirect(oauth.with_query(redirect_uri, code=code, state=state))
    if chosen:
        remember_person(response, chosen)
    return response


@played
@require_GET
@never_cache
def qr_login(request: HttpRequest) -> HttpResponse:
    """wwlogin/sso/login: somebody scans with their phone, or cancels and only state goes back."""
    problem = _problem(request) or _agent_problem(request)
    if problem:
        return refuse(request, problem)
    redirect_uri = request.GET["redirect_uri"]
    state = request.GET.get("state", "")
    if request.GET.get("cancel"):
        return HttpResponseRedirect(oauth.with_query(redirect_uri, state=state))
    person, slug = request.GET.get("as", ""), _app_of(request).slug
    code = oauth.issue_code(person, redirect_uri, by_qr=True, slug=slug)
    if code:
        return HttpResponseRedirect(oauth.with_query(redirect_uri, code=code, state=state))
    context = {"people": _people(request), "cancel": _again(request, cancel="1")}
    return render(request, "sandbox/qr.html", context)


@played
@require_http_methods(["GET", "POST"])
def contact(request: HttpRequest, userid: str) -> HttpResponse:
    """What a customer's phone shows after scanning the contact QR of a member: 添加到通讯录."""
    user = User.objects.named(userid)
    if user is None:
        return refuse(request, _("这个二维码的成员已经离开企业"), status=404)
    if request.method == "POST":
        external_userid = chosen_customer(request)
        relations.customer_adds(
            userid=user.userid,
            external_userid=external_userid,
            state=request.POST.get("state", "")[:30],
            origin=f"{request.scheme}://{request.get_host()}",
        )
        return HttpResponseRedirect(f"?{urlencode({'added': external_userid})}")
    return phone_page(request, user)


def phone_page(request: HttpRequest, user: User) -> HttpResponse:
    """The page on which somebody adds `user`, or has just done so (?added=)."""
    known = Follow.objects.filter(user=user, deleted_at=None, customer_left_at=None)
    strangers = Customer.objects.exclude(pk__in=known.values("customer"))
    context = {
        "user": user,
        "strangers": strangers.order_by("-pk")[:_OFFERED],
        "added": known.filter(customer__external_userid=request.GET.get("added", "")).first(),
        "state": request.GET.get("state", ""),
    }
    return render(request, "sandbox/qr_contact.html", context)


def chosen_customer(request: HttpRequest) -> str:
    """The external_userid that was chosen on the page, somebody new included."""
    external_userid = request.POST.get("customer", "")
    name = request.POST.get("name", "").strip()[:64]
    if Customer.objects.filter(external_userid=external_userid).exists():
        return external_userid
    return relations.new_customer(name=name or _("微信用户")).external_userid


def _problem(request: HttpRequest) -> str:
    """Why the address is refused, in the words of the real page; '' when it is good."""
    if request.GET.get("appid") != config.keys().corp_id:
        return _("appid 参数错误：不是这个企业的 ID")
    redirect_uri = request.GET.get("redirect_uri", "")
    if not oauth.trusted_redirect(redirect_uri, own_host=request.get_host()):
        return _("redirect_uri 参数错误：域名不在可信域名里")
    if not oauth.good_state(request.GET.get("state", "")):
        return _("state 参数错误：只能是字母和数字，不超过 128 个")
    return ""


def _scope_problem(request: HttpRequest) -> str:
    if request.GET.get("response_type") != "code":
        return _("response_type 参数错误：应为 code")
    if request.GET.get("scope") not in {"snsapi_base", "snsapi_privateinfo"}:
        return _("scope 参数错误：自建应用只有 snsapi_base 和 snsapi_privateinfo")
    return _agent_problem(request) if "agentid" in request.GET else ""


def _agent_problem(request: HttpRequest) -> str:
    if request.GET.get("login_type", "CorpApp") != "CorpApp":
        return _("login_type 参数错误：自建应用应为 CorpApp")
    if request.GET.get("agentid") not in _apps():
        return _("agentid 参数错误：不是这个应用的 ID")
    return ""


def _apps() -> dict[str, App]:
    """agentid → self-built app."""
    apps = App.objects.filter(kind=App.Kind.APP)
    return {str(config.agent_id_of(app)): app for app in apps}


def _app_of(request: HttpRequest) -> App:
    """The app that the page was opened for, without an agentid the main one."""
    return _apps().get(request.GET.get("agentid", "")) or App(slug=config.MAIN)


def _asks_for_privacy(request: HttpRequest) -> bool:
    return request.GET.get("scope") == "snsapi_privateinfo" and "agentid" in request.GET


def _shared(request: HttpRequest) -> list[str] | None:
    """What the member ticked on the consent page; None where it was not shown."""
    if not _asks_for_privacy(request) or "agree" not in request.GET:
        return None
    ticked = request.GET.getlist("show")
    return [name for name in oauth.PRIVATE_FIELDS if name in ticked]


def _consent(request: HttpRequest, person: str) -> HttpResponse:
    names = {
        "avatar": _("头像"),
        "gender": _("性别"),
        "mobile": _("手机号"),
        "email": _("邮箱"),
        "biz_mail": _("企业邮箱"),
        "qr_code": _("个人二维码"),
        "address": _("地址"),
    }
    context = {
        "user": User.objects.named(person),
        "app": _app_of(request),
        "fields": [(name, names[name]) for name in oauth.PRIVATE_FIELDS],
        "carried": [*request.GET.items()],
    }
    return render(request, "sandbox/oauth_consent.html", context)


def refuse(request: HttpRequest, problem: str, *, status: int = 400) -> HttpResponse:
    """A page that says why not."""
    return render(request, "sandbox/oauth_error.html", {"problem": problem}, status=status)


def _people(request: HttpRequest) -> list[dict[str, object]]:
    """[{"user": User, "department": name, "address": this page's with the choice}]."""
    names = dict(Department.objects.values_list("id", "name"))
    users = User.objects.present().exclude(status=User.Status.DISABLED).order_by("id")
    return [
        {
            "user": user,
            "department": "、".join(names.get(id, "") for id in user.department_ids()),
            "address": _again(request, **{"as": user.userid}),
        }
        for user in users
    ]


def _again(request: HttpRequest, **more: str) -> str:
    return f"?{urlencode(request.GET.dict() | more)}"
