"""What people complain about, in Chinese and English, by category; and through which channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CHANNELS: Final[Mapping[str, float]] = {
    "hotline 12345": 0.35,
    "grid chat group": 0.25,
    "app": 0.2,
    "contact card": 0.12,
    "visit": 0.08,
}
"""Share of complaints by channel: hotline (12345), chat group of the grid (网格群), app (随手拍), the phone number on
the gridder's contact card (联系卡), visits to homes (走访)."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing to complain about.

    Parameters
    ----------
    category, subcategory : str
        Coarse and fine.
    weight : float
        How common it is.
    chinese, english : tuple of str
        How people put it.
    """

    category: str
    subcategory: str
    weight: float
    chinese: tuple[str, ...]
    english: tuple[str, ...]


TOPICS: Final = (
    Topic(
        "public works",
        "sewer",
        10,
        ("污水管堵塞，脏水溢到路面，气味很大。", "下水道反水，一楼进水，请尽快疏通。", "化粪池满了，没有人来清理。"),
        (
            "The sewer is blocked and dirty water runs over the pavement.",
            "The drain backs up into the ground floor, please clear it.",
            "There is a foul smell from the manhole in front of the shop.",
        ),
    ),
    Topic(
        "public works",
        "street lighting",
        8,
        ("路灯坏了好几天，晚上出行不安全。", "门口的路灯一直闪，影响休息。"),
        ("The street lamp has been dark for a week.", "A street light flickers all night outside our window."),
    ),
    Topic(
        "public works",
        "road surface",
        9,
        ("路面破损有大坑，电动车容易摔倒。", "井盖松动，车辆经过声音很大。", "人行道地砖翘起，老人被绊倒。"),
        (
            "A deep pothole has opened in the road, a cyclist fell yesterday.",
            "The manhole cover is loose and bangs whenever a car passes.",
            "Paving stones are raised, my mother tripped over them.",
        ),
    ),
    Topic(
        "public works",
        "waste",
        10,
        ("垃圾桶满溢，好几天没人清运。", "有人乱倒建筑垃圾，占用人行道。"),
        ("The bins overflow and have not been emptied for days.", "Somebody dumped building rubble on the pavement."),
    ),
    Topic(
        "public works",
        "trees and parks",
        5,
        ("大树枝条压到电线，有安全隐患。", "公园健身器材损坏，请维修。"),
        ("A branch hangs over the power line.", "The swing in the playground is broken."),
    ),
    Topic(
        "public works",
        "snow and flooding",
        5,
        ("下雨后积水严重，行人无法通过。", "路面结冰，没有人撒盐。"),
        ("After rain the crossing is under water.", "The pavement is icy and nobody has gritted it."),
    ),
    Topic(
        "policy advice",
        "social insurance",
        4,
        ("咨询异地医保如何报销。", "请问灵活就业人员怎样缴纳社保？"),
        ("How do I claim costs of treatment in another town?", "How do I pay insurance as a freelancer?"),
    ),
    Topic(
        "policy advice",
        "school enrolment",
        4,
        ("咨询小学学区划分和报名材料。", "外来务工人员子女如何入学？"),
        ("Which school does this address belong to?", "What papers are needed to enrol a child?"),
    ),
    Topic(
        "policy advice",
        "residence and housing",
        4,
        ("咨询居住证办理流程。", "老旧小区加装电梯有什么补贴？"),
        ("How do I register a change of residence?", "Is there a grant for adding a lift to an old building?"),
    ),
    Topic(
        "disputes",
        "noise",
        8,
        ("楼下酒吧深夜音乐扰民。", "工地夜间施工，无法入睡。", "邻居装修噪音太大，周末也不停。"),
        (
            "The bar below plays loud music until three in the morning.",
            "Construction goes on through the night.",
            "The neighbour drills walls even on Sundays.",
        ),
    ),
    Topic(
        "disputes",
        "parking",
        7,
        ("车辆堵住消防通道。", "邻里因车位发生争吵，请来调解。", "共享单车乱停，占用盲道。"),
        (
            "Cars block the fire lane every evening.",
            "Two neighbours quarrel over a parking space, please mediate.",
            "Scooters lie across the tactile paving.",
        ),
    ),
    Topic(
        "disputes",
        "property management",
        6,
        ("物业收费不透明，电梯坏了不修。", "楼上漏水，物业不处理。"),
        (
            "The lift has been out of order for two weeks.",
            "Water leaks from the flat above and the manager does nothing.",
        ),
    ),
    Topic(
        "disputes",
        "wages",
        3,
        ("餐馆拖欠工资两个月。", "装修队干完活，老板不给钱。"),
        ("The restaurant owes us two months of wages.", "The owner will not pay the builders."),
    ),
    Topic(
        "other",
        "safety",
        4,
        ("楼道堆放杂物和电动车充电，有火灾隐患。", "外墙瓷砖脱落，差点砸到人。"),
        ("Scooters are charged in the stairwell, it is a fire risk.", "Tiles fall off the front of the building."),
    ),
    Topic(
        "other",
        "animals",
        3,
        ("流浪狗追赶小孩。", "有人遛狗不牵绳。"),
        ("Stray dogs chase the children.", "A dog is walked without a lead."),
    ),
    Topic(
        "other",
        "help",
        3,
        ("独居老人几天没有出门，请上门看看。", "感谢网格员帮忙找回走失的老人。"),
        ("An old man who lives alone has not been seen for days.", "Thanks to the gridder who brought my father home."),
    ),
)
