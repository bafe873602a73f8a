"""Input of the workbench's pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from guideapp.members.models import ForbiddenTopic, ImportantDate, Preference, TagGroup, TagRule

# Of a store's customers, for tagging many at once; the first four are those of customer_list.
SEGMENTS = {
    "all": _("全部客户"),
    "new": _("7 天内新加"),
    "viewed": _("7 天内看过素材"),
    "silent": _("30 天没动静"),
    "members": _("已开卡"),
    "strangers": _("还没开卡"),
}


class NoteForm(forms.Form):
    """The nonce of a note's sheet: two posts of one sheet are one note."""

    nonce = forms.UUIDField()

    def clean_nonce(self) -> str:
        """The nonce as text."""
        return str(self.cleaned_data["nonce"])


class JoinForm(forms.Form):
    """What a customer gives at a store's code; the service says what is missing."""

    phone = forms.CharField(required=False, max_length=20)
    agreed = forms.BooleanField(required=False)
    marketing = forms.BooleanField(required=False)
    sharing = forms.BooleanField(required=False)
    proof = forms.CharField(required=False, max_length=400)
    code = forms.CharField(required=False, max_length=6)


class CustomersForm(forms.Form):
    """Search and segment of the customer list."""

    q = forms.CharField(required=False, max_length=40)
    segment = forms.ChoiceField(
        required=False,
        choices=[(name, name) for name in ("all", "birthday", "silent", "new", "value", "viewed")],
    )


class PreferenceForm(forms.Form):
    """A size or a liking: `value` to note it, `off` to take it back; the service says the rest."""

    kind = forms.ChoiceField(choices=Preference.Kind.choices)
    value = forms.CharField(required=False, max_length=60)
    off = forms.CharField(required=False, max_length=60)


class DateForm(forms.Form):
    """A day that matters, or `end`: the one to take back."""

    kind = forms.ChoiceField(required=False, choices=ImportantDate.Kind.choices)
    month = forms.IntegerField(required=False, min_value=1, max_value=12)
    day = forms.IntegerField(required=False, min_value=1, max_value=31)
    end = forms.IntegerField(required=False, min_value=1)


class StillForm(forms.Form):
    """Whether something noted long ago is still right."""

    preference = forms.IntegerField(required=False, min_value=1)
    tag = forms.IntegerField(required=False, min_value=1)
    answer = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])


class TagGroupForm(forms.Form):
    """Rights and decay of a group of company tags."""

    set_by = forms.ChoiceField(choices=TagGroup.Setter.choices)
    seen_by_guides = forms.BooleanField(required=False)
    stale_after_days = forms.IntegerField(required=False, min_value=1, max_value=3650)


class TagRuleForm(forms.Form):
    """A rule of an automatic tag; which of the numbers count is the trigger's matter."""

    name = forms.CharField(max_length=40)
    trigger = forms.ChoiceField(choices=TagRule.Trigger.choices)
    word = forms.CharField(required=False, max_length=20)
    times = forms.IntegerField(required=False, min_value=0, max_value=999)
    days = forms.IntegerField(required=False, min_value=0, max_value=999)
    hour = forms.IntegerField(required=False, min_value=0, max_value=23)
    amount_yuan = forms.IntegerField(required=False, min_value=0, max_value=10_000_000)


class TopicForm(forms.Form):
    """A word that may not be noted about a customer."""

    word = forms.CharField(max_length=32)
    topic = forms.ChoiceField(choices=ForbiddenTopic.Topic.choices)


class TaggingForm(forms.Form):
    """Which customers of a store get which tag."""

    guide = forms.IntegerField(required=False, min_value=1)
    segment = forms.ChoiceField(required=False, choices=[(s, s) for s in SEGMENTS])
    tag = forms.IntegerField(required=False, min_value=1)
