"""What this room's tables hold about people: what was sent to them, and what they looked at."""

from django.utils.translation import gettext_lazy as _

from guideapp.core.personal import About, Fate, of_contact, table
from guideapp.materials.models import (
    Category,
    Material,
    MaterialDay,
    MaterialFile,
    MaterialVersion,
    Share,
    Visit,
)

table(Category, p3="id created_at updated_at brand name order")
table(
    MaterialFile,
    p3="id created_at updated_at kind path cover_path name content_type size_bytes sha256 width"
    " height uploaded_by",
)
table(
    Material,
    p3="id created_at updated_at brand category kind title summary body tags link_url"
    " mini_program_appid mini_program_page file cover drawing earn_hint_fen status valid_from"
    " valid_until published_at withdrawn_at version search_terms sent_count viewed_count edited_by"
    " only_stores",
)
table(MaterialVersion, p3="id material version content changed replaced_by replaced_at")
table(MaterialDay, p3="id material day sent viewed")
table(
    Share,
    about=About.CUSTOMER,
    label=_("发给 TA 的素材"),
    of=of_contact(),
    fate=Fate.BLANK,
    blank={"detail": ""},
    p2="detail",
    p3="id link material material_version guide store contact form nonce state tapped_at"
    " reported_at",
)
table(
    Visit,
    about=About.CUSTOMER,
    label=_("TA 看过的"),
    of=of_contact("link__contact"),
    fate=Fate.BLANK,
    blank={"visitor": ""},
    s="token",
    p2="visitor",
    derived="visitor",
    p3="id link material counted opened_at dwell_ms depth",
)
