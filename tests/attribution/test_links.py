"""Tracked links: random, looked up, never decoded."""

import re

from guideapp.attribution.models import TrackedLink
from guideapp.attribution.services import find, new_token, track, track_many
from tests.factories import make_contact, make_guide, make_link


def test_a_token_is_22_base62_characters_and_never_the_same_twice():
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch(r"[0-9A-Za-z]{22}", token) for token in tokens)


def test_a_link_leads_back_to_guide_store_and_customer(db):
    guide, contact = make_guide(), make_contact()
    made = track(
        kind=TrackedLink.Kind.SHARE,
        guide=guide,
        store=guide.store,
        contact=contact,
        target="material:1",
    )
    found = find(made.token)
    assert (found.guide, found.store, found.contact) == (guide, guide.store, contact)


def test_looking_a_link_up_is_one_query(db, django_assert_num_queries):
    link = make_link(contact=make_contact())
    with django_assert_num_queries(1):
        assert find(link.token).guide.name == link.guide.name


def test_unknown_and_malformed_tokens_lead_nowhere(db):
    make_link()
    for token in ("", "x", "0" * 23, "../../etc/passwd", "%" * 22, "０" * 22):
        assert find(token) is None


def test_many_links_keep_their_order_and_have_tokens_of_their_own(db):
    guide = make_guide()
    unsaved = [
        TrackedLink(
            kind="share",
            guide=guide,
            store=guide.store,
            target=f"material:{n}",
            created_at=guide.created_at,
        )
        for n in range(3)
    ]
    made = track_many(unsaved)
    assert [link.target for link in made] == ["material:0", "material:1", "material:2"]
    assert len({link.token for link in made}) == 3
    assert TrackedLink.objects.count() == 3
