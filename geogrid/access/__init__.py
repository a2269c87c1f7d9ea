"""Who may what: roles, actions, the one matrix of both, and texts with what is personal masked."""

from geogrid.access.grants import EVERYBODY, Grant, Reach, Sight, Target, may, reach_of
from geogrid.access.masking import NumberKind, PersonalNumber, mask_text, mask_value, numbers_in, plain_number
from geogrid.access.matrix import MATRIX, Action, Role, Scope, roles_for
from geogrid.access.reporters import Reporter, mask_name

__all__ = [
    "EVERYBODY",
    "MATRIX",
    "Action",
    "Grant",
    "NumberKind",
    "PersonalNumber",
    "Reach",
    "Reporter",
    "Role",
    "Scope",
    "Sight",
    "Target",
    "mask_name",
    "mask_text",
    "mask_value",
    "may",
    "numbers_in",
    "plain_number",
    "reach_of",
    "roles_for",
]
