"""Static files under names that carry their content's hash, imports of modules included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no stubs
    """`import "./sheet.js"` inside a module leads to the hashed name too."""

    support_js_module_import_aggregation = True
