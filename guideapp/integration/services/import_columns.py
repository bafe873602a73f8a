"""The headings of an uploaded table: the API's names, or what retailers write in Chinese."""

from collections.abc import Mapping

# What people call a column → the fields it may be; the first that the resource has.
_TITLES: dict[str, tuple[str, ...]] = {
    "工号": ("staff_no",),
    "账号": ("userid",),
    "姓名": ("name",),
    "名称": ("name",),
    "性别": ("gender",),
    "手机号": ("phone",),
    "手机": ("phone",),
    "职务": ("position",),
    "离职日期": ("left_on",),
    "门店编号": ("store", "home_store", "code"),
    "门店": ("store", "home_store"),
    "品牌": ("brand",),
    "商场": ("mall",),
    "大区": ("region",),
    "城市": ("city",),
    "关店日期": ("closed_on",),
    "编号": ("code", "number"),
    "会员号": ("member", "number"),
    "会员": ("member",),
    "卡号": ("card", "number"),
    "等级": ("level",),
    "积分": ("points",),
    "余额（分）": ("balance_fen",),
    "开卡时间": ("opened_at",),
    "生日": ("birthday",),
    "款号": ("style_no",),
    "货号": ("style_no",),
    "品类": ("category",),
    "吊牌价（分）": ("list_price_fen",),
    "颜色": ("colour",),
    "尺码": ("size",),
    "条码": ("barcode",),
    "订单号": ("order_no",),
    "用途": ("purpose",),
    "文本版本": ("version",),
    "渠道": ("channel",),
    "同意时间": ("given_at",),
    "撤回时间": ("withdrawn_at",),
    "资料截至": ("as_of",),
}

_VALUES = {
    "gender": {"男": "1", "女": "2", "未知": "0"},
    "purpose": {
        "会员服务": "membership",
        "营销信息": "marketing",
        "个性化推荐": "profiling",
        "商场与品牌共享": "sharing",
    },
}


def value_of(name: str, cell: str) -> str:
    """A cell as the API takes it (`女` → `2`)."""
    return _VALUES.get(name, {}).get(cell, cell)


def field_named(title: str, known: Mapping[str, bool]) -> str:
    """The field that a heading stands for, or '' when the resource has none of that name."""
    plain = title.strip().removeprefix("\ufeff")
    outer = plain.partition(".")[0]
    if outer in known:
        return plain
    return next((name for name in _TITLES.get(plain, ()) if name in known), "")


def title_of(name: str, known: Mapping[str, bool]) -> str:
    """The Chinese heading that is read as this field of the resource, or its own name."""
    return next((title for title in _TITLES if field_named(title, known) == name), name)
