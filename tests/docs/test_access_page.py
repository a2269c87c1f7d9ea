"""The page on rights says what the matrix says."""

from geogrid.access import MATRIX, Role
from tests.docs.pages import ROOT


def test_table_of_the_page_is_the_matrix() -> None:
    page = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
    table = page.partition("<!-- matrix -->\n")[2].partition("<!-- /matrix -->")[0].splitlines()
    head, _, *rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table]
    assert head == ["action", *(role.value for role in Role)]
    assert rows == [[action.value, *(scope.value for scope in row.values())] for action, row in MATRIX.items()]
