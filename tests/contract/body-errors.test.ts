/**
 * A failed request destroys the stream that is its body with the request's error, so that the stream's writer knows
 * why.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough, Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { agentKind, type AgentOptions, type TestAgent } from '../support/agents.ts'
import { useAgent, useRaw } from '../support/fixtures.ts'
import { protocols, useProtocol, type Protocol } from '../support/protocols.ts'
import { until, within } from '../support/wait.ts'

interface Situation {
  readonly name: string
  /** the server's action when some of the body has come */
  readonly serve?: (incoming: IncomingMessage, outgoing: ServerResponse) => void
  /** the client's action at that time */
  readonly act?: (agent: TestAgent, abort: AbortController) => void
  readonly agent?: AgentOptions
  readonly headers?: Record<string, string>
  readonly code?: string
}

const situations: Situation[] = [
  {
    name: 'the server breaks off',
    serve: (incoming) => incoming.socket.destroy(),
  },
  {
    name: 'the response breaks off',
    serve: (incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-length': '10' })
      outgoing.write('some', () => incoming.socket.destroy())
    },
  },
  {
    name: 'the request is aborted',
    act: (_agent, abort) => abort.abort(Object.assign(new Error('enough'), { code: 'ENOUGH' })),
    code: 'ENOUGH',
  },
  {
    name: 'the Agent is destroyed',
    act: (agent) => void agent.destroy(),
    code: 'UND_ERR_DESTROYED',
  },
  {
    name: 'the Agent is destroyed with an error',
    act: (agent) => void agent.destroy(Object.assign(new Error('gone'), { code: 'GONE' })),
    code: 'GONE',
  },
  {
    name: 'the response head is too large',
    serve: (_incoming, outgoing) => outgoing.writeHead(200, { 'x-long': 'x'.repeat(4000) }).end(),
    agent: { maxHeaderSize: 1000 },
    code: 'UND_ERR_HEADERS_OVERFLOW',
  },
  {
    name: 'the response is too large',
    serve: (_incoming, outgoing) => void outgoing.write('x'.repeat(4000)),
    agent: { maxResponseSize: 1000 },
    code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  },
]

/** A body that has sent a piece and goes on. */
function endless(): Readable {
  const body = new Readable({ read() {} })
  body.push('some')
  return body
}

function errorOf(stream: NodeJS.EventEmitter): Promise<unknown> {
  const heard = new Promise((resolve) => {
    stream.once('error', resolve)
    stream.once('close', () => setImmediate(resolve, 'closed without an error'))
  })
  return within('the end of the stream', heard)
}

async function useUpload(protocol: Protocol, situation: Situation) {
  const { serve, agent: options } = situation
  let arrived = 0
  const server = await useProtocol(protocol, (incoming, outgoing) => {
    incoming.once('data', () => {
      arrived += 1
      serve?.(incoming, outgoing)
    })
    incoming.on('error', () => {})
  })
  const agent = await useAgent(options)
  return { server, agent, arrived: () => until('some of the body to arrive', () => arrived > 0) }
}

const rows = protocols.flatMap((protocol) => situations.map((one) => ({ protocol, ...one })))

describe('the body’s stream', () => {
  it.each(rows)('over $protocol ends with the request’s error: $name', async (row) => {
    // Node does not limit heads over HTTP/2, and neither do we.
    if (row.protocol === 'HTTP/2' && row.agent?.maxHeaderSize !== undefined) return
    const { server, agent, arrived } = await useUpload(row.protocol, row)
    const abort = new AbortController()
    const body = endless()
    const heard = errorOf(body)
    const { signal } = abort
    const sent = request(server.origin, { method: 'POST', body, dispatcher: agent, signal })
    const failed = sent.then(
      (response) => response.body.text(),
      (error: unknown) => error,
    )
    const result = failed.catch((error: unknown) => error)
    await arrived()
    row.act?.(agent, abort)
    const error = await result
    expect(error).toBeInstanceOf(Error)
    if (row.code !== undefined) expect(error).toMatchObject({ code: row.code })
    expect(await heard).toBe(error)
    expect(body.destroyed).toBe(true)
  })

  it.each(protocols)(
    'over %s ends with the error of a request that was never sent',
    async (protocol) => {
      const { server, arrived } = await useUpload(protocol, { name: '' })
      const agent = await useAgent({ connections: 1, pipelining: 1 })
      const first = endless()
      const busy = request(server.origin, { method: 'POST', body: first, dispatcher: agent })
      busy.catch(() => {})
      await arrived()
      const body = endless()
      const heard = errorOf(body)
      const waiting = request(server.origin, { method: 'POST', body, dispatcher: agent })
      const failed = waiting.catch((error: unknown) => error)
      const reason = new Error('no more')
      const firstHeard = errorOf(first)
      await agent.destroy(reason)
      expect(await failed).toBe(reason)
      expect(await heard).toBe(reason)
      expect(await firstHeard).toBe(reason)
    },
  )

  it('ends with the error of a connection that is refused', async () => {
    const agent = await useAgent()
    const body = endless()
    const heard = errorOf(body)
    const failed = request('http://127.0.0.1:1', { method: 'POST', body, dispatcher: agent })
    const error = await failed.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    expect(await heard).toBe(error)
  })

  it('ends with the error of a response that is not HTTP', async () => {
    const server = await useRaw(async (peer) => {
      await peer.readUntil('some')
      peer.send('nonsense\r\n\r\n')
    })
    const agent = await useAgent()
    const body = endless()
    const heard = errorOf(body)
    const failed = request(server.origin, { method: 'POST', body, dispatcher: agent })
    const error = await failed.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'HTTPParserError' })
    expect(await heard).toBe(error)
  })

  // undici breaks the connection of HTTP/2.
  it.each(protocols.filter((one) => one !== 'HTTP/2' || agentKind === 'dodici'))(
    'over %s ends with the error of its own length',
    async (protocol) => {
      const { server, agent } = await useUpload(protocol, { name: '' })
      const body = endless()
      const heard = errorOf(body)
      const headers = { 'content-length': '6' }
      const failed = request(server.origin, { method: 'POST', body, headers, dispatcher: agent })
      body.push('more than that')
      const error = await failed.catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' })
      expect(await heard).toBe(error)
    },
  )

  it('tells a pipeline in front of it, and finished()', async () => {
    const { server, agent, arrived } = await useUpload('HTTP/1.1', { name: '' })
    const abort = new AbortController()
    const body = new PassThrough()
    const fed = pipeline(endless(), body)
    const ended = finished(body)
    const reason = new Error('enough')
    const sent = request(server.origin, {
      method: 'POST',
      body,
      dispatcher: agent,
      signal: abort.signal,
    })
    const results = Promise.allSettled([fed, ended, sent])
    await arrived()
    abort.abort(reason)
    for (const result of await results) expect(result).toEqual({ status: 'rejected', reason })
  })

  it.each(protocols.filter((protocol) => protocol !== 'HTTP/2'))(
    'over %s closes without an error when the answer is complete before it',
    async (protocol) => {
      const server = await useProtocol(protocol, (incoming, outgoing) => {
        incoming.once('data', () => outgoing.end('early'))
        incoming.on('error', () => {})
      })
      const agent = await useAgent()
      const body = endless()
      const heard = errorOf(body)
      const response = await request(server.origin, { method: 'POST', body, dispatcher: agent })
      expect(await response.body.text()).toBe('early')
      expect(await heard).toBe('closed without an error')
    },
  )
})
