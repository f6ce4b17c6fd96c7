/** Handlers of undici 6 and 7, which Node's own fetch uses, and undici 7's own functions. */
import * as undici from 'undici'
import * as undici7 from 'undici7'
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useHttp1, useRaw } from '../support/fixtures.ts'
import { bodyOf, protocols, useProtocol } from '../support/protocols.ts'
import { quiet, until, within } from '../support/wait.ts'

interface LegacyCall {
  name: string
  args: unknown[]
}

/** The results of legacy callbacks: onHeaders and onData may return false. */
type Answers = Record<string, (...args: never[]) => unknown>

function legacy(answers: Answers = {}): {
  handler: Record<string, (...args: unknown[]) => unknown>
  calls: LegacyCall[]
  done: Promise<void>
} {
  const calls: LegacyCall[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const names = [
    'onConnect',
    'onBodySent',
    'onRequestSent',
    'onResponseStarted',
    'onHeaders',
    'onData',
    'onComplete',
    'onError',
  ]
  const handler = Object.fromEntries(
    names.map((name) => [
      name,
      (...args: unknown[]): unknown => {
        calls.push({ name, args })
        if (name === 'onComplete' || name === 'onError') resolve()
        return (answers[name] as ((...args: unknown[]) => unknown) | undefined)?.(...args)
      },
    ]),
  )
  return { handler, calls, done: within('the terminal call', promise) }
}

const names = (calls: LegacyCall[]): string[] =>
  calls.map((call) => call.name).filter((name, i, all) => name !== all[i - 1])

const text = (calls: LegacyCall[]): string =>
  calls
    .filter((call) => call.name === 'onData')
    .map((call) => (call.args[0] as Buffer).toString())
    .join('')

const get = (origin: string): never => ({ origin, path: '/', method: 'GET' }) as never

// undici 8's own Agent accepts no legacy handlers, so there is nothing to compare.
describe.runIf(agentKind === 'dodici')('a legacy handler', () => {
  describe.each(protocols)('over %s', (protocol) => {
    it('gets its calls in order, raw headers as Buffers', async () => {
      const { origin } = await useProtocol(protocol, (_request, response) => {
        response.setHeader('X-A', 'caf\xe9')
        // A string would make node:http write the head as UTF-8, too.
        response.end(Buffer.from('hello'))
      })
      const agent = await useAgent()
      const { handler, calls, done } = legacy()
      agent.dispatch(get(origin), handler)
      await done
      expect(names(calls).filter((name) => name !== 'onRequestSent')).toEqual([
        'onConnect',
        'onResponseStarted',
        'onHeaders',
        'onData',
        'onComplete',
      ])
      const [abort, context] = calls[0]?.args ?? []
      expect(abort).toBeTypeOf('function')
      expect(context).toBeNull()
      const [status, raw, resume, statusText] =
        calls.find((call) => call.name === 'onHeaders')?.args ?? []
      expect(status).toBe(200)
      expect(resume).toBeTypeOf('function')
      expect(statusText).toBe(protocol === 'HTTP/2' ? '' : 'OK')
      const flat = (raw as Buffer[]).map((bytes) => {
        expect(Buffer.isBuffer(bytes)).toBe(true)
        return bytes.toString('latin1')
      })
      const at = flat.findIndex((name) => name.toLowerCase() === 'x-a')
      expect(flat[at + 1]).toBe('caf\xe9')
      expect(flat.some((name) => name.startsWith(':'))).toBe(false)
      expect(text(calls)).toBe('hello')
      expect(calls.at(-1)?.args[0]).toEqual([])
    })
  })

  it('pauses if onHeaders returns false, until resume', async () => {
    const server = await useHttp1((_request, response) => void response.end('hello'))
    const agent = await useAgent()
    const { handler, calls, done } = legacy({ onHeaders: () => false })
    agent.dispatch(get(server.origin), handler)
    await until('the head has come', () => names(calls).at(-1) === 'onHeaders')
    await quiet(80)
    expect(names(calls).at(-1)).toBe('onHeaders')
    const resume = calls.find((call) => call.name === 'onHeaders')?.args[2] as () => void
    resume()
    await done
    expect(text(calls)).toBe('hello')
  })

  it('pauses if onData returns false, until resume; undefined does not pause', async () => {
    let paused = 0
    const server = await useRaw(async (peer) => {
      await peer.head()
      peer.send('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\none')
      await until('the first piece has come', () => paused > 0)
      peer.send('two')
    })
    const agent = await useAgent()
    const { handler, calls, done } = legacy({
      onData: () => {
        paused += 1
        return paused === 1 ? false : undefined
      },
    })
    agent.dispatch(get(server.origin), handler)
    await until('the first piece has come', () => paused > 0)
    await quiet(120)
    expect(text(calls)).toBe('one')
    const resume = calls.find((call) => call.name === 'onHeaders')?.args[2] as () => void
    resume()
    await done
    expect(text(calls)).toBe('onetwo')
    expect(names(calls).at(-1)).toBe('onComplete')
  })

  it('aborts by the function of onConnect, synchronously', async () => {
    const server = await useHttp1(() => {})
    const agent = await useAgent()
    const reason = new Error('stop')
    const { handler, calls, done } = legacy({
      onConnect: (abort: (reason: Error) => void) => abort(reason),
    })
    agent.dispatch(get(server.origin), handler)
    await done
    expect(names(calls)).toEqual(['onConnect', 'onError'])
    expect(calls.at(-1)?.args[0]).toBe(reason)
  })

  it('gets errors of bad arguments by onError; without it dispatch throws', async () => {
    const agent = await useAgent()
    const { handler, calls } = legacy()
    agent.dispatch({ origin: 'http://127.0.0.1:1', path: 'x', method: 'GET' }, handler)
    expect(calls.map((call) => call.name)).toEqual(['onError'])
    expect(calls[0]?.args[0]).toMatchObject({ code: 'UND_ERR_INVALID_ARG' })
    const { onError: _unused, ...rest } = handler
    expect(() => agent.dispatch(get('http://127.0.0.1:1'), rest as never)).toThrow(
      'invalid onError method',
    )
  })

  it('whose callback throws gets the error', async () => {
    const server = await useHttp1((_request, response) => void response.end('hello'))
    const agent = await useAgent()
    const thrown = new Error('thrown in onHeaders')
    const { handler, calls, done } = legacy({
      onHeaders: () => {
        throw thrown
      },
    })
    agent.dispatch(get(server.origin), handler)
    await done
    expect(calls.at(-1)).toEqual({ name: 'onError', args: [thrown] })
  })

  it('gets trailers as Buffers', async () => {
    const server = await useRaw(async (peer) => {
      await peer.head()
      peer.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nX-Sum: 42\r\n\r\n')
    })
    const agent = await useAgent()
    const { handler, calls, done } = legacy()
    agent.dispatch(get(server.origin), handler)
    await done
    const raw = calls.at(-1)?.args[0] as Buffer[]
    expect(raw.map((bytes) => bytes.toString())).toEqual(['X-Sum', '42'])
  })
})

describe.runIf(agentKind === 'dodici')("undici 7's functions", () => {
  it.each(protocols)('request, stream and fetch over %s', async (protocol) => {
    const { origin } = await useProtocol(protocol, async (request, response) => {
      response.end(`${request.method} ${(await bodyOf(request)).toString()}`)
    })
    const dispatcher = (await useAgent()) as unknown as undici7.Dispatcher
    const requested = await undici7.request(origin, { dispatcher, method: 'PUT', body: 'x' })
    expect(await requested.body.text()).toBe('PUT x')
    const fetched = await undici7.fetch(origin, { dispatcher, method: 'POST', body: 'y' })
    expect(await fetched.text()).toBe('POST y')
    let streamed = ''
    const { Writable } = await import('node:stream')
    await undici7.stream(origin, { dispatcher, method: 'GET' }, () => {
      return new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          streamed += chunk.toString()
          done()
        },
      })
    })
    expect(streamed).toBe('GET ')
  })

  it('abort by signal', async () => {
    const server = await useHttp1((_request, response) => void response.write('some'))
    const dispatcher = (await useAgent()) as unknown as undici7.Dispatcher
    const abort = new AbortController()
    const response = await undici7.request(server.origin, { dispatcher, signal: abort.signal })
    const reading = response.body.text()
    abort.abort(new Error('stop'))
    await expect(reading).rejects.toThrow('stop')
  })

  it('and its interceptors, over the same agent as undici 8', async () => {
    let requests = 0
    const server = await useHttp1((_request, response) => {
      requests += 1
      response.writeHead(requests === 1 ? 503 : 200).end('ok')
    })
    const agent = await useAgent()
    const dispatcher = (agent as unknown as undici7.Dispatcher).compose(
      undici7.interceptors.retry({ minTimeout: 1, maxRetries: 2 }),
    )
    const { statusCode, body } = await undici7.request(server.origin, { dispatcher })
    expect([statusCode, await body.text()]).toEqual([200, 'ok'])
  })

  describe.each([
    ['undici 8', undici.interceptors],
    ['undici 7', undici7.interceptors],
  ])('and what interceptors of %s answer by themselves', (_of, interceptors) => {
    const through = async (interceptor: unknown): Promise<undici7.Dispatcher> =>
      (await useAgent()).compose(interceptor as never) as unknown as undici7.Dispatcher

    it.each([
      [
        'request()',
        async (url: string, dispatcher: undici7.Dispatcher) => {
          const { statusCode, headers, body } = await undici7.request(url, { dispatcher })
          return [statusCode, headers['x-a'], await body.text()]
        },
      ],
      [
        "Node's own fetch()",
        async (url: string, dispatcher: undici7.Dispatcher) => {
          const response = await fetch(url, { dispatcher } as never)
          return [response.status, response.headers.get('x-a'), await response.text()]
        },
      ],
    ])('from a cache, to %s', async (_by, ask) => {
      let requests = 0
      const server = await useHttp1((_request, response) => {
        requests += 1
        response.writeHead(200, { 'cache-control': 'public, max-age=60', 'x-a': '\xe9' })
        response.end(`answer ${requests}`)
      })
      const dispatcher = await through(interceptors.cache())
      expect(await ask(server.origin, dispatcher)).toEqual([200, '\xe9', 'answer 1'])
      expect(await ask(server.origin, dispatcher)).toEqual([200, '\xe9', 'answer 1'])
      expect(requests).toBe(1)
    })

    it('after a redirect, with its target', async () => {
      const server = await useHttp1((request, response) => {
        if (request.url === '/') response.writeHead(302, { location: '/there' }).end()
        else response.end('there')
      })
      const dispatcher = await through(interceptors.redirect({ maxRedirections: 1 }))
      const { body, context } = await undici7.request(server.origin, { dispatcher })
      expect(await body.text()).toBe('there')
      const { history } = context as { history: URL[] }
      expect(history.map(({ pathname }) => pathname)).toEqual(['/', '/there'])
    })
  })
})
