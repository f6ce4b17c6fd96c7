/** A source may reuse the memory of its chunks as soon as it is asked for more; the bytes arrive as they were given. */
import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { FormData } from 'undici'
import { describe, expect, it } from 'vitest'
import { paces, reuses, sources } from '../support/reusing-sources.ts'
import { useAgent } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol, type Protocol } from '../support/protocols.ts'
import { exchange, Recorder, type RequestOptions } from '../support/recorder.ts'
import type { TestAgent } from '../support/agents.ts'
import { timeFactor } from '../support/time-factor.ts'

const patience = { timeout: 60_000 * timeFactor }

function useEcho(protocol: Protocol) {
  return useProtocol(protocol, (request, response) => {
    void bodyOf(request).then(
      (body) => response.end(body),
      () => {},
    )
  })
}

/** With onBodySent or onRequestSent the body is read as it is needed; without, it may be gathered before. */
async function echoed(agent: TestAgent, options: RequestOptions, isTold: boolean): Promise<string> {
  const recorder = new Recorder({})
  if (!isTold) Object.assign(recorder, { onBodySent: undefined, onRequestSent: undefined })
  agent.dispatch({ method: 'POST', path: '/', ...options }, recorder)
  await recorder.done
  expect(recorder.error).toBeUndefined()
  return recorder.text
}

const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 50 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 140_000 }) },
)

const uploads = fc.record({
  source: fc.constantFrom(...Object.keys(sources)),
  lengths: fc.array(sizes, { minLength: 1, maxLength: 8 }),
  reuse: fc.constantFrom(...reuses),
  pace: fc.constantFrom(...paces),
  isWarm: fc.boolean(),
  isTold: fc.boolean(),
  isDeclared: fc.boolean(),
  /** a method without a body of its own: the first chunk is read before the request is begun */
  method: fc.constantFrom('POST', 'DELETE'),
})

describe.each(protocols)('the memory of chunks over %s', (protocol) => {
  it('belongs to the source again when it is asked for more', patience, async () => {
    const server = await useEcho(protocol)
    const warm = await useAgent()
    await exchange(warm, { origin: server.origin })
    await fc.assert(
      fc.asyncProperty(uploads, async (given) => {
        const { source, lengths, reuse, pace, isWarm, isTold, isDeclared, method } = given
        const pieces = lengths.map((length, i) => String.fromCodePoint(0x61 + i).repeat(length))
        const whole = pieces.join('')
        const agent = isWarm ? warm : await useAgent()
        const body = sources[source]?.(pieces, reuse, pace) as never
        const headers = isDeclared ? { 'content-length': `${whole.length}` } : {}
        const arrived = await echoed(
          agent,
          { origin: server.origin, method, headers, body },
          isTold,
        )
        expect(brief(arrived)).toBe(brief(whole))
        if (!isWarm) await agent.destroy()
      }),
      { numRuns: 60 },
    )
  })

  it('of a body in bytes belongs to the caller again after dispatch()', async () => {
    const server = await useEcho(protocol)
    const agent = await useAgent()
    await exchange(agent, { origin: server.origin })
    const shared = Buffer.alloc(4)
    const recorders: Promise<string>[] = []
    for (const text of ['aaaa', 'bbbb', 'cccc']) {
      shared.write(text)
      // A stream before it, whose length is checked a little later, delays the next request.
      const stream = sources['a Readable']?.(['s'], 'wiped', 'at once') as never
      recorders.push(echoed(agent, { origin: server.origin, body: stream }, false))
      recorders.push(echoed(agent, { origin: server.origin, body: shared }, false))
    }
    shared.fill('x')
    expect(await Promise.all(recorders)).toEqual(['s', 'aaaa', 's', 'bbbb', 's', 'cccc'])
  })

  it('of a form’s parts is copied by the form', async () => {
    const server = await useEcho(protocol)
    const agent = await useAgent()
    await exchange(agent, { origin: server.origin })
    const bytes = Buffer.from('of a file')
    const form = new FormData()
    form.append('file', new Blob([bytes]), 'name')
    bytes.fill('x')
    const body = form as never
    expect(await echoed(agent, { origin: server.origin, body }, false)).toContain('of a file')
    const blob = new Blob([Buffer.from('of a blob')]) as never
    expect(await echoed(agent, { origin: server.origin, body: blob }, false)).toBe('of a blob')
  })
})

/** Short enough to be read. */
function brief(text: string): string {
  return text.replaceAll(/(.)\1*/gs, (run, one: string) => `${one}×${run.length} `)
}
