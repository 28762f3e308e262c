"""One request that is not streamed: JSON in, JSON out."""

import http.client
import json
import urllib.error
import urllib.request

from experiments.lab.errors import LabError
from experiments.lab.servers.base import Started
from experiments.lab.servers.local_http import DIRECT


def post(server: Started, path: str, body: dict, what: str, limit_s: float = 120.0) -> dict:
    """What a server answers to `body` at `path`. LabError in the server's own words when it refuses `what`, and when
    the answer is cut off, is no JSON, or takes over `limit_s`."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with DIRECT.open(request, timeout=limit_s) as reply:
            return json.loads(reply.read())
    except urllib.error.HTTPError as error:
        text = " ".join(error.read(300).decode("utf-8", "replace").split())
        raise LabError(f"{server.spec.name}: {what}: {error.code} {text}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise LabError(f"{server.spec.name}: {type(error).__name__} in mid answer (log: {server.log})") from None
