"""The subscriptions of business systems to events."""

from collections.abc import Iterable

from django.db import transaction

from wechat.api.models import ApiClient
from wechat.webhooks import outbox
from wechat.webhooks.models import Endpoint, new_secret


@transaction.atomic
def subscribe(client: ApiClient, url: str, events: Iterable[str], *, only: bool = False) -> Endpoint:
    """Returns the client's endpoint with a new secret.

    Its other events are kept, unless ``only`` is set. Of two subscriptions at one moment the second waits for
    the first.
    """
    ApiClient.objects.select_for_update(no_key=True).get(pk=client.pk)
    owner = f"client:{client.pk}"
    endpoint = Endpoint.objects.filter(owner=owner).first() or Endpoint(owner=owner, client=client)
    kept = [] if only else endpoint.events
    endpoint.url, endpoint.secret, endpoint.events = url, new_secret(), sorted({*kept, *events})
    outbox.begin_anew(endpoint)
    return endpoint


def unsubscribe(client: ApiClient) -> None:
    Endpoint.objects.filter(owner=f"client:{client.pk}").delete()
