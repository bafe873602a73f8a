"""Rules of sensitive words (聊天敏感词). They act in the client; no event tells of a hit."""

from typing import Any

from django.db import transaction

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App
from guideapp.sandbox.models.library import InterceptRule
from guideapp.sandbox.services import ids

RULES_MAX, WORDS_MAX, WORD_MAX, NAME_MAX = 100, 300, 32, 20
RANGE_MAX, USERS_MAX = 1000, 10_000
_SEMANTICS = {1, 2, 3}


@transaction.atomic
def add(given: dict[str, Any], app: App) -> InterceptRule:
    """Make a rule; here semantics_list stands at the top level. Raises Refused."""
    if InterceptRule.objects.filter(deleted_at=None).count() >= RULES_MAX:
        raise Refused(41069)
    range_ = _range(given.get("applicable_range"))
    if not any(range_):
        raise Refused(40058, "applicable_range is missing")
    return InterceptRule.objects.create(
        rule_id=ids.random_text(32),
        slug=app.slug,
        name=_name(given.get("rule_name"), None),
        words=_words(given.get("word_list")),
        semantics=_semantics(given.get("semantics_list")),
        intercept_type=_type(given.get("intercept_type")),
        users=range_[0],
        departments=range_[1],
        created_at=now(),
    )


@transaction.atomic
def update(given: dict[str, Any], app: App) -> None:
    """No words: as before. No semantics in extra_rule: none from now on."""
    row = own(given, app)
    if given.get("rule_name"):
        row.name = _name(given["rule_name"], row)
    if given.get("word_list"):
        row.words = _words(given["word_list"])
    extra = given.get("extra_rule")
    row.semantics = _semantics(extra.get("semantics_list") if isinstance(extra, dict) else None)
    if "intercept_type" in given:
        row.intercept_type = _type(given["intercept_type"])
    more, less = (
        _range(given.get("add_applicable_range")),
        _range(given.get("remove_applicable_range")),
    )
    row.users = _changed(row.users, more[0], less[0])
    row.departments = _changed(row.departments, more[1], less[1])
    if len(row.users) > USERS_MAX:
        raise Refused(41076)
    row.save()


def delete(given: dict[str, Any], app: App) -> None:
    """Remove one of the app's own rules."""
    row = own(given, app)
    row.deleted_at = now()
    row.save(update_fields=["deleted_at"])


def own(given: dict[str, Any], app: App) -> InterceptRule:
    """The app's own rule. Raises Refused 41070, or 41071 when it was deleted."""
    id = str(given.get("rule_id") or "")
    row = InterceptRule.objects.filter(rule_id=id, slug=app.slug).first()
    if row is None:
        raise Refused(41070)
    if row.deleted_at:
        raise Refused(41071)
    return row


def _name(value: Any, row: InterceptRule | None) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= NAME_MAX:
        raise Refused(40058, "invalid rule_name")
    others = InterceptRule.objects.filter(name=value, deleted_at=None)
    if others.exclude(rule_id=row.rule_id if row else "").exists():
        raise Refused(41077)
    return value


def _words(value: Any) -> list[str]:
    if not isinstance(value, list) or not 1 <= len(value) <= WORDS_MAX:
        raise Refused(41068)
    if not all(isinstance(word, str) and 1 <= len(word) <= WORD_MAX for word in value):
        raise Refused(41083)
    return value


def _semantics(value: Any) -> list[int]:
    value = value or []
    if not isinstance(value, list) or not set(value) <= _SEMANTICS:
        raise Refused(41084)
    return value


def _type(value: Any) -> int:
    if value not in (1, 2):
        raise Refused(40058, "invalid intercept_type")
    return int(value)


def _range(value: Any) -> tuple[list[str], list[int]]:
    given = value if isinstance(value, dict) else {}
    users, departments = given.get("user_list") or [], given.get("department_list") or []
    if len(users) > RANGE_MAX or len(departments) > RANGE_MAX:
        raise Refused(41076)
    return users, departments


def _changed[Id](before: list[Id], more: list[Id], less: list[Id]) -> list[Id]:
    return [id for id in dict.fromkeys([*before, *more]) if id not in less]
