"""Everything that can be asked of the shop, each with its place in the REST contract."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """Fields named in the path go there; the others are the query of a GET or DELETE and the JSON body of the rest.

    A public operation never carries the session, so that an ended session does not stand in the way of looking around.
    """

    method: str
    path: str
    public: bool = False

    @property
    def changes_something(self) -> bool:
        return self.method != "GET"


FIND_BOOKS = Operation("GET", "/books", public=True)
GET_BOOK = Operation("GET", "/books/{id}", public=True)
BUY_BOOK = Operation("POST", "/books/{id}", public=True)

CREATE_ACCOUNT = Operation("POST", "/v1/accounts", public=True)
CREATE_SESSION = Operation("POST", "/v1/sessions", public=True)
DELETE_SESSION = Operation("DELETE", "/v1/sessions/current")

SEARCH_ITEMS = Operation("GET", "/v1/items", public=True)
GET_ITEM = Operation("GET", "/v1/items/{item_id}", public=True)
REGISTER_ITEM = Operation("POST", "/v1/items")
UPDATE_ITEM = Operation("PATCH", "/v1/items/{item_id}")
LIST_OWN_ITEMS = Operation("GET", "/v1/sellers/me/items")

GET_CART = Operation("GET", "/v1/cart")
ADD_CART_ITEM = Operation("POST", "/v1/cart/items")
REMOVE_CART_ITEM = Operation("DELETE", "/v1/cart/items/{item_id}")
CLEAR_CART = Operation("DELETE", "/v1/cart")
SAVE_CART = Operation("POST", "/v1/cart/save")

PLACE_ORDER = Operation("POST", "/v1/orders")
LIST_ORDERS = Operation("GET", "/v1/orders")
GET_ORDER = Operation("GET", "/v1/orders/{order_id}")

LEAVE_FEEDBACK = Operation("POST", "/v1/items/{item_id}/feedback")
GET_SELLER_RATING = Operation("GET", "/v1/sellers/{seller_id}/rating")
