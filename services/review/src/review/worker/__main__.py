"""Starts the worker that counts votes."""

from chassis.cache_state import CacheState
from chassis.service import Running
from chassis.settings import read_or_exit
from chassis.worker import Work, run
from review.likes.repository import Repository
from review.worker.copies import Copies
from review.worker.folding import Folding
from review.worker.settings import Settings
from review.worker.stream import STREAM_TIMEOUT_S, VoteStream
from review.worker.upkeep import KEEP_EVERY_S, Upkeep

settings = read_or_exit(Settings.read)


async def compose(running: Running) -> Work:
    database = await running.open_database(settings, "review")
    repository = Repository(database)
    cache = running.open_redis(settings.process, settings.redis_url)
    invalidation = running.open_invalidation(settings.process, settings.redis_url, CacheState(database))
    redis = running.open_redis(settings.process, settings.stream_url, timeout_s=STREAM_TIMEOUT_S)
    running.checks["stream"] = redis.ping
    stream = VoteStream(redis, settings.process.instance_name)
    running.repeat("upkeep", Upkeep(stream, repository).run, every_s=KEEP_EVERY_S)
    return Folding(stream, repository, Copies(cache, invalidation)).run


run("review-worker", settings.process, compose)
