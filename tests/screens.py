"""Pictures of every screen, checked for what an eye and a screen reader need.

They go to build/screens with an index page that puts each beside the design's of the same name.
"""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "screens"
DESIGN = ROOT / "docs" / "design"
_AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def shoot(page: Page, name: str, *, whole: bool = True) -> Path:
    """A picture of the page (all of it, or the window) as build/screens/<name>.png."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, full_page=whole, animations="disabled")
    return path


def axe_findings(page: Page) -> list[str]:
    """What axe-core finds on the page and in its frames of our own; no rule is switched off."""
    if len(page.frames) > 1:
        page.wait_for_load_state("networkidle")  # a frame is sent on while somebody is logged in
    # Through the debugger's channel, so that the page's own CSP stays as it is.
    for frame in page.frames:
        frame.evaluate(_AXE.read_text(encoding="utf-8"))
    result: dict[str, Any] = page.evaluate("axe.run(document)")
    return [
        f"{finding['id']}: {node['target']}: {finding['help']}"
        for finding in result["violations"]
        for node in finding["nodes"]
    ]


def sideways(page: Page) -> list[str]:
    """Visible elements that stick out of the window, cut off or not.

    What scrolls by itself and what is there for a screen reader alone may.
    """
    found: list[str] = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          const within = (node, fits) => node.nodeType === 1
            && (fits(getComputedStyle(node)) || within(node.parentNode, fits));
          const may = (style) => /auto|scroll/.test(style.overflowX) || style.clip !== "auto";
          return [...document.body.querySelectorAll("*")]
            .filter((node) => node.checkVisibility())
            .filter((node) => node.getBoundingClientRect().right > width + 1 && !within(node, may))
            .slice(0, 5)
            .map((node) => `${node.tagName}.${node.className} ${node.textContent.slice(0, 30)}`);
        }"""
    )
    return found


def write_index() -> None:
    """build/screens/index.html: ours beside the design."""
    if not FOLDER.exists():
        return
    rows = []
    for path in sorted(FOLDER.glob("*.png")):
        design = DESIGN / path.name
        beside = (
            f'<img src="../../docs/design/{path.name}" alt="design">' if design.exists() else ""
        )
        rows.append(f'<h2>{path.stem}</h2><div><img src="{path.name}" alt="ours">{beside}</div>')
    style = (
        "body{font:14px sans-serif;background:#888}"
        "div{display:flex;gap:16px;align-items:start}img{max-width:48%}"
    )
    page = f'<!doctype html><meta charset="utf-8"><title>Screens</title><style>{style}</style>'
    (FOLDER / "index.html").write_text(page + "".join(rows), encoding="utf-8")
