"""The deletion of expired nonces and kept answers."""

from django.utils.translation import gettext_lazy

from wechat.api.models import KeptAnswer, SeenNonce
from wechat.kernel import expiry

FORGETTING = expiry.forgetting(
    "api.forget", (KeptAnswer, SeenNonce), label=gettext_lazy("Deleting old requests of the API")
)
