"""The users that stand for API clients in the audit log; nobody can sign in as one."""

from django.contrib.auth.models import User

from wechat.api.models import ApiClient


def actor(client: ApiClient) -> User:
    """Returns the user for the client's entries in the audit log, with the client's current name."""
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
