"""Puts the review service together on its database and the order service, wherever these come from."""

from chassis.invalidation import Invalidation
from chassis.postgres import Database
from review.feedback import Feedback
from review.orders import Orders
from review.ratings import Ratings
from review.repository import Repository
from review.servicer import ReviewServicer


def assemble(database: Database, orders: Orders, invalidation: Invalidation) -> ReviewServicer:
    repository = Repository(database)
    return ReviewServicer(Feedback(repository, orders, invalidation), Ratings(repository))
