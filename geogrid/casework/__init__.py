"""The life of a case: its states, the steps between them as data, and clocks in working time."""

from geogrid.casework.acting import CaseRules, CaseWork, CategoryRules, Command, act, begin, steps_open_to
from geogrid.casework.calendars import TimeUnit, WorkCalendar, official_calendar
from geogrid.casework.clocks import Clock, Limit
from geogrid.casework.diagram import diagram
from geogrid.casework.escalation import MOST_LEVELS, MOST_SHARE, Escalation
from geogrid.casework.states import ENDS, FAMILIES, OPEN_STATES, STATE_NAMES, CaseState, state_of_status
from geogrid.casework.steps import EVENT_NAMES, FULL, PROFILES, SIMPLE, Ask, CaseStep, Profile, problems_of_profile

__all__ = [
    "ENDS",
    "EVENT_NAMES",
    "FAMILIES",
    "FULL",
    "MOST_LEVELS",
    "MOST_SHARE",
    "OPEN_STATES",
    "PROFILES",
    "SIMPLE",
    "STATE_NAMES",
    "Ask",
    "CaseRules",
    "CaseState",
    "CaseStep",
    "CaseWork",
    "CategoryRules",
    "Clock",
    "Command",
    "Escalation",
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
