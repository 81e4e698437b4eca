"""The one way in which the simulated exchange says no; raised by the exchange and the routes, turned into an HTTP
answer by `api.py`. It must never be raised after something was changed."""


class Rejection(Exception):
    """A request that was refused whole, with the `error_code` of Luno's published list.

    Nothing has been changed when it is raised, so a rejected order leaves no trace and does not use up its client
    order id. `field` is the parameter that was wrong, where one was.
    """

    def __init__(self, code: str, text: str, field: str = "") -> None:
        super().__init__(f"{code}: {text}")
        self.field = field
        self.code = code
        self.text = text
