/** Item 4: AbortSignal through request(), stream() and pipeline(). */
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent } from '../support/fixtures.ts'
import { protocols, useProtocol } from '../support/protocols.ts'
import type { Protocol } from '../support/protocols.ts'
import { until, within } from '../support/wait.ts'

/** /stall sends a piece and stops, /silent sends nothing, other paths are answered. */
async function useSite(
  protocol: Protocol,
): Promise<{ origin: string; arrived: string[]; cut: string[] }> {
  const arrived: string[] = []
  const cut: string[] = []
  const { origin } = await useProtocol(protocol, (request, response) => {
    const url = request.url ?? ''
    arrived.push(url)
    response.on('close', () => {
      if (!response.writableEnded) cut.push(url)
    })
    if (url === '/stall') response.write('some')
    else if (url !== '/silent') response.end('ok')
  })
  return { origin, arrived, cut }
}

describe.each(protocols)('a signal over %s', (protocol) => {
  it('aborted before: request() rejects, and nothing is sent', async () => {
    const { origin, arrived } = await useSite(protocol)
    const agent = await useAgent()
    const reason = new Error('never mind')
    const signal = AbortSignal.abort(reason)
    const request = agent.request({ origin, path: '/', method: 'GET', signal })
    await expect(request).rejects.toBe(reason)
    const other = await agent.request({ origin, path: '/next', method: 'GET' })
    expect(await other.body.text()).toBe('ok')
    expect(arrived).toEqual(['/next'])
  })

  it('while waiting: request() rejects, and the server sees it', async () => {
    const { origin, arrived, cut } = await useSite(protocol)
    const agent = await useAgent()
    const stop = new AbortController()
    const options = { origin, path: '/silent', method: 'GET', signal: stop.signal } as const
    const reason = new Error('too slow')
    void until('it has arrived', () => arrived.length === 1).then(() => stop.abort(reason))
    await expect(agent.request(options)).rejects.toBe(reason)
    await until('the server saw it', () => cut.length === 1)
  })

  it('in the body: reading fails, and the server sees it', async () => {
    const { origin, cut } = await useSite(protocol)
    const agent = await useAgent()
    const stop = new AbortController()
    const options = { origin, path: '/stall', method: 'GET', signal: stop.signal } as const
    const { body } = await agent.request(options)
    const reading = body.text()
    const reason = new Error('seen enough')
    stop.abort(reason)
    await expect(within('the body to fail', reading)).rejects.toBe(reason)
    await until('the server saw it', () => cut.length === 1)
  })

  it('after the end changes nothing', async () => {
    const { origin } = await useSite(protocol)
    const agent = await useAgent()
    const stop = new AbortController()
    const options = { origin, path: '/', method: 'GET', signal: stop.signal } as const
    const { body } = await agent.request(options)
    expect(await body.text()).toBe('ok')
    stop.abort()
    const other = await agent.request({ origin, path: '/', method: 'GET' })
    expect(await other.body.text()).toBe('ok')
  })

  it('AbortSignal.timeout() works', async () => {
    const { origin, cut } = await useSite(protocol)
    const agent = await useAgent()
    // There must be a connection, as a handshake may take longer than the signal waits.
    await (await agent.request({ origin, path: '/', method: 'GET' })).body.dump()
    const signal = AbortSignal.timeout(300)
    const request = agent.request({ origin, path: '/silent', method: 'GET', signal })
    await expect(request).rejects.toMatchObject({ name: 'TimeoutError' })
    await until('the server saw it', () => cut.length === 1)
  })

  it('stream() rejects, and destroys its Writable', async () => {
    const { origin, cut } = await useSite(protocol)
    const agent = await useAgent()
    const stop = new AbortController()
    const reason = new Error('seen enough')
    const sink = new Writable({
      write: (_chunk, _encoding, done) => {
        stop.abort(reason)
        done()
      },
    })
    sink.on('error', () => {})
    const options = { origin, path: '/stall', method: 'GET', signal: stop.signal } as const
    await expect(agent.stream(options, () => sink)).rejects.toBe(reason)
    expect(sink.destroyed).toBe(true)
    await until('the server saw it', () => cut.length === 1)
  })

  it('pipeline() fails', async () => {
    const { origin, cut } = await useSite(protocol)
    const agent = await useAgent()
    const stop = new AbortController()
    const reason = new Error('seen enough')
    const options = { origin, path: '/stall', method: 'POST', signal: stop.signal } as const
    const duplex = agent.pipeline(options, ({ body }) => {
      // It fails as well, and nobody else listens.
      body.on('error', () => {})
      return body.pipe(new PassThrough())
    })
    const failed = new Promise((resolve) => {
      duplex.on('error', resolve)
    })
    duplex.on('data', () => stop.abort(reason))
    duplex.end('x')
    expect(await within('the error', failed)).toBe(reason)
    await until('the server saw it', () => cut.length === 1)
  })

  it('destroying the body of request() cancels it', async () => {
    const { origin, cut } = await useSite(protocol)
    const agent = await useAgent()
    const { body } = await agent.request({ origin, path: '/stall', method: 'GET' })
    body.on('error', () => {})
    body.destroy()
    await until('the server saw it', () => cut.length === 1)
  })
})

describe('a signal', () => {
  it.runIf(agentKind === 'dodici')('aborted in the queue rejects at once', async () => {
    const { origin, arrived } = await useSite('HTTP/1.1')
    const agent = await useAgent({ connections: 1 })
    agent.request({ origin, path: '/silent', method: 'GET' }).catch(() => {})
    await until('the first has arrived', () => arrived.length === 1)
    const stop = new AbortController()
    const options = { origin, path: '/queued', method: 'GET', signal: stop.signal } as const
    const queued = agent.request(options)
    const reason = new Error('no longer needed')
    stop.abort(reason)
    await expect(within('the rejection', queued)).rejects.toBe(reason)
    expect(arrived).toEqual(['/silent'])
  })

  it.runIf(agentKind === 'dodici')('aborted while connecting rejects at once', async () => {
    const { useRaw } = await import('../support/fixtures.ts')
    const server = await useRaw(() => {})
    const agent = await useAgent()
    const stop = new AbortController()
    const origin = `https://127.0.0.1:${server.port}`
    const request = agent.request({ origin, path: '/', method: 'GET', signal: stop.signal })
    void server.peer(0).then(() => stop.abort(new Error('gone')))
    await expect(within('the rejection', request)).rejects.toThrow('gone')
  })
})
