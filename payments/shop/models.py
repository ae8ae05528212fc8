"""The models of items in the shop and of their sales."""

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from payments.merchants.models import Merchant
from payments.orders.models.orders import Order
from wechat.channels.models import Channel
from wechat.materials.models import Asset

# What a payer types as an amount is a gift or a deposit: a hundred thousand yuan at most, in fen.
HIGHEST_AMOUNT = 10_000_000


class Item(models.Model):
    """An item with its own page, where followers pay for it. All amounts are whole fen.

    ``price`` is null if payers choose the amount, between ``least`` and ``most``. ``taken`` is the number of
    pieces that are sold or held by orders that can still be paid. Triggers in the database update it and the
    counters below it whenever an order changes; no code writes them.
    """

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="items", verbose_name=_("account")
    )
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="items", verbose_name=_("merchant"))
    title = models.CharField(_("title"), max_length=40)
    picture = models.ForeignKey(
        Asset, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("picture")
    )
    description = models.TextField(_("description"), max_length=2000, blank=True)
    price = models.BigIntegerField(_("price"), null=True, blank=True)
    least = models.BigIntegerField(_("smallest amount"), null=True, blank=True)
    most = models.BigIntegerField(_("largest amount"), null=True, blank=True)
    stock = models.PositiveIntegerField(
        _("stock"),
        null=True,
        blank=True,
        help_text=_("How many are sold altogether; empty: any number."),
    )
    each_person = models.PositiveIntegerField(
        _("limit for each person"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("How many one person may buy; empty: any number."),
    )
    opens_at = models.DateTimeField(_("on sale from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("on sale until"), null=True, blank=True)
    enabled = models.BooleanField(
        _("on sale"), default=True, help_text=_("The page of an item that is off says so and takes no money.")
    )

    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)
    sold = models.PositiveIntegerField(_("sold"), default=0, editable=False)
    paid = models.BigIntegerField(_("paid"), default=0, editable=False)
    refunded = models.BigIntegerField(_("refunded"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("payment item")
        verbose_name_plural = _("payment items")
        constraints = [
            models.CheckConstraint(
                condition=Q(price__isnull=False, price__gte=1, least__isnull=True, most__isnull=True)
                | Q(
                    price__isnull=True,
                    least__isnull=False,
                    most__isnull=False,
                    least__gte=1,
                    most__gte=F("least"),
                    most__lte=HIGHEST_AMOUNT,
                ),
                name="item_price_or_bounds",
            ),
            models.CheckConstraint(
                condition=Q(stock__isnull=True) | Q(taken__lte=F("stock")),
                name="item_never_oversold",
            ),
            models.CheckConstraint(
                condition=Q(each_person__isnull=True) | Q(each_person__gte=1), name="item_limit_positive"
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("opens_at")),
                name="item_ends_after_it_opens",
                violation_error_message=_("The sale must end after it begins."),
            ),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="item_newest")]

    def __str__(self) -> str:
        return self.title

    @property
    def left(self) -> int | None:
        """Returns how many pieces can still be bought; ``None`` means no limit."""
        return None if self.stock is None else self.stock - self.taken


class ItemField(models.Model):
    """A question to the payer of an item."""

    class Kind(models.TextChoices):
        NAME = "name", _("Full name")
        PHONE = "phone", _("Telephone")
        ADDRESS = "address", _("Postal address")
        CHOICE = "choice", _("Choice")
        TEXT = "text", _("Text")

    item = models.ForeignKey(Item, models.CASCADE, related_name="fields", verbose_name=_("payment item"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.TEXT)
    label = models.CharField(_("question"), max_length=40)
    choices = models.TextField(
        _("choices"), max_length=1000, blank=True, help_text=_("For a choice: one a line.")
    )
    required = models.BooleanField(_("required"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("field to fill in")
        verbose_name_plural = _("fields to fill in")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="choice") | ~Q(choices=""),
                name="item_field_choice_has_choices",
                violation_error_message=_("Write the choices, one a line."),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def options(self) -> list[str]:
        return [line.strip() for line in self.choices.splitlines() if line.strip()]


class Sale(models.Model):
    """An order of an item from the shop's page, with the payer's answers.

    ``held`` tells whether it holds a piece of the stock. ``answers`` are pairs of question and answer.
    """

    class Fulfilment(models.TextChoices):
        OPEN = "open", _("To be delivered")
        DONE = "done", _("Delivered")

    order = models.OneToOneField(Order, models.CASCADE, related_name="sale", verbose_name=_("order"))
    item = models.ForeignKey(Item, models.PROTECT, related_name="sales", verbose_name=_("payment item"))
    openid = models.CharField(_("OpenID"), max_length=64)
    channel = models.ForeignKey(
        Channel,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("came by the channel"),
    )
    answers = models.JSONField(_("what was filled in"), default=list)
    held = models.BooleanField(default=True, editable=False)
    fulfilment = models.CharField(
        _("delivery"), max_length=8, choices=Fulfilment.choices, default=Fulfilment.OPEN, db_default="open"
    )
    fulfilled_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    fulfilment_note = models.CharField(
        _("how it was delivered"),
        max_length=120,
        blank=True,
        db_default="",
        help_text=_("Such as the carrier and the number of the parcel."),
    )

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        constraints = [
            models.CheckConstraint(
                condition=Q(fulfilment="open", fulfilled_at__isnull=True)
                | Q(fulfilment="done", fulfilled_at__isnull=False),
                name="sale_delivered_at_a_time",
            )
        ]
        indexes = [
            models.Index(fields=["item", "openid"], name="sale_of_person"),
            # A buyer is found by the telephone they filled in.
            GinIndex(fields=["answers"], opclasses=["jsonb_path_ops"], name="sale_by_answer"),
        ]

    def __str__(self) -> str:
        return f"{self.item} · {self.order}"
