"""Tags of many customers at once, and headquarters' pages of groups, rules and forbidden topics."""

from datetime import timedelta

import pytest
from django.urls import reverse

from guideapp.core.clock import now
from guideapp.core.jobs.worker import run_due
from guideapp.members.models import BulkTagging, ForbiddenTopic, TagGroup, TagMark, TagRule
from guideapp.members.services import load_default_topics
from guideapp.members.services.bulk_tagging import tag_in_bulk
from guideapp.organisation.models import Guide
from tests.conftest import GuideClient
from tests.factories import (
    make_bulk_tagging,
    make_card,
    make_contact,
    make_follow,
    make_guide,
    make_member,
    make_store,
    make_tag,
    make_tag_group,
    make_tag_mark,
    make_topic,
)

pytestmark = pytest.mark.django_db


def start(client, **form):
    return client.post(reverse("workbench:tagging_start"), form)


def test_a_list_is_tagged_by_a_job_and_its_progress_is_shown(as_manager):
    guide, tag = make_guide(store=as_manager.guide.store), make_tag()
    follows = [make_follow(guide=guide) for _ in range(3)]
    make_tag_mark(follow=follows[0], tag=tag)
    stranger = make_follow()
    answer = start(as_manager, tag=tag.pk)
    assert "0 / 3" in as_manager.get(answer.url).content.decode()
    run_due()
    row = BulkTagging.objects.get()
    assert (row.done, row.marked, row.refused, bool(row.finished_at)) == (3, 2, 0, True)
    assert TagMark.objects.filter(tag=tag).count() == 3
    assert not TagMark.objects.filter(follow=stranger).exists()
    assert "打完了" in as_manager.get(answer.url).content.decode()


def test_a_customer_who_left_is_counted_as_refused():
    follow = make_follow(ended_at=now())
    from_here = make_bulk_tagging(follow_ids=[follow.pk])
    tag_in_bulk.call(from_here.pk)
    tag_in_bulk.call(from_here.pk)  # a second run changes nothing
    from_here.refresh_from_db()
    assert (from_here.done, from_here.marked, from_here.refused) == (1, 0, 1)


@pytest.mark.parametrize("lost", ["role", "store", "group"])
def test_a_job_puts_nothing_on_whom_its_author_may_no_longer_tag(as_manager, lost):
    author = as_manager.guide
    follow = make_follow(guide=make_guide(store=author.store))
    tag = make_tag(group=make_tag_group(set_by="managers"))
    start(as_manager, tag=tag.pk)
    if lost == "role":
        author.grants.update(revoked_at=now())
    elif lost == "store":
        Guide.objects.filter(pk=follow.guide_id).update(store=make_store())
    else:
        TagGroup.objects.update(set_by="nobody")
    run_due()
    row = BulkTagging.objects.get()
    assert (row.marked, row.refused, bool(row.finished_at)) == (0, 1, True)
    assert not TagMark.objects.exists()


def test_only_the_chosen_part_of_the_customers_is_counted(as_manager):
    guide, kept = make_guide(store=as_manager.guide.store), make_member()
    make_card(member=make_member(same_as=kept))
    long_ago = {
        "followed_at": now() - timedelta(days=20),
        "last_sign_at": now() - timedelta(days=31),
    }
    make_follow(guide=guide, **long_ago)
    make_follow(guide=guide, contact=make_contact(active_at=now(), member=kept))
    make_follow(guide=guide, followed_at=now() - timedelta(days=8))
    found = {"all": 3, "new": 1, "viewed": 1, "silent": 1, "members": 1, "strangers": 2}
    for segment, n in found.items():
        page = as_manager.get(reverse("workbench:tagging"), {"segment": segment}).content.decode()
        assert f"符合的有 {n} 位客户" in page


@pytest.mark.parametrize("segment", ["new", "viewed", "silent"])
def test_a_part_of_the_customers_is_the_same_as_in_the_guides_own_list(as_manager, segment):
    guide = make_guide(store=as_manager.guide.store)
    for days in (3, 15, 40, 120):
        at = now() - timedelta(days=days)
        make_follow(guide=guide, followed_at=at, last_sign_at=at)
        make_follow(guide=guide, contact=make_contact(active_at=at), followed_at=at)
    form = {"segment": segment}
    listed = GuideClient(guide).get(reverse("workbench:customers"), form).context["follows"]
    found = as_manager.get(reverse("workbench:tagging"), form).context["found"]
    assert found == len(listed)


def test_a_list_of_nobody_is_refused(as_manager):
    assert start(as_manager, tag=make_tag().pk).status_code == 422
    assert not BulkTagging.objects.exists()


def test_rights_and_decay_of_a_group_are_kept(as_admin):
    group = make_tag_group()
    form = {"set_by": "managers", "stale_after_days": 90}
    as_admin.post(reverse("workbench:hq_tag_group_change", args=[group.pk]), form)
    group.refresh_from_db()
    assert (group.set_by, group.seen_by_guides, group.stale_after_days) == ("managers", False, 90)


def test_a_rule_is_made_shown_and_stopped(as_admin):
    form = {"name": "近期看大衣", "trigger": "viewed", "word": "大衣", "times": 2, "days": 14}
    as_admin.post(reverse("workbench:hq_tag_rule_save"), form)
    rule = TagRule.objects.get()
    assert rule.tag.group.kind == TagGroup.Kind.AUTOMATIC
    assert "14 天里看过“大衣”2 次" in as_admin.get(reverse("workbench:hq_tags")).content.decode()
    as_admin.post(reverse("workbench:hq_tag_rule_switch", args=[rule.pk]), {"on": "0"})
    rule.refresh_from_db()
    assert not rule.is_active


def test_words_are_added_and_removed(as_admin):
    as_admin.post(reverse("workbench:hq_topic_add"), {"word": "算命", "topic": "religion"})
    row = ForbiddenTopic.objects.get(word="算命")
    assert "算命" in as_admin.get(reverse("workbench:hq_topics")).content.decode()
    as_admin.post(reverse("workbench:hq_topic_remove", args=[row.pk]))
    assert not ForbiddenTopic.objects.filter(word="算命").exists()


def test_the_default_words_are_there_once():
    ForbiddenTopic.objects.all().delete()
    assert load_default_topics() > 60
    make_topic()
    assert load_default_topics() == 0


def test_the_pages_of_headquarters_cost_five_queries_at_most(
    as_admin, django_assert_max_num_queries
):
    for _ in range(5):
        make_tag(group=make_tag_group())
    for page in ("hq_tags", "hq_topics"):
        with django_assert_max_num_queries(5):
            as_admin.get(reverse(f"workbench:{page}"))
