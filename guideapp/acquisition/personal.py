"""What this room's tables hold about people: that they were greeted."""

from django.utils.translation import gettext_lazy as _

from guideapp.acquisition.models import WelcomeDelivery, WelcomeMessage
from guideapp.core.personal import About, of_contact, table

table(WelcomeMessage, p3="id created_at updated_at brand store text material is_active edited_by")
table(
    WelcomeDelivery,
    about=About.CUSTOMER,
    label=_("欢迎语"),
    of=of_contact("follow__contact"),
    s="code_hash",
    p3="id follow message link call due_at",
)
