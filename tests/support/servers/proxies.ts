/** Proxies: two Debian programs, which set-up installs, and one of ours that records its requests. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createPlainServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { KeyPair } from '../certificates.ts'
import { kExpectNoTimeout } from '../wait.ts'
import { listen } from './listen.ts'

export interface Login {
  readonly user: string
  readonly password: string
}

export interface ProxyProgram {
  readonly port: number
  close(): Promise<void>
}

/** An HTTP proxy that forwards and tunnels. */
export async function startTinyproxy(login?: Login): Promise<ProxyProgram> {
  const dir = mkdtempSync(join(tmpdir(), 'dodici-tinyproxy-'))
  const program = await startProgram((port) => {
    const file = join(dir, 'tinyproxy.conf')
    const lines = [
      `Port ${port}`,
      'Listen 127.0.0.1',
      'Timeout 60',
      'MaxClients 50',
      `LogFile "${join(dir, 'log')}"`,
    ]
    if (login) lines.push(`BasicAuth ${login.user} ${login.password}`)
    writeFileSync(file, `${lines.join('\n')}\n`)
    return ['tinyproxy', '-d', '-c', file]
  })
  return {
    port: program.port,
    close: async () => {
      await program.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** A SOCKS5 proxy. */
export function startMicrosocks(login?: Login): Promise<ProxyProgram> {
  const credentials = login ? ['-u', login.user, '-P', login.password] : []
  return startProgram((port) => [
    'microsocks',
    '-i',
    '127.0.0.1',
    '-p',
    String(port),
    ...credentials,
  ])
}

// The programs cannot choose a port and report it, so this tries ports that were free a moment ago.
async function startProgram(commandFor: (port: number) => string[]): Promise<ProxyProgram> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const port = await freePort()
    const [command = '', ...args] = commandFor(port)
    const child = spawn(command, args, { stdio: 'ignore' })
    const failed = Promise.withResolvers<'exited'>()
    child.once('exit', () => failed.resolve('exited'))
    child.once('error', (error) => failed.reject(error))
    const state = await Promise.race([failed.promise, listening(port, child)])
    if (state === 'listening') {
      return { port, close: () => stop(child) }
    }
  }
  throw new Error('the proxy program does not start: see whether npm run setup has installed it')
}

async function listening(port: number, child: ChildProcess): Promise<'listening'> {
  const deadline = performance.now() + kExpectNoTimeout
  while (performance.now() < deadline && child.exitCode === null) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return 'listening'
    } catch {
      await new Promise((resolve) => setImmediate(resolve))
    } finally {
      socket.destroy()
    }
  }
  throw new Error(`nobody listens on port ${port}`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

interface Seen {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  /** the client's address */
  readonly from: string | undefined
}

export interface RecordingProxy {
  /** `http://localhost:port`, or https */
  readonly uri: string
  readonly port: number
  /** `CONNECT host:port` or `GET http://host:port/path`, with its headers. */
  readonly seen: readonly Seen[]
  close(): Promise<void>
}

export interface RecordingProxyOptions {
  readonly tls?: KeyPair | undefined
  /** Answers a CONNECT instead of making a tunnel. */
  readonly onConnect?: (client: Duplex) => void
}

/** A proxy that records its requests. */
export async function startProxy(options: RecordingProxyOptions = {}): Promise<RecordingProxy> {
  const seen: Seen[] = []
  const note = ({ method, url, headers, socket }: IncomingMessage): void => {
    seen.push({ line: `${method} ${url}`, headers, from: socket.remoteAddress })
  }
  const server: Server = options.tls ? createTlsServer(options.tls) : createPlainServer()
  server.on('request', (incoming, outgoing) => {
    note(incoming)
    const { method, headers, url = '' } = incoming
    const onward = httpRequest(url, { method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  server.on('connect', (incoming: IncomingMessage, client: Duplex) => {
    note(incoming)
    client.on('error', () => {})
    if (options.onConnect) {
      options.onConnect(client)
      return
    }
    const [host = '', port = ''] = (incoming.url ?? '').split(':')
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\nx-proxy: yes\r\n\r\n')
      client.pipe(upstream).pipe(client)
    })
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  server.on('tlsClientError', () => {})
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  const { port, close } = await listen(server, sockets)
  const uri = `${options.tls ? 'https' : 'http'}://localhost:${port}`
  return { uri, port, seen, close }
}
