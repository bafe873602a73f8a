"""What the files for containers name exists: settings, commands, paths, secrets."""

import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from guideapp.core.jobs.lanes import LANES
from tests.test_docs import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build")}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
KNOWN = set(re.findall(r"^(\w+)=", EXAMPLE, re.M))
_COMMAND = re.compile(r"manage\.py[\",\s]+(\w+)([^&\n]*)")


def commands() -> list[tuple[str, str]]:
    """(command, its arguments) of every manage.py call in the files."""
    procfile = (ROOT / "Procfile").read_text(encoding="utf-8")
    texts = [DOCKERFILE, procfile, *(service.get("command", "") for service in OURS.values())]
    return [found for text in texts for found in _COMMAND.findall(text)]


@pytest.mark.parametrize("name", OURS)
def test_every_setting_of_a_container_is_one_of_ours(name: str) -> None:
    given = {key.removesuffix("_FILE") for key in OURS[name]["environment"]}
    assert given <= KNOWN


def test_the_settings_of_the_example_file_are_ours() -> None:
    text = (ROOT / "deploy" / "production.env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^(\w+)=", text, re.M)) <= KNOWN


@pytest.mark.parametrize(("name", "arguments"), commands())
def test_every_command_is_a_real_one_with_real_options(name: str, arguments: str) -> None:
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)
    for option in re.findall(r"--[a-z-]+", arguments):
        assert option in parser._option_string_actions


def test_each_lane_has_a_worker_of_its_own_in_both_files() -> None:
    lanes = [re.search(r"--lanes ([\w,]+)", arguments) for _name, arguments in commands()]
    found = [lane[1] for lane in lanes if lane]
    assert sorted(found) == sorted([*LANES, *LANES])


def test_every_secret_is_a_file_that_the_tool_makes(tmp_path: Path) -> None:
    tool = [sys.executable, str(ROOT / "deploy" / "make_secrets.py"), str(tmp_path / "s")]
    subprocess.run(tool, check=True)  # noqa: S603 -- our own script
    made = {file.name for file in (tmp_path / "s").iterdir()}
    assert made == set(COMPOSE["secrets"])
    for name, place in COMPOSE["secrets"].items():
        assert place["file"] == f"deploy/secrets/{name}"
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= made
        for key, value in (service.get("environment") or {}).items():
            if key.endswith("_FILE"):
                assert Path(value).name in service["secrets"]


def test_the_tool_keeps_what_is_there_and_lets_nobody_else_in(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    tool = [sys.executable, str(ROOT / "deploy" / "make_secrets.py"), str(folder)]
    subprocess.run(tool, check=True)  # noqa: S603 -- our own script
    before = {file.name: file.read_text() for file in folder.iterdir()}
    (folder / "database_url").unlink()
    subprocess.run(tool, check=True)  # noqa: S603 -- our own script
    assert {file.name: file.read_text() for file in folder.iterdir()} == before
    assert before["postgres_password"] in before["database_url"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_secrets_and_the_environment_of_a_machine_are_never_committed() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"deploy/secrets/", "deploy/production.env"} <= set(ignored)


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M):
        for path in line.split()[:-1]:
            assert (ROOT / path).exists(), path
            assert f"!{path}" in IGNORED, path


@pytest.mark.parametrize("name", OURS)
def test_containers_run_without_rights_on_a_read_only_root(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "/tmp" in service["tmpfs"]  # noqa: S108 -- inside the container
    assert re.search(r"^USER guide$", DOCKERFILE, re.M)


def test_the_health_check_asks_healthz_as_the_sites_own_host() -> None:
    assert "deploy/healthcheck.py" in DOCKERFILE
    text = (ROOT / "deploy" / "healthcheck.py").read_text(encoding="utf-8")
    assert "/healthz" in text
    assert "SITE_URL" in text


def test_every_alert_is_about_a_figure_that_we_tell() -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text(encoding="utf-8"))
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    sources = "".join(
        (ROOT / "guideapp" / path).read_text(encoding="utf-8")
        for path in ("core/metrics.py", "core/jobs/figures.py", "wecom/figures.py")
    )
    expressions = " ".join(alert["expr"] for alert in alerts)
    for trouble in (
        "guide_inbox_dead",
        'jobs{state="dead"}',
        'outbox{state="failed"}',
        "clock_off",
    ):
        assert trouble in expressions
    for alert in alerts:
        assert alert["annotations"]["summary"]
        for name in re.findall(r"guide_\w+", alert["expr"]):
            assert f'"{re.sub(r"_(total|bucket|count|sum)$", "", name)}"' in sources, name
