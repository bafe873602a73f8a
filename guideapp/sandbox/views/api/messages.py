"""Messages of the app to members (part 2 §2.1)."""

from guideapp.sandbox.services import messages
from guideapp.sandbox.views.api.registry import Answer, ApiCall, endpoint


@endpoint("message/send")
def message_send(call: ApiCall) -> Answer:
    """Part of the recipients may be bad: then errcode is 0 and `invaliduser` names them."""
    return messages.send(call.body)
