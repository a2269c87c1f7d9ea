"""The table of steps as a diagram, in the language of Mermaid."""

from geogrid.casework.states import ENDS, STATE_NAMES
from geogrid.casework.steps import Profile


def diagram(profile: Profile, *, is_chinese: bool = False) -> str:
    """Return a state diagram of a profile.

    Parameters
    ----------
    profile : Profile
        Whose steps.
    is_chinese : bool
        Names in Chinese; else in English.

    Notes
    -----
    Steps that leave the case where it is are not drawn; those between the same two states share an arrow.
    """
    language = int(is_chinese)
    arrows: dict[tuple[str, str], list[str]] = {}
    for step in profile.steps:
        for state in step.begins:
            if step.ends is not None and step.ends is not state:
                arrows.setdefault((state.value, step.ends.value), []).append(step.names[language])
    lines = ["stateDiagram-v2", f"    [*] --> {profile.begins}"]
    lines += [f"    {state} : {STATE_NAMES[state][language]}" for state in profile.states]
    lines += [f"    {begin} --> {end} : {', '.join(names)}" for (begin, end), names in arrows.items()]
    lines += [f"    {state} --> [*]" for state in profile.states if state in ENDS]
    return "\n".join(lines)
