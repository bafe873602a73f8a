"""/hq/tags/ and /hq/topics/: who may set what, what is set by rules, what may not be noted."""

from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from guideapp.core.audit import record_audit
from guideapp.core.errors import BadInput
from guideapp.members.models import ForbiddenTopic, TagGroup, TagRule
from guideapp.members.services import (
    add_topic_word,
    apply_rules_to_everybody,
    change_group,
    remove_topic_word,
    save_rule,
    switch_rule,
)
from guideapp.organisation.auth import GuideRequest, admin_required
from guideapp.workbench.forms import TagGroupForm, TagRuleForm, TopicForm

_WORDS_AT_MOST = 2_000


@require_GET
@admin_required
def tags(request: GuideRequest) -> HttpResponse:
    """Groups with their rights and decay, and the rules of automatic tags."""
    on = Q(tags__gone_at=None)
    groups = TagGroup.objects.filter(kind=TagGroup.Kind.COMPANY, gone_at=None)
    standing = Count("tag__marks", filter=Q(tag__marks__removed_at=None))
    context = {
        "section": "tags",
        "groups": groups.annotate(size=Count("tags", filter=on)).order_by("-order", "pk"),
        "setters": TagGroup.Setter.choices,
        "rules": TagRule.objects.select_related("tag").annotate(marks=standing).order_by("pk"),
        "triggers": TagRule.Trigger.choices,
        "saved": "saved" in request.GET,
    }
    return render(request, "workbench/tags.html", context)


@require_POST
@admin_required
def change(request: GuideRequest, group_id: int) -> HttpResponse:
    """Rights and decay of one group."""
    group = get_object_or_404(TagGroup, pk=group_id, kind=TagGroup.Kind.COMPANY)
    form = TagGroupForm(request.POST)
    if not form.is_valid():
        raise BadInput(_("天数写 1 到 3650，不填就是不过期"))
    change_group(group, **form.cleaned_data)
    _note(request, "change_tag_group", f"tag_group:{group.pk}", **form.cleaned_data)
    return _back("workbench:hq_tags")


@require_POST
@admin_required
def save(request: GuideRequest) -> HttpResponse:
    """A new rule, or new facts for one: it looks at everybody at once."""
    form = TagRuleForm(request.POST)
    if not form.is_valid():
        raise BadInput(_("名字要写，数字要在范围里"))
    given = form.cleaned_data
    amount_fen = (given["amount_yuan"] or 0) * 100
    hour = -1 if given["hour"] is None else given["hour"]
    params = {key: given[key] for key in ("word", "times", "days")}
    rule = save_rule(
        name=given["name"],
        trigger=given["trigger"],
        params=params | {"hour": hour, "amount_fen": amount_fen},
    )
    apply_rules_to_everybody.enqueue()
    _note(request, "save_tag_rule", f"tag_rule:{rule.pk}", name=given["name"], **rule.params)
    return _back("workbench:hq_tags")


@require_POST
@admin_required
def switch(request: GuideRequest, rule_id: int) -> HttpResponse:
    """Stop a rule, or start it again."""
    rule = get_object_or_404(TagRule, pk=rule_id)
    on = request.POST.get("on") == "1"
    switch_rule(rule, on=on)
    if on:
        apply_rules_to_everybody.enqueue()
    _note(request, "switch_tag_rule", f"tag_rule:{rule.pk}", on=on)
    return _back("workbench:hq_tags")


@require_GET
@admin_required
def topics(request: GuideRequest) -> HttpResponse:
    """The words that no note, no tag and no preference may hold."""
    context = {
        "section": "topics",
        "words": ForbiddenTopic.objects.order_by("topic", "pk")[:_WORDS_AT_MOST],
        "topics": ForbiddenTopic.Topic.choices,
        "saved": "saved" in request.GET,
    }
    return render(request, "workbench/tags_topics.html", context)


@require_POST
@admin_required
def add_topic(request: GuideRequest) -> HttpResponse:
    """Put a word on the list."""
    form = TopicForm(request.POST)
    if not form.is_valid():
        raise BadInput(_("写 1 到 32 个字，再选一类"))
    row = add_topic_word(form.cleaned_data["word"], form.cleaned_data["topic"])
    _note(request, "add_topic", f"topic:{row.pk}", word=row.word, topic=row.topic)
    return _back("workbench:hq_topics")


@require_POST
@admin_required
def remove_topic(request: GuideRequest, topic_id: int) -> HttpResponse:
    """Take a word off the list."""
    row = get_object_or_404(ForbiddenTopic, pk=topic_id)
    remove_topic_word(row.pk)
    _note(request, "remove_topic", f"topic:{topic_id}", word=row.word, topic=row.topic)
    return _back("workbench:hq_topics")


def _note(request: GuideRequest, action: str, subject: str, **detail: Any) -> None:
    record_audit(actor=request.actor.guide.userid, action=action, subject=subject, **detail)


def _back(page: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse(page)}?saved=1")
