from django.db import migrations

from wechat.kernel.editions import count_edits

# Everything but when it was used last, which says nothing about what it may do.
COLUMNS = (
    "key_id", "secret", "previous_secret", "previous_until", "scopes", "networks", "per_minute", "enabled", "name",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0001_initial"),
        ("accounts", "0004_followers"),
        ("api", "0002_token_access"),
    ]
    operations = [
        count_edits("api_apiclient", "api_clients", columns=COLUMNS),
        count_edits("api_apiclient_accounts", "api_clients"),
        # Which accounts there are, by which name.
        count_edits("accounts_officialaccount", "api_clients", trigger="count_edits_for_api_clients"),
    ]
