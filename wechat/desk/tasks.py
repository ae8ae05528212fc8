from celery import shared_task

from wechat.desk import writing
from wechat.desk.models import Thread


@shared_task(name="desk.show_writing")
def show_writing(thread_id: int) -> None:
    """Shows the follower that somebody is writing to them."""
    thread = Thread.objects.filter(pk=thread_id).select_related("account").first()
    if thread is not None:
        writing.show(thread)
