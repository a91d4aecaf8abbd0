"""POST /callbacks/{token}: answer an asynchronous call of a flow.

The address came with the call, in the header `Parley-Callback-Url`. It is good for that call alone,
and a little longer than its flow waits. The same answer may be sent again; another is not taken.
"""

from http import HTTPStatus

from parley.api.callbacks import CallbackDraft, CallbackView
from parley.runtime.http import RequestId, Wired, lambda_handler, rest_api

app = rest_api(requires=None)


@app.post("/callbacks/<token>", status_code=HTTPStatus.ACCEPTED)
def receive_callback(
    token: str, draft: CallbackDraft, services: Wired, request_id: RequestId
) -> CallbackView:
    services.callbacks.take(token, draft.answer(), request_id=request_id)
    return CallbackView()


handler = lambda_handler(app)
