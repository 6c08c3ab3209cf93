/**
 * An `HttpClient` that adds credentials to requests for one API. It does not send the credentials to other origins, and
 * keeps them out of spans, errors and printed values.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import type * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type * as HttpError from "../../HttpError.js"
import {
  type Authorization,
  authorizationOf,
  authorized,
  type ClearHeaders,
  isSame,
  withEarlier
} from "./authorization.js"
import { type Endpoint, plainHttp } from "./endpoint.js"
import { invalidRequest } from "./errors.js"
import { plainCause, redactorOf } from "./redaction.js"
import { type ApiRequest, customRequest } from "./request.js"

type CredentialHeaders = Readonly<Record<string, Redacted.Redacted>>

interface Credentials {
  readonly headers: (request: {
    readonly url: string
    readonly refresh: boolean
    readonly refused?: CredentialHeaders | undefined
  }) => Effect.Effect<CredentialHeaders, HttpError.HttpError>
}

// The client redacts all headers in its spans, because a response may echo a credential in any header.
const allHeaders = [/^/]

const isStatusError = (error: unknown): error is HttpClientError.ResponseError =>
  HttpClientError.isHttpClientError(error) && error._tag === "ResponseError" && error.reason === "StatusCode"

// A response whose `request` and errors do not contain credentials.
class CleanResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly #response: HttpClientResponse.HttpClientResponse
  readonly #clean: (error: HttpClientError.ResponseError) => HttpClientError.ResponseError

  constructor(
    response: HttpClientResponse.HttpClientResponse,
    request: HttpClientRequest.HttpClientRequest,
    clean: (error: HttpClientError.ResponseError) => HttpClientError.ResponseError
  ) {
    super()
    this.#response = response
    this.request = request
    this.#clean = clean
  }

  get status() {
    return this.#response.status
  }
  get headers() {
    return this.#response.headers
  }
  get cookies() {
    return this.#response.cookies
  }
  get remoteAddress() {
    return this.#response.remoteAddress
  }
  get json() {
    return Effect.mapError(this.#response.json, this.#clean)
  }
  get text() {
    return Effect.mapError(this.#response.text, this.#clean)
  }
  get urlParamsBody() {
    return Effect.mapError(this.#response.urlParamsBody, this.#clean)
  }
  get arrayBuffer() {
    return Effect.mapError(this.#response.arrayBuffer, this.#clean)
  }
  get formData() {
    return Effect.mapError(this.#response.formData, this.#clean)
  }
  get stream() {
    return Stream.mapError(this.#response.stream, this.#clean)
  }

  toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "@effect/platform/HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }
}

// Removes credentials from responses and errors.
const cleaner = (request: HttpClientRequest.HttpClientRequest, secrets: Readonly<Record<string, string>>) => {
  const response = (response: HttpClientResponse.HttpClientResponse): HttpClientResponse.HttpClientResponse =>
    new CleanResponse(response, request, responseError)
  const cause = (cause: unknown): Error => plainCause(cause, (text) => redactorOf(secrets).clean(text))
  const responseError = (error: HttpClientError.ResponseError): HttpClientError.ResponseError =>
    new HttpClientError.ResponseError({
      ...error,
      request,
      response: response(error.response),
      ...(error.cause === undefined ? undefined : { cause: cause(error.cause) })
    })
  return {
    response,
    error: <E>(error: E): E | HttpClientError.HttpClientError => {
      if (!HttpClientError.isHttpClientError(error)) return error
      return error._tag === "ResponseError"
        ? responseError(error)
        : new HttpClientError.RequestError({
          ...error,
          request,
          ...(error.cause === undefined ? undefined : { cause: cause(error.cause) })
        })
    }
  }
}

// Without this setting, fetch would follow redirects to any origin and send the request headers there.
const withoutRedirects = <R>(context: Context.Context<R>): Context.Context<R> =>
  Context.add(context, FetchHttpClient.RequestInit, {
    ...Option.getOrUndefined(Context.getOption(context, FetchHttpClient.RequestInit)),
    redirect: "manual"
  })

/**
 * Implements `Credentials.authorize`. If the base URL is invalid, `endpoint` is a `Left` that describes the problem.
 *
 * @internal
 */
export const authorizedClient = <E, R>(
  client: HttpClient.HttpClient.With<E, R>,
  endpoint: Either.Either<Endpoint, string>,
  credentials: Credentials
): HttpClient.HttpClient.With<E | HttpClientError.HttpClientError | HttpError.HttpError, R> => {
  const send = (
    request: HttpClientRequest.HttpClientRequest,
    { headers, secrets, url }: ApiRequest,
    authorization: Authorization,
    refused: ReadonlyArray<ClearHeaders> = []
  ) => {
    const own = HttpClientRequest.setUrl(request, new URL(url))
    const { error, response } = cleaner(
      HttpClientRequest.setHeaders(own, Record.map(secrets, () => "<redacted>")),
      withEarlier({ ...secrets, ...authorization.secrets }, refused)
    )
    return client.execute(HttpClientRequest.setHeaders(own, authorized(headers, authorization))).pipe(
      Effect.mapBoth({ onFailure: error, onSuccess: response }),
      Effect.locally(Headers.currentRedactedNames, allHeaders),
      Effect.mapInputContext(withoutRedirects<R>)
    )
  }

  const execute = (request: HttpClientRequest.HttpClientRequest) =>
    Effect.gen(function*() {
      const api = yield* Either.mapLeft(endpoint, invalidRequest)
      const checked = yield* customRequest({ endpoint: api, headers: {}, xgafv: undefined }, request)

      const authorizationWith = (headers: CredentialHeaders) =>
        Either.filterOrLeft(
          authorizationOf(headers),
          (authorization) => api.mayCarryCredentials || Record.isEmptyRecord(authorization.headers),
          () => invalidRequest(plainHttp(api))
        )

      const { url } = checked
      const headers = yield* credentials.headers({ url, refresh: false })
      const authorization = yield* authorizationWith(headers)
      const first = yield* Effect.either(send(request, checked, authorization))

      // Some clients, such as those with `HttpClient.filterStatusOk`, fail on error statuses.
      const response = Either.match(first, {
        onLeft: (error) => isStatusError(error) ? error.response : undefined,
        onRight: (response) => response
      })
      if (response?.status !== 401) return yield* first
      const others = yield* authorizationWith(yield* credentials.headers({ url, refresh: true, refused: headers }))
      if (isSame(others.headers, authorization.headers)) return yield* first
      // The connection can be reused only after the body is read.
      yield* Effect.ignore(response.text)
      return yield* send(request, checked, others, [authorization.headers])
    })

  return HttpClient.makeWith(
    (request: Effect.Effect<HttpClientRequest.HttpClientRequest>) => Effect.flatMap(request, execute),
    Effect.succeed
  )
}
