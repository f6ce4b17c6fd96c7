/** Requests as they are on the wire. */
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { hasBundledCurl, headLines } from '../support/curl.ts'
import { useAgent, useRaw, useTls } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'
import type { RequestOptions } from '../support/recorder.ts'

/** The head's lines; the server's port reads PORT. */
async function head(options: RequestOptions): Promise<string[]> {
  const server = await useRaw(async (peer) => {
    await peer.request()
    peer.respond()
  })
  const agent = await useAgent()
  const recorder = await exchange(agent, { origin: server.origin, ...options })
  if (recorder.error) throw recorder.error
  const log = server.peers[0]?.log ?? ''
  const lines = headLines(log.slice(0, log.indexOf('\r\n\r\n')))
  return lines.map((line) => line.replace(String(server.port), 'PORT'))
}

/** The lines of the user's headers. */
async function headerLines(headers: unknown): Promise<string[]> {
  const lines = await head({ headers: headers as never })
  return lines.slice(1).filter((line) => !/^(host|connection):/.test(line))
}

const usual = ['host: 127.0.0.1:PORT', 'connection: keep-alive']

describe('the head', () => {
  it('of a GET is exactly this', async () => {
    expect(await head({})).toEqual(['GET / HTTP/1.1', ...usual])
  })

  it('of a POST is exactly this', async () => {
    const headers = { 'X-Mixed-Case': 'Value' }
    expect(await head({ method: 'POST', body: 'hello', headers })).toEqual([
      'POST / HTTP/1.1',
      ...usual,
      'X-Mixed-Case: Value',
      'content-length: 5',
    ])
  })

  it('of a HEAD asks to close, as undici does', async () => {
    expect(await head({ method: 'HEAD' })).toEqual([
      'HEAD / HTTP/1.1',
      'host: 127.0.0.1:PORT',
      'connection: close',
    ])
  })

  it.each(['get', 'patch', 'FOO', 'QUERY', 'DELETE', 'OPTIONS'])(
    'has the method %s as given',
    async (method) => {
      expect((await head({ method }))[0]).toBe(`${method} / HTTP/1.1`)
    },
  )

  it.each([
    '/a/../b//c/./d?x=%zz&y=a%20b',
    '/?x="<>^`{|}',
    '/#fragment',
    '/\xe9',
    '/?a=[1]',
    'http://elsewhere.test/x',
  ])('has the path %s as given', async (path) => {
    expect((await head({ path }))[0]).toBe(`GET ${path} HTTP/1.1`)
  })

  it('has the query encoded', async () => {
    const lines = await head({ path: '/p', query: { b: [1, 2], c: 'é ', d: '' } })
    expect(lines[0]).toBe('GET /p?b=1&b=2&c=%C3%A9%20&d= HTTP/1.1')
    expect((await head({ path: '/p', query: {} }))[0]).toBe('GET /p HTTP/1.1')
  })

  it('has the host that the caller gave, first', async () => {
    const lines = await head({ headers: { 'x-a': '1', Host: 'other.test' } })
    expect(lines[1]).toBe('host: other.test')
    expect(lines.filter((line) => /^host:/i.test(line))).toHaveLength(1)
  })

  it('names an IPv6 host in brackets', async () => {
    const server = await useRaw(
      async (peer) => {
        await peer.head()
        peer.respond()
      },
      { host: '::1' },
    )
    const agent = await useAgent()
    const recorder = await exchange(agent, { origin: `http://[::1]:${server.port}` })
    expect(recorder.status).toBe(200)
    expect(server.peers[0]?.log).toMatch(/\r\nhost: \[::1\]:\d+\r\n/i)
  })
})

describe('request headers', () => {
  const shapes: [string, () => unknown][] = [
    ['an object', () => ({ 'X-A': '1', 'x-b': ['2', '3'], 'x-c': null, 'x-d': undefined })],
    ['a flat array', () => ['X-A', '1', 'x-b', ['2', '3'], 'x-c', null, 'x-d', undefined]],
    [
      'a Map',
      () =>
        new Map<string, unknown>([
          ['X-A', '1'],
          ['x-b', ['2', '3']],
          ['x-c', null],
          ['x-d', undefined],
        ]),
    ],
    [
      'a generator',
      function* pairs(): Generator<[string, unknown]> {
        yield ['X-A', '1']
        yield ['x-b', ['2', '3']]
        yield ['x-c', null]
        yield ['x-d', undefined]
      },
    ],
  ]

  it.each(shapes)('from %s', async (_name, make) => {
    expect(await headerLines(make())).toEqual(['X-A: 1', 'x-b: 2', 'x-b: 3', 'x-c: '])
  })

  it('from Headers', async () => {
    const headers = new Headers([
      ['X-A', '1'],
      ['x-b', '2'],
    ])
    expect(await headerLines(headers)).toEqual(['x-a: 1', 'x-b: 2'])
  })

  it('none from null and undefined', async () => {
    expect(await headerLines(null)).toEqual([])
    expect(await headerLines(undefined)).toEqual([])
  })

  it('values are coerced, and written as latin1 with their spaces', async () => {
    const headers = { a: 5, b: true, c: 10n, d: 'caf\xe9', e: ' x  y ', f: '', g: ' \t ' }
    expect(await headerLines(headers)).toEqual([
      'a: 5',
      'b: true',
      'c: 10',
      'd: caf\xe9',
      'e:  x  y ',
      'f: ',
      // The system's libcurl has no line for a value that is blank.
      hasBundledCurl ? 'g:  \t ' : 'g: ',
    ])
  })

  it('that libcurl would add or change are sent unchanged', async () => {
    const given = {
      accept: 'text/x',
      'user-agent': 'me',
      'accept-encoding': 'zstd',
      authorization: 'Basic eDp5',
      cookie: 'a=1; b=2',
      referer: 'http://r.test/',
      te: 'trailers',
      range: 'bytes=0-1',
      'proxy-authorization': 'Basic eDp5',
      'content-type': 'text/y',
      date: 'today',
    }
    expect(await headerLines(given)).toEqual(
      Object.entries(given).map(([name, value]) => `${name}: ${value}`),
    )
  })

  it('connection tokens other than close are dropped', async () => {
    expect(await head({ headers: { connection: 'keep-alive, x-hop' } })).toEqual([
      'GET / HTTP/1.1',
      ...usual,
    ])
  })

  it('frozen options are accepted and not changed', async () => {
    const headers = Object.freeze({ 'x-a': '1' })
    const lines = await head(Object.freeze({ headers, query: Object.freeze({ a: 1 }) }))
    expect(lines).toEqual(['GET /?a=1 HTTP/1.1', ...usual, 'x-a: 1'])
  })
})

describe('over HTTP/2', () => {
  it('method, path, authority and headers arrive', async () => {
    const seen: Record<string, unknown>[] = []
    const server = await useTls({
      protocols: 'h2',
      onStream: (stream, headers) => {
        seen.push({ ...headers })
        stream.respond({ ':status': 200 })
        stream.end()
      },
    })
    const agent = await useAgent()
    await exchange(agent, {
      origin: server.origin,
      method: 'GET',
      path: '/a/../b?x=%zz',
      headers: { 'X-A': '1', 'x-b': ['2', '3'], cookie: 'a=1', te: 'trailers' },
    })
    expect(seen[0]).toMatchObject({
      ':method': 'GET',
      ':path': '/a/../b?x=%zz',
      ':scheme': 'https',
      ':authority': `localhost:${server.port}`,
      'x-a': '1',
      'x-b': '2, 3',
      cookie: 'a=1',
    })
    const names = Object.keys(seen[0] ?? {})
    if (agentKind === 'dodici') {
      for (const never of ['connection', 'keep-alive', 'transfer-encoding', 'host', 'accept']) {
        expect(names).not.toContain(never)
      }
    }
  })

  it('a host header becomes the authority', async () => {
    const authorities: unknown[] = []
    const server = await useTls({
      protocols: 'h2',
      onStream: (stream, headers) => {
        authorities.push(headers[':authority'] ?? headers['host'])
        stream.respond({ ':status': 200 })
        stream.end()
      },
    })
    const agent = await useAgent({ connect: { rejectUnauthorized: false } })
    await exchange(agent, { origin: server.origin, headers: { host: 'other.test' } })
    expect(authorities).toEqual(['other.test'])
  })
})

describe('the environment', () => {
  it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'])(
    '%s has no effect',
    async (name) => {
      process.env[name] = 'http://127.0.0.1:9'
      try {
        expect((await head({}))[0]).toBe('GET / HTTP/1.1')
      } finally {
        delete process.env[name]
      }
    },
  )
})

describe('a head of 3 MB', () => {
  it.runIf(hasBundledCurl)('is sent', async () => {
    const server = await useRaw(async (peer) => {
      await peer.request()
      peer.respond()
    })
    const agent = await useAgent()
    const headers = { 'x-long': 'x'.repeat(3_000_000) }
    const { error, status } = await exchange(agent, { origin: server.origin, headers })
    expect(error).toBeUndefined()
    expect(status).toBe(200)
    expect(server.peers[0]?.log).toContain(headers['x-long'])
  })
})

// libcurl has limits that undici does not have.
describe.runIf(agentKind === 'dodici')('what is too long', () => {
  it.each([
    ['a target', { path: `/${'x'.repeat(8_000_000)}` }],
    ['a method', { method: 'X'.repeat(8_000_001) }],
  ])('as %s of 8 MB is not replaced by that of another request', async (_what, options) => {
    const server = await useRaw(async (peer) => {
      for (;;) {
        await peer.request()
        peer.respond()
      }
    })
    const agent = await useAgent()
    await exchange(agent, { origin: server.origin, path: '/first' })
    const { error } = await exchange(agent, { origin: server.origin, ...options })
    expect(error?.code).toBe('UND_ERR_INVALID_ARG')
    expect(
      server.peers
        .map(({ log }) => log)
        .join('')
        .split('HTTP/1.1'),
    ).toHaveLength(2)
  })
})
