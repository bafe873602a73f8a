"""Notes: short, clean, kept once."""

import pytest

from guideapp.members.errors import NoteRefused
from guideapp.members.models import Observation
from guideapp.members.services import write_note
from tests.factories import make_contact, make_guide

pytestmark = pytest.mark.django_db


def test_a_note_is_kept_with_its_author():
    note = write_note(make_contact(), make_guide(name="林小满"), "  喜欢驼色\r\n怕起球 ")
    assert (note.text, note.author.name) == ("喜欢驼色\n怕起球", "林小满")


def test_the_same_form_twice_is_one_note():
    contact, guide = make_contact(), make_guide()
    first = write_note(contact, guide, "喜欢驼色", nonce="n1")
    assert write_note(contact, guide, "喜欢驼色", nonce="n1") == first
    write_note(contact, guide, "喜欢驼色", nonce="n2")
    assert Observation.objects.count() == 2


@pytest.mark.parametrize("text", ["", "  \n ", "坏\x00字符", "坏\ud800字符", "长" * 301])
def test_what_cannot_be_kept_is_refused_with_a_reason(text):
    with pytest.raises(NoteRefused) as refusal:
        write_note(make_contact(), make_guide(), text)
    assert str(refusal.value.message)
    assert not Observation.objects.exists()


def test_a_note_may_be_as_long_as_it_says():
    assert len(write_note(make_contact(), make_guide(), "长" * 300).text) == 300
