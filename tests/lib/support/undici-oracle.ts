import { Client } from 'undici'
import type { Dispatcher } from 'undici'
import { Recorder } from './recorder.ts'

/** The parts of an error that distinguish it. */
export interface ErrorLook {
  readonly name: string
  readonly code: unknown
  readonly message: string
}

export function look(error: unknown): ErrorLook | 'none' {
  if (!(error instanceof Error)) {
    return 'none'
  }
  return { name: error.name, code: (error as { code?: unknown }).code, message: error.message }
}

/** The error that `dispatcher` passes to a handler, or throws, before dispatch() returns. */
export function refusal(dispatcher: Dispatcher, opts: unknown): ErrorLook | 'none' {
  const handler = new Recorder()
  try {
    dispatcher.dispatch(opts as Dispatcher.DispatchOptions, handler)
  } catch (error) {
    return look(error)
  }
  return look(handler.error)
}

/** An undici client that accepts requests and never connects. */
export function undiciClient(options: object = {}): Dispatcher {
  return new Client('http://a.test', { ...options, connect: () => {} })
}

/** What `make` throws. */
export function thrown(make: () => unknown): ErrorLook | 'none' {
  try {
    make()
  } catch (error) {
    return look(error)
  }
  return 'none'
}
