/** fetch() over what is no Agent: mocks, interceptors and agents around agents get from it what undici's fetch gives them. */
import { gzipSync } from 'node:zlib'
import type { Dispatcher, MockAgent, MockPool, RequestInit } from 'undici'
import { describe, it, onTestFinished } from 'vitest'
import { onBoth, type Library } from '../support/libraries.ts'
import { describeError } from './row.ts'
import { useServer } from './server.ts'

/** What a program sees of a response, or of what it got instead. */
async function shown(library: Library, url: string, init: RequestInit): Promise<unknown> {
  try {
    const response = await library.fetch(url, init)
    const { status, statusText, redirected, type, headers } = response
    const lines = [...headers].filter(([name]) => name !== 'date')
    return { status, statusText, redirected, type, lines, text: await response.text() }
  } catch (error) {
    return describeError(error)
  }
}

interface Mock {
  readonly set: (pool: MockPool) => void
  readonly init?: () => RequestInit
  readonly times?: number
}

const mocks: Record<string, Mock> = {
  'a text, with headers': {
    set: (pool) =>
      void pool
        .intercept({ path: '/x' })
        .reply(200, 'text', { headers: { 'x-a': 'b', 'Set-Cookie': ['a=1', 'b=2'] as never } }),
  },
  'a body that is compared as text': {
    set: (pool) =>
      void pool.intercept({ path: '/x', method: 'POST', body: '{"a":1}' }).reply(201, { a: 1 }),
    init: () => ({ method: 'POST', body: '{"a":1}' }),
  },
  'a body that a function looks at': {
    set: (pool) =>
      void pool
        .intercept({ path: '/x', method: 'PUT', body: (body) => body === 'a=b' })
        .reply(200, 'matched'),
    init: () => ({ method: 'PUT', body: new URLSearchParams('a=b') }),
  },
  'headers that are compared': {
    set: (pool) =>
      void pool.intercept({ path: '/x', headers: { 'x-a': 'b' } }).reply(200, 'matched'),
    init: () => ({ headers: { 'X-A': 'b' } }),
  },
  'a reply that is made of the request': {
    set: (pool) =>
      void pool.intercept({ path: /x/, method: 'POST' }).reply((options) => ({
        statusCode: 200,
        data: JSON.stringify({ ...options, __mockAgentBodyForDispatch: undefined }),
      })),
    init: () => ({ method: 'POST', body: 'text', headers: { 'X-A': 'b' } }),
  },
  'bytes of a Blob': {
    set: (pool) =>
      void pool.intercept({ path: '/x', method: 'POST' }).reply(({ body }) => ({
        statusCode: 200,
        data: String((body as unknown) instanceof Blob),
      })),
    init: () => ({ method: 'POST', body: new Blob(['blob']) }),
  },
  'a redirect': {
    set: (pool) => {
      pool.intercept({ path: '/x' }).reply(302, '', { headers: { location: '/y' } })
      pool.intercept({ path: '/y' }).reply(200, 'there')
    },
  },
  'an error': {
    set: (pool) => void pool.intercept({ path: '/x' }).replyWithError(new RangeError('mocked')),
  },
  'nothing that matches': { set: (pool) => void pool.intercept({ path: '/y' }).reply(200, '') },
  'a status without a body': { set: (pool) => void pool.intercept({ path: '/x' }).reply(204) },
  'two replies': {
    set: (pool) => void pool.intercept({ path: '/x' }).reply(200, 'one').times(2),
    times: 3,
  },
  'a reply that comes too late': {
    set: (pool) => void pool.intercept({ path: '/x' }).reply(200, 'late').delay(10_000),
    init: () => ({ signal: AbortSignal.timeout(20) }),
  },
}

function useMocks(library: Library): MockAgent {
  const agent = new library.MockAgent({ enableCallHistory: true })
  agent.disableNetConnect()
  onTestFinished(() => agent.close())
  return agent
}

describe('fetch() over a MockAgent', () => {
  it.each(Object.entries(mocks))('%s', async (_name, { set, init = () => ({}), times = 1 }) => {
    await onBoth(async (library) => {
      const agent = useMocks(library)
      set(agent.get('http://mock.test'))
      const all: unknown[] = []
      for (let i = 0; i < times; i += 1) {
        all.push(await shown(library, 'http://mock.test/x', { dispatcher: agent, ...init() }))
      }
      const calls = agent.getCallHistory()?.calls() ?? []
      return [all, calls.map(({ method, path, headers, body }) => [method, path, headers, body])]
    })
  })

  it('is where the global dispatcher is one', async () => {
    await onBoth(async (library) => {
      const before = library.getGlobalDispatcher()
      const agent = useMocks(library)
      agent.get('http://mock.test').intercept({ path: '/x' }).reply(200, 'mocked')
      library.setGlobalDispatcher(agent)
      try {
        return await shown(library, 'http://mock.test/x', {})
      } finally {
        library.setGlobalDispatcher(before)
      }
    })
  })
})

type Make = (library: Library, agent: Dispatcher) => Dispatcher

/** As programs do it: undici's fetch gives them an object. */
function withHeader(options: Dispatcher.DispatchOptions): Dispatcher.DispatchOptions {
  const headers = options.headers as Record<string, string>
  return { ...options, headers: { ...headers, 'x-added': 'yes' } }
}

const agents: Record<string, Make> = {
  'the redirect interceptor': (library, agent) =>
    agent.compose(library.interceptors.redirect({ maxRedirections: 3 })),
  'the retry interceptor': (library, agent) =>
    agent.compose(library.interceptors.retry({ minTimeout: 1 })),
  'the dump interceptor': (library, agent) => agent.compose(library.interceptors.dump()),
  'the cache interceptor': (library, agent) => agent.compose(library.interceptors.cache()),
  'the responseError interceptor': (library, agent) =>
    agent.compose(library.interceptors.responseError()),
  RetryAgent: (library, agent) => new library.RetryAgent(agent, { minTimeout: 1 }),
  'an interceptor that adds a header to those that it gets': (_library, agent) =>
    agent.compose((dispatch) => (options, handler) => dispatch(withHeader(options), handler)),
  'an interceptor that shows what it gets': (_library, agent) =>
    agent.compose((dispatch) => (options, handler) => {
      const { origin: _, body, ...others } = options
      const given = { ...others, __mockAgentBodyForDispatch: undefined }
      const headers = { 'x-shown': JSON.stringify([Object.keys(given), given, body === null]) }
      return dispatch({ ...options, headers }, handler)
    }),
  'an agent with its own dispatch()': (_library, agent) => {
    const dispatch = agent.dispatch.bind(agent)
    return Object.assign(agent, {
      dispatch: (...[options, handler]: Parameters<typeof dispatch>) =>
        dispatch(withHeader(options), handler),
    })
  },
}

describe('fetch() over', () => {
  it.each(Object.entries(agents))('%s', async (_name, make) => {
    await onBoth(async (library) => {
      let asked = 0
      const url = await useServer((request, response) => {
        asked += 1
        const { url: path, headers } = request
        if (path === '/moved') response.writeHead(302, { location: '/there' }).end()
        else if (path === '/flaky' && asked % 3 !== 0) response.writeHead(503).end()
        else if (path === '/missing') response.writeHead(404).end('missing')
        else if (path === '/gzip')
          response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('text'))
        else if (path === '/cached')
          response.writeHead(200, { 'cache-control': 'max-age=60' }).end(`${asked}`)
        else
          request.pipe(
            response.setHeader('x-seen', JSON.stringify([headers['x-added'], headers['x-shown']])),
          )
      })
      const agent = new library.Agent()
      onTestFinished(() => agent.destroy())
      const dispatcher = make(library, agent)
      const all: unknown[] = []
      for (const path of ['/moved', '/missing', '/gzip', '/cached', '/cached', '/x']) {
        all.push(await shown(library, url + path, { dispatcher }))
      }
      asked = 0
      all.push(await shown(library, `${url}/flaky`, { dispatcher }))
      for (const body of ['text', new Blob(['blob'])]) {
        all.push(await shown(library, `${url}/y`, { dispatcher, method: 'PUT', body }))
      }
      // A cached response is so many seconds old, which depends on when a second begins.
      const text = JSON.stringify(all).replaceAll(/"age","\d"/g, '"age","seconds"')
      return JSON.parse(text.replaceAll(url, 'URL')) as unknown
    })
  })

  it('a global origin, which relative URLs are of and requests refer to', async () => {
    await onBoth(async (library) => {
      const url = await useServer((request, response) => {
        response.end(JSON.stringify([request.url, request.headers.referer, request.headers.origin]))
      })
      const agent = new library.Agent()
      onTestFinished(() => agent.destroy())
      library.setGlobalOrigin(url)
      try {
        const init = { dispatcher: agent, method: 'POST', body: 'x' }
        const relative = await shown(library, '/relative', init)
        const absolute = await shown(library, `${url}/absolute`, init)
        return JSON.parse(JSON.stringify([relative, absolute]).replaceAll(url, 'URL')) as unknown
      } finally {
        library.setGlobalOrigin(undefined)
      }
    })
  })
})
