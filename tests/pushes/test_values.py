"""Tests of the platform's rules for field values, by the table of its documentation."""

import pytest
from django.core.exceptions import ValidationError

from wechat.pushes.values import TemplateField, check_all, fields_of

GOOD = [
    ("thing1", "一" * 20),
    ("number2", "12345678901234567890.50"),
    ("letter3", "abcXYZ"),
    ("symbol4", "★★★"),
    ("character_string5", "A20260207-001"),
    ("time6", "15:01"),
    ("time6", "2026年2月7日 15:01"),
    ("time6", "09:00~10:30"),
    ("date7", "2026年2月7日"),
    ("date7", "2026-02-07"),
    ("date7", "2026/02/07 10:00"),
    ("date7", "2026.02.07~2026.02.09"),
    ("amount8", "¥99.80"),
    ("amount8", "99.80元"),
    ("phone_number9", "+86-0766-66888866"),
    ("car_number10", "粤A8Z888挂"),
    ("name11", "林小雨"),
    ("name11", "Ada Lovelace"),
    ("phrase12", "配送中"),
    ("keyword1", "旧模板的字段没有规则，多长都可以" * 3),
]
BAD = [
    ("thing1", "一" * 21),
    ("thing1", ""),
    ("thing1", "  "),
    ("thing1", "两\n行"),
    ("number2", "12a"),
    ("number2", "1" * 33),
    ("letter3", "中文"),
    ("symbol4", "abc"),
    ("character_string5", "中文"),
    ("time6", "25:00"),
    ("time6", "明天"),
    ("date7", "2026年13月7日"),
    ("date7", "02-07"),
    ("amount8", "99.80.1"),
    ("amount8", "一百元"),
    ("amount8", "12345678901"),
    ("phone_number9", "1" * 18),
    ("car_number10", "粤A1234567"),
    ("name11", "一二三四五六七八九十一"),
    ("name11", "a" * 21),
    ("phrase12", "配送进行中啦"),
    ("phrase12", "ok"),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_what_the_table_allows_is_let_through(name: str, value: str) -> None:
    TemplateField(name, "字段").check(value)


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_breaks_the_rule_is_refused_with_a_sentence(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TemplateField(name, "字段").check(value)
    assert refused.value.messages[0]


def test_a_listed_value_is_one_of_the_list() -> None:
    field = TemplateField("enum3", "场地", ("室内", "室外"))
    field.check("室内")
    with pytest.raises(ValidationError):
        field.check("楼顶")


def test_the_fields_are_read_from_the_wording_in_its_order() -> None:
    content = "{{first.DATA}}\n预约时间：{{time2.DATA}}\n门店名称:{{ thing4.DATA }}\n再说一次{{time2.DATA}}"
    found = [(field.name, field.label, field.type) for field in fields_of(content)]
    assert found == [("first", "", "first"), ("time2", "预约时间", "time"), ("thing4", "门店名称", "thing")]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    fields = fields_of("a:{{thing1.DATA}}\nb:{{time2.DATA}}\nc:{{thing3.DATA}}")
    wrong = check_all(fields, {"thing1": "好", "time2": "明天"})
    assert sorted(wrong) == ["thing3", "time2"]
    assert (wrong["time2"][0], wrong["time2"][1].count("15:01")) == ("“明天”不符合要求。", 2)
