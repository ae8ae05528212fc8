"""Many channels from a file, or none."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from tests import workbooks
from tests.cast import Cast, signed_in
from tests.channels.conftest import ChannelMaker
from wechat.channels import batches, limits
from wechat.channels.batches import Making, UnreadableBatch
from wechat.channels.models import Channel, Code

pytestmark = pytest.mark.django_db

PAGE = "/admin/channels/channel/batch/"


def read(account: OfficialAccount, text: str) -> batches.Batch:
    return batches.read(account, text.encode(), Making())


def problems(account: OfficialAccount, text: str) -> list[tuple[int, int]]:
    """Returns the numbers of the wrong rows, each with its number of errors."""
    return [(row.number, len(row.problems)) for row in read(account, text).wrong]


def test_a_file_makes_channels_with_everything_in_it(account: OfficialAccount, staff: Cast) -> None:
    fair, vip = (Tag.objects.create(account=account, name=name) for name in ("展会", "VIP"))
    text = "名称,分组,地点,负责人,成本（元）,标签\n一号店,门店,广州,editor,￥１２0.5,展会、VIP\n二号店,,,,,\n"
    text += "三号店,,,,￥1200元,\n"
    (first, second, third) = batches.make(read(account, text))
    assert (first.name, first.group, first.place, first.owner, first.cost) == (
        "一号店", "门店", "广州", staff.editor, 12_050,
    )  # fmt: skip
    assert set(first.tags.all()) == {fair, vip}
    assert (second.cost, second.owner, third.cost) == (0, None, 120_000)
    assert {code.state for code in Code.objects.all()} == {"waiting"}
    assert first.scene != second.scene


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_of_excel_is_read_in_its_encoding(account: OfficialAccount, encoding: str) -> None:
    batch = batches.read(account, "名称,地点\n收银台,广州\n".encode(encoding), Making())
    assert batch.rows[0].channel.name == "收银台"
    assert batch.text == "名称,地点\n收银台,广州\n"


def test_each_wrong_row_says_all_that_is_wrong(account: OfficialAccount, channel: ChannelMaker) -> None:
    channel("有了")
    rows = [
        "name,owner,cost,tags",
        "good,,1.5,",
        ",,,",
        "有了,,,",
        "good,,,",
        "x,nobody,-1,none",
        "y,,1.234,",
        f"{'z' * 61},,,",
        "comma,,1,,more",
    ]
    assert problems(account, "\n".join(rows)) == [(4, 1), (5, 1), (6, 3), (7, 1), (8, 1), (9, 1)]


def test_a_title_above_the_table_counts_in_the_numbers_and_nowhere_else(account: OfficialAccount) -> None:
    batch = read(account, "门店清单,,\n,,\n,名称,地点\n1,一号店,广州\n2,#REF!,\n")
    assert [(row.number, row.channel.name, len(row.problems)) for row in batch.rows] == [
        (4, "一号店", 0),
        (5, "#REF!", 1),
    ]
    assert read(account, batch.text).rows[0].channel.place == "广州"


def test_an_empty_row_counts_in_the_numbers_and_nowhere_else(account: OfficialAccount) -> None:
    batch = read(account, "name\n\na\n,\nb\n")
    assert [(row.number, row.channel.name) for row in batch.rows] == [(3, "a"), (5, "b")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"name\n",
        b"place\nx\n",
        b"name,colour\nx,red\n",
        b"name,name\nx,y\n",
        b"PK\x03\x04\x00\x00\xff\xfe\x00zip",
        b"name\n" + b"\n".join(b"n%d" % number for number in range(1001)),
        b"name\n" + b"x" * batches.LARGEST_FILE,
        b'name\n"' + b"x" * 200_000,
    ],
)
def test_what_is_no_table_of_channels_is_refused_in_a_sentence(account: OfficialAccount, body: bytes) -> None:
    with pytest.raises(UnreadableBatch) as refused:
        batches.read(account, body, Making())
    assert str(refused.value).endswith(("。", "."))


@settings(max_examples=60)
@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: f"名称,成本\n{text}".encode()))
)
def test_no_file_breaks_the_reader(account: OfficialAccount, body: bytes) -> None:
    try:
        batch = batches.read(account, body, Making())
    except UnreadableBatch:
        return
    for row in batch.rows:
        if not row.problems:
            row.channel.full_clean()


def test_more_permanent_codes_than_are_left_are_refused(
    account: OfficialAccount, channel: ChannelMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_PERMANENT", 2)
    channel()
    with pytest.raises(UnreadableBatch, match="1"):
        read(account, "name\na\nb\n")
    assert len(batches.read(account, b"name\na\nb\n", Making("temporary", 7)).rows) == 2


def test_the_page_shows_first_and_makes_then(staff: Cast) -> None:
    client = signed_in(staff.editor)
    sent = {"account": staff.ours.pk, "lifetime": "temporary", "days": 7}
    file = SimpleUploadedFile("a.csv", "名称\n收银台\n".encode("gb18030"))
    shown = client.post(PAGE, {**sent, "file": file})
    assert not Channel.objects.exists()
    assert "收银台" in shown.content.decode()
    client.post(PAGE, {**sent, "text": shown.context["batch"].text, "agreed": "1"})
    made = Channel.objects.get()
    assert (made.name, made.lifetime, made.days, made.account) == ("收银台", "temporary", 7, staff.ours)


def test_one_wrong_row_makes_nothing_even_when_agreed(staff: Cast) -> None:
    sent = {"account": staff.ours.pk, "lifetime": "permanent", "days": 30}
    page = signed_in(staff.editor).post(PAGE, {**sent, "text": "name,cost\na,1\nb,x\n", "agreed": "1"})
    assert not Channel.objects.exists()
    assert page.status_code == 200


@pytest.mark.parametrize("who", ["service", "auditor", "outsider", "nobody"])
def test_only_who_may_change_channels_may_make_them(staff: Cast, who: str) -> None:
    sent = {"account": staff.ours.pk, "lifetime": "permanent", "days": 30, "text": "name\na\n", "agreed": "1"}
    assert signed_in(getattr(staff, who)).post(PAGE, sent).status_code in (302, 403)
    assert not Channel.objects.exists()


def test_the_example_can_be_read(account: OfficialAccount, staff: Cast) -> None:
    file = signed_in(staff.editor).get(f"{PAGE}example.csv").content
    assert not batches.read(account, file, Making()).wrong


def test_a_thousand_channels_are_made_in_one_go(account: OfficialAccount) -> None:
    text = "name,place\n" + "".join(f"n{number},p\n" for number in range(1000))
    assert len(batches.make(read(account, text))) == 1000
    assert Code.objects.filter(due_at__lte=datetime.datetime.now(tz=datetime.UTC)).count() == 1000


@pytest.mark.parametrize("shared", [True, False])
def test_a_workbook_is_shown_and_made_like_a_text(staff: Cast, shared: bool) -> None:
    client, names = signed_in(staff.editor), ["名称", "地点", "收银台", "广州"]
    places = ("A1", "B1", "A3", "B3")
    cells = [
        f'<c r="{place}" t="s"><v>{number}</v></c>'
        if shared
        else f'<c r="{place}" t="inlineStr"><is><t>{names[number]}</t></is></c>'
        for number, place in enumerate(places)
    ]
    rows = f'<row r="1">{"".join(cells[:2])}</row><row r="3">{"".join(cells[2:])}</row>'
    strings = workbooks.strings(*(f"<t>{name}</t>" for name in names))
    file = SimpleUploadedFile("a.xlsx", workbooks.of_excel(rows, shared=strings))
    sent = {"account": staff.ours.pk, "lifetime": "temporary", "days": 7}
    shown = client.post(PAGE, {**sent, "file": file})
    assert [row.number for row in shown.context["batch"].rows] == [3]
    client.post(PAGE, {**sent, "text": shown.context["batch"].text, "agreed": "1"})
    made = Channel.objects.get()
    assert (made.name, made.place) == ("收银台", "广州")


@pytest.mark.parametrize(("name", "body"), workbooks.hostile().items())
def test_a_file_that_would_cost_much_is_refused_in_words(staff: Cast, name: str, body: bytes) -> None:
    sent = {"account": staff.ours.pk, "lifetime": "temporary", "days": 7}
    file = SimpleUploadedFile("a.xlsx", body)
    page = signed_in(staff.editor).post(PAGE, {**sent, "file": file})
    assert page.context["refused"]
