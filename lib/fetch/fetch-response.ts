import { Buffer } from 'node:buffer'
import { inspect } from 'node:util'
import { textOf } from '../answer/text.ts'
import type { ResponseHeaders } from '../compat/handler.ts'
import type { FetchBody } from './fetch-body.ts'
import { FetchHeaders } from './fetch-headers.ts'
import { passFor, webClass } from './web-classes.ts'

/** A response without its body. */
export interface ResponseHead {
  readonly status: number
  readonly statusText: string
  readonly headers: ResponseHeaders
  /** URL of the last request, without its fragment */
  readonly url: string
  readonly redirected: boolean
  /** `cors` after a redirect to another origin */
  readonly type: 'basic' | 'cors'
}

/** A response of fetch(). For `instanceof` it is a `Response`, and it has all its methods. */
export class FetchResponse {
  readonly #head: ResponseHead
  /** null if the status or the method has no body */
  readonly #body: FetchBody | null
  #headers: FetchHeaders | undefined

  static is(this: void, object: unknown): boolean {
    return typeof object === 'object' && object !== null && #head in object
  }

  constructor(head: ResponseHead, body: FetchBody | null) {
    this.#head = head
    this.#body = body
  }

  get type(): Response['type'] {
    return this.#head.type
  }

  get url(): string {
    return this.#head.url
  }

  get redirected(): boolean {
    return this.#head.redirected
  }

  get status(): number {
    return this.#head.status
  }

  get ok(): boolean {
    const { status } = this.#head
    return status >= 200 && status <= 299
  }

  get statusText(): string {
    return this.#head.statusText
  }

  get headers(): Headers {
    this.#headers ??= new FetchHeaders(this.#head.headers)
    return this.#headers
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#body === null ? null : this.#body.stream()
  }

  get bodyUsed(): boolean {
    return this.#body !== null && this.#body.isUsed
  }

  text(): Promise<string> {
    return this.#all().then(textOf)
  }

  json(): Promise<unknown> {
    return this.#all().then((bytes) => JSON.parse(textOf(bytes)) as unknown)
  }

  bytes(): Promise<Uint8Array> {
    return this.#all().then((bytes) => new Uint8Array(bytes))
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#all().then((bytes) => new Uint8Array(bytes).buffer)
  }

  blob(): Promise<Blob> {
    return this.#real().then((response) => response.blob())
  }

  formData(): Promise<FormData> {
    return this.#real().then((response) => response.formData())
  }

  textStream(): ReadableStream<string> {
    if (this.#isUnusable) {
      throw unusable()
    }
    const stream = this.body ?? (new (webClass('Response'))('').body as ReadableStream<Uint8Array>)
    return stream.pipeThrough(new TextDecoderStream('UTF-8'))
  }

  clone(): Response {
    if (this.#isUnusable) {
      throw new TypeError('Response.clone: Body has already been consumed.')
    }
    const body = this.#body === null ? null : this.#body.clone()
    return new FetchResponse(this.#head, body)
  }

  get #isUnusable(): boolean {
    return this.#body !== null && (this.#body.isUsed || this.#body.isLocked)
  }

  #all(): Promise<Buffer> {
    if (this.#isUnusable) {
      return Promise.reject(unusable())
    }
    return this.#body === null ? Promise.resolve(Buffer.alloc(0)) : this.#body.all()
  }

  // Methods that are rarely used are left to a real Response.
  async #real(): Promise<Response> {
    const bytes = await this.#all()
    const type = this.headers.get('content-type')
    return new (webClass('Response'))(
      bytes,
      type === null ? {} : { headers: { 'content-type': type } },
    )
  }
}

/**
 * Makes FetchResponse objects pass as `Response` of Node and of undici. Called at the first fetch(), because Node loads its
 * class when it is first used.
 */
export function linkResponse(): void {
  passFor({
    name: 'Response',
    own: FetchResponse,
    isOwn: FetchResponse.is,
    show(response, options) {
      const { status, statusText, headers, body, bodyUsed, ok, redirected, type, url } = response
      const shown = { status, statusText, headers, body, bodyUsed, ok, redirected, type, url }
      return `Response ${inspect(shown, options)}`
    },
  })
}

function unusable(): TypeError {
  return new TypeError('Body is unusable: Body has already been read')
}
