"""The models of visitors, their sessions, and sign-ins."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.followers.handles import handle_name
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from wechat.api.models import ApiClient
from wechat.kernel.secrets import HasSecrets, SecretField


class Visitor(HasSecrets):
    """A person whom an account knows by openid through a login.

    They may follow or not; the login makes them no follower. ``nickname`` and ``avatar`` are there only for
    who consented.
    """

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="visitors", verbose_name=_("account")
    )
    openid = models.CharField(_("OpenID"), max_length=64)
    unionid = models.CharField(_("UnionID"), max_length=64, blank=True)
    nickname = models.CharField(_("nickname"), max_length=64, blank=True)
    avatar = models.URLField(_("avatar"), max_length=500, blank=True)
    consented_at = models.DateTimeField(_("consented"), null=True, blank=True)
    phone = SecretField(_("phone number"))
    session_key = SecretField()
    first_seen_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    last_login_at = models.DateTimeField(_("last login"), default=timezone.now)

    class Meta:
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")
        constraints = [
            models.UniqueConstraint(fields=["account", "openid"], name="visitor_once_per_account"),
            models.CheckConstraint(
                condition=models.Q(consented_at__isnull=False) | models.Q(nickname="", avatar=""),
                name="visitor_profile_by_consent",
            ),
        ]
        indexes = [models.Index(fields=["unionid"], name="visitor_person", condition=~models.Q(unionid=""))]

    def __str__(self) -> str:
        return self.nickname or handle_name(self.openid)

    @property
    def follower(self) -> Follower | None:
        """Returns the same person as a follower, now or once."""
        return Follower.objects.filter(account_id=self.account_id, openid=self.openid).first()

    def same_person(self) -> "models.QuerySet[Visitor]":
        """Returns the visitors of all accounts and mini programs that are this person, this one included."""
        if not self.unionid:
            return Visitor.objects.filter(pk=self.pk)
        return Visitor.objects.filter(unionid=self.unionid)


class AllowedSite(models.Model):
    """A web site that may send its visitors here to log in, and use the account's JS-SDK."""

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="allowed_sites", verbose_name=_("account")
    )
    host = models.CharField(
        _("host"),
        max_length=260,
        help_text=_("Exactly as in the address, with the port if there is one: shop.example.com"),
    )
    client = models.ForeignKey(
        ApiClient,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("API client"),
        help_text=_("The one that exchanges the site's login codes; it needs the scope login:exchange."),
    )

    class Meta:
        verbose_name = _("login site")
        verbose_name_plural = _("login sites")
        constraints = [models.UniqueConstraint(fields=["account", "host"], name="site_once_per_account")]

    def __str__(self) -> str:
        return self.host


class Handover(models.Model):
    """A code that tells another site, once and within a minute, who logged in; only its digest is kept."""

    digest = models.CharField(max_length=64, unique=True)
    site = models.ForeignKey(AllowedSite, models.CASCADE, related_name="+")
    visitor = models.ForeignKey(Visitor, models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")

    def __str__(self) -> str:
        return f"{self.site} · {self.visitor}"


class ScanLogin(models.Model):
    """A sign-in on a computer that waits for a telephone; ``browser`` is the digest of the cookie there."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for the scan")
        SCANNED = "scanned", _("scanned, not confirmed yet")
        CONFIRMED = "confirmed", _("confirmed")
        REFUSED = "refused", _("said no")
        USED = "used", _("signed in")

    account = models.ForeignKey(OfficialAccount, models.CASCADE, related_name="+", verbose_name=_("account"))
    scene = models.CharField(_("scene"), max_length=64, unique=True)
    browser = models.CharField(max_length=64)
    number = models.CharField(_("number"), max_length=2)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    openid = models.CharField(_("OpenID"), max_length=64, blank=True)
    return_to = models.CharField(max_length=500)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("sign-in by scanning")
        verbose_name_plural = _("sign-ins by scanning")

    def __str__(self) -> str:
        return self.scene

    @property
    def is_over(self) -> bool:
        return self.expires_at <= timezone.now()


class BrowserSession(models.Model):
    """A browser that is signed in to our own pages; its cookie names it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visitor = models.ForeignKey(Visitor, models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("browser session")
        verbose_name_plural = _("browser sessions")

    def __str__(self) -> str:
        return str(self.pk)


class LoginSession(HasSecrets):
    """A chain of refresh tokens, each good for one use; the newest has ``number``, signed with ``secret``.

    Those that were begun in a signed-in ``browser`` end with it, and it ends with any of them.
    """

    class Kind(models.TextChoices):
        WEB = "web", _("web page")
        MINIPROGRAM = "miniprogram", _("mini program")

    class End(models.TextChoices):
        LOGOUT = "logout", _("logged out")
        REUSE = "reuse", _("an old token came back")
        ERASED = "erased", _("the person's data were deleted")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visitor = models.ForeignKey(Visitor, models.CASCADE, related_name="sessions", verbose_name=_("visitor"))
    browser = models.ForeignKey(
        BrowserSession, models.CASCADE, null=True, blank=True, related_name="sessions"
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    secret = SecretField()
    number = models.PositiveIntegerField(default=1)
    rotated_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=8, choices=End.choices, blank=True)

    class Meta:
        verbose_name = _("login session")
        verbose_name_plural = _("login sessions")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_alive(self) -> bool:
        return self.ended_at is None and timezone.now() < self.expires_at

    def end(self, by: "LoginSession.End") -> None:
        """Ends it now, with every token and cookie of its browser; the first end counts."""
        if self.browser_id is None:
            end_all(LoginSession.objects.filter(pk=self.pk), by)
        else:
            end_browser(self.browser_id, by)


def end_browser(pk: uuid.UUID, by: LoginSession.End) -> None:
    """Signs a browser out: of our pages, and of every session that was begun in it."""
    BrowserSession.objects.filter(pk=pk, ended_at=None).update(ended_at=timezone.now())
    end_all(LoginSession.objects.filter(browser=pk), by)


def end_all(sessions: "models.QuerySet[LoginSession]", by: LoginSession.End) -> None:
    """Ends those that have not ended yet."""
    sessions.filter(ended_at=None).update(ended_at=timezone.now(), ended_by=by)


class SigningKey(HasSecrets):
    """Signs access tokens for a while, and verifies them until the last one is over."""

    kid = models.CharField(_("key ID"), max_length=16, unique=True)
    secret = SecretField(_("secret"))
    created_at = models.DateTimeField(_("created"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")

    def __str__(self) -> str:
        return self.kid
