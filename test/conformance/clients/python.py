"""Google's Python clients behind the conformance cases.

Reads requests as lines of JSON on stdin, waits in a thread for each, and writes the outcomes as lines of JSON. The first
argument is the client: "api-core" or "api-client".
"""

import json
import random
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore")

# Delays are random between zero and the delay of the schedule. Times can be compared only without that.
random.uniform = lambda low, high: high


def define_types():
    """The message types of the cases. `example.Unheard` is one that the client does not know."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from google.rpc import error_details_pb2, status_pb2  # noqa: F401
    from google.protobuf import empty_pb2  # noqa: F401

    pool = descriptor_pool.Default()

    def add(package, messages):
        file = descriptor_pb2.FileDescriptorProto(name=package + ".cases.proto", package=package, syntax="proto3")
        for name, fields in messages.items():
            message = file.message_type.add(name=name)
            for number, (field, kind) in enumerate(fields.items(), 1):
                message.field.add(name=field, number=number, type=kind, label=1, json_name=field)
        pool.Add(file)

    string, int32 = 9, 5
    acm = "google.identity.accesscontextmanager.v1"
    add(acm, {"AccessPolicy": {"name": string, "title": string}, "AccessLevel": {"name": string}})
    add("example", {"Progress": {"percent": int32}, "Other": {"other": string}})
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def renewable(kind):
    """Credentials with `token-1`; the next token when they are refreshed."""
    from google.auth import credentials

    if kind is None:
        return credentials.AnonymousCredentials()

    class Token(credentials.Credentials):
        current = 1

        def __init__(self):
            super().__init__()
            self.token = "token-1"

        def refresh(self, request):
            if kind == "fixed":
                from google.auth import exceptions

                raise exceptions.RefreshError("there is no other token")
            self.current += 1
            self.token = "token-%d" % self.current

    return Token()


def api_core():
    from google.api_core import exceptions, operation, operations_v1, retry
    from google.api_core.operations_v1.transports.rest import OperationsRestTransport
    from google.longrunning import operations_pb2
    from google.protobuf import json_format
    import concurrent.futures

    message_class = define_types()
    policy = "google.identity.accesscontextmanager.v1.AccessPolicy"

    def as_json(message, any_message):
        return {"@type": any_message.type_url, **json_format.MessageToDict(message)}

    def make(base_url, settings):
        transport = OperationsRestTransport(
            host=base_url.split("//")[1],
            credentials=renewable(settings.get("token")),
            url_scheme="http",
            http_options={
                "google.longrunning.Operations.GetOperation": [{"method": "get", "uri": "/v1/{name=**}"}],
            },
        )
        transport._host = base_url
        client = operations_v1.AbstractOperationsClient(transport=transport)

        def wait(options):
            source = options["from"]
            started = source["operation"] if isinstance(source, dict) else {"name": options["name"]}
            types = options.get("result") or {}
            # Its own choice of what is retried; the delay is that of the cases.
            delay = options["retryInterval"] / 1000
            retries = retry.Retry(
                predicate=retry.if_exception_type(exceptions.ServiceUnavailable),
                initial=delay, maximum=delay, multiplier=1, timeout=10,
            )
            interval = options["interval"] / 1000
            polling = retry.Retry(
                predicate=operation.polling.POLLING_PREDICATE,
                initial=interval, maximum=interval, multiplier=1, timeout=None,
            )
            timeout = options.get("timeout")
            future = None
            try:
                future = operation.from_gapic(
                    json_format.ParseDict(started, operations_pb2.Operation()),
                    client,
                    message_class(types.get("response") or policy),
                    metadata_type=message_class(types.get("metadata") or "example.Progress"),
                    polling=polling,
                )
                result = future.result(timeout=None if timeout is None else timeout / 1000, retry=retries)
                raw = future.operation
                if options.get("result"):
                    response = None if result is None else json_format.MessageToDict(result)
                    metadata = future.metadata if types.get("metadata") else None
                    metadata = None if metadata is None else json_format.MessageToDict(metadata)
                else:
                    response = None if result is None else as_json(result, raw.response)
                    metadata = None
                    if raw.HasField("metadata"):
                        metadata = json_format.MessageToDict(raw.metadata)
                return {"end": "succeeded", "response": response, "metadata": metadata}
            except concurrent.futures.TimeoutError as error:
                return {"end": "gaveUp", "message": str(error)}
            except exceptions.GoogleAPICallError as error:
                code = getattr(error.grpc_status_code, "name", None)
                if future is not None and future.operation.HasField("error"):
                    outcome = {"end": "failed", "code": code, "message": str(error)}
                    status = error.errors[0] if error.errors else None
                    outcome["error"] = {
                        "code": status.code if status is not None else 0,
                        "message": status.message if status is not None else "",
                        "details": [json_format.MessageToDict(detail) for detail in error.details],
                    }
                    return outcome
                return {"end": "unreadable", "code": code, "httpStatus": error.code, "message": str(error)}
            except Exception as error:
                return {"end": "unreadable", "message": "%s: %s" % (type(error).__name__, error)}

        return wait

    return make


def api_client():
    import httplib2
    import google_auth_httplib2
    from googleapiclient import discovery, errors

    def make(base_url, settings):
        timeout = settings.get("requestTimeout")
        credentials = renewable(settings.get("token"))
        lock = threading.Lock()

        def build():
            # httplib2 is not safe for threads, so each wait has a service of its own.
            http = httplib2.Http(timeout=None if timeout is None else timeout / 1000)
            with lock:
                return discovery.build(
                    "accesscontextmanager",
                    "v1",
                    http=google_auth_httplib2.AuthorizedHttp(credentials, http=http),
                    client_options={"api_endpoint": base_url},
                    static_discovery=True,
                )

        def wait(options):
            source = options["from"]
            known = source["operation"] if isinstance(source, dict) else None
            name = options["name"] if known is None else known.get("name")
            try:
                service = build()
                operation = known
                if operation is None:
                    operation = service.operations().get(name=name).execute()
                while not operation.get("done"):
                    time.sleep(options["interval"] / 1000)
                    operation = service.operations().get(name=name).execute()
            except errors.HttpError as error:
                try:
                    status = json.loads(error.content)["error"].get("status")
                except Exception:
                    status = None
                return {"end": "unreadable", "httpStatus": error.status_code, "code": status, "message": str(error)}
            except Exception as error:
                return {"end": "unreadable", "message": "%s: %s" % (type(error).__name__, error)}
            return {"end": "done", "operation": operation}

        return wait

    return make


def main():
    make = {"api-core": api_core, "api-client": api_client}[sys.argv[1]]()
    output = threading.Lock()
    clients = {}

    def run(wait, request):
        try:
            outcome = wait(request["wait"])
        except Exception as error:
            outcome = {"end": "unreadable", "message": "%s: %s" % (type(error).__name__, error)}
        with output:
            print(json.dumps({"id": request["id"], "outcome": outcome}), flush=True)

    for line in sys.stdin:
        request = json.loads(line)
        if "client" in request and request["client"] not in clients:
            clients[request["client"]] = make(request["baseUrl"], request["settings"])
        threading.Thread(target=run, args=(clients[request["client"]], request), daemon=True).start()


main()
