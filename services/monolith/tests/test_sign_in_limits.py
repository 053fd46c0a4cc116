"""The socket protocol limits wrong passwords as the account service does, in its own process."""

from collections import Counter

from agora.account.v1 import account_pb2

from .conftest import PASSWORD, Refused


async def reason_of_sign_in(client, password, **claimed):
    request = account_pb2.CreateSessionRequest(username="ann", password=password, **claimed)
    try:
        await client.call("agora.account.v1.AccountService/CreateSession", request, account_pb2.CreateSessionResponse)
    except Refused as refused:
        return refused.reason
    return "OK"


async def test_guesses_meet_a_limit_whatever_address_they_claim(monolith, client):
    await client.sign_up("ann", account_pb2.ROLE_BUYER)
    reasons = Counter()
    for number in range(30):
        other = await monolith.connect()
        reasons[await reason_of_sign_in(other, f"wrong {number}", client_address=f"192.0.2.{number}")] += 1
    assert reasons == {"WRONG_CREDENTIALS": 4, "TOO_MANY_ATTEMPTS": 26}


async def test_many_sign_ins_with_right_passwords_are_not_limited(monolith, client):
    await client.sign_up("ann", account_pb2.ROLE_BUYER)
    assert {await reason_of_sign_in(client, PASSWORD) for _ in range(20)} == {"OK"}
