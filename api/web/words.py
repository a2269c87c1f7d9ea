"""Words of the pages, in English and Simplified Chinese."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final, Literal, get_args

from fastapi import Request

from api.kit.negotiation import preferred_language
from api.web.account_words import ACCOUNT_WORDS
from api.web.casework_words import CASEWORK_WORDS
from api.web.feature_words import FEATURE_WORDS
from api.web.plan_words import PLAN_WORDS
from api.web.workbench_words import WORKBENCH_WORDS

Lang = Literal["en", "zh"]
LANGS: Final[tuple[Lang, ...]] = get_args(Lang)
HTML_LANG: Final = MappingProxyType({"en": "en", "zh": "zh-CN"})

Say = Callable[..., str]

_WORDS: Final = MappingProxyType(
    {
        **ACCOUNT_WORDS,
        **FEATURE_WORDS,
        **WORKBENCH_WORDS,
        **PLAN_WORDS,
        **CASEWORK_WORDS,
        "tagline": ("Every place has one grid, and somebody on duty", "每个地方都有网格，每个网格都有人负责"),
        "skip": ("Skip to the content", "跳到正文"),
        "home": ("Home", "首页"),
        "coverage": ("Coverage map", "网格覆盖图"),
        "hotspots": ("Hotspot map", "诉求热点图"),
        "search": ("Case search", "诉求查询"),
        "interface": ("Interface", "开发接口"),
        "nav_coverage": ("Coverage", "覆盖图"),
        "nav_hotspots": ("Hotspots", "热点图"),
        "nav_search": ("Case search", "诉求查询"),
        "nav_interface": ("Interface", "开发接口"),
        "other_language": ("中文", "English"),
        "jurisdiction": ("Jurisdiction", "辖区"),
        "edition": ("{name}", "版次：{name}"),
        "since": ("in force since {date}", "自 {date} 起施行"),
        "until": ("until {date}", "至 {date}"),
        "no_edition": ("No edition is in force", "目前没有施行中的版次"),
        "no_edition_hint": (
            "Publish a plan, then this page shows its grids. The cases stay searchable.",
            "发布方案后，此处显示其网格；诉求仍可查询。",
        ),
        "which_grid": ("Which grid is this?", "这里属于哪个网格？"),
        "which_grid_hint": (
            "Type an address, longitude, latitude, a code, a name or who is on duty – or click the map.",
            "输入地址、“经度, 纬度”、网格编码、名称或责任人，也可以直接点击地图。",
        ),
        "place": ("Address, longitude, latitude, code, name, person", "地址、“经度, 纬度”、编码、名称、责任人"),
        "find_grid": ("Find grid", "查询网格"),
        "answer": ("The grid", "查询结果"),
        "chain": ("Within", "上级"),
        "duty": ("On duty", "责任人"),
        "no_duty": ("Nobody is named for this grid or those above it.", "本网格及其上级尚未登记责任人。"),
        "call": ("Call {holder}", "致电 {holder}"),
        "to_boundary": ("{metres} to the nearest boundary", "距最近边界 {metres}"),
        "near_too": ("Within the uncertainty of the place", "位置误差范围内还有"),
        "matched": ("Found as {address}", "匹配到：{address}"),
        "about_m": ("within about {metres}", "误差约 {metres}"),
        "taken_as_latlon": ("Read as latitude, longitude.", "按“纬度, 经度”理解。"),
        "outside": ("Outside every grid", "不在任何网格内"),
        "outside_hint": (
            "{place} lies outside the grids of {jurisdiction}.",
            "{place} 不在{jurisdiction}的网格范围内。",
        ),
        "not_found": ("No such address", "没有找到该地址"),
        "not_found_hint": (
            "Nothing like “{query}” is among the known addresses. Try the street and number, or click the map.",
            "地址库中没有与“{query}”相近的地址。请只写街道和门牌号，或直接点击地图。",
        ),
        "bad_coordinates": (
            "Longitude must be from -180 to 180, latitude from -90 to 90.",
            "经度须在 -180 至 180 之间，纬度须在 -90 至 90 之间。",
        ),
        "cases_here": ("Cases of this grid", "本网格的诉求"),
        "grids": ("leaf grids", "末级网格"),
        "comprehensive": ("comprehensive", "综合网格"),
        "dedicated": ("dedicated", "专属网格"),
        "levels": ("levels", "层级"),
        "cases": ("cases", "诉求"),
        "cases_open": ("not closed yet", "未办结"),
        "cases_closed": ("closed", "已办结"),
        "without_grid": ("wait for a grid", "待定网格"),
        "up_to": ("to", "至"),
        "all_numbers": ("At a glance", "概览"),
        "picture": ("Grids of {name}", "{name}的网格"),
        "picture_hint": ("Click a place to see its grid", "点击任意位置查询网格"),
        "legend_under": ("under the band", "低于区间"),
        "legend_in": ("in the band", "区间内"),
        "legend_over": ("over the band", "高于区间"),
        "legend_unknown": ("not counted", "未计"),
        "legend_dedicated": ("dedicated", "专属网格"),
        "legend_case": ("case", "诉求"),
        "ways": ("Look further", "查看更多"),
        "coverage_text": (
            "Every grid with its load against the band, who is on duty, and land that no grid covers.",
            "逐格查看负荷与区间、责任人，以及未被任何网格覆盖的土地。",
        ),
        "hotspots_text": (
            "Where cases pile up: heat, clusters, counts per grid, through time.",
            "诉求集中在哪里：热力、聚合、分格统计、按时间播放。",
        ),
        "search_text": (
            "Find a case by words, grid, channel, category or day; see who handles it.",
            "按关键词、网格、渠道、类别或日期查找诉求，查看由谁办理。",
        ),
        "interface_text": (
            "Ask for grids, boundaries and cases from your own program. Described as OpenAPI.",
            "在自己的系统中查询网格、边界与诉求，附 OpenAPI 说明。",
        ),
        "sources": ("Data", "数据来源"),
        "nothing_stored": ("Nothing is stored yet", "尚无数据"),
        "nothing_stored_hint": (
            "Bring a town in, then come back: this page shows its grids and cases.",
            "导入一个辖区后再打开本页，即可看到网格与诉求。",
        ),
        "try_demo": ("A real town to look at, in a minute", "一分钟体验真实城区"),
        "own_grids": ("Your own grids, from any file that GDAL reads", "导入自己的网格（GDAL 能读取的任何文件）"),
        "area_at": ("Grids at {place}", "{place} 所在网格"),
        "area_several": ("Grids", "网格"),
        "area_self": ("This grid", "本网格"),
        "area_parents": ("Above", "上级"),
        "area_children": ("Below", "下级"),
        "area_neighbours": ("Beside", "相邻"),
        "area_none_parents": ("This grid is of the top level.", "本网格已是最高层级。"),
        "area_none_children": ("This grid is of the lowest level.", "本网格已是最低层级。"),
        "area_none_neighbours": ("No grid of this level shares a line with it.", "没有同层级的相邻网格。"),
        "area_none_at": ("No grid is here", "此处没有网格"),
        "area_none_at_hint": (
            "The point lies outside every grid of {name}. Longitude comes first.",
            "该点不在{name}的任何网格内。请先写经度，后写纬度。",
        ),
        "area_household_count": ("{count} households", "{count} 户"),
        "area_population_count": ("{count} residents", "{count} 人"),
        "area_building_count": ("{count} buildings", "{count} 栋建筑"),
        "area_map": ("Map of the grids listed", "所列网格的地图"),
        "area_as": ("The same for programs", "供程序使用"),
        "embed_legend": ("Legend", "图例"),
        "embed_outside": ("No grid is here.", "此处没有网格。"),
        "embed_failed": ("The map could not be loaded. Try again later.", "地图未能载入，请稍后再试。"),
        "embed_no_webgl": (
            "This browser cannot draw the map: it has no WebGL.",
            "此浏览器不支持 WebGL，无法显示地图。",
        ),
        "embed_no_script": ("This map needs JavaScript.", "此地图需要启用 JavaScript。"),
        "embed_open": ("More about this grid", "网格详情"),
        "embed_no_duty": ("Nobody is named for this grid.", "本网格尚未登记责任人。"),
        "embed_no_cases": ("Cases are not public here.", "诉求图层未公开。"),
        "embed_close": ("Close", "关闭"),
        "embed_problem": ("This map cannot be shown", "无法显示此地图"),
        "filters": ("Filters", "筛选条件"),
        "filters_on": ("{count} set", "已设 {count} 项"),
        "words": ("Words in the text or the address", "内容或地址中的关键词"),
        "words_hint": ("e.g. streetlight, or a street name", "如：路灯，或街道名"),
        "grid": ("Grid", "网格"),
        "grid_hint": ("Code of any level", "任一层级的编码"),
        "channel": ("Channel", "渠道"),
        "category": ("Category", "类别"),
        "status": ("Status", "状态"),
        "any": ("All", "全部"),
        "from": ("From", "起始日期"),
        "to": ("To", "截止日期"),
        "only_without_grid": ("Only cases that wait for a grid", "仅看待定网格"),
        "number": ("Number in its system", "来源系统编号"),
        "apply": ("Search", "查询"),
        "clear": ("Clear all", "清除条件"),
        "matched_count": ("{count} cases", "共 {count} 件"),
        "matched_one": ("1 case", "共 1 件"),
        "newest_first": ("newest first", "按时间倒序"),
        "csv": ("Download CSV", "下载 CSV"),
        "on_hotspots": ("Show on the hotspot map", "在热点图上查看"),
        "fix_fields": ("Correct the marked field, then search again.", "请更正标出的条件后重新查询。"),
        "nothing_matches": ("No case matches", "没有符合条件的诉求"),
        "nothing_matches_hint": (
            "Take a filter away, or use fewer words: every word must occur.",
            "请减少筛选条件或关键词：所有关键词须同时出现。",
        ),
        "no_cases": ("No case is stored yet", "尚无诉求"),
        "no_cases_hint": (
            "Bring cases in from a file, or send them one by one.",
            "可从文件导入，也可逐件提交。",
        ),
        "newer": ("Newer", "较新"),
        "links": ("Links", "链接"),
        "formats": ("As a file", "其他格式"),
        "before": ("Before", "上一页"),
        "after": ("More", "下一页"),
        "features_shown": ("{first} to {last} of {count}", "第 {first} 至 {last} 条，共 {count} 条"),
        "older": ("Older", "较早"),
        "pages": ("Pages", "翻页"),
        "results": ("Cases found", "查询结果"),
        "map_of_results": ("Map of the cases on this page", "本页诉求地图"),
        "map_needs_script": ("The map needs JavaScript; the list does not.", "地图需要 JavaScript，列表不需要。"),
        "not_on_map": ("no point", "无坐标"),
        "no_grid": ("no grid yet", "待定网格"),
        "open": ("Open", "待办"),
        "in_progress": ("In progress", "办理中"),
        "closed": ("Closed", "办结"),
        "case": ("Case {number}", "诉求 {number}"),
        "back_to_list": ("Back to the list", "返回列表"),
        "reported": ("Reported", "受理时间"),
        "closed_at": ("Closed", "办结时间"),
        "address": ("Address", "地址"),
        "no_text": ("(no text)", "（无内容）"),
        "located_by_point": ("by the point that was given", "按所报坐标"),
        "located_by_address": ("by its address", "按地址匹配"),
        "located": ("Placed", "定位方式"),
        "assigned_grid": ("Its grid", "所属网格"),
        "assigned_by": ("assigned by edition {name}", "由版次 {name} 确定"),
        "now_grid": ("Today the place belongs to", "该位置现属"),
        "waits": ("This case waits for somebody to place it.", "该诉求等待人工确定网格。"),
        "history": ("History", "办理过程"),
        "event_received": ("Received", "受理"),
        "event_assigned": ("Assigned to a grid", "确定网格"),
        "event_unassigned": ("No grid found", "未找到网格"),
        "event_reassigned": ("Assigned anew", "改派"),
        "event_closed": ("Closed", "办结"),
        "event_reporter_removed": ("Data of the reporter removed", "已清除诉求人信息"),
        "reporter": ("Who reported it", "诉求人"),
        "reporter_name": ("Reporter", "诉求人"),
        "reporter_telephone": ("Telephone", "联系电话"),
        "reporter_email": ("Mail", "电子邮箱"),
        "reporter_identity_number": ("Identity number", "身份证号"),
        "reporter_sealed": (
            "Names and numbers of persons are masked. To see them, say what for: the audit keeps it.",
            "个人姓名和号码已脱敏。查看原文须填写事由，系统将记入审计日志。",
        ),
        "reporter_shown": (
            "Shown once; the audit says so. Do not pass it on.",
            "仅本次显示，已记入审计日志，请勿外传。",
        ),
        "reporter_show": ("Show in plain words", "查看原文"),
        "reason": ("What for", "查看事由"),
        "reason_needed": ("Say what for, in at most 500 characters.", "请填写查看事由，不超过 500 字。"),
        "words_text": ("Text", "诉求内容"),
        "words_address": ("Address", "地址"),
        "words_channel": ("Channel", "渠道"),
        "words_category": ("Category", "类别"),
        "error_title": ("That did not work", "未能完成"),
        "error_400": ("Something in the address is not right", "请求参数有误"),
        "error_404": ("There is nothing here", "页面不存在"),
        "error_503": ("The database cannot be used at the moment", "数据库暂时不可用"),
        "error_500": ("GeoGrid failed at this request", "系统出错"),
        "to_home": ("To the start page", "返回首页"),
        "listed": ("What is wrong", "具体问题"),
        "retry": ("Try again in a few seconds.", "请稍后重试。"),
        "docs_title": ("The interface of GeoGrid", "GeoGrid 开发接口"),
        "not_allowed": ("“{value}” cannot be used; it must be {allowed}.", "“{value}”无法使用，应为：{allowed}。"),
        "unknown_grid": ("No edition has a grid of this code.", "任何版次中都没有该编码的网格。"),
        "bad_place": ("This link leads to no place in the list.", "链接中的翻页位置无效。"),
        "bad_date": ("“{value}” is not a day such as 2026-03-01.", "“{value}”不是有效日期，应如 2026-03-01。"),
        "empty_period": ("The first day lies after the last one.", "起始日期晚于截止日期。"),
    }
)


def has_word(key: str) -> bool:
    """Return whether there is a word; kinds of events may be the user's own."""
    return key in _WORDS


def language_of(request: Request) -> Lang:
    """Return the language of a request: the parameter ``lang``, else the browser's, else English."""
    lang = request.query_params.get("lang")
    if lang not in LANGS:
        lang = preferred_language(request.headers.get("accept-language", ""), LANGS)
    return "zh" if lang == "zh" else "en"


def speaker(lang: Lang) -> Say:
    """Return the function that says a word in a language; named places in it are filled in."""
    column = LANGS.index(lang)

    def say(key: str, **values: object) -> str:
        text = _WORDS[key][column]
        return text.format(**values) if values else text

    return say
