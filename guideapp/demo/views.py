"""The 重置 button of the sandbox window."""

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guideapp.core.access import public
from guideapp.demo import snapshot


@public("exists only in the demo, which holds no real person's data")
@require_POST
def reset(request: HttpRequest) -> JsonResponse:
    """Bring company, history and the played WeCom back to how they were seeded."""
    if not snapshot.can_restore():
        message = _("没有可以恢复的数据，请用 make demo RESET=1")
        return JsonResponse({"ok": False, "message": message}, status=409)
    snapshot.restore()
    return JsonResponse({"ok": True})
