// Records of several requests in any order, cut into batches anywhere: each handler gets its own, in order, and exactly
// one terminal call.
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import type { Controller } from '../../../lib/compat/handler.ts'
import type { BatchEncoder } from '../support/batch-encoder.ts'
import { client } from '../support/fake-native.ts'
import { Recorder, type Call } from '../support/recorder.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

const requestCount = 4
const options = { origin: 'http://a.test', path: '/', method: 'GET' } as const

type Header = [name: string, value: string]

/** One record, and the calls that it must lead to. */
interface Step {
  readonly write: (encoder: BatchEncoder, id: number) => unknown
  readonly calls: readonly Call[]
}

/** undici's object for such headers, made by its rules instead of our code. */
function headersObject(headers: readonly Header[], isHttp2: boolean): object {
  const values = new Map<string, string[]>()
  for (const [name, value] of headers) {
    const key = name.toLowerCase()
    values.set(key, [...(values.get(key) ?? []), value])
  }
  const asHttp2 = (name: string, all: string[]): string | string[] =>
    name === 'set-cookie'
      ? all
      : name === 'content-type'
        ? (all[0] as string)
        : all.join(name === 'cookie' ? '; ' : ', ')
  const asHttp1 = (all: string[]): string | string[] =>
    all.length === 1 ? (all[0] as string) : all
  return Object.fromEntries(
    [...values].map(([name, all]) => [name, isHttp2 ? asHttp2(name, all) : asHttp1(all)]),
  )
}

const latin1 = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 12,
})
const names = [
  'a',
  'A',
  'x-b',
  'X-B',
  'Set-Cookie',
  'cookie',
  'Content-Type',
  '__proto__',
  '0',
  'toString',
]
const headers: fc.Arbitrary<Header[]> = fc.array(
  fc.tuple(
    fc.oneof(fc.constantFrom(...names), fc.stringMatching(/^[!#-'*+.^`|~\w-]{1,20}$/)),
    latin1,
  ),
  { maxLength: 8 },
)
const phrase = fc.oneof(fc.constant('OK'), fc.string({ unit: 'grapheme', maxLength: 8 }))

const head = (version: number, lowest: number, highest: number): fc.Arbitrary<Step> =>
  fc
    .record({ status: fc.integer({ min: lowest, max: highest }), statusText: phrase, headers })
    .map(({ status, statusText, headers }) => ({
      write: (encoder, id) => encoder.head(id, { status, statusText, version, headers }),
      calls: [
        ['onResponseStarted'],
        ['onResponseStart', status, headersObject(headers, version >= 20), statusText],
      ],
    }))

const data: fc.Arbitrary<Step> = fc
  .tuple(fc.string({ minLength: 1, unit: 'binary-ascii' }), fc.boolean())
  .map(([bytes, isBlock]) => ({
    write: (encoder, id) => (isBlock ? encoder.block(id, bytes) : encoder.data(id, bytes)),
    calls: [['onResponseData', bytes]],
  }))

const end = (version: number): fc.Arbitrary<Step> =>
  headers.map((trailers) => ({
    write: (encoder, id) => encoder.end(id, trailers),
    calls: [['onResponseEnd', headersObject(trailers, version >= 20)]],
  }))

// Calls that wait behind the data of a paused handler.
const failed: fc.Arbitrary<Step> = fc
  .tuple(fc.constantFrom('socketClosed', 'malformedResponse', 'lengthMismatch'), latin1)
  .map(([code, message]) => ({
    write: (encoder, id) => encoder.failed(id, code, 0, message, '::1 1 ::1 2 3 4'),
    calls: [['onResponseError', expect.any(Error)]],
  }))

/** A whole request: informational heads, the final one, a body, and an end of some kind. */
const life: fc.Arbitrary<Step[]> = fc
  .constantFrom(10, 11, 20, 30)
  .chain((version) =>
    fc
      .tuple(
        fc.array(head(version, 102, 199), { maxLength: 2 }),
        head(version, 200, 599),
        fc.array(data, { maxLength: 6 }),
        fc.oneof(end(version), failed),
        fc.boolean(),
      )
      .map(([early, final, body, last, comesToAHead]) =>
        comesToAHead ? [...early, final, ...body, last] : [...early, ...failedOnly(last)],
      ),
  )

function failedOnly(last: Step): Step[] {
  return last.calls[0]?.[0] === 'onResponseError' ? [last] : [errorStep]
}

const errorStep: Step = {
  write: (encoder, id) => encoder.failed(id, 'socketClosed'),
  calls: [['onResponseError', expect.any(Error)]],
}

/** What a handler does in one of its calls. */
const whim = fc.option(
  fc.record({ at: fc.nat(10), does: fc.constantFrom('abort', 'pause', 'pauseAndResume', 'throw') }),
  { nil: undefined },
)

const scene = fc.record({
  lives: fc.array(life, { minLength: requestCount, maxLength: requestCount }),
  whims: fc.array(whim, { minLength: requestCount, maxLength: requestCount }),
  /** whose record is next, and whether the batch ends before it */
  order: fc.array(fc.tuple(fc.nat(requestCount - 1), fc.boolean()), { maxLength: 60 }),
})

type Whim = { readonly at: number; readonly does: string } | undefined

/** A recorder that may pause, abort or throw. */
function whimsical(whim: Whim): Recorder {
  let calls = 0
  const act = (controller: Controller): void => {
    if (whim === undefined || calls++ !== whim.at) return
    if (whim.does === 'abort') controller.abort(new Error('a whim'))
    if (whim.does.startsWith('pause')) controller.pause()
    if (whim.does === 'pauseAndResume') controller.resume()
    if (whim.does === 'throw') throw new Error('a whim')
  }
  const hooked = ['onResponseStarted', 'onResponseStart', 'onResponseData'] as const
  return new Recorder(Object.fromEntries(hooked.map((name) => [name, act])))
}

/** The calls that a request makes, without those that the handler prevents. */
function expectedCalls(steps: readonly Step[], whim: Whim): readonly Call[] {
  const all: Call[] = [['onRequestStart', null], ...steps.flatMap(({ calls }) => calls)]
  const cut = whim === undefined || whim.does.startsWith('pause') ? -1 : whim.at + 2
  if (cut < 0 || cut >= all.length) return all
  return [...all.slice(0, cut), ['onResponseError', expect.objectContaining({ message: 'a whim' })]]
}

const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a batch', () => {
  it('gives each handler its own events, in order, whatever happens to the others', async () => {
    await fc.assert(
      fc.asyncProperty(scene, async ({ lives, whims, order }) => {
        const agent = new Agent()
        const handlers = whims.map((whim) => whimsical(whim))
        for (const handler of handlers) agent.dispatch(options, handler)
        const native = client()
        const ids = native.submitted.map(({ id }) => id)
        const left = lives.map((steps) => [...steps])
        let records: ((encoder: BatchEncoder) => unknown)[] = []
        const deliver = async (): Promise<void> => {
          native.batch((encoder) => {
            for (const record of records) record(encoder)
          })
          records = []
          await microtasks()
        }
        const rest = lives.flatMap((steps, i) => steps.map(() => [i, false] as const))
        for (const [i, isCut] of [...order, ...rest]) {
          const step = left[i]?.shift()
          if (isCut) await deliver()
          if (step !== undefined) {
            records.push((encoder) => step.write(encoder, ids[i] as number))
            // For no request: skipped, whatever it holds.
            records.push((encoder) => encoder.head(99, { headers: [['a', 'b']] }).data(99, 'z'))
          }
        }
        await deliver()
        for (const [i, handler] of handlers.entries()) {
          if (whims[i]?.does === 'pause') handler.controller?.resume()
        }
        await microtasks()
        for (const [i, handler] of handlers.entries()) {
          expect(handler.calls).toEqual(expectedCalls(lives[i] as Step[], whims[i]))
        }
        await agent.close()
      }),
      { numRuns: 300, seed: 12 },
    )
  })
})
