"""The creation of orders and their placing with WeChat Pay.

The row is written before the call, so it exists after a crash, after a lost answer, and for a notification
that is quicker than the answer. The same key is the same order, which is always placed with the same
parameters.

WeChat Pay reference 4, 10.1 to 10.3.
"""

import datetime
import secrets
from dataclasses import asdict, dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from payments.merchants.directory import MerchantUnusable, cashier_for, is_selling
from payments.merchants.models import Merchant
from payments.orders import history, polling
from payments.orders.models import Order, Step
from payments.orders.states import ORDER_MOVES, OrderState, move
from wechat.sdk.beijing import BEIJING
from wechat.sdk.errors import TransportError
from wechat.sdk.pay import orders
from wechat.sdk.pay.cashier import Cashier
from wechat.sdk.pay.errors import PayRefused

Way, Protocol = Order.Way, Merchant.Protocol

# A million yuan; a larger total is more likely a typing error.
LARGEST_TOTAL = 100_000_000
LONGEST_KEY = 160
LIFETIME = datetime.timedelta(minutes=30)
SHORTEST, LONGEST = datetime.timedelta(minutes=1), datetime.timedelta(days=7)
# WeChat Pay replaces an earlier end by a minute from now; nobody could pay in less anyway.
LEAST_LEFT = datetime.timedelta(minutes=1)
# Added so that an order with the shortest life still has it after the call to WeChat Pay.
PLACING = datetime.timedelta(seconds=15)
# The payer needs some time with what we hand out.
SPARE = {Way.JSAPI: datetime.timedelta(minutes=5), Way.NATIVE: datetime.timedelta(minutes=5)}
H5_SPARE = datetime.timedelta(minutes=1)
# If the first call is refused with one of these codes, the order certainly does not exist at WeChat Pay.
NEVER_PLACED = frozenset({"PARAM_ERROR", "APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS", "SIGN_ERROR", "NO_AUTH"})


class OrderRefused(Exception):
    """The error for a refused request about an order: ``sentence`` for people, ``code`` for programs."""

    def __init__(self, code: str, sentence: StrOrPromise) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


class PlacementRefused(OrderRefused):
    """The error for an order that WeChat Pay refused; ``code`` is its own."""


def without_keys() -> OrderRefused:
    """Returns the refusal of what needs the keys of a merchant, which are missing or unusable."""
    return OrderRefused("merchant", str(MerchantUnusable()))


class Uncertain(Exception):
    """The error for a call without a usable answer; repeating it with the same key is safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """The request for an order; ``total`` in fen. ``source`` and ``key`` identify it for its maker."""

    account: OfficialAccount
    merchant: Merchant
    source: str
    key: str
    way: Order.Way
    total: int
    description: str
    openid: str = ""
    client_ip: str | None = None
    attach: str = ""
    item: str = ""
    purchase: str = ""
    goods: tuple[orders.Goods, ...] = field(default=())
    lifetime: datetime.timedelta = LIFETIME


def merchant_of(account: OfficialAccount) -> Merchant:
    """Returns the only merchant that the account sells through. Raises ``OrderRefused``."""
    found = list(Merchant.objects.filter(accounts=account, enabled=True)[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise OrderRefused("merchant", _("The account has several merchants: name one."))
    raise OrderRefused("merchant", _("The account has no merchant yet."))


def create(request: OrderRequest) -> Order:
    """Creates an order, or returns the one with the same key. Raises ``OrderRefused``."""
    _validate(request)
    made = _row(request)
    try:
        with transaction.atomic():
            made.save(force_insert=True)
            history.write(made, Step.Kind.CREATED, request.key, request.source)
    except IntegrityError:
        return _made_before(request, made)
    return made


def place(order: Order) -> Order:
    """Places the order with WeChat Pay, unless the earlier prepayment is still usable.

    Raises ``OrderRefused``, and ``Uncertain`` if the outcome is unknown.
    """
    now = timezone.now()
    if order.is_paid or is_usable(order, now):
        return order
    if not is_payable(order, now):
        raise OrderRefused("over", _("The order can no longer be paid."))
    try:
        cashier = cashier_for(order.merchant, order.protocol)
    except MerchantUnusable:
        raise without_keys() from None
    if not is_selling(order.merchant):
        raise OrderRefused("merchant", _("The merchant is disabled: it sells nothing new."))
    if not _count_call(order):
        # It has been paid or ended since it was read.
        order.refresh_from_db()
        return place(order)
    try:
        prepay = _called(cashier, order)
    except PayRefused as error:
        return _not_placed(order, error)
    except TransportError as error:
        raise _uncertain(order, str(error)) from None
    return _placed(order, prepay)


def is_payable(order: Order, now: datetime.datetime) -> bool:
    """Returns whether the order can still be paid: with its prepayment, or with another one."""
    placeable = (
        order.state in {OrderState.CREATED, OrderState.PAYING} and order.expires_at - now >= LEAST_LEFT
    )
    return placeable or is_usable(order, now)


def is_usable(order: Order, now: datetime.datetime) -> bool:
    """Returns whether the order's prepayment is valid long enough to be handed to a payer."""
    spare = SPARE.get(Way(order.way), H5_SPARE)
    fresh = order.prepay_until is not None and order.prepay_until - now >= min(spare, order.expires_at - now)
    return bool(order.prepay) and order.state == OrderState.PAYING and fresh and now < order.expires_at


def bridge(order: Order) -> dict[str, str]:
    """Returns the parameters with which a page or mini program opens WeChat's payment sheet.

    Raises ``MerchantUnusable``.
    """
    parameters = cashier_for(order.merchant, order.protocol).bridge(order.account.appid, order.prepay)
    if order.account.kind == OfficialAccount.Kind.MINIPROGRAM:
        del parameters["appId"]
    return parameters


def new_number(letters: str, now: datetime.datetime) -> str:
    """Returns ``WC`` for orders or ``WR`` for refunds, then the second in Beijing and 10 random digits.

    Numbers that grow with time keep their indexes small in memory, however many orders there are.
    """
    return f"{letters}{now.astimezone(BEIJING):%Y%m%d%H%M%S}{secrets.randbelow(10**10):010d}"


def _validate(request: OrderRequest) -> None:
    if type(request.total) is not int or not 1 <= request.total <= LARGEST_TOTAL:
        raise OrderRefused(
            "total", _("The amount is a whole number of fen, from 1 to %(most)d.") % {"most": LARGEST_TOTAL}
        )
    if not 1 <= len(request.description.strip()) <= 127:
        raise OrderRefused("description", _("The description has 1 to 127 characters."))
    longest = orders.LONGEST_ATTACH if request.merchant.protocol == Protocol.V3 else orders.LONGEST_ATTACH_V2
    if len(request.attach.encode()) > longest:
        raise OrderRefused("attach", _("The attachment has at most %(most)d bytes.") % {"most": longest})
    if orders.detail_bytes(request.goods) > orders.LONGEST_DETAIL:
        raise OrderRefused(
            "goods",
            _("The goods have at most %(most)d bytes: send fewer lines, or shorter names.")
            % {"most": orders.LONGEST_DETAIL},
        )
    if not 1 <= len(request.key) <= LONGEST_KEY:
        raise OrderRefused("key", _("The key has 1 to 160 characters."))
    if not SHORTEST <= request.lifetime <= LONGEST:
        raise OrderRefused("lifetime", _("An order lives from one minute to seven days."))
    _validate_parties(request)


def _validate_parties(request: OrderRequest) -> None:
    """Checks that it is known who pays, and that the merchant sells for the account."""
    if request.way == Way.JSAPI and not request.openid:
        raise OrderRefused("openid", _("A payment in WeChat needs the payer's OpenID."))
    if request.way == Way.H5 and not request.client_ip:
        raise OrderRefused("client_ip", _("A payment in another browser needs the payer's address."))
    if not request.merchant.enabled:
        raise OrderRefused("merchant", _("The merchant is disabled: it sells nothing new."))
    if not request.merchant.accounts.filter(pk=request.account.pk).exists():
        raise OrderRefused("merchant", _("The account does not sell through this merchant."))


def _row(request: OrderRequest) -> Order:
    now = timezone.now()
    return Order(
        account=request.account,
        merchant=request.merchant,
        out_trade_no=new_number("WC", now),
        source=request.source,
        key=request.key,
        purchase=request.purchase,
        way=request.way,
        protocol=request.merchant.protocol,
        openid=request.openid,
        client_ip=request.client_ip,
        description=request.description.strip(),
        attach=request.attach,
        item=request.item,
        goods=[asdict(line) for line in request.goods],
        total=request.total,
        # Whole seconds, as WeChat Pay is told them.
        expires_at=(now + max(request.lifetime, LEAST_LEFT + PLACING)).replace(microsecond=0),
        due_at=now + polling.FIRST_LOOK,
    )


SAME = ("merchant_id", "way", "openid", "client_ip", "description", "attach", "item", "goods", "total")


def _made_before(request: OrderRequest, anew: Order) -> Order:
    found = Order.objects.select_related("account", "merchant").get(
        account=request.account, source=request.source, key=request.key
    )
    if any(getattr(found, name) != getattr(anew, name) for name in SAME):
        raise OrderRefused("conflict", _("Under this key there is an order with other contents."))
    return found


def _count_call(order: Order) -> bool:
    """Counts a call before it is made; returns ``False`` if the order can no longer be paid."""
    payable = Order.objects.filter(pk=order.pk, state__in=(OrderState.CREATED, OrderState.PAYING))
    # Counted by the database, because the same order may be placed twice at the same time.
    return bool(payable.update(calls=F("calls") + 1))


def _called(cashier: Cashier, order: Order) -> str:
    new = orders.NewOrder(
        appid=order.account.appid,
        out_trade_no=order.out_trade_no,
        description=order.description,
        total=order.total,
        time_expire=order.expires_at,
        notify_url=order.merchant.notify_url("transaction"),
        attach=order.attach,
        goods=tuple(orders.Goods(**line) for line in order.goods),
    )
    if order.way == Way.NATIVE:
        return cashier.native(new)
    if order.way == Way.H5:
        return cashier.h5(new, str(order.client_ip))
    return cashier.jsapi(new, order.openid)


def _placed(order: Order, prepay: str) -> Order:
    now = timezone.now()
    life = orders.H5_LIFE if order.way == Way.H5 else orders.PREPAY_LIFE
    with transaction.atomic():
        locked = Order.locked(order.pk)
        # A notification may have been quicker than the answer.
        if locked.state in {OrderState.CREATED, OrderState.PAYING}:
            if locked.state == OrderState.CREATED:
                locked.state = move(ORDER_MOVES, locked.state, OrderState.PAYING)
            locked.prepay, locked.prepay_until = prepay, min(now + life, locked.expires_at)
            locked.due_at = polling.next_poll(locked, now)
            locked.save()
        history.write(locked, Step.Kind.CALLED, by=history.PLATFORM)
    return locked


def _not_placed(order: Order, error: PayRefused) -> Order:
    """Gives up an order that WeChat Pay refused, unless a query shows that it exists there.

    Returns the order if it is paid. Raises ``OrderRefused`` and ``Uncertain``.
    """
    if error.retryable:
        raise _uncertain(order, str(error)) from None
    history.write(order, Step.Kind.CALLED, str(error), history.PLATFORM)
    if error.code not in NEVER_PLACED or not _fail_unless_placed(order):
        polling.poll([order])
    found = Order.objects.select_related("account", "merchant").get(pk=order.pk)
    if found.is_paid:
        return found
    message = error.message or _("WeChat Pay refused the order.")
    raise PlacementRefused(error.code or "refused", message) from None


def _fail_unless_placed(order: Order) -> bool:
    """Fails the order and returns ``True``, unless another call than the refused one may have placed it."""
    with transaction.atomic():
        locked = Order.locked(order.pk)
        if locked.state != OrderState.CREATED or locked.calls != 1:
            return False
        locked.state = move(ORDER_MOVES, locked.state, OrderState.FAILED)
        locked.due_at = None
        locked.save()
    return True


def _uncertain(order: Order, why: str) -> Uncertain:
    soon = timezone.now() + polling.SOON
    Order.objects.filter(pk=order.pk, due_at__gt=soon).update(due_at=soon)
    history.write(order, Step.Kind.CALLED, why, history.PLATFORM)
    return Uncertain(why)
