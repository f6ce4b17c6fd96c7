/** The rest of undici over the agent: dns, cache, decompress, deduplicate and responseError; MockAgent, EventSource, Blob. */
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import * as undici from 'undici'
import * as undici7 from 'undici7'
import { describe, expect, it, onTestFinished } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useHttp1 } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import { until, within } from '../support/wait.ts'

const { interceptors } = undici

describe.each(protocols)('undici over %s', (protocol) => {
  const get = { path: '/', method: 'GET' } as const

  it('dns resolves names, and keeps name and certificate', async () => {
    const server = await useProtocol(protocol, (request, response) => {
      response.end(String(request.headers.host ?? request.headers[':authority']))
    })
    const asked: string[] = []
    const agent = (await useAgent()).compose(
      interceptors.dns({
        lookup: ({ hostname }, _options, done) => {
          asked.push(hostname)
          done(null, [{ address: '127.0.0.1', family: 4, ttl: 10_000 }])
        },
      }),
    )
    const { port } = new URL(server.origin)
    const origin = `${new URL(server.origin).protocol}//localhost:${port}`
    for (let i = 0; i < 2; i += 1) {
      const { body } = await agent.request({ origin, ...get })
      expect(await body.text()).toBe(`localhost:${port}`)
    }
    expect(asked).toEqual(['localhost'])
  })

  it('cache answers the second time, and asks again with the ETag when it is old', async () => {
    const asked: (string | undefined)[] = []
    const { origin } = await useProtocol(protocol, (request, response) => {
      asked.push(request.headers['if-none-match'])
      const cacheControl = request.url === '/old' ? 'public, no-cache' : 'public, max-age=100'
      const headers = { 'cache-control': cacheControl, etag: '"x"' }
      if (request.headers['if-none-match']) response.writeHead(304, headers).end()
      else response.writeHead(200, headers).end(`answer ${asked.length}`)
    })
    const agent = (await useAgent()).compose(interceptors.cache())
    const ask = async (path: string): Promise<string> => {
      const { body } = await agent.request({ origin, path, method: 'GET' })
      return body.text()
    }
    expect([await ask('/'), await ask('/')]).toEqual(['answer 1', 'answer 1'])
    expect(asked).toEqual([undefined])
    expect([await ask('/old'), await ask('/old')]).toEqual(['answer 2', 'answer 2'])
    expect(asked).toEqual([undefined, undefined, '"x"'])
  })

  it('decompress decodes', async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('hello '.repeat(9_999)))
    })
    const agent = (await useAgent()).compose(interceptors.decompress())
    const { body, headers } = await agent.request({ origin, ...get })
    expect(await body.text()).toBe('hello '.repeat(9_999))
    expect(headers).not.toHaveProperty('content-encoding')
  })

  it('deduplicate sends one request for many', async () => {
    let asked = 0
    const waiting: (() => void)[] = []
    const { origin } = await useProtocol(protocol, (_request, response) => {
      asked += 1
      waiting.push(() => void response.end('the answer'))
    })
    const agent = (await useAgent()).compose(interceptors.deduplicate())
    const all = Array.from({ length: 5 }, () => agent.request({ origin, ...get }))
    await until('it is there', () => waiting.length > 0)
    for (const answer of waiting) answer()
    const texts = await Promise.all(all.map(async (request) => (await request).body.text()))
    expect(texts).toEqual(Array(5).fill('the answer'))
    expect(asked).toBe(1)
  })

  it('responseError throws the response of the server', async () => {
    const { origin } = await useProtocol(protocol, (_request, response) => {
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"why":"because"}')
    })
    const agent = (await useAgent()).compose(interceptors.responseError())
    await expect(agent.request({ origin, ...get })).rejects.toMatchObject({
      code: 'UND_ERR_RESPONSE',
      statusCode: 400,
      body: { why: 'because' },
    })
  })

  it('EventSource listens, and comes back with the last id', async () => {
    const ids: (string | undefined)[] = []
    const { origin } = await useProtocol(protocol, (request, response) => {
      ids.push(request.headers['last-event-id'] as string | undefined)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      if (ids.length === 1) response.end('retry: 1\n\nid: 7\nevent: tick\ndata: one\ndata: two\n\n')
      else response.write('data: again\n\n')
    })
    const source = new undici.EventSource(origin, { node: { dispatcher: await useAgent() } })
    onTestFinished(() => source.close())
    const tick = once(source, 'tick')
    const message = once(source, 'message')
    const [first] = (await within('the first event', tick)) as [MessageEvent]
    expect([first.data, first.lastEventId]).toEqual(['one\ntwo', '7'])
    const [second] = (await within('the second event', message)) as [MessageEvent]
    expect(second.data).toBe('again')
    expect(ids).toEqual([undefined, '7'])
  })

  it('uploads a Blob, a File in a form, and an async iterable of both kinds of chunks', async () => {
    const { origin } = await useProtocol(protocol, async (request, response) => {
      const body = await bodyOf(request)
      response.setHeader('x-type', String(request.headers['content-type']))
      response.end(body)
    })
    const agent = await useAgent()
    const send = async (body: unknown): Promise<[type: unknown, text: string]> => {
      const options = { origin, path: '/', method: 'PUT', body: body as string } as const
      const response = await agent.request(options)
      return [response.headers['x-type'], await response.body.text()]
    }
    const big = 'x'.repeat(300_000)
    // undici's own HTTP/2 sends no content-type that the body implies.
    const implied = agentKind === 'dodici' || protocol !== 'HTTP/2' ? 'a/b' : 'undefined'
    expect(await send(new Blob([big], { type: 'a/b' }))).toEqual([implied, big])
    const form = new undici.FormData()
    form.append('file', new File([big], 'ä.txt', { type: 'text/plain' }))
    const [type, text] = await send(form)
    if (implied === 'a/b') expect(type).toMatch(/^multipart\/form-data; boundary=/)
    expect(text).toContain(`filename="ä.txt"\r\nContent-Type: text/plain\r\n\r\n${big}\r\n`)
    async function* chunks(): AsyncGenerator<string | Uint8Array> {
      yield 'one '
      yield Buffer.from('two')
    }
    expect((await send(chunks()))[1]).toBe('one two')
  })
})

describe('MockAgent', () => {
  it('mocks beside the agent, and restores the agent', async () => {
    const server = await useHttp1((_request, response) => void response.end('real'))
    const before = undici.getGlobalDispatcher()
    onTestFinished(() => undici.setGlobalDispatcher(before))
    const agent = await useAgent()
    undici.setGlobalDispatcher(agent)
    const mock = new undici.MockAgent()
    mock.disableNetConnect()
    undici.setGlobalDispatcher(mock)
    mock.get(server.origin).intercept({ path: '/x' }).reply(200, 'mocked')
    expect(await (await undici.request(`${server.origin}/x`)).body.text()).toBe('mocked')
    await mock.close()
    undici.setGlobalDispatcher(agent)
    expect(await (await undici.request(`${server.origin}/x`)).body.text()).toBe('real')
  })
})

// undici 8's own Agent serves undici 7 through a wrapper only.
describe.runIf(agentKind === 'dodici').each(protocols)('undici 7 over %s', (protocol) => {
  async function useEcho(): Promise<{ origin: string; dispatcher: undici7.Dispatcher }> {
    const { origin } = await useProtocol(protocol, async (request, response) => {
      if (request.url === '/redirect') response.writeHead(302, { location: '/target' }).end()
      else if (request.url === '/silent') return
      else response.end(`${request.method} ${request.url} ${(await bodyOf(request)).toString()}`)
    })
    return { origin, dispatcher: (await useAgent()) as unknown as undici7.Dispatcher }
  }

  it('fetches', async () => {
    const { origin, dispatcher } = await useEcho()
    const form = new undici7.FormData()
    form.append('name', 'value')
    const posted = await undici7.fetch(`${origin}/x`, { dispatcher, method: 'POST', body: form })
    expect(await posted.text()).toContain('name="name"\r\n\r\nvalue\r\n')
    const moved = await undici7.fetch(`${origin}/redirect`, { dispatcher })
    expect([moved.redirected, await moved.text()]).toEqual([true, 'GET /target '])
    const signal = AbortSignal.timeout(50)
    const silent = undici7.fetch(`${origin}/silent`, { dispatcher, signal })
    await expect(silent).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('requests, streams and pipes', async () => {
    const { origin, dispatcher } = await useEcho()
    const options = { dispatcher, method: 'POST', body: 'abc' } as const
    const { body } = await undici7.request(`${origin}/r`, options)
    expect(await body.text()).toBe('POST /r abc')
    const chunks: Buffer[] = []
    const { Writable } = await import('node:stream')
    const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
      chunks.push(chunk)
      done()
    }
    await undici7.stream(`${origin}/s`, options, () => new Writable({ write }))
    expect(Buffer.concat(chunks).toString()).toBe('POST /s abc')
    const pipe = undici7.pipeline(`${origin}/p`, { dispatcher, method: 'PUT' }, ({ body }) => body)
    pipe.end('xyz')
    expect((await pipe.toArray()).join('')).toBe('PUT /p xyz')
  })

  it('composes its own interceptors over it', async () => {
    const { origin, dispatcher } = await useEcho()
    const composed = dispatcher.compose(
      undici7.interceptors.redirect({ maxRedirections: 1 }) as never,
    )
    const { body } = await composed.request({ origin, path: '/redirect', method: 'GET' })
    expect(await body.text()).toBe('GET /target ')
    const refused = undici7.request('http://127.0.0.1:1', { dispatcher })
    await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe.runIf(agentKind === 'dodici')('composed interceptors of undici 8', () => {
  async function useRedirecting(): Promise<string> {
    const server = await useHttp1((request, response) => {
      if (request.url === '/from') response.writeHead(302, { location: '/to' })
      response.end(`at ${request.url}`)
    })
    return server.origin
  }

  it("serve Node's own fetch, whose handlers are legacy ones", async () => {
    const codes = [503, 200]
    const server = await useHttp1((_request, response) => {
      response.writeHead(codes.shift() ?? 500).end('ok')
    })
    const dispatcher = (await useAgent()).compose(interceptors.retry({ minTimeout: 1 }))
    const response = await within('the response', fetch(server.origin, { dispatcher } as never))
    expect([response.status, await response.text(), codes]).toEqual([200, 'ok', []])
  })

  it("serve undici 7's request(), interceptors of undici 7 as well", async () => {
    const origin = await useRedirecting()
    for (const redirect of [interceptors.redirect, undici7.interceptors.redirect]) {
      const dispatcher = (await useAgent()).compose(redirect({ maxRedirections: 2 }) as never)
      const options = { dispatcher } as never
      const { statusCode, body } = await within(
        'the response',
        undici7.request(`${origin}/from`, options),
      )
      expect([statusCode, await body.text()]).toEqual([200, 'at /to'])
    }
  })

  it('tell a legacy handler which method it lacks', async () => {
    const composed = (await useAgent()).compose(interceptors.dump())
    const told = await new Promise((resolve) => {
      composed.dispatch({ origin: 'http://a.test', path: '/', method: 'GET' }, {
        onConnect: () => {},
        onError: resolve,
      } as never)
    })
    expect(told).toMatchObject({
      name: 'InvalidArgumentError',
      message: 'invalid onHeaders method',
    })
  })
})

it('interceptors over a Pool know its origin', async () => {
  const server = await useHttp1((request, response) => void response.end(`at ${request.url}`))
  for (const Made of [undici.Pool, (await import('../../lib/index.ts')).Pool]) {
    const pool = new Made(server.origin)
    onTestFinished(() => pool.destroy())
    const seen: unknown[] = []
    const composed = pool.compose((dispatch) => (options, handler) => {
      seen.push(String(options.origin))
      return dispatch(options, handler)
    })
    const { body } = await composed.request({ path: '/x', method: 'GET' })
    expect([await body.text(), ...seen]).toEqual(['at /x', server.origin])
  }
})
