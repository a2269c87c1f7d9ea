"""Plans under work: what planners can do to them, what came of it, whether they may be published, how two differ."""

from geogrid.plans.delta import Delta, apply, difference
from geogrid.plans.figures import GridFigures, figures
from geogrid.plans.operations.kinds import Operation
from geogrid.plans.operations.perform import OperationScope, perform, scope_of
from geogrid.plans.operations.tools import Buildings, Lines, Tools
from geogrid.plans.state import BlockTable, Draft, Node, Rules

__all__ = [
    "BlockTable",
    "Buildings",
    "Delta",
    "Draft",
    "GridFigures",
    "Lines",
    "Node",
    "Operation",
    "OperationScope",
    "Rules",
    "Tools",
    "apply",
    "difference",
    "figures",
    "perform",
    "scope_of",
]
