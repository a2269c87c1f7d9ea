"""What the role of the server may do with each table: the one list, which `geogrid db upgrade` brings the store to."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_READ: Final = "select"
_ADD: Final = "select, insert"
_ALL: Final = "select, insert, update, delete"

TABLE_RIGHTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "geogrid_revision": _READ,
        # Accounts and the audit.
        # Not their secrets, which a function gives.
        "accounts": "select (id, login, name, state, password_set_at, totp_step, created_at, last_seen_at, form_key), "
        "insert, update",
        "account_marks": _READ,
        "grants": _ALL,
        "identities": "select, insert, update (last_used_at), delete",
        "used_nonces": "select, insert, delete",
        "sign_in_sessions": _ALL,
        "access_tokens": "select, update, delete",
        "sign_in_addresses": "select, insert, delete",
        "sign_in_attempts": _ALL,
        "audit": _ADD,
        # Cases, behind their policies (sql/row_security.sql). What came in is never deleted, and its words are only
        # written anew where numbers of persons go from them.
        "cases": "select, insert, update (grid_id, geom, located_by, positional_error_m, "
        "text, address, channel, category, attributes, status, closed_at)",
        "casework_rules": _READ,
        "case_works": "select, insert, update",
        "case_commands": _ADD,
        "case_events": "select, insert, update (detail)",
        "geocode_reviews": "select, insert, update (resolved_at, resolved_by, choice, question)",
        "sealing_keys": _ADD,
        "reporters": "select, insert, delete",
        "reporter_marks": "select, insert, delete",
        "public_cases": _READ,
        "case_marks": _READ,
        "api_keys": _READ,
        "services": _READ,
        # The town.
        # To lock a row is a kind of changing it.
        "jurisdictions": "select, update (id)",
        "level_schemes": _READ,
        "levels": _READ,
        "barriers": _READ,
        "buildings": _READ,
        "sites": _READ,
        "addresses": "select, insert, delete",
        "address_names": _ADD,
        "address_places": "select, insert, delete",
        "address_numbering": _READ,
        # Plans and editions.
        "plans": _ALL,
        "plan_levels": _ALL,
        "grids": _ALL,
        "grid_keys": "select, insert, delete",
        "blocks": _ADD,
        "block_successions": _ADD,
        "bases": _READ,
        "base_blocks": _ADD,
        "assignments": _ALL,
        "duties": _ALL,
        "edits": _ALL,
        "edit_grids": _ALL,
        "edit_blocks": _ALL,
        "acceptances": _ALL,
        "plan_comments": "select, insert, update (resolved_by, resolved_at)",
        "plan_claims": _ALL,
        "plan_presence": _ALL,
        "plan_tasks": _ALL,
        "lineage": _ADD,
        "edition_indexes": _ADD,
        "tile_shapes": _ADD,
        "tile_labels": _ADD,
        "tiles": _ADD,
        # What is told to others, and work that is due. The feed is numbered by its trigger.
        "changes": _ADD,
        "webhooks": "select, update",
        "webhook_retries": _ALL,
        "jobs": _ALL,
        "job_turns": _ALL,
    }
)
"""Rights by table or view; a table that is not named here, the server does not reach."""

SEQUENCE_RIGHTS: Final[Mapping[str, str]] = MappingProxyType(
    {"changes_number": "select", "grids_id_seq": "usage", "blocks_id_seq": "usage"}
)
FUNCTIONS: Final = ("analyze_tiles()", "secrets_of_account(integer)", "forget_edition(integer)")
"""Functions that not everybody may call, and the server may."""
