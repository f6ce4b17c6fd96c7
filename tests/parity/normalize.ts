/**
 * What one run of a scenario leaves behind, in a form that two runs can be compared in. Masked, because the contract
 * leaves it open: chunk boundaries, ports, dates, where onRequestSent comes among the calls of the response. If no head
 * has come, also masked: the start, the announcement of a head that does not come, and whether the error has the
 * controller.
 */
import { headLines } from '../support/curl.ts'
import type { Call, Recorder, RecordedError } from '../support/recorder.ts'

export type Normal =
  | null
  | undefined
  | boolean
  | number
  | string
  | readonly Normal[]
  | { readonly [name: string]: Normal }

export interface Seen {
  /** The calls in order, without those of the request's side. */
  readonly calls: readonly Normal[]
  readonly requestSent: number
  readonly bodySent: string
  readonly aborted: boolean | undefined
  readonly reason: Normal
}

export interface NormalizeOptions {
  /** Errors and reasons with names, recognised by identity. */
  readonly known?: Readonly<Record<string, unknown>>
  /** Leaves out what differs with the protocol's implementation: raw headers of HTTP/2. */
  readonly withoutRaw?: boolean
}

export function seen(recorder: Recorder, options: NormalizeOptions = {}): Seen {
  const answered = recorder.calls.some(({ name }) => name === 'onResponseStart')
  const calls: Normal[] = []
  let data: string | undefined
  for (const call of recorder.calls) {
    if (call.name === 'onResponseData') {
      data = (data ?? '') + (call.args[1] as Buffer).toString('latin1')
      continue
    }
    if (data !== undefined) calls.push({ call: 'data', data })
    data = undefined
    const normal = normalCall(call, answered, recorder, options)
    if (normal !== undefined) calls.push(normal)
  }
  if (data !== undefined) calls.push({ call: 'data', data })
  const sent = recorder.calls.filter(({ name }) => name === 'onBodySent')
  return {
    calls,
    requestSent: answered ? recorder.count('onRequestSent') : 0,
    bodySent: sent.map(({ args }) => Buffer.from(args[0] as Buffer).toString('latin1')).join(''),
    aborted: answered ? recorder.controller?.aborted : undefined,
    reason: answered ? normalValue(recorder.controller?.reason, options) : undefined,
  }
}

function normalCall(
  { name, args, duringDispatch, controller }: Call,
  answered: boolean,
  recorder: Recorder,
  options: NormalizeOptions,
): Normal {
  switch (name) {
    case 'onBodySent':
    case 'onRequestSent':
      return undefined
    case 'onRequestStart':
      return answered ? { call: 'start', context: args[1] as null } : undefined
    case 'onResponseStarted':
      return answered ? { call: 'started' } : undefined
    case 'onResponseStart':
      return {
        call: 'head',
        status: args[1] as number,
        headers: normalHeaders(args[2]),
        statusText: (args[3] as string | undefined) ?? '',
        raw: options.withoutRaw ? undefined : rawText(controller?.rawHeaders),
      }
    case 'onResponseEnd':
      return {
        call: 'end',
        trailers: normalHeaders(args[1]),
        raw: options.withoutRaw ? undefined : rawText(recorder.controller?.rawTrailers),
      }
    case 'onResponseError':
      return {
        call: 'error',
        error: normalValue(args[1], options),
        withController: answered ? Boolean(args[0]) : undefined,
        duringDispatch: recorder.count('onRequestStart') === 0 && duringDispatch,
      }
    default:
      return { call: name }
  }
}

/** An own copy: undici's HTTP/2 objects have no prototype, and carry symbols. */
function normalHeaders(headers: unknown): Normal {
  const entries = Object.entries(headers as Record<string, string | string[]>)
  return Object.fromEntries(
    entries
      .filter(([name]) => !name.startsWith(':'))
      .map(([name, value]) => [name, name === 'date' ? 'DATE' : value]),
  )
}

function rawText(raw: unknown): Normal {
  if (!Array.isArray(raw)) return 'no array'
  const texts = raw.map((bytes) => Buffer.from(bytes as Buffer).toString('latin1'))
  const isDate = (i: number): boolean => i % 2 === 1 && texts[i - 1]?.toLowerCase() === 'date'
  return texts.map((text, i) => (isDate(i) ? 'DATE' : text))
}

const errorProperties = ['code', 'errno', 'syscall', 'address', 'hostname', 'reason', 'host']

export function normalValue(value: unknown, options: NormalizeOptions = {}): Normal {
  const known = Object.entries(options.known ?? {}).find(([, one]) => one === value)
  if (known) return `the very ${known[0]}`
  if (!(value instanceof Error)) return value as Normal
  const error = value as RecordedError
  const properties = errorProperties.map((name) => [name, error[name] as Normal])
  return {
    name: error.name,
    // The text in parentheses is the parser's own.
    message: maskPorts(error.message).replace(/(HTTP\/1\.1 protocol) \(.*\)$/s, '$1 (…)'),
    ...Object.fromEntries(properties.filter(([, property]) => property !== undefined)),
  }
}

export function maskPorts(text: string): string {
  return text.replaceAll(/:\d{4,5}\b/g, ':PORT')
}

/** A request head as lines. */
export function normalHead(wire: string): string[] {
  return headLines(wire.slice(0, wire.indexOf('\r\n\r\n'))).map((line) => maskPorts(line))
}
