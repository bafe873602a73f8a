"""The customer card: everything one screen shows about a customer, in four queries at most.

`rows` asks the database, `parts` says what a card is made of, `build` makes it.
"""

from guideapp.workbench.card.build import build_card, next_steps
from guideapp.workbench.card.parts import Card, Note
from guideapp.workbench.card.person import bought_of
from guideapp.workbench.card.rows import card_row, card_rows, monday, purchases_of

__all__ = [
    "Card",
    "Note",
    "bought_of",
    "build_card",
    "card_row",
    "card_rows",
    "monday",
    "next_steps",
    "purchases_of",
]
