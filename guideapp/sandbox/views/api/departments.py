"""Writing departments (part 1 §5)."""

from guideapp.sandbox.services import departments
from guideapp.sandbox.views.api.registry import CONTACTS, Answer, ApiCall, endpoint

_NUMBERS = ("parentid", "order")
_TEXTS = ("name", "name_en")


@endpoint("department/create", kinds=CONTACTS, errmsg="created")
def department_create(call: ApiCall) -> Answer:
    """Answers the id, given or new."""
    row = departments.create(
        name=call.text("name"),
        parent_id=call.integer("parentid"),
        id=call.integer("id"),
        name_en=call.text("name_en"),
        order=call.integer("order"),
        origin=call.origin,
    )
    return {"id": row.id}


@endpoint("department/update", kinds=CONTACTS, errmsg="updated")
def department_update(call: ApiCall) -> Answer:
    """What is missing stays."""
    given: dict[str, object] = {name: call.integer(name) for name in _NUMBERS if call.given(name)}
    given |= {name: call.text(name) for name in _TEXTS if call.given(name)}
    departments.update(call.integer("id"), given, origin=call.origin)
    return {}


@endpoint("department/delete", kinds=CONTACTS, errmsg="deleted")
def department_delete(call: ApiCall) -> Answer:
    """Only an empty department."""
    departments.delete(call.integer("id"), origin=call.origin)
    return {}
