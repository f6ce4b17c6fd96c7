import { Writable } from 'node:stream'
import { interceptors } from 'undici'
import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../../lib/api/agent.ts'
import { client } from '../support/fake-native.ts'
import { turns } from '../../support/wait.ts'
import { Recorder } from '../support/recorder.ts'

vi.mock('../../../lib/native/load.ts', () => import('../support/fake-native.ts'))

const get = { origin: 'http://a.test', path: '/x', method: 'GET' } as const

/** Answers each request with its target, soon. */
function answering(agent: Agent): Agent {
  const dispatch = agent.dispatch.bind(agent)
  agent.dispatch = (opts, handler) => {
    const more = dispatch(opts, handler)
    setImmediate(() => {
      const { id, target } = client().submitted.at(-1) as { id: number; target: string }
      client().batch((b) => b.response(id, target, { headers: [['X-A', '1']] }))
    })
    return more
  }
  return agent
}

describe('Agent.dispatch()', () => {
  it('submits a GET and calls the handler as undici does', () => {
    const agent = new Agent()
    const handler = new Recorder()
    const more = agent.dispatch({ ...get, path: '/x?y' }, handler)

    expect(more).toBe(true)
    expect(handler.calls).toEqual([['onRequestStart', null]])
    expect(client().submitted).toEqual([
      {
        id: 1,
        origin: 'http://a.test:80',
        method: 'GET',
        target: '/x?y',
        servername: '',
        lines: ['host: a.test', 'connection: keep-alive'],
        flags: ['allowHttp2', 'idempotent', 'reportSent'],
        headersTimeout: 300_000,
        bodyTimeout: 300_000,
        streamLength: undefined,
        body: undefined,
      },
    ])

    client().batch((b) => b.sent(1).response(1, 'hello', { headers: [['X-A', '1']] }))
    expect(handler.calls.slice(1)).toEqual([
      ['onRequestSent'],
      ['onResponseStarted'],
      ['onResponseStart', 200, { 'x-a': '1' }, 'OK'],
      ['onResponseData', 'hello'],
      ['onResponseEnd', {}],
    ])
  })

  it('reports the bytes of a body before onRequestSent', () => {
    const handler = new Recorder()
    new Agent().dispatch({ ...get, method: 'POST', body: 'abc' }, handler)
    client().batch((b) => b.sent(1))
    expect(handler.calls.slice(1)).toEqual([['onBodySent', 'abc'], ['onRequestSent']])
  })

  it('reuses the ids of ended requests', () => {
    const agent = new Agent()
    const ids = (): number[] => client().submitted.map(({ id }) => id)
    agent.dispatch(get, new Recorder())
    agent.dispatch(get, new Recorder())
    expect(ids()).toEqual([1, 2])
    client().batch((b) => b.response(1))
    agent.dispatch(get, new Recorder())
    expect(ids()).toEqual([1, 2, 1])
  })

  it('does not give the id of an aborted request to another before native has ended it', () => {
    const agent = new Agent()
    const aborted = new Recorder()
    agent.dispatch(get, aborted)
    aborted.controller?.abort(new Error('enough'))
    agent.dispatch(get, new Recorder())
    expect(client().submitted.map(({ id }) => id)).toEqual([1, 2])
    client().batch((b) => b.failed(1, 'aborted'))
    agent.dispatch(get, new Recorder())
    expect(client().submitted.at(-1)?.id).toBe(1)
  })

  it('uses a native client of its own for https, made at the first such request', () => {
    const agent = new Agent({ connect: { ca: 'PEM' } })
    agent.dispatch(get, new Recorder())
    const plain = client()
    agent.dispatch({ ...get, origin: 'https://a.test' }, new Recorder())
    const tls = client()
    expect(tls).not.toBe(plain)
    expect([plain.options.tls.ca, tls.options.tls.ca]).toEqual(['', 'PEM'])
    agent.dispatch({ ...get, origin: 'https://b.test' }, new Recorder())
    expect(client()).toBe(tls)
    expect(tls.submitted).toHaveLength(2)
  })

  it('works when taken off the Agent', async () => {
    const agent = new Agent()
    const dispatch = agent.dispatch.bind(agent)
    expect(dispatch(get, new Recorder())).toBe(true)
  })

  it('ignores itself as opts.dispatcher', () => {
    const agent = new Agent()
    const handler = new Recorder()
    agent.dispatch({ ...get, dispatcher: agent } as never, handler)
    expect(handler.names).toEqual(['onRequestStart'])
  })
})

describe('undici\u2019s functions over an Agent', () => {
  it('request() gets status, headers and body', async () => {
    const { statusCode, headers, body } = await answering(new Agent()).request(get)
    expect([statusCode, headers, await body.text()]).toEqual([200, { 'x-a': '1' }, '/x'])
  })

  it('request() gets raw headers', async () => {
    const { headers } = await answering(new Agent()).request({ ...get, responseHeaders: 'raw' })
    expect(headers).toEqual(['X-A', '1'])
  })

  it('request() rejects with what dispatch() refuses', async () => {
    await expect(new Agent().request({ ...get, path: 'x' })).rejects.toMatchObject({
      code: 'UND_ERR_INVALID_ARG',
    })
  })

  it('request() is aborted by its signal, whose reason it rejects with', async () => {
    const agent = new Agent()
    const controller = new AbortController()
    const request = agent.request({ ...get, signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(request).rejects.toThrow('enough')
    expect(client().calls).toEqual(['cancel 1'])
  })

  it('stream() writes the body', async () => {
    let text = ''
    await answering(new Agent()).stream(
      get,
      () => new Writable({ write: (chunk, _, done) => ((text += String(chunk)), done()) }),
    )
    expect(text).toBe('/x')
  })

  it('compose() goes through interceptors, and its methods work on the Proxy', async () => {
    const agent = answering(new Agent())
    const composed = agent.compose(
      interceptors.redirect({ maxRedirections: 2 }),
      interceptors.dump(),
    )
    const { statusCode } = await composed.request(get)
    expect(statusCode).toBe(200)
    expect(composed).toMatchObject({ closed: false, destroyed: false })
    expect((composed as unknown as Agent).stats).toEqual({})
    await composed.close()
    expect(agent.destroyed).toBe(true)
  })
})

describe('Agent limits that undici\u2019s WebSocket and EventSource read', () => {
  it('are undici\u2019s own by default', () => {
    expect(new Agent().webSocketOptions).toEqual({
      maxFragments: 131_072,
      maxPayloadSize: 134_217_728,
    })
    expect(new Agent().eventSourceOptions.maxEventSize).toBeGreaterThan(2 ** 28)
  })

  it('are those that the options give', () => {
    const agent = new Agent({ webSocket: { maxFragments: 5 }, eventSource: { maxEventSize: 7 } })
    expect(agent.webSocketOptions).toEqual({ maxFragments: 5, maxPayloadSize: 134_217_728 })
    expect(agent.eventSourceOptions).toEqual({ maxEventSize: 7 })
  })
})

describe('connections', () => {
  it('without a limit never keep a dispatch waiting', () => {
    const agent = new Agent()
    const answers = [1, 2, 3].map(() => agent.dispatch(get, new Recorder()))
    expect(answers).toEqual([true, true, true])
  })

  it('with a limit make dispatch() return false, followed by one `drain`', async () => {
    const agent = new Agent({ connections: 2 })
    const drains: unknown[] = []
    agent.on('drain', (...args: unknown[]) => drains.push(args))
    const answers = [1, 2, 3].map(() => agent.dispatch(get, new Recorder()))
    expect(answers).toEqual([true, false, false])

    client().batch((b) => b.response(1))
    await Promise.resolve()
    expect(drains).toEqual([])
    client().batch((b) => b.response(2).response(3))
    expect(drains).toEqual([])
    await Promise.resolve()
    expect(drains).toEqual([[new URL('http://a.test'), [agent]]])
  })

  it('carry more requests each where the server speaks HTTP/2', () => {
    const agent = new Agent({ connections: 1, maxConcurrentStreams: 3 })
    agent.dispatch(get, new Recorder())
    client().batch((b) => b.head(1, { version: 20 }))
    expect([1, 2].map(() => agent.dispatch(get, new Recorder()))).toEqual([true, false])
  })

  it('are per origin', () => {
    const agent = new Agent({ connections: 2 })
    const answers = ['a', 'b'].map((host) =>
      agent.dispatch({ ...get, origin: `http://${host}.test` }, new Recorder()),
    )
    expect(answers).toEqual([true, true])
  })
})

describe('Agent.stats', () => {
  it('is empty before the first dispatch', () => {
    expect(new Agent().stats).toEqual({})
  })

  it('counts by origin', () => {
    const agent = new Agent({ connections: 2 })
    for (let i = 0; i < 3; i++) {
      agent.dispatch(get, new Recorder())
    }
    client().batch((b) => b.connected('http://a.test:80').connected('http://a.test:80'))
    expect(agent.stats).toEqual({
      'http://a.test': { connected: 2, free: 0, pending: 1, queued: 1, running: 2, size: 3 },
    })
    client().batch((b) => b.response(1).response(2))
    expect(agent.stats).toEqual({
      'http://a.test': { connected: 2, free: 1, pending: 0, queued: 0, running: 1, size: 1 },
    })
  })

  it('forgets an origin with its last connection', () => {
    const agent = new Agent()
    agent.dispatch(get, new Recorder())
    client().batch((b) => b.connected('http://a.test:80').response(1))
    expect(Object.keys(agent.stats)).toEqual(['http://a.test'])
    client().batch((b) => b.disconnected('http://a.test:80'))
    expect(agent.stats).toEqual({})
  })
})

describe('Agent events', () => {
  it('report connections, with the origin and the Agent', async () => {
    const agent = new Agent()
    const events: unknown[] = []
    agent.on('connect', (...args: unknown[]) => events.push(['connect', ...args]))
    agent.on('disconnect', (...args: unknown[]) => events.push(['disconnect', ...args]))
    agent.dispatch(get, new Recorder())
    client().batch((b) => b.connected('http://a.test:80').disconnected('http://a.test:80'))
    await turns(1)
    const url = new URL('http://a.test')
    expect(events).toEqual([
      ['connect', url, [agent]],
      ['disconnect', url, [agent], expect.objectContaining({ code: 'UND_ERR_INFO' })],
    ])
  })

  it('report a connection’s end before the start of the next one', async () => {
    const agent = new Agent()
    const order: string[] = []
    agent.on('connect', () => order.push('connect'))
    agent.on('disconnect', () => order.push('disconnect'))
    agent.dispatch(get, new Recorder())
    const key = 'http://a.test:80'
    client().batch((b) => b.connected(key).response(1).disconnected(key).connected(key))
    expect(order).toEqual(['connect'])
    await turns(1)
    expect(order).toEqual(['connect', 'disconnect', 'connect'])
  })

  it('report a connection’s end when a paused handler has seen the end of its response', async () => {
    const agent = new Agent()
    const order: string[] = []
    agent.on('disconnect', () => order.push('disconnect'))
    const hooks = { onResponseEnd: () => order.push('end') }
    const [paused, other] = [new Recorder(hooks), new Recorder()]
    agent.dispatch(get, paused)
    agent.dispatch({ ...get, origin: 'http://b.test' }, other)
    paused.controller?.pause()
    const [a, b] = ['http://a.test:80', 'http://b.test:80']
    client().batch((batch) => batch.connected(a).response(1).disconnected(a, 'notKept'))
    client().batch((batch) => batch.connected(b).response(2).disconnected(b, 'notKept'))
    await turns(2)
    // That of b.test.
    expect(order).toEqual(['disconnect'])
    paused.controller?.resume()
    await turns(2)
    expect(order).toEqual(['disconnect', 'end', 'disconnect'])
  })

  it('report what waits behind a paused handler before the Agent is destroyed', async () => {
    const agent = new Agent()
    const order: string[] = []
    agent.on('disconnect', () => order.push('disconnect'))
    const paused = new Recorder({ onResponseError: () => order.push('error') })
    agent.dispatch(get, paused)
    paused.controller?.pause()
    const key = 'http://a.test:80'
    client().batch((b) => b.connected(key).response(1).disconnected(key, 'notKept'))
    await agent.destroy()
    expect(order).toEqual(['disconnect', 'error'])
  })

  it('report a connection that could not be made, after the request got the error', () => {
    const agent = new Agent()
    const order: string[] = []
    const handler = new Recorder({ onResponseError: () => order.push('handler') })
    agent.on('connectionError', (_origin, _targets, error) => {
      order.push('event')
      expect(error).toBe(handler.error)
    })
    agent.dispatch(get, handler)
    client().batch((b) => b.failed(1, 'connectFailed', 111))
    expect(order).toEqual(['handler', 'event'])
  })

  it('do not report requests that fail on a connection', () => {
    const agent = new Agent()
    const events: unknown[] = []
    agent.on('connectionError', () => events.push(1))
    agent.dispatch(get, new Recorder())
    client().batch((b) => b.failed(1, 'socketClosed'))
    expect(events).toEqual([])
  })

  it('whose listener throws leave the rest of the batch alone', async () => {
    const agent = new Agent()
    agent.on('connect', () => {
      throw new Error('from a listener')
    })
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve))
    const handler = new Recorder()
    agent.dispatch(get, handler)
    client().batch((b) => b.connected('http://a.test:80').response(1, 'x'))
    expect(handler.names).toContain('onResponseEnd')
    expect(await thrown).toMatchObject({ message: 'from a listener' })
  })
})
