"""Static files under names that carry their content's hash, imports of modules included."""

from wsgiref.headers import Headers

from django.utils.functional import cached_property
from whitenoise.storage import CompressedManifestStaticFilesStorage


def add_headers(headers: Headers, _path: str, _url: str) -> None:
    """What a browser must know of a file of ours; the pages' other headers say nothing here."""
    headers["X-Content-Type-Options"] = "nosniff"


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no stubs
    """`import "./sheet.js"` inside a module leads to the hashed name too."""

    support_js_module_import_aggregation = True

    def url(self, name: str, force: bool = False) -> str:
        """The address of a file. It changes only with the manifest, so it is made once."""
        known = self._addresses.get(name)
        if known is None:
            known = self._addresses[name] = super().url(name, force)
        return known

    def save_manifest(self) -> None:
        """New names were given: none of the old ones may be told any longer."""
        super().save_manifest()
        self._addresses.clear()

    @cached_property
    def _addresses(self) -> dict[str, str]:
        return {}
