"""Months of sends and views at once, as the real path would have written them."""

import time
from datetime import timedelta

from guideapp.core.clock import day_of, now
from guideapp.materials.models import Material, MaterialDay, Share
from guideapp.materials.services import (
    SharedThen,
    ViewedThen,
    record_share_history,
    record_visit_history,
    recount_days,
)
from guideapp.materials.services.figures import recount_recent_days
from guideapp.members.models import Suggestion, TimelineEvent
from tests.factories import make_follow, make_material, make_share, make_visit


def sent(material, follow, **kw):
    kw.setdefault("at", now() - timedelta(days=3))
    return SharedThen(material=material, guide=follow.guide, contact=follow.contact, **kw)


def test_history_is_links_shares_events_and_counted_days(db):
    material, follow = make_material(), make_follow()
    facts = [sent(material, follow), sent(material, follow, state=Share.State.CANCELLED)]
    first, second = record_share_history(facts)
    assert first.link.target == f"material:{material.pk}"
    assert (first.state, second.state) == ("sent", "cancelled")
    assert TimelineEvent.objects.filter(kind="material_sent").count() == 1
    assert MaterialDay.objects.get().sent == 1


def test_views_of_the_past_count_and_prompt_nobody(db):
    material, follow = make_material(), make_follow()
    shares = record_share_history([sent(material, follow)])
    at = now() - timedelta(days=2)
    facts = [ViewedThen(share=shares[0], at=at + timedelta(hours=n), dwell_ms=4000) for n in (2, 1)]
    record_visit_history(facts)
    events = TimelineEvent.objects.filter(kind="material_viewed").order_by("at")
    assert [event.params["times"] for event in events] == [1, 2]
    material.refresh_from_db()
    assert (material.sent_count, material.viewed_count) == (1, 1)
    assert not Suggestion.objects.exists()


def test_counting_again_finds_nothing_wrong(db):
    material, follow = make_material(), make_follow()
    shares = record_share_history([sent(material, follow)])
    assert recount_days([day_of(shares[0].tapped_at)]) == 0


def test_a_wrong_count_is_put_right_at_night(db):
    yesterday = now() - timedelta(days=1)
    share = make_share(tapped_at=yesterday)
    make_visit(share=share)
    MaterialDay.objects.create(material=make_material(), day=day_of(yesterday), sent=9)
    assert recount_recent_days.call() == 2
    assert MaterialDay.objects.get(material=share.material).viewed == 1
    assert Material.objects.get(pk=share.material_id).sent_count == 1


def test_thousands_take_seconds(db):
    materials = [make_material() for _ in range(5)]
    follows = [make_follow() for _ in range(5)]
    began = time.process_time()
    facts = [sent(materials[n % 5], follows[n % 5]) for n in range(2000)]
    shares = record_share_history(facts)
    views = [ViewedThen(share=share, at=now(), dwell_ms=1000) for share in shares[:1000]]
    record_visit_history(views)
    assert time.process_time() - began < 8
