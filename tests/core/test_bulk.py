"""Many rows in one go are the rows that Django itself would have written."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from guideapp.core.bulk import insert, insert_missing, rewrite
from guideapp.core.clock import now
from guideapp.members.models import Contact, Member, TagMark, TimelineEvent
from tests.factories import make_contact, make_follow, make_member, make_tag

pytestmark = pytest.mark.django_db


def test_new_rows_know_their_keys_and_hold_every_kind_of_value():
    before = make_contact()
    names = ["陈\t橘\n\\N", "", "it's 100% $1", "é😀"]
    rows = [
        Contact(external_userid=f"wmBulk{n}", name=name, unionid=f"oBulk{n}", gender=n)
        for n, name in enumerate(names)
    ]
    insert(rows)
    assert len({row.pk for row in rows} | {before.pk}) == 5
    for row, name in zip(rows, names, strict=True):
        kept = Contact.objects.get(pk=row.pk)
        assert (kept.external_userid, kept.name, kept.gender) == (
            row.external_userid,
            name,
            row.gender,
        )
        assert kept.unionid == row.unionid  # encrypted on its way, and read again
        assert kept.member_id is None
        assert now() - timedelta(minutes=1) < kept.created_at <= now()
        assert (kept.created_at, kept.updated_at) == (row.created_at, row.updated_at)
    assert make_contact().pk not in {row.pk for row in rows}
    with connection.cursor() as cursor:
        cursor.execute("SELECT unionid FROM members_contact WHERE external_userid = 'wmBulk1'")
        assert "oBulk1" not in cursor.fetchone()[0]


def test_a_row_may_point_at_what_was_stored_after_it_was_made():
    member = Member(number="HYBULK", name="甲")
    contact = Contact(external_userid="wmBulk", member=member)
    insert([member])
    insert([contact])
    assert Contact.objects.get(pk=contact.pk).member_id == member.pk


def test_json_is_written_as_json():
    contact = make_contact()
    row = TimelineEvent(kind="purchase", key="k1", at=now(), contact=contact, params={"a": ["'\t"]})
    insert([row])
    assert TimelineEvent.objects.get(params__a__0="'\t") == row


def test_nothing_is_stored_where_one_is_there_already():
    there = make_contact(external_userid="wmThere")
    rows = [Contact(external_userid="wmNew"), Contact(external_userid=there.external_userid)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(rows)
    assert not Contact.objects.filter(external_userid="wmNew").exists()


def test_what_is_missing_is_added_and_what_is_there_tells_its_key():
    there = make_contact(external_userid="wmThere", name="旧名")
    rows = [Contact(external_userid="wmNew"), Contact(external_userid="wmThere", name="新名")]
    insert_missing(
        rows,
        update_conflicts=True,
        unique_fields=["external_userid"],
        update_fields=["updated_at"],
    )
    assert rows[1].pk == there.pk
    assert rows[0].pk == Contact.objects.get(external_userid="wmNew").pk
    there.refresh_from_db()
    assert there.name == "旧名"


def test_a_mark_that_somebody_set_meanwhile_stays_theirs():
    follow, tag, other = make_follow(), make_tag(), make_tag()
    theirs = TagMark.objects.create(
        follow=follow, tag=tag, author=follow.guide, marked_at=now() - timedelta(days=1)
    )
    new = [TagMark(follow=follow, tag=one, marked_at=now()) for one in (tag, other)]
    insert_missing(new, ignore_conflicts=True)
    marks = {mark.tag_id: mark for mark in TagMark.objects.filter(follow=follow)}
    assert marks[tag.pk].author_id == theirs.author_id
    assert len(marks) == 2


@pytest.mark.parametrize("others", [0, 30])
def test_only_the_named_fields_of_stored_rows_change(others):
    first, second = make_member(name="甲", phone="+8613800000001"), make_member(name="乙")
    untouched = make_member(name="丙")
    many = [Member(number=f"HYBULK{n}", name="先") for n in range(others)]
    insert(many)
    made_at, wrote_at = first.created_at, first.updated_at
    first.name, second.name, second.gender = "甲甲", "乙\n乙", 2
    first.phone = "+8613800000002"
    first.source = "not written"
    for row in many:
        row.name = "后"
    rewrite([first, second, *many], ["name", "gender", "phone"])
    kept = {row.pk: row for row in Member.objects.all()}
    assert [kept[row.pk].name for row in (first, second, untouched)] == ["甲甲", "乙\n乙", "丙"]
    assert {kept[row.pk].name for row in many} <= {"后"}
    assert kept[second.pk].gender == 2
    assert kept[first.pk].phone == "+8613800000002"
    assert kept[first.pk].source != "not written"
    assert kept[first.pk].updated_at > wrote_at
    assert kept[first.pk].created_at == made_at


def test_a_row_that_points_at_nothing_stored_is_refused():
    with pytest.raises(ValueError, match="member"):
        insert([Contact(external_userid="wmBulk", member=Member(number="HYBULK"))])


def test_two_tables_are_rewritten_in_one_transaction():
    members = [Member(number=f"HYBULK{n}", name="甲") for n in range(30)]
    contacts = [Contact(external_userid=f"wmBulk{n}", name="甲") for n in range(30)]
    with transaction.atomic():
        insert(members)
        insert(contacts)
        for name in ("乙", "丙"):
            for row in [*members, *contacts]:
                row.name = name
            rewrite(members, ["name"])
            rewrite(contacts, ["name"])
    for model in (Member, Contact):
        assert set(model.objects.values_list("name", flat=True)) == {"丙"}


def test_nothing_to_do_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        insert([])
        insert_missing([], ignore_conflicts=True)
        rewrite([], ["name"])
