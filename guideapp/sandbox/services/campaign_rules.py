"""The switches of campaigns and groups: limits and waiting times that WeCom keeps changing."""

from guideapp.sandbox.errors import UnknownEvent
from guideapp.sandbox.models.campaigns import CampaignRules

_NAMES = frozenset(field.name for field in CampaignRules._meta.fields) - {"id"}


def current() -> CampaignRules:
    """The rules in force."""
    return CampaignRules.objects.first() or CampaignRules()


def change(**changes: str | int) -> dict[str, str | int]:
    """Set some rules and return all of them. Raises UnknownEvent for an unknown name or value."""
    rules = current()
    for name, value in changes.items():
        wanted = str if name == "mass_limit" else int
        fits = name in _NAMES and type(value) is wanted
        if not fits or (isinstance(value, int) and value < 0):
            raise UnknownEvent(f"bad rule: {name}")
        setattr(rules, name, value)
    if rules.mass_limit not in CampaignRules.MassLimit.values:
        raise UnknownEvent(f"unknown limit: {rules.mass_limit}")
    rules.save()
    return {name: getattr(rules, name) for name in sorted(_NAMES)}
