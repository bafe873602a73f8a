"""Messages of an app to members (part 2 §2.1 to §2.4)."""

from guideapp.sandbox.services import messages
from guideapp.sandbox.views.api.registry import Answer, ApiCall, endpoint


@endpoint("message/send")
def message_send(call: ApiCall) -> Answer:
    """Part of the recipients may be bad: then errcode is 0 and `invaliduser` names them."""
    return messages.send(call.body, call.app)


@endpoint("message/recall")
def message_recall(call: ApiCall) -> Answer:
    """Within 24 hours, by the app that sent it."""
    messages.recall(call.text("msgid"), call.app)
    return {}


@endpoint("message/update_template_card")
def update_template_card(call: ApiCall) -> Answer:
    """Here `invaliduser` is an array, in message/send it is one text."""
    return {"invaliduser": messages.update_card(call.body, call.app)}
