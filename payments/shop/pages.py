"""The shop's pages in WeChat: an item, and the form with which it is bought."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.followers import people
from payments.shop import selling
from payments.shop.access import item_at, shop_page
from payments.shop.buying_form import BuyingForm
from payments.shop.models import Item
from payments.shop.selling import NotForSale
from wechat.kernel import files
from wechat.login.oauth_pages import account_at
from wechat.login.pages import VisitorRequest

# Refusals that another amount answers: the form stays.
ANOTHER_AMOUNT = frozenset({"price", "amount"})


@require_GET
@shop_page
def show(request: VisitorRequest, pk: int) -> HttpResponse:
    item, openid = item_at(request.account, pk), request.visitor.openid
    context = {
        "account": request.account,
        "item": item,
        "unpaid": selling.payable(item, openid).first(),
        "refusal": selling.refusal(item, openid),
    }
    return render(request, "shop/item.html", context)


@require_GET
def picture(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Sends the item's picture, which is public."""
    shown = item_at(account_at(slug), pk).picture
    if shown is None:
        raise Http404
    try:
        answer = files.response(shown.file, shown.content_type)
    except FileNotFoundError:
        raise Http404 from None
    answer["Cache-Control"] = "public, max-age=3600"
    return answer


@require_http_methods(["GET", "POST"])
@shop_page
def buy(request: VisitorRequest, pk: int) -> HttpResponse:
    """Shows the form and creates the order; the same form sent twice creates one order."""
    item, openid = item_at(request.account, pk), request.visitor.openid
    if request.method == "GET":
        refused = selling.refusal(item, openid)
        return _asked(request, item, None if refused else BuyingForm(item), refused)
    sent = request.POST.copy()
    form = BuyingForm(item, sent)
    if not form.is_valid():
        refused = selling.refusal(item, openid)
        return _asked(request, item, None if refused else form, refused)
    try:
        order = selling.buy(
            item, openid, total=form.total, answers=form.answers, key=form.cleaned_data["key"]
        )
    except NotForSale as error:
        item = item_at(request.account, pk)
        again = BuyingForm(item, _with_price_of(item, sent)) if error.code in ANOTHER_AMOUNT else None
        return _asked(request, item, again, str(error.sentence))
    people.give_name(item.account_id, openid, form.name_given)
    return redirect(f"{reverse('shop_order', args=[request.account.slug, order])}?pay")


def _asked(request: VisitorRequest, item: Item, form: BuyingForm | None, refused: str = "") -> HttpResponse:
    """Shows the page on which an item is bought, without a form if it cannot be bought."""
    context = {
        "account": request.account,
        "item": item,
        "form": form,
        "refusal": refused,
        "unpaid": selling.payable(item, request.visitor.openid).first(),
    }
    return render(request, "shop/buy.html", context, status=409 if refused else 200)


def _with_price_of(item: Item, sent: QueryDict) -> QueryDict:
    """Returns the sent form with the current price, so that sending it again accepts that price."""
    sent["price"] = str(item.price or "")
    return sent
