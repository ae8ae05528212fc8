import pytest
from django.core.management import CommandError, call_command

from accounts.official.models import OfficialAccount

pytestmark = pytest.mark.django_db

OPTIONS = {
    "name": "演示",
    "kind": "service",
    "appid": "wx0123456789abcdef",
    "appsecret": "0123456789abcdef0123456789abcdef",
    "token": "demotoken",
    "aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "mode": "safe",
    "original_id": "gh_0123456789ab",
}


def test_an_account_is_made_and_its_callback_address_printed(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("configure_account", "demo", **OPTIONS)
    assert capsys.readouterr().out.strip().endswith("/wechat/demo/callback")
    account = OfficialAccount.objects.get()
    assert (account.token, account.mode) == ("demotoken", "safe")


def test_a_second_call_changes_what_it_names_and_keeps_the_previous_token_for_a_while() -> None:
    call_command("configure_account", "demo", **OPTIONS)
    call_command("configure_account", "demo", token="another")
    account = OfficialAccount.objects.get()
    assert (account.name, account.token) == ("演示", "another")
    assert [each.text for each in account.previous("token")] == ["demotoken"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"appid": "wx1"}, "--appid: An AppID is wx and 16"),
        ({"original_id": "x" * 99}, "--original-id: "),
        ({"token": "?"}, "3 to 32 letters"),
        ({"aes_key": "short"}, "exactly 43"),
    ],
)
def test_nonsense_is_refused_in_a_sentence_and_changes_nothing(wrong: dict[str, str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("configure_account", "demo", **(OPTIONS | wrong))
    assert not OfficialAccount.objects.exists()


def test_sentences_are_in_the_language_that_is_asked_for() -> None:
    with pytest.raises(CommandError, match="SLUG: 只能用英文字母"):
        call_command("configure_account", "my shop", language="zh-hans", **OPTIONS)


def test_a_secret_that_nobody_is_there_to_type_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", nobody)
    with pytest.raises(CommandError, match="AppSecret cannot be asked for"):
        call_command("configure_account", "demo", **(OPTIONS | {"appsecret": "-"}))
