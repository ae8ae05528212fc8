"""Who stands in the audit for a business system: a user that nobody can sign in as."""

from django.contrib.auth.models import User

from wechat.api.models import ApiClient


def actor(client: ApiClient) -> User:
    """Returns the user in whose name the audit records the client's deeds, called as the client is today."""
    name = f"API · {client.name}"
    user, made = User.objects.get_or_create(
        username=f"api:{client.key_id}", defaults={"first_name": name, "is_active": False}
    )
    if made:
        user.set_unusable_password()
    if made or user.first_name != name:
        user.first_name = name
        user.save(update_fields=["first_name", "password"])
    return user
