"""What others rely on stays as it is: a change of it is a decision, made in these files."""

from tests.contract.interface import HELP, OPENAPI, helps, openapi


def test_description_of_the_http_interface_stays_to_the_last_byte() -> None:
    assert openapi() == OPENAPI.read_text(encoding="utf-8")


def test_help_of_every_command_stays() -> None:
    assert helps() == HELP.read_text(encoding="utf-8")
