from celery import shared_task

from wechat.desk import writing
from wechat.desk.models import Thread


@shared_task(name="desk.show_writing")
def show_writing(thread_id: int) -> None:
    """Shows the follower that a member of staff is writing."""
    thread = Thread.objects.filter(pk=thread_id).select_related("account").first()
    if thread is not None:
        writing.show(thread)
