"""The pictures of docs/notebooks.md: ``python -m tests.docs.notebook_pictures 02 05`` runs these notebooks, or all."""

import html
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

import nbclient
import nbformat
from playwright.sync_api import sync_playwright

from tests.fixtures_browser import ARGUMENTS, CHROMIUM

ROOT: Final = Path(__file__).resolve().parents[2]
SHOWN: Final = {"01": 1, "02": 0, "03": 0, "04": 2, "05": 0, "06": 1}
"""Which of the maps of a notebook is its picture."""

SIZE: Final = (1180, 620)
MOST_BYTES: Final = 60_000
QUALITIES: Final = (60, 50, 40, 30, 22, 15)


def maps_of(path: Path) -> list[str]:
    """Return the pages of the maps that a notebook shows."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GEOGRID_HOME"] = folder
        place = {"metadata": {"path": folder}}
        nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources=place).execute()
    outputs = [each for cell in notebook.cells if cell.cell_type == "code" for each in cell.outputs]
    texts = [each.get("data", {}).get("text/html", "") for each in outputs]
    return [html.unescape(found[1]) for text in texts if (found := re.search(r'srcdoc="([^"]*)"', text))]


def main() -> None:
    """Write the pictures, each as good as its bytes allow."""
    wanted = sys.argv[1:] or list(SHOWN)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for number in wanted:
            (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
            page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
            page.set_content(maps_of(path)[SHOWN[number]])
            page.wait_for_timeout(2_000)  # layers fade in
            out = ROOT / "docs" / "pictures" / f"notebook-{number}.jpg"
            for quality in QUALITIES:
                page.screenshot(path=out, type="jpeg", quality=quality)
                if out.stat().st_size <= MOST_BYTES:
                    break
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
