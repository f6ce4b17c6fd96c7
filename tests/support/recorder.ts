/** A modern handler that records each call. */
import type { Dispatcher } from 'undici'
import { within } from './wait.ts'

export type HandlerMethod =
  | 'onRequestStart'
  | 'onBodySent'
  | 'onRequestSent'
  | 'onResponseStarted'
  | 'onResponseStart'
  | 'onResponseData'
  | 'onResponseEnd'
  | 'onRequestUpgrade'
  | 'onResponseError'

/** The methods that a request without an upgrade may call, in order. */
export const requestCallbacks = [
  'onRequestStart',
  'onBodySent',
  'onRequestSent',
  'onResponseStarted',
  'onResponseStart',
  'onResponseData',
  'onResponseEnd',
  'onResponseError',
] as const satisfies readonly HandlerMethod[]

export type Headers = Record<string, string | string[] | undefined>
export type Controller = Dispatcher.DispatchController & {
  rawHeaders?: Buffer[] | Headers | null
  rawTrailers?: Buffer[] | Headers | null
  reason: unknown
}

export interface RecordedError extends Error {
  code?: string
  [property: string]: unknown
}

export interface Call {
  readonly name: HandlerMethod
  readonly args: readonly unknown[]
  /** Whether the call came before `dispatch()` had returned. */
  readonly duringDispatch: boolean
  /** State of the controller at the call; undefined if the call had none. */
  readonly controller:
    | { aborted: boolean; paused: boolean; reason: unknown; rawHeaders: unknown }
    | undefined
}

/** Called after the call was recorded. */
export interface Hooks {
  onRequestStart?: (recorder: Recorder, controller: Controller) => void
  onBodySent?: (recorder: Recorder, chunk: Buffer) => void
  onRequestSent?: (recorder: Recorder) => void
  onResponseStarted?: (recorder: Recorder) => void
  onResponseStart?: (recorder: Recorder, controller: Controller, status: number) => void
  onResponseData?: (recorder: Recorder, controller: Controller, chunk: Buffer) => void
  onResponseEnd?: (recorder: Recorder, controller: Controller) => void
  onRequestUpgrade?: (recorder: Recorder, controller: Controller, status: number) => void
  onResponseError?: (recorder: Recorder, controller: Controller, error: Error) => void
}

const terminal: ReadonlySet<HandlerMethod> = new Set([
  'onResponseEnd',
  'onRequestUpgrade',
  'onResponseError',
])

export class Recorder {
  readonly calls: Call[] = []
  readonly chunks: Buffer[] = []
  /** The first controller seen. Undefined until a call brings one. */
  controller: Controller | undefined
  inDispatch = false
  readonly #hooks: Hooks
  readonly #waiting: { name: HandlerMethod; resolve: () => void }[] = []
  readonly #done = Promise.withResolvers<this>()

  constructor(hooks: Hooks = {}) {
    this.#hooks = hooks
  }

  /** The first terminal call. */
  get done(): Promise<this> {
    return within('the terminal call', this.#done.promise)
  }

  /** Names in order, with repetitions of the same one merged. */
  get names(): HandlerMethod[] {
    return this.calls.map((call) => call.name).filter((name, i, all) => name !== all[i - 1])
  }

  get terminalCalls(): number {
    return this.calls.filter((call) => terminal.has(call.name)).length
  }

  get body(): Buffer {
    return Buffer.concat(this.chunks)
  }

  get text(): string {
    return this.body.toString('latin1')
  }

  /** Status of the last head. */
  get status(): unknown {
    return this.#last('onResponseStart')?.args[1]
  }

  get headers(): Headers | undefined {
    return this.#last('onResponseStart')?.args[2] as Headers | undefined
  }

  get statusText(): unknown {
    return this.#last('onResponseStart')?.args[3]
  }

  get trailers(): Headers | undefined {
    return this.#last('onResponseEnd')?.args[1] as Headers | undefined
  }

  /** The error of onResponseError. */
  get error(): RecordedError | undefined {
    return this.#last('onResponseError')?.args[1] as RecordedError | undefined
  }

  count(name: HandlerMethod): number {
    return this.calls.filter((call) => call.name === name).length
  }

  call(name: HandlerMethod): Call | undefined {
    return this.calls.find((call) => call.name === name)
  }

  /** Resolves when `name` has been called at least once. */
  seen(name: HandlerMethod): Promise<void> {
    if (this.count(name) > 0) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ name, resolve })
    return within(name, promise)
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#record('onRequestStart', controller, context)
  }

  onBodySent(chunk: Buffer): void {
    this.#record('onBodySent', chunk)
  }

  onRequestSent(): void {
    this.#record('onRequestSent')
  }

  onResponseStarted(): void {
    this.#record('onResponseStarted')
  }

  onResponseStart(controller: Controller, ...rest: unknown[]): void {
    this.#record('onResponseStart', controller, ...rest)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.chunks.push(chunk)
    this.#record('onResponseData', controller, chunk)
  }

  onResponseEnd(controller: Controller, trailers: unknown): void {
    this.#record('onResponseEnd', controller, trailers)
  }

  onRequestUpgrade(controller: Controller, ...rest: unknown[]): void {
    this.#record('onRequestUpgrade', controller, ...rest)
  }

  onResponseError(controller: Controller, error: unknown): void {
    this.#record('onResponseError', controller, error)
  }

  #record(name: HandlerMethod, ...args: unknown[]): void {
    const first = args[0]
    const controller = isController(first) ? first : undefined
    this.controller ??= controller
    this.calls.push({
      name,
      args,
      duringDispatch: this.inDispatch,
      controller: controller && {
        aborted: controller.aborted,
        paused: controller.paused,
        reason: controller.reason,
        rawHeaders: controller.rawHeaders,
      },
    })
    for (const waiter of this.#waiting) if (waiter.name === name) waiter.resolve()
    if (terminal.has(name)) this.#done.resolve(this)
    const hook = this.#hooks[name] as ((recorder: Recorder, ...args: unknown[]) => void) | undefined
    hook?.(this, ...args)
  }

  #last(name: HandlerMethod): Call | undefined {
    return this.calls.findLast((call) => call.name === name)
  }
}

function isController(value: unknown): value is Controller {
  return typeof value === 'object' && value !== null && 'abort' in value && 'resume' in value
}

export type RequestOptions = Partial<Dispatcher.DispatchOptions> & Record<string, unknown>

/** A function, if a body can be read only once or the origin is needed. */
export type RequestMaker = RequestOptions | ((origin: string) => RequestOptions)

export function requestTo(origin: string, request: RequestMaker = {}): RequestOptions {
  return { origin, ...(typeof request === 'function' ? request(origin) : request) }
}

/** Dispatches with a recorder; method and path default to GET /. */
export function dispatch(agent: Dispatcher, options: RequestOptions, hooks: Hooks = {}): Recorder {
  const recorder = new Recorder(hooks)
  const full = { method: 'GET', path: '/', ...options }
  recorder.inDispatch = true
  try {
    agent.dispatch(full, recorder)
  } finally {
    recorder.inDispatch = false
  }
  return recorder
}

/** Dispatches, and waits for the terminal call. */
export function exchange(
  agent: Dispatcher,
  options: RequestOptions,
  hooks: Hooks = {},
): Promise<Recorder> {
  return dispatch(agent, options, hooks).done
}
