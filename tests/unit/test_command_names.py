"""A command that is not there: what is nearest to it is named, and nothing where nothing is near."""

import pytest
from click.testing import CliRunner

from api.cli import main


@pytest.mark.parametrize(
    ("typed", "meant"), [("evaluat", "'evaluate'"), ("partiton", "'partition'"), ("maps", "'map'")]
)
def test_misspelt_command_names_the_one_that_was_meant(typed: str, meant: str) -> None:
    result = CliRunner().invoke(main, [typed])
    assert result.exit_code == 2
    assert f"No such command '{typed}'. Did you mean {meant}?" in result.output


def test_command_like_no_other_gets_no_guess() -> None:
    result = CliRunner().invoke(main, ["xyzzy"])
    assert result.exit_code == 2
    assert "No such command 'xyzzy'." in result.output
    assert "Did you mean" not in result.output


def test_command_that_is_there_is_run() -> None:
    assert CliRunner().invoke(main, ["evaluate", "--help"]).exit_code == 0
