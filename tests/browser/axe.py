"""axe-core on a page: what a person with a screen reader, a keyboard or weak eyes would stumble over."""

from functools import cache
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

_SCRIPT: Final = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# What Swagger UI draws of the interface is not ours to word or to colour.
_RUN: Final = """async () => {
  const found = await axe.run({exclude: [".swagger-ui"]}, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
  });
  return found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join("\\n  ")}`);
}"""


@cache
def _axe() -> str:
    return _SCRIPT.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong, by WCAG 2.1 level AA and good practice."""
    page.evaluate(_axe())
    found: list[str] = page.evaluate(_RUN)
    return found
