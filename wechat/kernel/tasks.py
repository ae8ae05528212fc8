from celery import shared_task

from wechat.kernel.work import kinds, waking


@shared_task(name="kernel.tick")
def tick() -> list[str]:
    """The one fixed tick of beat: wake a worker for every kind of work that is due; returns their names."""
    return [kind.name for kind in kinds.KINDS if kind.is_due() and waking.publish(kind.name)]
