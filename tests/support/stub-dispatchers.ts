/** Dispatchers for the factories of tests. They send nothing. */
import { Dispatcher as Base } from 'undici'
import type { Dispatcher } from 'undici'

/** Answers each request at once, and records it. */
export class Stub extends Base {
  readonly calls: string[] = []
  readonly origin: string
  more = true

  constructor(origin: string | URL) {
    super()
    this.origin = String(origin)
  }

  override dispatch(
    opts: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    this.calls.push(`${opts.method} ${opts.path}`)
    handler.onResponseError?.(null as never, new Error('stub'))
    return this.more
  }

  override close(callback?: () => void): Promise<void> {
    this.calls.push('close')
    callback?.()
    return Promise.resolve()
  }

  override destroy(error?: unknown, callback?: () => void): Promise<void> {
    this.calls.push(`destroy ${(error as Error).message}`)
    callback?.()
    return Promise.resolve()
  }
}

/** A factory of stubs that records its arguments and results. */
export function stubs() {
  const made: Stub[] = []
  const given: object[] = []
  const factory = (origin: string | URL, options: object): Stub => {
    const stub = new Stub(origin)
    made.push(stub)
    given.push(options)
    return stub
  }
  return { made, given, factory }
}
