"""What is said of plans: what they are, what operations refuse and why, what publishing finds."""

from typing import Final

PLAN_SENTENCES: Final[tuple[tuple[str, str], ...]] = (
    ("Every block named is in grid {grid} already.", "所选街区已全部在网格 {grid} 中。"),
    ("Name others.", "请选择其他街区。"),
    ("The patch lies outside the plan.", "所画范围在方案之外。"),
    ("Draw it over the grids.", "请画在网格上。"),
    ("Grid {grid} is {kind}; only dedicated grids are dissolved.", "网格 {grid} 为{kind}，只有专属网格可以撤销。"),
    ("Merge it instead.", "请改用合并。"),
    ("No comprehensive grid lies beside {grid}.", "{grid} 旁没有综合网格。"),
    ("Say which grid takes its land.", "请指定接收土地的网格。"),
    ("A merger needs at least two grids.", "合并至少需要两个网格。"),
    ("Name them by their codes.", "请填写其编码。"),
    ("Grids of one level are merged; these are {grids}.", "只能合并同一层级的网格；所选为 {grids}。"),
    (
        "Grids of the top level are not merged: a plan tiles one jurisdiction.",
        "最高级网格不能合并：一个方案只覆盖一个辖区。",
    ),
    ("Grid {grid} is to remain, but is not among those that are merged.", "要保留的网格 {grid} 不在合并之列。"),
    ("Known: {names}.", "可选：{names}。"),
    ("A dedicated grid has the name of its institution, and none is given.", "专属网格须以单位命名，但未填写名称。"),
    ("Exactly one of blocks and a patch is needed.", "街区和范围须且只须给出其一。"),
    ("Say which land it has.", "请指明其土地。"),
    (
        (
            "Grid {grid} does not touch the grids that it is to be merged with: it lies {away} m from {other} and what "
            "touches it."
        ),
        "网格 {grid} 与要合并的网格不相连：距 {other} 及与其相连的部分 {away} 米。",
    ),
    ('If it is meant, name it: "apart": ["{grid}"].', "如确需合并，请勾选“允许不相连”或填写该网格：{grid}。"),
    ("The edge of the patch cuts building {building}.", "所画边线切割楼栋 {building}。"),
    ("Draw it around the building.", "请绕开该楼栋。"),
    ("The land in the patch is in grid {grid} already.", "所画范围内的土地已属于网格 {grid}。"),
    ("Draw it over other land.", "请画在其他土地上。"),
    ("Neither a band nor a load is given.", "未给出区间，也未给出负荷。"),
    ('E.g. "band": [300, 500].', "例如 300 至 500。"),
    ("That is the band already: {band}.", "区间已是 {band}。"),
    ("No grid is named.", "未指定网格。"),
    ("Name grids by their codes.", "请填写网格编码。"),
    ("Grid {grid} is locked by {login} already.", "网格 {grid} 已由 {login} 锁定。"),
    ("Grid {grid} is locked by {login}.", "网格 {grid} 已由 {login} 锁定。"),
    ("Grid {grid} is locked.", "网格 {grid} 已锁定。"),
    ("Grid {grid} is not locked.", "网格 {grid} 未锁定。"),
    ("Unlock {grid}.", "请解锁 {grid}。"),
    (
        "Of {depth} levels those between the top and the lowest can be taken out, and {position} is asked for.",
        "共 {depth} 级，只能删除最高级与最低级之间的层级，而所选为第 {position} 级。",
    ),
    ("Merge grids to do without the lowest.", "如不需要最低级，请合并网格。"),
    (
        "A level can be put at 2 to {last}, and {position} is asked for.",
        "层级可插入第 2 至 {last} 级，而所选为第 {position} 级。",
    ),
    ("The plan has {depth} levels, and at most {most} are kept.", "方案已有 {depth} 级，最多 {most} 级。"),
    ("The plan has {depth} levels and no level {position}.", "方案有 {depth} 级，没有第 {position} 级。"),
    ("A level has a name, and none is given.", "层级须有名称，但未填写。"),
    ("A level is called {name} already.", "已有名为{name}的层级。"),
    ("Choose another name.", "请换一个名称。"),
    ("{count} grids would have the code {code}.", "将有 {count} 个网格使用编码 {code}。"),
    ("Codes are unique.", "编码不得重复。"),
    ("The new code of grid {grid} is empty.", "网格 {grid} 的新编码为空。"),
    (
        "Grid {grid} is of level {level}; its parent is of level {above}, and {parent} is of level {other}.",
        "网格 {grid} 为第 {level} 级，上级应为第 {above} 级，而 {parent} 为第 {other} 级。",
    ),
    ("A duty has a role and a holder.", "责任须有角色和责任人。"),
    ("Give both.", "请两项都填写。"),
    ("{holder} is {role} of grid {grid} already.", "{holder} 已是网格 {grid} 的{role}。"),
    ("{holder} is not {role} of grid {grid}.", "{holder} 不是网格 {grid} 的{role}。"),
    ("On duty there: {names}.", "现有责任人：{names}。"),
    (
        "Level {level} has more grids below one parent than {profile} has numbers.",
        "第 {level} 级某上级之下的网格数超过规则 {profile} 的编号数。",
    ),
    ("Choose a profile with more digits.", "请选择位数更多的规则。"),
    ("The new name of grid {grid} is empty.", "网格 {grid} 的新名称为空。"),
    ("Grid {grid} would have no grid below it.", "网格 {grid} 将没有下级网格。"),
    ("Merge it with {grid} instead.", "请改为与 {grid} 合并。"),
    ("The plan has no band.", "方案没有区间。"),
    (
        "No move of blocks between these grids brings one nearer to the band.",
        "在这些网格之间调整街区无法使任何一个更接近区间。",
    ),
    ("Add neighbours, split or merge, or choose another band.", "请加入相邻网格、拆分、合并或更改区间。"),
    ("There are: {names}.", "可选：{names}。"),
    ("{name} is no member of {kind}.", "{kind}没有字段 {name}。"),
    ("No operation is given.", "未给出操作。"),
    ("Operation {number}:", "第 {number} 项操作："),
    ("{name} is missing.", "缺少 {name}。"),
    ("The line does not divide grid {grid}.", "该线未能分割网格 {grid}。"),
    ("Draw it from edge to edge, a little beyond both.", "请从一边画到另一边，并略微超出。"),
    ("Every block of grid {grid} lies mostly on one side of the line.", "网格 {grid} 的街区都主要在线的同一侧。"),
    ("Draw it nearer to the middle, or have the blocks cut.", "请画在更靠中间的位置，或沿线切开街区。"),
    ("Give a number of grids.", "请给出网格个数。"),
    (
        "Nothing tells how to split grid {grid} into a band: no block of it has any {load}.",
        "无法按区间拆分网格 {grid}：其街区都没有{load}。",
    ),
    ("Give a number of grids, or import loads.", "请给出网格个数，或导入负荷。"),
    (
        "Grid {grid} is best left whole: its load is {load}, in {count}.",
        "网格 {grid} 不宜拆分：负荷为 {load}，共{count}。",
    ),
    ("Give a number of grids, or a lower band.", "请给出网格个数，或降低区间。"),
    (
        "Grid {grid} cannot be split into {number}: it has {count} in {pieces}.",
        "网格 {grid} 无法拆成 {number} 个：只有{count}，分为{pieces}。",
    ),
    ("Code {code} is in use.", "编码 {code} 已被使用。"),
    ("Choose another one.", "请换一个。"),
    ("Grid {grid} would have no block left.", "网格 {grid} 将没有街区。"),
    ("Merge it with another grid instead, or leave it a block.", "请改为与其他网格合并，或至少保留一个街区。"),
    ("Leave it one, or merge it with another of its level.", "请至少保留一个，或与同级网格合并。"),
    ("Make a new draft from the edition, and change it there.", "请从该版次新建草案后再修改。"),
    ("Plans do not know the load {load}.", "方案没有负荷{load}。"),
    ("The plan has no block {blocks}.", "方案没有街区 {blocks}。"),
    ("Take the numbers from its blocks as they are now.", "编号须取自方案现有的街区。"),
    ("The plan has no grid {grids}.", "方案没有网格 {grids}。"),
    (
        "Grid {grid} is of level {level}, and only grids of level {depth} have blocks.",
        "网格 {grid} 为第 {level} 级，只有第 {depth} 级网格拥有街区。",
    ),
    (
        (
            "The plan was made from edition {base} ({number}) and knows nothing of edition {edition} ({other}), which "
            "came into force after that."
        ),
        "方案基于版次{base}（{number}），未包含其后施行的版次{edition}（{other}）。",
    ),
    ("To publish it would undo: {lost}.", "发布将撤销以下内容：{lost}。"),
    (
        "Carry its changes onto that edition: geogrid plan rebase {plan}.",
        "请将其修改并入该版次（方案 {plan}）。",
    ),
    ("Or accept it with a reason.", "或说明理由后接受。"),
    ("Plan {plan} has no grid {grid}.", "方案 {plan} 没有网格 {grid}。"),
    ("{by} works on grid {grid} until {until} UTC.", "{by} 正在编辑网格 {grid}，至 {until}（UTC）。"),
    ("Talk to each other; edits that touch other grids never collide.", "请相互沟通；对其他网格的编辑不会冲突。"),
    ("Plan {plan} has no comment {comment}.", "方案 {plan} 没有意见 {comment}。"),
    ("The comment says nothing.", "意见内容为空。"),
    ("Write what you think.", "请填写意见。"),
    ("The comment has {count} characters, and {most} are the most.", "意见有 {count} 个字符，最多 {most} 个。"),
    ("Say it in two comments.", "请分两条填写。"),
    (
        "Plans {old} and {new} tile different jurisdictions; only plans of one are compared.",
        "方案 {old} 与 {new} 属于不同辖区，只能对比同一辖区的方案。",
    ),
    ("There is no plan {plan}.", "没有方案 {plan}。"),
    ("List them with: geogrid plan show", "请在方案列表中查看。"),
    (
        "Plan {plan} is at version {version}, and the request is about version {old}.",
        "方案 {plan} 现为第 {version} 版，而请求针对第 {old} 版。",
    ),
    (
        "Look at what changed since, read the plan again and repeat the request.",
        "请查看其间的修改，重新读取方案后再提交。",
    ),
    (
        "Plan {plan} ({number}) is {state}, and only drafts are edited.",
        "方案{plan}（{number}）状态为{state}，只有草案可编辑。",
    ),
    ("Send it back to draft first.", "请先退回草案。"),
    ("Make a new draft from it.", "请由其新建草案。"),
    (
        "Plan {plan} ({number}) is {state} and cannot become {other}.",
        "方案{plan}（{number}）状态为{state}，不能变为{other}。",
    ),
    ("It can become: {states}.", "可变为：{states}。"),
    ("Make a new plan from it.", "请由其新建方案。"),
    (
        "Plan {plan} ({number}) was published for a day to come and withdrawn; servers may know it as it is.",
        "方案{plan}（{number}）曾预定发布后撤回，服务器可能已读取其内容。",
    ),
    ("Publish it for another day, or make a new draft from it.", "请改日发布，或由其新建草案。"),
    ("The plan has no name.", "方案没有名称。"),
    ("Give one.", "请填写。"),
    ("There is no edit of plan {plan} to take back.", "方案 {plan} 没有可撤销的编辑。"),
    (
        (
            "Edit {position} of plan {plan} was made before its blocks or their loads were counted again, and is no "
            "longer taken back."
        ),
        "方案 {plan} 的第 {position} 步编辑早于街区或负荷的更新，不能再撤销。",
    ),
    ("Edit the plan as it is now.", "请在方案现状上编辑。"),
    ("There is no edit of plan {plan} to do again.", "方案 {plan} 没有可重做的编辑。"),
    ("{by} has made no edit of plan {plan} that stands.", "{by} 在方案 {plan} 中没有有效的编辑。"),
    ("The last one is of {by} ({kind}), who may take it back.", "最后一步由 {by} 所做（{kind}），可由其撤销。"),
    ("Read these grids again and repeat the request on top.", "请重新读取这些网格后再提交。"),
    (
        "Grid {grid} was changed by {by} ({kind}, {time} UTC); it is at version {version}.",
        "网格 {grid} 已由 {by} 修改（{kind}，{time} UTC），现为第 {version} 版。",
    ),
    (
        "Grid {grid} was changed by {by} ({kind}, {time} UTC); it is gone.",
        "网格 {grid} 已由 {by} 修改（{kind}，{time} UTC），现已不存在。",
    ),
    ("Grid {grid} was changed; it is at version {version}.", "网格 {grid} 已被修改，现为第 {version} 版。"),
    ("Grid {grid} was changed; it is gone.", "网格 {grid} 已不存在。"),
    (
        "Grid {grid} is touched, too, and the request does not name it; changed last by {by} ({kind}, {time} UTC).",
        "网格 {grid} 也受影响而请求未列出；最近由 {by} 修改（{kind}，{time} UTC）。",
    ),
    ("Grid {grid} is touched, too, and the request does not name it.", "网格 {grid} 也受影响而请求未列出。"),
    ("And {count} more.", "另有 {count} 个。"),
    (
        (
            "Edit {position} of {by} ({kind}) is not {verb}: edit {other} of {whose} ({what}) has touched the same "
            "since: {grids}."
        ),
        (
            "{by} 的第 {position} 步编辑（{kind}）无法{verb}："
            "{whose} 的第 {other} 步编辑（{what}）其后改动了相同内容：{grids}。"
        ),
    ),
    (
        "Edit {position} of {by} ({kind}) is not {verb}: {whose} has touched the same since: {grids}.",
        "{by} 的第 {position} 步编辑（{kind}）无法{verb}：{whose} 其后改动了相同内容：{grids}。",
    ),
    (
        "Levels and the band are of the whole plan, and the request names grids.",
        "层级和区间针对整个方案，而请求只列出了网格。",
    ),
    ("Send If-Match with the version of the plan.", "请用 If-Match 说明方案版本。"),
    ("Blocks have no level.", "街区没有层级。"),
    ("Leave level out; grid tells whose blocks.", "请去掉层级，用网格指明所属。"),
    ("Plan {plan} ({number}) is published.", "方案{plan}（{number}）已发布。"),
    (
        "Plan {plan} ({number}) was not made from an edition: it has no changes of its own to carry over.",
        "方案{plan}（{number}）并非基于版次，没有可并入的修改。",
    ),
    ("Compare it with the edition in force, and publish it as it is.", "请与现行版次对比后直接发布。"),
    (
        "Plan {plan} ({number}) was made from edition {base} ({other}), and no other has come into force since.",
        "方案{plan}（{number}）基于版次{base}（{other}），其后没有新版次施行。",
    ),
    ("There is nothing to carry over.", "没有需要并入的内容。"),
    ("Plan {plan} has no band.", "方案{plan}没有区间。"),
    (
        "No grid of plan {plan} that may be drawn anew has any {load}: nothing tells how many grids there should be.",
        "方案{plan}中可重新划分的网格都没有{load}，无法确定网格个数。",
    ),
    (
        "Import them with `geogrid import loads`, or import the town with --buildings or --load area.",
        "请先导入负荷，或导入带楼栋的底图。",
    ),
    (
        "{count} grids are asked for, and {parents} grids above them need one at least.",
        "要求 {count} 个网格，而 {parents} 个上级网格各至少需要一个。",
    ),
    ("Ask for {count} or more.", "请填写 {count} 或更多。"),
    (
        "Plan {plan} ({number}) is {state}; what was accepted of it stands.",
        "方案{plan}（{number}）状态为{state}，已接受的内容不再更改。",
    ),
    ("No reason is given.", "未说明理由。"),
    ("Say why it is acceptable.", "请说明可接受的理由。"),
    ("Problems of the kind {kind} are never accepted.", "{kind} 类问题不可接受。"),
    ("Repair them.", "请修正。"),
    ("Store the plan again from its source.", "请由来源重新保存方案。"),
    ("The {what} {which} names grid {grid}, which the plan has not.", "{what} {which} 引用了方案中没有的网格 {grid}。"),
    ("A duty names grid {grid}, which plan {plan} has not.", "责任引用了方案{plan}中没有的网格 {grid}。"),
    ("There is no drawing {task}.", "没有绘制任务 {task}。"),
    ("The drawing of {plan} is {state} already.", "{plan}的绘制任务状态已为{state}。"),
    (
        (
            "The period begins {time} ago, at {moment}: lookups of that time were answered from edition {editions} and "
            "are answered otherwise from now on; {cases} reported in it."
        ),
        "施行期始于 {time}前（{moment}）：当时的查询按版次{editions}作答，此后将不同；其间受理{cases}。",
    ),
    (
        "Publish from a moment to come, or accept it by its name, backdated, with a reason.",
        "请从将来某一时刻起发布，或说明理由后接受（backdated）。",
    ),
    (
        "The period ends at {moment}, and no edition is in force from then on {end}: lookups find no grid.",
        "施行期止于 {moment}，此后没有施行的版次（{end}），查询将无结果。",
    ),
    (
        "Leave valid_to out, so that it is in force until replaced, or accept it by its name, hole, with a reason.",
        "请勿填写截止日期，使其施行至被替换；或说明理由后接受（hole）。",
    ),
    ("{kind} is no warning of a period.", "{kind} 不是施行期的警告。"),
    ("Plan {plan} ({number}) is already {state}.", "方案{plan}（{number}）状态已为{state}。"),
    ("A time of validity has no offset.", "施行时间缺少时区。"),
    ("Write it as in 2026-01-01T00:00:00+08:00.", "写法如 2026-01-01T00:00:00+08:00。"),
    ("The period ends at {end}, not after its start {start}.", "施行期截止 {end} 不晚于开始 {start}。"),
    (
        "Edition {edition} already starts at {moment}, within the period of {plan}.",
        "版次{edition}已定于 {moment} 施行，在{plan}的施行期之内。",
    ),
    ("Publish with an end before it, or from a later moment.", "请将截止日期提前，或从更晚的时刻发布。"),
    (
        "Plan {plan} ({number}) was never an edition; publish it instead.",
        "方案{plan}（{number}）从未成为版次，请直接发布。",
    ),
    (
        "Edition {edition} ({number}) is in force at {moment} as it is.",
        "版次{edition}（{number}）在 {moment} 已在施行。",
    ),
    (
        "Plan {plan} ({number}) is {state}, and only approved plans are published.",
        "方案{plan}（{number}）状态为{state}，只有已批准的方案可发布。",
    ),
    ("Send it to review and approve it: geogrid plan review {plan} in_review, then approved.", "请先送审并批准。"),
    ("Plan {plan} ({number}) is {state}: it is no edition.", "方案{plan}（{number}）状态为{state}，不是版次。"),
    (
        "Edition {edition} ({number}) is in force since {moment}, and lookups were answered from it.",
        "版次{edition}（{number}）自 {moment} 起施行，查询已据此作答。",
    ),
    ("Return to a former edition with: geogrid plan rollback", "如需恢复旧版次，请使用回退。"),
    (
        "Edition {later} ({other}) comes after {edition} ({number}) and says what became of its grids.",
        "版次{later}（{other}）在{edition}（{number}）之后，并记录其网格的去向。",
    ),
    ("Withdraw that one first.", "请先撤回该版次。"),
    ("No edition of {town} is in force.", "{town}没有施行中的版次。"),
    ("Choose a plan to start from.", "请选择起始方案。"),
    ("The band is {low} to {high}.", "区间为 {low} 至 {high}。"),
    ("Give two numbers, 0 < low <= high.", "请给出两个数：0 < 下限 ≤ 上限。"),
    ("The place is {place}.", "位置为 {place}。"),
    ("Give longitude, latitude in degrees, e.g. 116.4, 39.9.", "请填写经度、纬度（度），如 116.4, 39.9。"),
    ("{name} is {value}, which is no whole number.", "{name} 为 {value}，不是整数。"),
    ("The form does not say where the plan goes.", "表单未说明方案的去向。"),
    (
        "Zoom {zoom} has no tile {x}, {y}; columns and rows go from 0 to {last}.",
        "第 {zoom} 级没有瓦片 {x}, {y}；行列号为 0 至 {last}。",
    ),
    ("Say with based_on which plan to start from.", "请指明起始方案。"),
    ("{login} has edited plan {plan} himself.", "{login} 本人编辑过方案 {plan}。"),
    ("Somebody else approves it.", "须由他人批准。"),
    ("This server offers no edition of jurisdiction {town}.", "本服务器没有辖区 {town} 的版次。"),
)
"""English with named values, Chinese."""
