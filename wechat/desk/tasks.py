from celery import shared_task

from wechat.desk import typing_indicator
from wechat.desk.models import Thread


@shared_task(name="desk.show_typing")
def show_typing(thread_id: int) -> None:
    """Shows the follower that a member of staff is writing."""
    thread = Thread.objects.filter(pk=thread_id).select_related("account").first()
    if thread is not None:
        typing_indicator.show(thread)
