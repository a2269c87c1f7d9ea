"""What the interface itself refuses, and why: rights, forms, values, pages that are not there."""

from typing import Final

PAGE_SENTENCES: Final[tuple[tuple[str, str], ...]] = (
    ("There is nothing at {path}.", "{path} 处没有内容。"),
    ("The interface is described at {path}.", "接口说明见 {path}。"),
    ("{name} is {value}; it must be one of {literal}.", "{name} 为 {value}，须为以下之一：{literal}。"),
    ("{name} is {value}; it must be {allowed}.", "{name} 为 {value}，不符合要求（{allowed}）。"),
    ("{edition} has no grid {grid}.", "{edition}中没有网格 {grid}。"),
    (
        (
            "Leaf grids in force, and which have more or fewer cases than chance explains, by `method`; `datetime` is "
            "when the cases were reported."
        ),
        "现行最低级网格中，诉求显著多于或少于随机水平的网格，可按 method 选择方法；datetime 为受理时间。",
    ),
    ("Figures of grids with 1 to {most} cases are null.", "诉求为 1 至 {most} 件的网格不给出数字。"),
    ("Collections", "数据集"),
    ("Conformance", "符合的规范"),
    ("Grids", "网格"),
    (
        "Grids of every level. Without `datetime` those in force now; with it, those of that time.",
        "各级网格。不带 datetime 为现行网格，带 datetime 为当时的网格。",
    ),
    ("Grids: {level}", "网格：{level}"),
    ("Grids of level {level} ({name}); see the collection grids.", "第 {level} 级网格（{name}），参见“网格”。"),
    ("Grids of edition {edition}: {name}", "版次 {edition} 的网格：{name}"),
    ("Grids of every level of one edition, in force or not.", "一个版次的各级网格，无论是否施行。"),
    ("Blocks", "街区"),
    ("Blocks between barriers, and the leaf grid that each belongs to.", "分界线之间的街区及其所属网格。"),
    ("Coverage gaps", "覆盖空隙"),
    (
        "Land within the limit that no leaf grid covers; without a limit, land that the leaves enclose.",
        "边界内未被任何网格覆盖的土地；未设边界时为被网格围住的土地。",
    ),
    ("Cases", "诉求"),
    (
        "Cases that have a point, with their public fields; `datetime` is when they were reported.",
        "有坐标的诉求及其公开字段；datetime 为受理时间。",
    ),
    ("Hotspots", "热点"),
    (
        "Where {count} or more cases lie within {metres} m of each other (DBSCAN), by datetime.",
        "相互 {metres} 米内有 {count} 件以上诉求之处（DBSCAN），可按 datetime 选择。",
    ),
    ("This collection", "本数据集"),
    ("This collection as a page", "本数据集的页面"),
    ("Collections as a page", "数据集页面"),
    ("The features as {name}", "条目（{name}）"),
    ("What features are made of", "条目的字段"),
    ("This feature", "本条目"),
    ("This feature as a page", "本条目的页面"),
    ("The collection of this feature", "所属数据集"),
    ("The collection", "数据集"),
    ("This page", "本页"),
    ("More features", "后面的条目"),
    ("Features before", "前面的条目"),
    ("What filters may name", "可用于筛选的字段"),
    ("Not Found", "未找到该页面。"),
    ("Method Not Allowed", "不支持该请求方式。"),
    ("There is no page or resource at {path}.", "{path} 处没有页面或资源。"),
    ("The field {name} is too long.", "字段 {name} 过长。"),
    (
        (
            "{login} may not do this: {action} needs one of the roles {roles}, for this place. Ask an administrator "
            "for it."
        ),
        "{login} 无权进行此操作：{action} 需要在此辖区具有以下角色之一：{roles}。请联系管理员。",
    ),
    (
        "This needs an account ({action}: {roles}). Sign in, or send a token.",
        "此操作需要登录（{action}：{roles}）。请登录或提供令牌。",
    ),
    ("This page is about your account. Sign in first.", "此页面与您的账号有关，请先登录。"),
    ("Leave it out: a change is signed with the account that makes it.", "请勿填写：修改以登录账号署名。"),
    (
        (
            "The request changes something with the rights of a signed-in browser, and does not come from a page of "
            "this server. Programs send a token: Authorization: Bearer ..."
        ),
        "该请求使用已登录浏览器的权限进行修改，但并非来自本服务器的页面。程序请使用令牌：Authorization: Bearer ...",
    ),
    (
        "This form is not of the session that you are signed in with. Open the page again.",
        "该表单不属于当前登录会话，请重新打开页面。",
    ),
    (
        (
            "The server has no room for this request at the moment: all of them together may hold {size} MB. Try again "
            "in a few seconds, or send less at once."
        ),
        "服务器暂时无法接收此请求：全部请求合计上限为 {size} MB。请几秒后重试，或减少单次数据量。",
    ),
    ("Its runner was ended in the middle.", "执行进程中途终止。"),
    ("{name}; the log of its runner says more.", "{name}；详见执行进程的日志。"),
    ("Open the page again.", "请重新打开页面。"),
    ("Sign in first.", "请先登录。"),
)
"""English with named values, Chinese."""
