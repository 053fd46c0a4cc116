"""The review service over a real database, beside an order service that knows the purchases a test makes up."""

import time
from dataclasses import dataclass, field
from itertools import count

import pytest

from agora.order.v1 import order_pb2, order_pb2_grpc
from agora.review.v1 import review_pb2, review_pb2_grpc
from chassis import grpc_client
from chassis.context import RequestContext, enter
from chassis.errors import NotFound
from chassis.postgres import Database
from review.feedback import Feedback
from review.orders import Orders
from review.ratings import Ratings
from review.repository import Repository
from review.servicer import ReviewServicer

_request_numbers = count()


class PurchaseNotFound(NotFound):
    reason = "PURCHASE_NOT_FOUND"


@dataclass
class PurchaseBook(order_pb2_grpc.OrderServiceServicer):
    """An order service of which only the purchases matter: the seller by buyer and item."""

    purchases: dict[tuple[str, str], str] = field(default_factory=dict)

    async def GetPurchase(self, request, _context):  # noqa: N802 - named by the proto
        seller_id = self.purchases.get((request.buyer_id, request.item_id))
        if seller_id is None:
            raise PurchaseNotFound("no such purchase")
        return order_pb2.GetPurchaseResponse(seller_id=seller_id)


@dataclass(frozen=True)
class Replica:
    """A replica behind a real gRPC server."""

    stub: review_pb2_grpc.ReviewServiceStub
    database: Database

    async def leave(self, buyer_id="buyer", item_id="item", vote=review_pb2.VOTE_UP, request_id=None):
        request_id = f"request-{next(_request_numbers)}" if request_id is None else request_id
        request = review_pb2.LeaveFeedbackRequest(request_id=request_id, buyer_id=buyer_id, item_id=item_id, vote=vote)
        response = await grpc_client.call(self.stub.LeaveFeedback, request, review_pb2.LeaveFeedbackResponse)
        return response.rating

    async def ratings(self, *seller_ids):
        request = review_pb2.BatchGetSellerRatingsRequest(seller_ids=seller_ids)
        method = self.stub.BatchGetSellerRatings
        response = await grpc_client.call(method, request, review_pb2.BatchGetSellerRatingsResponse)
        return list(response.ratings)


@pytest.fixture(autouse=True)
async def patience():
    """A deadline that a busy machine does not meet by accident."""
    enter(RequestContext(deadline=time.monotonic() + 60))


@pytest.fixture
async def dsn(database_for) -> str:
    return await database_for("review")


@pytest.fixture
def book() -> PurchaseBook:
    return PurchaseBook()


@pytest.fixture
async def order_service(serve, book):
    return await serve(order_pb2_grpc.add_OrderServiceServicer_to_server, book, tier="order")


@pytest.fixture
async def start_replica(open_database, serve, channel_to, dsn, order_service, invalidation):
    """`await start_replica()`: all replicas of a test share one database."""

    async def start() -> Replica:
        database = await open_database("review", dsn)
        repository = Repository(database)
        feedback = Feedback(repository, Orders(channel_to(order_service.target)), invalidation)
        servicer = ReviewServicer(feedback, Ratings(repository))
        served = await serve(review_pb2_grpc.add_ReviewServiceServicer_to_server, servicer, tier="review")
        return Replica(review_pb2_grpc.ReviewServiceStub(channel_to(served.target)), database)

    return start


@pytest.fixture
async def replica(start_replica) -> Replica:
    return await start_replica()
