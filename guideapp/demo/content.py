"""Words of the seeded company (words.json): people, places, goods. All of it is invented."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class StoreWords(NamedTuple):
    """One store; four a region, in order."""

    name: str
    code: str
    city: str


class PersonWords(NamedTuple):
    """One person of the company."""

    name: str
    userid: str


class ProductWords(NamedTuple):
    """One style; the price is in yuan."""

    style_no: str
    name: str
    drawing: str
    price_yuan: int


class MaterialWords(NamedTuple):
    """One material; `earn_yuan` 0 means that headquarters typed no amount."""

    title: str
    kind: str
    category: str
    drawing: str
    summary: str
    earn_yuan: int


@dataclass(frozen=True, slots=True)
class Words:
    """Everything the seed says."""

    brand: str
    regions: list[str]
    stores: list[StoreWords]
    guides_per_store: list[int]  # the first of each store leads it
    guides: list[PersonWords]
    regional_managers: list[PersonWords]
    hq_content: PersonWords
    hq_admin: PersonWords
    surnames: str
    given: list[str]
    nicknames: list[str]
    levels: list[tuple[str, int]]  # level, share of the members in percent
    tag_groups: list[tuple[str, list[str]]]
    add_ways: list[tuple[int, int]]  # WeCom add_way, weight
    products: list[ProductWords]
    colours: list[str]
    sizes: list[str]
    notes: list[str]
    categories: list[str]
    materials: list[MaterialWords]
    texts: dict[str, str]  # bodies of text materials by title
    body: str  # of every other material
    welcome: str


def words() -> Words:
    """Read words.json."""
    raw = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    return Words(
        **raw
        | {
            "stores": [StoreWords(*row) for row in raw["stores"]],
            "guides": [PersonWords(*row) for row in raw["guides"]],
            "regional_managers": [PersonWords(*row) for row in raw["regional_managers"]],
            "hq_content": PersonWords(*raw["hq_content"]),
            "hq_admin": PersonWords(*raw["hq_admin"]),
            "products": [ProductWords(*row) for row in raw["products"]],
            "materials": [MaterialWords(*row) for row in raw["materials"]],
        }
    )
