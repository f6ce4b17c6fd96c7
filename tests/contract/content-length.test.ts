/** Item 2: the content-length rules, as bytes on the wire. */
import { Readable } from 'node:stream'
import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { waitFor } from '../support/wait.ts'
import { useAgent, useRaw } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'
import type { Recorder, RequestOptions } from '../support/recorder.ts'
import type { AgentOptions } from '../support/agents.ts'

interface Sent {
  recorder: Recorder
  /** The value of the content-length line, or 'chunked', or 'none'. */
  framing: string
  wire: string
}

async function send(options: RequestOptions, agentOptions: AgentOptions = {}): Promise<Sent> {
  const server = await useRaw(async (peer) => {
    await peer.request()
    peer.respond()
  })
  const agent = await useAgent(agentOptions)
  const recorder = await exchange(agent, { origin: server.origin, ...options })
  const wire = server.peers[0]?.log ?? ''
  const length = /\r\ncontent-length: (.*)\r\n/i.exec(wire)?.[1]
  const chunked = /\r\ntransfer-encoding: chunked\r\n/i.test(wire)
  return { recorder, wire, framing: length ?? (chunked ? 'chunked' : 'none') }
}

const declared = (length: unknown): { headers: Record<string, string> } => ({
  headers: { 'content-length': String(length) },
})

describe('no body', () => {
  it.each(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])(
    '%s says content-length: 0',
    async (method) => {
      expect((await send({ method })).framing).toBe('0')
      expect((await send({ method, body: '' })).framing).toBe('0')
      expect((await send({ method, body: null, ...declared(5) })).framing).toBe('0')
    },
  )

  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'FOO'])('%s sends no length', async (method) => {
    expect((await send({ method })).framing).toBe('none')
    expect((await send({ method, body: Buffer.alloc(0) })).framing).toBe('none')
    expect((await send({ method, ...declared(5) })).framing).toBe('none')
  })

  it('from an empty stream counts as none', async () => {
    const empty = (): never => Readable.from([]) as never
    expect((await send({ method: 'POST', body: empty() })).wire).toMatch(
      /content-length: 0\r\n\r\n$|\r\n0\r\n\r\n$/,
    )
  })
})

describe('a body of known length', () => {
  it.each(['GET', 'HEAD', 'DELETE', 'POST', 'OPTIONS'])('%s sends the length', async (method) => {
    const { framing, wire, recorder } = await send({ method, body: 'hello' })
    expect(recorder.error).toBeUndefined()
    expect(framing).toBe('5')
    expect(wire).toMatch(/\r\n\r\nhello$/)
  })

  it('with the right declared length is sent with it once', async () => {
    const { wire } = await send({ method: 'POST', body: 'hello', ...declared(5) })
    expect(wire.match(/content-length/gi)).toHaveLength(1)
  })

  it('may have a number as content-length', async () => {
    const headers = { 'content-length': 5 } as never
    expect((await send({ method: 'POST', body: 'hello', headers })).framing).toBe('5')
  })

  it.each([3, 9])('with a declared length of %i fails before anything is sent', async (length) => {
    const { recorder, wire } = await send({ method: 'POST', body: 'hello', ...declared(length) })
    expect(recorder.error).toBeInstanceOf(errors.RequestContentLengthMismatchError)
    expect(recorder.error?.code).toBe('UND_ERR_REQ_CONTENT_LENGTH_MISMATCH')
    expect(recorder.call('onResponseError')?.duringDispatch).toBe(false)
    expect(wire).toBe('')
  })

  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE'])('%s corrects a wrong length', async (method) => {
    const { framing, recorder } = await send({ method, body: 'hello', ...declared(3) })
    expect(recorder.error).toBeUndefined()
    expect(framing).toBe('5')
  })

  it('only warns with strictContentLength: false', async () => {
    const warning = waitFor(process, 'warning')
    const { framing, recorder } = await send(
      { method: 'POST', body: 'hello', ...declared(3) },
      { strictContentLength: false },
    )
    expect(recorder.error).toBeUndefined()
    expect(framing).toBe('5')
    expect((await warning)[0]).toMatchObject({ code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' })
  })
})

describe('a streamed body', () => {
  const source = (...parts: string[]): never =>
    Readable.from(parts.map((p) => Buffer.from(p))) as never

  it('is chunked without a declared length', async () => {
    const { framing } = await send({ method: 'POST', body: source('hel', 'lo') })
    expect(framing).toBe('chunked')
  })

  it('is sent with its declared length', async () => {
    const { framing, wire } = await send({
      method: 'POST',
      body: source('hel', 'lo'),
      ...declared(5),
    })
    expect(framing).toBe('5')
    expect(wire).toMatch(/\r\n\r\nhello$/)
    expect(wire).not.toMatch(/transfer-encoding/i)
  })

  it('that gives more than declared fails, and the excess is not sent', async () => {
    const { recorder, wire } = await send({
      method: 'POST',
      body: source('hel', 'lo there'),
      ...declared(5),
    })
    expect(recorder.error).toBeInstanceOf(errors.RequestContentLengthMismatchError)
    expect(recorder.terminalCalls).toBe(1)
    expect(wire).not.toContain('there')
  })

  it('that gives less than declared fails', async () => {
    const { recorder } = await send({ method: 'POST', body: source('hel'), ...declared(5) })
    expect(recorder.error).toBeInstanceOf(errors.RequestContentLengthMismatchError)
    expect(recorder.terminalCalls).toBe(1)
  })

  it.each(['GET', 'DELETE', 'FOO'])('goes with %s as well', async (method) => {
    const { framing, recorder } = await send({ method, body: source('hello') })
    expect(recorder.error).toBeUndefined()
    expect(framing).toBe('chunked')
  })
})

describe('a bad content-length header', () => {
  it.each(['ten', '-1', '1.5', '5, 5', ''])("'%s' is refused", async (value) => {
    const { recorder, wire } = await send({ method: 'POST', body: 'hello', ...declared(value) })
    expect(recorder.error).toBeInstanceOf(errors.InvalidArgumentError)
    expect(recorder.error?.message).toBe('invalid content-length header')
    expect(wire).toBe('')
  })

  it('given twice is refused', async () => {
    const headers = ['content-length', '5', 'Content-Length', '5']
    const { recorder } = await send({ method: 'POST', body: 'hello', headers })
    expect(recorder.error?.message).toBe('duplicate content-length header')
  })
})
