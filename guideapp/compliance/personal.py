"""What this room's tables hold about people: when they were contacted."""

from django.utils.translation import gettext_lazy as _

from guideapp.compliance.models import ContactSlot, SensitiveWord, WordListEdition
from guideapp.core.personal import About, Fate, of_contact, table

table(SensitiveWord, p3="id word category brand")
table(WordListEdition, p3="id edition")
table(
    ContactSlot,
    about=About.CUSTOMER,
    label=_("联系过 TA 的日子"),
    of=of_contact(),
    fate=Fate.DELETE,
    p2="day at kind key",
    p3="id contact number guide",
)
