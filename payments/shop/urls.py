"""The addresses of the shop. ``h5/<slug>/shop/`` is the payment directory to register with WeChat Pay."""

from django.urls import path

from payments.shop import order_pages, pages

SHOP = "h5/<slug:slug>/shop/"
ORDER = f"{SHOP}orders/<slug:number>/"

urlpatterns = [
    path(f"{SHOP}<int:pk>/", pages.show, name="shop_item"),
    path(f"{SHOP}<int:pk>/picture/", pages.picture, name="shop_picture"),
    path(f"{SHOP}<int:pk>/buy/", pages.buy, name="shop_buy"),
    path(f"{SHOP}orders/", order_pages.mine, name="shop_orders"),
    path(ORDER, order_pages.show, name="shop_order"),
    path(f"{ORDER}result/", order_pages.result, name="shop_result"),
    path(f"{ORDER}state/", order_pages.state, name="shop_state"),
    path(f"{ORDER}pay/", order_pages.pay, name="shop_pay"),
    path(f"{ORDER}cancel/", order_pages.cancel, name="shop_cancel"),
]
