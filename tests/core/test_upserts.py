"""A batch that cannot be written as a whole is written but for the row at fault."""

import pytest

from guideapp.core.results import Result, Status
from guideapp.core.upserts import Brands, ReadAgain, Row, in_one_go
from guideapp.organisation.models import Brand
from tests.factories import make_brand

pytestmark = pytest.mark.django_db


@in_one_go
def save_brands(rows: list[Row], *, source: str, brands: Brands = None) -> list[Result]:
    """An upsert that does not look at what is there."""
    Brand.objects.bulk_create(Brand(name=row["name"]) for row in rows)
    return [Result(index, Status.CREATED) for index in range(len(rows))]


def test_the_row_that_conflicts_is_refused_alone():
    make_brand(name="B7")
    results = save_brands([{"name": f"B{n}"} for n in range(20)], source="erp")
    assert [result.index for result in results] == list(range(20))
    refused = [result for result in results if result.is_refused]
    assert [(result.index, result.code) for result in refused] == [(7, "conflict")]
    assert Brand.objects.count() == 20


def test_what_changed_while_it_was_read_is_read_again():
    tries = []

    @in_one_go
    def save(rows: list[Row], *, source: str, brands: Brands = None) -> list[Result]:
        tries.append(len(rows))
        if len(tries) == 1:
            raise ReadAgain
        return [Result(0, Status.CREATED)]

    assert save([{}], source="erp")[0].status == Status.CREATED
    assert tries == [1, 1]
