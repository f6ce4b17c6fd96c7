import type { Buffer } from 'node:buffer'
import type { Dispatcher } from 'undici'
import type { Controller, ResponseHeaders } from '../compat/handler.ts'
import { encodedSize, isDecoded } from '../request/decoded-body.ts'
import { contentDecoder } from './content-coding.ts'
import { dispatchOptions } from './dispatch-options.ts'
import { FetchBody } from './fetch-body.ts'
import type { FetchPlan } from './fetch-plan.ts'
import { FetchResponse } from './fetch-response.ts'
import { follow, unfollow, type Abortable } from '../answer/followed-signals.ts'
import type { FetchUrl } from './fetch-url.ts'
import type { HeaderList } from './header-list.ts'
import { redirectTarget, sameOrigin, type RedirectTarget } from './redirects.ts'
import type { RequestSource } from './request-source.ts'
import { addSentHeaders } from './sent-headers.ts'
import { fetchFailed } from './fetch-error.ts'
import { FetchTiming } from './fetch-timing.ts'
import { whenUnread } from './unread-responses.ts'

const nullBodyStatuses = new Set([101, 103, 204, 205, 304])
/** An error, because there is no user to ask for a name and a password. */
const proxyAuthenticationRequired = 407
/** The server wants the request again, on another connection. */
const misdirectedRequest = 421
const redirectStatuses = new Set([301, 302, 303, 307, 308])

/** How many bytes of a redirect's own body are read to keep its connection; a longer body closes it. */
const mostOfRedirect = 64 * 1024

/** Settles the promise of a call. */
export interface Settle {
  resolve(response: Response): void
  reject(error: unknown): void
}

/**
 * One call of fetch(), from its first request to the end of the body. It is the handler of its requests and the body of
 * its response in one object.
 */
export class FetchCall extends FetchBody implements Dispatcher.DispatchHandler, Abortable {
  readonly #dispatcher: Dispatcher
  readonly #plan: FetchPlan
  /** null once the promise is settled, because its functions keep the response from being collected */
  #promise: Settle | null
  readonly #timing: FetchTiming
  // Of the current request; a redirect changes them.
  #url: FetchUrl
  #method: string
  #headers: HeaderList
  #source: RequestSource | null
  #redirects = 0
  /** whether the request was sent again because of a 421 */
  #isSecond = false
  #type: 'basic' | 'cors' = 'basic'
  /** whether the call is aborted, failed or complete */
  #isOver = false
  /** whether the response has no body, so that what is sent as one is dropped */
  #dumps = false
  /** controllers of redirected requests; later calls from these are not for the user */
  #followed: Controller[] | null = null
  /** received bytes of the last redirect's own body */
  #bytesOfRedirect = 0

  constructor(plan: FetchPlan, dispatcher: Dispatcher, promise: Settle) {
    super()
    this.#plan = plan
    this.#dispatcher = dispatcher
    this.#promise = promise
    this.#url = plan.url
    this.#method = plan.method
    this.#headers = plan.headers
    this.#source = plan.source
    this.#timing = new FetchTiming(plan.url.href)
  }

  start(): void {
    const { signal } = this.#plan
    if (signal !== null) {
      if (signal.aborted) {
        this.abort(signal.reason)
        return
      }
      follow(signal, this)
    }
    this.#send()
  }

  /** Ends the call when the user's signal aborts. This also discards a complete body that nobody has read. */
  abort(reason: unknown): void {
    const error = reason || new DOMException('The operation was aborted.', 'AbortError')
    if (this.#isOver) {
      this.breakOff(error)
    } else {
      this.#end(reason, error)
    }
  }

  // The handler of its requests, which follow one another.

  onRequestStart(controller: Controller): void {
    this.controller = controller
    this.#bytesOfRedirect = 0
  }

  onResponseStarted(): void {
    this.#timing.onResponse()
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: ResponseHeaders,
    statusText: string,
  ): void {
    if (status < 200 || this.#isOver || this.#hasFollowed(controller)) {
      return
    }
    if (status === proxyAuthenticationRequired) {
      this.#fail(new Error(''))
      return
    }
    if (status === misdirectedRequest && this.#sendAgain()) {
      return
    }
    if (redirectStatuses.has(status) && this.#plan.redirect !== 'manual') {
      if (this.#redirect(status, headers)) {
        return
      }
    }
    this.#begin(controller, status, headers, statusText)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (!this.#hasFollowed(controller)) {
      this.#timing.bodySize += chunk.byteLength
      if (!this.#dumps) {
        this.push(chunk)
      }
      return
    }
    this.#bytesOfRedirect += chunk.byteLength
    if (this.#bytesOfRedirect > mostOfRedirect) {
      controller.abort(new Error('the body of a redirect is too long'))
    }
  }

  onResponseEnd(controller: Controller): void {
    if (!this.#isOver && !this.#hasFollowed(controller)) {
      if (isDecoded(controller)) {
        this.#timing.encodedBodySize = encodedSize(controller)
      }
      this.#isOver = true
      this.end(this.#plan.signal !== null && !this.#dumps)
      this.#timing.report()
    }
  }

  protected override onOver(): void {
    this.#stopFollowing()
  }

  onResponseError(controller: Controller | null, error: Error): void {
    if (controller === null || !this.#hasFollowed(controller)) {
      this.#end(fetchFailed(error), new TypeError('terminated', { cause: error }))
    }
  }

  #send(): void {
    const sent = this.#headers.copy()
    addSentHeaders(sent, this.#method, this.#source, this.#url, this.#plan.cache)
    const agent = this.#dispatcher
    try {
      const options = dispatchOptions(agent, this.#url, this.#method, sent, this.#source)
      agent.dispatch(options, this)
    } catch (error) {
      this.onResponseError(null, error as Error)
    }
  }

  #begin(
    controller: Controller,
    status: number,
    headers: ResponseHeaders,
    statusText: string,
  ): void {
    const hasBody = this.#method !== 'HEAD' && !nullBodyStatuses.has(status)
    const encoding = hasBody && !isDecoded(controller) ? headers['content-encoding'] : undefined
    if (encoding !== undefined && encoding !== '') {
      try {
        this.decodeBy(contentDecoder(String(encoding)))
      } catch (error) {
        controller.abort(error as Error)
        return
      }
    }
    this.#dumps = !hasBody
    const response = new FetchResponse(
      {
        status,
        statusText,
        headers,
        url: this.#url.href,
        redirected: this.#redirects > 0,
        type: this.#type,
      },
      hasBody ? this : null,
    )
    this.#timing.status = status
    if (hasBody) {
      whenUnread(response, this)
    }
    const promise = this.#promise
    this.#promise = null
    promise?.resolve(response)
  }

  // Returns false if there is no location, so that the user gets the response.
  #redirect(status: number, headers: ResponseHeaders): boolean {
    if (this.#plan.redirect === 'error') {
      this.#fail(new Error('unexpected redirect'))
      return true
    }
    const location = headers['location']
    if (location === undefined) {
      return false
    }
    try {
      const target = redirectTarget(
        { status, location: String(location), redirects: this.#redirects },
        this.#url,
        this.#method,
        this.#source,
      )
      this.#redirects++
      this.#follow(target)
    } catch (error) {
      this.#fail(error)
    }
    return true
  }

  // Returns false if the response goes to the user.
  #sendAgain(): boolean {
    if (this.#isSecond || (this.#source !== null && !this.#source.isReplayable)) {
      return false
    }
    this.#isSecond = true
    this.#leave()
    this.#send()
    return true
  }

  // Later calls of the current request are not for the user.
  #leave(): void {
    if (this.controller !== null) {
      this.#followed ??= []
      this.#followed.push(this.controller)
      this.controller = null
    }
  }

  #follow({ url, method, dropsBody }: RedirectTarget): void {
    this.#leave()
    this.#isSecond = false
    if (dropsBody) {
      this.#source = null
      for (const name of [
        'content-encoding',
        'content-language',
        'content-location',
        'content-type',
        'content-length',
      ]) {
        this.#headers.delete(name)
      }
    }
    if (!sameOrigin(url, this.#url)) {
      for (const name of ['authorization', 'proxy-authorization', 'cookie']) {
        this.#headers.delete(name)
      }
    }
    if (!sameOrigin(url, this.#plan.url)) {
      this.#type = 'cors'
    }
    this.#url = url
    this.#method = method
    this.#timing.onRedirect()
    this.#send()
  }

  #fail(cause: unknown): void {
    this.#end(fetchFailed(cause), cause)
  }

  /** `early` rejects the promise; `late` fails the body, if the promise has been fulfilled. */
  #end(early: unknown, late: unknown): void {
    if (this.#isOver) {
      return
    }
    this.#isOver = true
    this.#stopFollowing()
    const { controller } = this
    const promise = this.#promise
    this.#promise = null
    if (promise === null) {
      this.breakOff(late)
    } else {
      promise.reject(early)
    }
    this.#source?.cancel(late)
    this.controller = null
    controller?.abort(late as Error)
  }

  #hasFollowed(controller: Controller): boolean {
    return this.#followed !== null && this.#followed.includes(controller)
  }

  #stopFollowing(): void {
    if (this.#plan.signal !== null) {
      unfollow(this.#plan.signal, this)
    }
  }
}
