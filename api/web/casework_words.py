"""Words of the page of the work on a case, in English and Simplified Chinese."""

from types import MappingProxyType
from typing import Final

CASEWORK_WORDS: Final = MappingProxyType(
    {
        "work_on_it": ("Work on it", "办理"),
        "work_title": ("Work on case {number}", "办理诉求 {number}"),
        "work_back": ("Back to the case", "返回诉求"),
        "work_state": ("It stands at", "当前环节"),
        "work_holder": ("Who has it", "承办人"),
        "work_nobody": ("nobody", "无"),
        "work_handler": ("Handled by", "处置人"),
        "work_due": ("Due", "环节时限"),
        "work_total_due": ("Due as a whole", "总时限"),
        "work_stands": ("the clock stands", "计时暂停"),
        "work_no_limit": ("no limit", "无时限"),
        "work_is_up": ("overdue", "已超期"),
        "work_rework": ("Sent back by checks", "返工次数"),
        "work_steps": ("What you can do now", "可执行操作"),
        "work_none": (
            "Nothing, with your role and at this stage.",
            "按您的角色，当前环节无可执行操作。",
        ),
        "work_sign_in": ("Sign in to work on it.", "请登录后办理。"),
        "ask_reason": ("Why", "理由"),
        "ask_category": ("Category", "类别"),
        "ask_holder": ("Who gets it (a login, or a department)", "承办人（账号或部门）"),
        "ask_into": ("Number of the case it is merged into", "并入的诉求编号"),
        "ask_outcome": ("What was found", "核实结果"),
        "ask_amount": ("How much more time, in the unit of the limit", "延长时限（按原单位）"),
        "ask_satisfied": ("Is the reporter satisfied?", "诉求人是否满意"),
        "outcome_exists": ("it exists", "属实"),
        "outcome_not_found": ("not found", "不属实"),
        "outcome_cannot_tell": ("cannot tell", "无法核实"),
        "yes": ("yes", "是"),
        "no": ("no", "否"),
        "work_refused": ("That cannot be done", "无法执行"),
        "work_up_to": ("to {names}", "上报至：{names}"),
        "work_up_to_nobody": ("Nobody is on duty above it.", "上级均无在岗人员。"),
        "work_skipped": ("Nobody is on duty in {grids}.", "无在岗人员的网格：{grids}。"),
        "work_gone_on": (
            "Somebody else has worked on it meanwhile. Look at it again.",
            "该诉求已被他人办理，请核对后再试。",
        ),
        "unsaid": ("“{what}” has to be filled in.", "请填写“{what}”。"),
        "own_work": ("You have handled this case: somebody else has to check it.", "核查人不得为处置人。"),
        "not_now": ("This step is not possible any more at this stage.", "当前环节不能执行该操作。"),
    }
)
