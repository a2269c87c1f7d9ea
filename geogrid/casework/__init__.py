"""The life of a case: its states, the steps between them as data, and clocks in working time."""

from geogrid.casework.acting import CaseRules, CaseWork, Command, act, begin, steps_open_to
from geogrid.casework.calendars import TimeUnit, WorkCalendar, official_calendar
from geogrid.casework.clocks import Clock, Limit
from geogrid.casework.diagram import diagram
from geogrid.casework.states import ENDS, FAMILIES, OPEN_STATES, STATE_NAMES, CaseState, state_of_status
from geogrid.casework.steps import EVENT_NAMES, FULL, PROFILES, SIMPLE, Ask, CaseStep, Profile, problems_of_profile

__all__ = [
    "ENDS",
    "EVENT_NAMES",
    "FAMILIES",
    "FULL",
    "OPEN_STATES",
    "PROFILES",
    "SIMPLE",
    "STATE_NAMES",
    "Ask",
    "CaseRules",
    "CaseState",
    "CaseStep",
    "CaseWork",
    "Clock",
    "Command",
    "Limit",
    "Profile",
    "TimeUnit",
    "WorkCalendar",
    "act",
    "begin",
    "diagram",
    "official_calendar",
    "problems_of_profile",
    "state_of_status",
    "steps_open_to",
]
