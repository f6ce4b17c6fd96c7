import type { Dispatcher } from 'undici'
import { defaultDispatcher } from '../api/default-dispatcher.ts'
import { nativeHost, type NativeHost } from '../api/native-dispatcher.ts'
import type { Tenant } from '../api/tenants.ts'
import { isObserved } from '../diagnostics/observed-request.ts'
import { ConnectionPlanner } from '../dispatch/connection-planner.ts'
import type { ResolvedOptions } from '../options/agent-options.ts'
import { Origin } from '../origins/origins.ts'
import {
  failureOf,
  refusal,
  waitForRetry,
  type Failure,
  type ItemLoader,
  type LoadTask,
} from './item-loader.ts'
import { LoadClient } from './load-client.ts'
import type { LoadSettings } from './load-options.ts'
import { NativeItem, type ItemRoute } from './native-item.ts'
import { checkOpen, encodeGet } from './native-request.ts'
import { RequestLoader } from './request-loader.ts'

/** There is a limit, because a crawler uses endlessly many origins. */
const mostRoutes = 256

/** What native needs for the requests of one origin that have no headers of their own. */
interface Route extends ItemRoute {
  readonly client: LoadClient
  /** the parts of a request's text before and after the path and query */
  readonly start: string
  readonly rest: string
  readonly flags: number
}

/** Chooses how to load: natively, unless something between the dispatcher and native has to see the requests. */
export function itemLoader(settings: LoadSettings<unknown>, signal: AbortSignal): ItemLoader {
  const dispatcher = settings.dispatcher ?? defaultDispatcher()
  const host = nativeHost(dispatcher)
  return host === undefined || host.options.connectors !== null || isObserved()
    ? new RequestLoader(settings, signal)
    : new NativeLoader(dispatcher, host, settings, signal)
}

/** Loads items by native clients of its own, which collect whole responses. */
class NativeLoader implements ItemLoader, Tenant {
  readonly #dispatcher: Dispatcher
  readonly #host: NativeHost
  readonly #options: ResolvedOptions
  readonly #settings: LoadSettings<unknown>
  readonly #signal: AbortSignal
  readonly #planner: ConnectionPlanner
  readonly #clients = new Map<string, LoadClient>()
  readonly #routes = new Map<string, Route>()
  /** requests that have not ended */
  #running = 0
  /** set when the dispatcher is destroyed, with the tasks whose programs must still hear of it */
  #stop: { readonly reason: unknown; readonly tasks: LoadTask[] } | undefined

  constructor(
    dispatcher: Dispatcher,
    host: NativeHost,
    settings: LoadSettings<unknown>,
    signal: AbortSignal,
  ) {
    this.#dispatcher = dispatcher
    this.#host = host
    this.#options = host.options
    this.#settings = settings
    this.#signal = signal
    this.#planner = new ConnectionPlanner(host.options, {
      renewTls: (client) => (client as LoadClient).renewTls(),
    })
    signal.addEventListener('abort', this.#destroy, { once: true })
  }

  // Native counts what runs at a time, but each client by itself.
  hasRoom(running: number): boolean {
    return this.#clients.size <= 1 || running < this.#settings.concurrency
  }

  start(task: LoadTask): void {
    this.#attempt(task, 0)
  }

  want(count: number): void {
    const each = this.#clients.size === 1 ? count : 1
    for (const client of this.#clients.values()) {
      client.want(each)
    }
  }

  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#destroy)
    this.#destroy()
    await this.#whenClosed()
  }

  // As a tenant of the dispatcher, which it is while requests run.

  async stop(reason: unknown): Promise<() => void> {
    const tasks: LoadTask[] = []
    this.#stop = { reason, tasks }
    this.#destroy()
    await this.#whenClosed()
    return () => {
      for (const task of tasks) {
        task.onFailed(reason)
      }
    }
  }

  async #whenClosed(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.whenClosed()))
  }

  readonly #destroy = (): void => {
    for (const client of this.#clients.values()) {
      client.destroy()
    }
  }

  #attempt(task: LoadTask, attempt: number): void {
    try {
      checkOpen(this.#dispatcher)
      this.#submit(task, attempt)
    } catch (error) {
      task.onFailed(error)
    }
  }

  #submit(task: LoadTask, attempt: number): void {
    const { target, headers } = task.job
    const route = this.#routeTo(this.#host.fixedOrigin ?? task.job.origin)
    const item = new NativeItem(task, route, attempt, this.#onEnd)
    if (headers === this.#settings.headers) {
      route.client.submit(item, `${route.start}${target}${route.rest}`, route.flags)
    } else {
      const { client, origin } = route
      const { encoded } = encodeGet(this.#options, origin, client.proxy, target, headers.flat())
      client.submit(item, encoded.text, encoded.flags)
    }
    if (this.#running++ === 0) {
      this.#host.tenants.enter(this)
    }
  }

  #routeTo(origin: string): Route {
    const known = this.#routes.get(origin)
    if (known !== undefined) {
      return known
    }
    const route = this.#makeRoute(new Origin(new URL(origin)))
    if (this.#routes.size >= mostRoutes) {
      this.#routes.clear()
    }
    this.#routes.set(origin, route)
    return route
  }

  #makeRoute(origin: Origin): Route {
    const options = this.#options
    const proxy = options.proxies === null ? null : options.proxies.find(origin.url)
    // A target that does not occur in the rest of the text.
    const { encoded, servername } = encodeGet(
      options,
      origin,
      proxy,
      '/\n',
      this.#settings.headers.flat(),
    )
    const [start, rest] = encoded.text.split('/\n') as [string, string]
    const connect = proxy === null ? options.connect : proxy.connectTo(options.connect)
    return {
      client: this.#clientFor(origin, proxy),
      origin,
      start,
      rest,
      flags: encoded.flags,
      servername: servername || (connect.servername ?? origin.hostname),
    }
  }

  #clientFor(origin: Origin, proxy: LoadClient['proxy']): LoadClient {
    const kind = `${origin.isTls} ${proxy !== null}`
    const known = this.#clients.get(kind)
    if (known !== undefined) {
      return known
    }
    const { concurrency, maxBytes } = this.#settings
    const client = new LoadClient(
      this.#options,
      proxy,
      origin.isTls,
      { concurrency, mostBytes: maxBytes },
      (wanting, item) => this.#planner.onConnectionWanted(wanting, item),
    )
    this.#clients.set(kind, client)
    return client
  }

  readonly #onEnd = (item: NativeItem): void => {
    const { status, headers, body, failure, task } = item
    if (--this.#running === 0) {
      this.#host.tenants.leave(this)
    }
    if (failure !== undefined) {
      this.#retry(item, failureOf(failure.error))
    } else if (status < 200 || status > 299) {
      this.#retry(item, refusal(status, headers))
    } else {
      const { url, index } = task.job
      task.onLoaded({ url, index, status, headers, body })
    }
  }

  #retry({ task, attempt }: NativeItem, failure: Failure): void {
    if (this.#stop !== undefined) {
      this.#stop.tasks.push(task)
      return
    }
    waitForRetry(failure, attempt, this.#settings, this.#signal).then(
      () => this.#attempt(task, attempt + 1),
      (error: unknown) => task.onFailed(error),
    )
  }
}
