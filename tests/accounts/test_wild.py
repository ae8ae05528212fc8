"""Tests of arbitrary content of platform pages and files: it is stored completely or refused visibly."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.followers.models import BulkJob, CustomField, FieldValue, Follower, FollowerSync
from accounts.official.models import OfficialAccount
from tests.accounts.conftest import Crowd
from tests.accounts.test_jobs import imported, table
from tests.cast import Cast, signed_in
from wechat.console.tables.cells import unguarded
from wechat.kernel import work
from wechat.sdk.text import clean, without_unseen

pytestmark = pytest.mark.django_db(transaction=True)

few = settings(max_examples=15)
more = settings(max_examples=40)


@few
@given(
    page=st.integers(1, 6),
    repeats=st.integers(0, 6),
    skips=st.integers(0, 2),
    reverses=st.booleans(),
    left=st.integers(0, 3),
)
def test_a_run_ends_with_the_platforms_followers_or_says_that_it_did_not(
    crowd: Crowd, page: int, repeats: int, skips: int, reverses: bool, left: int
) -> None:
    crowd.platform.sim("/reset", {"keep_accounts": True})
    crowd.platform.create_account(crowd.account)
    Follower.objects.all().delete()
    FollowerSync.objects.all().delete()
    there = set(crowd.add(9))
    gone = {f"oGone{number}" for number in range(left)}
    for openid in gone:
        Follower.objects.create(account=crowd.account, openid=openid)
    crowd.platform.sim(
        "/settings",
        {
            "user_page_size": page,
            "user_page_repeats": repeats,
            "user_page_skips": skips,
            "user_page_reverses": reverses,
        },
    )
    run = crowd.sync()
    known = set(Follower.objects.filter(subscribed=True).values_list("openid", flat=True))
    assert run.step == FollowerSync.Step.DONE
    assert known <= there | gone
    if run.remarks:
        assert gone <= known
    else:
        assert known == there


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=14)
rows = st.lists(
    st.tuples(cells, st.one_of(st.just(""), st.integers(-9, 999).map(str), cells)), min_size=1, max_size=6
)


def _read(cell: str) -> str:
    """Returns what is read of a cell: unseen characters, and the guard against formulas, are left out."""
    return without_unseen(unguarded(without_unseen(clean(cell)))).strip()


@more
@given(rows)
def test_a_row_is_taken_whole_or_refused_with_its_number(
    account: OfficialAccount, wild: list[tuple[str, str]]
) -> None:
    Follower.objects.all().delete()
    BulkJob.objects.all().delete()
    CustomField.objects.get_or_create(account=account, name="鞋码", kind=CustomField.Kind.NUMBER)
    openids = [f"oWild{number}" for number in range(len(wild))]
    for openid in openids:
        Follower.objects.create(account=account, openid=openid)
    lines = [(openid, remark, size) for openid, (remark, size) in zip(openids, wild, strict=True)]
    job = imported(account, table(("OpenID", "备注", "鞋码"), *lines))
    refused = {fault.openid for fault in job.faults.all()}
    assert (job.state, job.processed, job.failed) == (BulkJob.State.DONE, len(wild), len(refused))
    for openid, remark, size in lines:
        row = Follower.objects.get(openid=openid)
        sizes = FieldValue.objects.filter(follower=row).count()
        if openid in refused:
            assert (row.remark, sizes) == ("", 0)
        else:
            assert row.remark == _read(remark)
            assert sizes == bool(_read(size))


@more
@given(st.binary(max_size=200) | st.text(max_size=80).map(str.encode))
def test_any_file_is_refused_or_becomes_a_job_that_ends(staff: Cast, data: bytes) -> None:
    BulkJob.objects.all().delete()
    form = {"account": staff.ours.pk, "file": SimpleUploadedFile("wild.csv", b"OpenID,\n" + data)}
    answer = signed_in(staff.owner).post(reverse("admin:followers_import"), form)
    job = BulkJob.objects.first()
    assert answer.status_code == (302 if job else 200)
    if job:
        work.run("followers.run_jobs")
        job.refresh_from_db()
        assert job.state in (BulkJob.State.DONE, BulkJob.State.FAILED)
        assert job.due_at is None
