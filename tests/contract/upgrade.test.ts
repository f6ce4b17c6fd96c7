/** `upgrade()`, `connect()` and onRequestUpgrade: after the switch the connection belongs to the caller. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect as connectTcp, createServer as createTcpServer } from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { errors } from 'undici'
import type { Dispatcher } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { useAgent, useRaw } from '../support/fixtures.ts'
import { plainLogin, useProgram, useProxy, withLogin } from '../support/proxying.ts'
import { listen } from '../support/servers/listen.ts'
import { startMicrosocks, startTinyproxy } from '../support/servers/proxies.ts'
import { until } from '../support/wait.ts'

const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'

/** A server that passes its upgraded and CONNECTed sockets to `onSocket`. */
async function useSwitching(
  isTls: boolean,
  onSocket: (socket: Duplex) => void,
): Promise<{ origin: string; heads: string[] }> {
  const sockets = new Set<Socket>()
  const heads: string[] = []
  const { cert, key } = certificates().good
  const server = isTls ? createTlsServer({ cert, key }) : createServer()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.on('upgrade', (request, socket: Duplex) => {
    heads.push(`${request.method} ${request.url} ${request.rawHeaders.join('|')}`)
    socket.on('error', () => {})
    onSocket(socket)
  })
  const { port, close } = await listen(server, sockets)
  onTestFinished(close)
  return { origin: `${isTls ? 'https' : 'http'}://localhost:${port}`, heads }
}

// undici's type of the options has no origin, which its Agent needs.
function upgrade(
  agent: Dispatcher,
  origin: string,
  options: Partial<Dispatcher.UpgradeOptions> = {},
): Promise<Dispatcher.UpgradeData> {
  const all = { origin, path: '/', protocol: 'echo', ...options }
  return agent.upgrade(all)
}

function connect(agent: Dispatcher, origin: string, path: string): Promise<Dispatcher.ConnectData> {
  const all = { origin, path }
  return agent.connect(all)
}

describe.each([
  ['plain', false],
  ['TLS', true],
])('upgrade() over %s', (_name, isTls) => {
  it('sends the head as undici does, and returns status 101, headers and the bytes after the head', async () => {
    const server = await useSwitching(isTls, (socket) => {
      socket.write(`${switching}head bytes`)
      socket.end()
    })
    const agent = await useAgent()
    const { headers, socket } = await upgrade(agent, server.origin, {
      path: '/chat',
      headers: { 'X-One': '1' },
    })
    expect(headers).toMatchObject({ upgrade: 'echo', connection: 'Upgrade' })
    expect(await text(socket)).toBe('head bytes')
    const host = new URL(server.origin).host
    expect(server.heads).toHaveLength(1)
    expect(server.heads[0]?.toLowerCase()).toBe(
      `get /chat host|${host}|connection|upgrade|upgrade|echo|x-one|1`,
    )
  })

  it('moves 20 MB both ways, whatever the pace, and ends both halves', async () => {
    const server = await useSwitching(isTls, (socket) => {
      socket.write(switching)
      socket.pipe(socket)
    })
    const agent = await useAgent()
    const { socket } = await upgrade(agent, server.origin)
    const sent = Buffer.alloc(20 * 1024 * 1024, 'abcdefghijk')
    const back = buffer(socket)
    for (let at = 0; at < sent.length; at += 100_000) {
      const chunk = sent.subarray(at, at + 100_000)
      if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve))
    }
    socket.end()
    expect((await back).equals(sent)).toBe(true)
  })

  it('makes the peer wait while nobody reads', async () => {
    let written = 0
    let stopped = false
    const server = await useSwitching(isTls, (socket) => {
      socket.write(switching)
      const chunk = Buffer.alloc(64 * 1024)
      const more = (): void => {
        while (written < 64 * 1024 * 1024) {
          written += chunk.length
          if (!socket.write(chunk)) {
            socket.once('drain', more)
            stopped = true
            return
          }
        }
        socket.end()
      }
      more()
    })
    const agent = await useAgent()
    const { socket } = await upgrade(agent, server.origin)
    let seen = -1
    await until('the peer is held up', () => {
      const held = stopped && seen === written
      seen = written
      return held
    })
    expect(written).toBeLessThan(64 * 1024 * 1024)
    let read = 0
    for await (const chunk of socket) read += (chunk as Buffer).length
    expect(read).toBe(64 * 1024 * 1024)
  })

  it('destroy() closes the connection', async () => {
    let closed = false
    const server = await useSwitching(isTls, (socket) => {
      socket.write(switching)
      socket.on('end', () => (closed = true)).resume()
    })
    const agent = await useAgent()
    const { socket } = await upgrade(agent, server.origin)
    socket.destroy()
    await until('the server sees it', () => closed)
    expect(socket.destroyed).toBe(true)
  })
})

describe('a response that does not switch', () => {
  it('is an ordinary one, and upgrade() fails with "bad upgrade"', async () => {
    const server = await useRaw((peer) => {
      peer.send('HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno')
    })
    const agent = await useAgent()
    const upgrading = upgrade(agent, server.origin)
    await expect(upgrading).rejects.toThrow(errors.SocketError)
    await expect(upgrading).rejects.toThrow('bad upgrade')
  })

  it.each([
    ['no upgrade header', 'connection: upgrade\r\n'],
    ['no connection header', 'upgrade: echo\r\n'],
    ['another connection header', 'connection: close\r\nupgrade: echo\r\n'],
    ['neither', ''],
  ])('is one of status 101 with %s', async (_name, lines) => {
    const server = await useRaw((peer) => {
      peer.send(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`)
    })
    const agent = await useAgent()
    const upgrading = upgrade(agent, server.origin)
    await expect(upgrading).rejects.toThrow(errors.SocketError)
    await expect(upgrading).rejects.toThrow('bad upgrade')
  })

  it('cannot outlast headersTimeout by arriving byte by byte', async () => {
    const server = createTcpServer((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nx-slow: ')
      const drops = setInterval(() => socket.write('x'), 20)
      socket.on('error', () => {}).on('close', () => clearInterval(drops))
    })
    const { port, close } = await listen(server, new Set())
    onTestFinished(close)
    const agent = await useAgent({ headersTimeout: 300 })
    await expect(upgrade(agent, `http://127.0.0.1:${port}`)).rejects.toThrow(
      errors.HeadersTimeoutError,
    )
  })

  it('fails with SocketError when the peer just closes', async () => {
    const server = await useRaw((peer) => peer.fin())
    const agent = await useAgent()
    const upgrading = upgrade(agent, server.origin)
    await expect(upgrading).rejects.toThrow(errors.SocketError)
  })
})

describe('connect()', () => {
  it('tunnels a request to another server', async () => {
    const target = createServer((request, response) => response.end(`hello ${request.url}`))
    const proxy = createServer()
    const sockets = new Set<Socket>()
    const track = (socket: Socket): unknown => sockets.add(socket)
    target.on('connection', track)
    proxy.on('connection', track)
    proxy.on('connect', (request, socket: Duplex) => {
      const [host, port] = (request.url as string).split(':')
      const onward = connectTcp(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
      for (const end of [socket, onward]) end.on('error', () => {})
    })
    const at = await listen(target, sockets)
    const through = await listen(proxy, sockets)
    onTestFinished(at.close)
    onTestFinished(through.close)
    const agent = await useAgent()
    const { statusCode, socket } = await connect(
      agent,
      `http://127.0.0.1:${through.port}`,
      `127.0.0.1:${at.port}`,
    )
    expect(statusCode).toBe(200)
    socket.write('GET /there HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n')
    expect(await text(socket)).toContain('hello /there')
  })

  it('delivers a refusal, with its body in the socket', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () =>
        socket.end(
          'HTTP/1.1 407 Auth\r\ncontent-length: 4\r\nproxy-authenticate: Basic\r\n\r\nnope',
        ),
      )
    })
    const { port, close } = await listen(server, new Set())
    onTestFinished(close)
    const agent = await useAgent()
    const { statusCode, headers, socket } = await connect(
      agent,
      `http://127.0.0.1:${port}`,
      'a.test:80',
    )
    expect(statusCode).toBe(407)
    expect(headers['proxy-authenticate']).toBe('Basic')
    expect(await text(socket)).toBe('nope')
  })
})

describe.runIf(agentKind === 'dodici')('upgrade() through a proxy', () => {
  const kinds: [string, () => Promise<object | string>][] = [
    ['HTTP', async () => (await useProxy()).uri],
    [
      'HTTPS',
      async () => ({
        uri: (await useProxy({ tls: certificates().good })).uri,
        proxyTls: { ca: certificates().ca },
      }),
    ],
    [
      'HTTP that needs a login',
      async () => withLogin('http', await useProgram(startTinyproxy(plainLogin)), plainLogin),
    ],
    ['SOCKS5', async () => `socks5://127.0.0.1:${await useProgram(startMicrosocks())}`],
  ]
  describe.each(kinds)('%s', (_kind, start) => {
    it.each([
      ['plain', false],
      ['TLS', true],
    ])('uses a tunnel to a %s origin', async (_name, isTls) => {
      const server = await useSwitching(isTls, (socket) => {
        socket.write(switching)
        socket.pipe(socket)
      })
      const agent = await useAgent({ proxy: await start() } as Parameters<typeof useAgent>[0])
      const { socket } = await upgrade(agent, server.origin, { path: '/chat' })
      socket.write('hello')
      const [echoed] = await once(socket, 'data')
      expect(String(echoed)).toBe('hello')
      expect((socket as { encrypted?: boolean }).encrypted).toBe(isTls || undefined)
      socket.destroy()
      expect(server.heads[0]).toContain('GET /chat ')
      expect(server.heads[0]?.toLowerCase()).not.toContain('proxy')
    })
  })

  it('reports a refusal as requests do', async () => {
    const proxy = await useProxy({
      onConnect: (client) => client.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'),
    })
    const agent = await useAgent({ proxy: proxy.uri } as Parameters<typeof useAgent>[0])
    const upgrading = upgrade(agent, 'http://a.test')
    await expect(upgrading).rejects.toThrow('Proxy response (403) !== 200 when HTTP Tunneling')
  })
})
