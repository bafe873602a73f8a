"""What the room does: the library, sending from it, views of it, headquarters' writing."""

from guideapp.materials.services.addresses import base_of, cover_url, file_url, public_url
from guideapp.materials.services.editing import (
    MaterialText,
    add_category,
    publish,
    remove_category,
    rename_category,
    save_material,
    withdraw_material,
)
from guideapp.materials.services.figures import recount_days
from guideapp.materials.services.files import store_content, store_upload
from guideapp.materials.services.history import (
    SharedThen,
    ViewedThen,
    record_share_history,
    record_visit_history,
)
from guideapp.materials.services.media import media_id_of, read_file, upload_original
from guideapp.materials.services.sharing import payload_of, report_share, share_material
from guideapp.materials.services.visits import open_material, record_beacon, signals_of

__all__ = [
    "MaterialText",
    "SharedThen",
    "ViewedThen",
    "add_category",
    "base_of",
    "cover_url",
    "file_url",
    "media_id_of",
    "open_material",
    "payload_of",
    "public_url",
    "publish",
    "read_file",
    "recount_days",
    "record_beacon",
    "record_share_history",
    "record_visit_history",
    "remove_category",
    "rename_category",
    "report_share",
    "save_material",
    "share_material",
    "signals_of",
    "store_content",
    "store_upload",
    "upload_original",
    "withdraw_material",
]
