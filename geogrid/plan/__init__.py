"""Plans under work: what planners can do to them, what came of it, whether they may be published, how two differ."""

from geogrid.plan.delta import Delta, apply, difference
from geogrid.plan.figures import GridFigures, figures
from geogrid.plan.operations import Operation
from geogrid.plan.perform import Scope, perform, scope_of
from geogrid.plan.state import BlockTable, Draft, Node, Rules
from geogrid.plan.tools import Buildings, Lines, Tools

__all__ = [
    "BlockTable",
    "Buildings",
    "Delta",
    "Draft",
    "GridFigures",
    "Lines",
    "Node",
    "Operation",
    "Rules",
    "Scope",
    "Tools",
    "apply",
    "difference",
    "figures",
    "perform",
    "scope_of",
]
