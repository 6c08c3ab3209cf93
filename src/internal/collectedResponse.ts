import * as Cookies from "@effect/platform/Cookies"
import * as Headers from "@effect/platform/Headers"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import type * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"

/**
 * What came over the wire, whole.
 *
 * @internal
 */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
  /** Whether the body was longer than allowed and ends early. */
  readonly truncated: boolean
}

/**
 * The response of a transport that has read the whole body, within its bound, before it answers. Whoever knows this
 * class takes `answer`; for everybody else it is a response like any other.
 *
 * @internal
 */
export class CollectedResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly answer: Answer

  constructor(request: HttpClientRequest.HttpClientRequest, answer: Answer) {
    super()
    this.request = request
    this.answer = answer
  }

  private get web(): HttpClientResponse.HttpClientResponse {
    return HttpClientResponse.fromWeb(this.request, new Response(this.answer.body))
  }
  get status(): number {
    return this.answer.status
  }
  get headers(): Headers.Headers {
    return Headers.fromInput(this.answer.headers as Headers.Input)
  }
  get cookies(): Cookies.Cookies {
    const header = this.answer.headers["set-cookie"]
    return header === undefined ? Cookies.empty : Cookies.fromSetCookie(header as string | Array<string>)
  }
  get remoteAddress(): Option.Option<string> {
    return Option.none()
  }
  get text(): Effect.Effect<string, HttpClientError.ResponseError> {
    return this.web.text
  }
  get json(): Effect.Effect<unknown, HttpClientError.ResponseError> {
    return this.web.json
  }
  get stream(): Stream.Stream<Uint8Array, HttpClientError.ResponseError> {
    return this.web.stream
  }
  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.ResponseError> {
    return this.web.arrayBuffer
  }
  get formData(): Effect.Effect<FormData, HttpClientError.ResponseError> {
    return this.web.formData
  }
  get urlParamsBody(): HttpClientResponse.HttpClientResponse["urlParamsBody"] {
    return this.web.urlParamsBody
  }
  toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "@effect/platform/HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }
}
