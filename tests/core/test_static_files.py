"""Addresses of static files follow their content."""

from pathlib import Path

from django.core.files.storage import FileSystemStorage

from guideapp.core.static_files import HashedFiles


def collect(source: Path, hashed: HashedFiles) -> None:
    """What `collectstatic` does with the folder."""
    files = FileSystemStorage(source)
    for name in files.listdir("")[1]:
        hashed.delete(name)
        with files.open(name) as content:
            hashed.save(name, content)
    found = {name: (files, name) for name in files.listdir("")[1]}
    assert all(not isinstance(done, Exception) for *_names, done in hashed.post_process(found))


def test_a_file_collected_anew_is_told_under_its_new_name(tmp_path: Path, settings: object) -> None:
    settings.DEBUG = False  # type: ignore[attr-defined]
    source = tmp_path / "source"
    source.mkdir()
    hashed = HashedFiles(location=tmp_path / "collected", base_url="/static/")
    (source / "a.css").write_text("a{color:red}")
    collect(source, hashed)
    first = hashed.url("a.css")
    (source / "a.css").write_text("a{color:blue}")
    collect(source, hashed)
    assert hashed.url("a.css") != first
    assert (tmp_path / "collected" / Path(hashed.url("a.css")).name).read_text() == "a{color:blue}"
