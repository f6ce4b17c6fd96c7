/**
 * Caddy with HTTP/1.1, HTTP/2 and HTTP/3 in front of Node's handlers, because Node has no server for HTTP/3. It is slow
 * to start, so a test file has one, with many ports: each is the front of one server at a time.
 *
 * What tests must allow for, with Debian's Caddy 2.6.2 (quic-go 0.29):
 *
 * - The handler's socket is Caddy's, a new one for each request. If the handler ends it before the head, the client gets
 *   502; if it does so in a body of known length, the body ends short of it; a body of unknown length then seems complete.
 *   No stream is reset.
 * - `connection: close` of a response ends nothing between the client and Caddy.
 * - A client that goes away ends the handler's request and response.
 * - Trailers are lost in both directions. Status texts are lost, as in HTTP/2. 1xx responses pass, as does `expect`.
 * - The path passes as it is, unless a character needs an escape (`|` becomes `%7C`, and then `*` becomes `%2A`).
 * - A response that ends before the request is followed by STOP_SENDING, which is no error.
 * - Responses to HEAD have no content-length unless the handler's has one, and `accept-encoding` is the client's.
 * - Names of request headers are capitalised (`Content-Length`).
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { startHttp1 } from './http1.ts'
import type { Http1Handler } from './http1.ts'
import { freePorts, startProgram } from './program.ts'

export interface FrontServer {
  /** Has the name localhost. */
  readonly origin: string
  /** The same number for TCP and UDP. */
  readonly port: number
  /** Connections of clients that have brought a request. */
  readonly accepted: number
  /** Connections of Caddy with the handler: one for each request. */
  readonly sockets: ReadonlySet<Socket>
  close(): Promise<void>
}

export interface FrontOptions {
  /** Whether Caddy offers HTTP/3 in `alt-svc`. Default: false. */
  readonly offersHttp3?: boolean
}

export const hasCaddy: boolean = spawnSync('caddy', ['version']).status === 0

const kPorts = 32
const kFront = '127.0.0.1'
// A handler listens on the port of its front.
const kBehind = '127.0.0.2'
const kClientPort = 'x-caddy-client-port'

interface Fronts {
  readonly plain: number[]
  readonly offering: number[]
}

let started: Promise<Fronts> | undefined

/** Starts a server whose requests come through Caddy. */
export async function startFront(
  handler: Http1Handler,
  options: FrontOptions = {},
): Promise<FrontServer> {
  started ??= startCaddyFronts()
  const { plain, offering } = await started
  const free = options.offersHttp3 === true ? offering : plain
  const port = free.shift()
  if (port === undefined) throw new Error(`a test file has at most ${kPorts} servers at a time`)
  const clients = new Set<string>()
  const behind = await startHttp1(
    (request, response) => {
      clients.add(takeClientPort(request))
      return handler(request, response)
    },
    { host: kBehind, port },
  )
  return {
    origin: `https://localhost:${port}`,
    port,
    get accepted(): number {
      return clients.size
    },
    sockets: behind.sockets,
    close: async () => {
      await behind.close()
      free.push(port)
    },
  }
}

/** Takes the header that Caddy has added away, so that the handler sees what the client has sent. */
function takeClientPort(request: IncomingMessage): string {
  const client = String(request.headers[kClientPort])
  delete request.headers[kClientPort]
  const { rawHeaders } = request
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === kClientPort) rawHeaders.splice(at, 2)
  }
  return client
}

async function startCaddyFronts(): Promise<Fronts> {
  const ports = await freePorts(2 * kPorts)
  await startProgram({
    command: 'caddy',
    args: (dir) => ['run', '--config', join(dir, 'caddy.json')],
    prepare: (dir) => {
      writeFileSync(join(dir, 'caddy.json'), JSON.stringify(configuration(dir, ports)))
    },
    ports: ports.slice(-1),
  })
  return { plain: ports.slice(0, kPorts), offering: ports.slice(kPorts) }
}

function configuration(dir: string, ports: readonly number[]): object {
  const server = (port: number, n: number): object => ({
    listen: [`${kFront}:${port}`],
    protocols: ['h1', 'h2', 'h3'],
    automatic_https: { disable: true },
    tls_connection_policies: [{ default_sni: 'localhost' }],
    routes: [{ handle: [leaveOut(n < kPorts ? ['server', 'alt-svc'] : ['server']), proxy(port)] }],
  })
  const certificate = { certificate: join(dir, 'cert.pem'), key: join(dir, 'key.pem') }
  return {
    admin: { disabled: true },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: {
      http: {
        servers: Object.fromEntries(ports.map((port, n) => [`port${port}`, server(port, n)])),
      },
      tls: { certificates: { load_files: [certificate] } },
    },
  }
}

function leaveOut(headers: string[]): object {
  return { handler: 'headers', response: { deferred: true, delete: headers } }
}

function proxy(port: number): object {
  return {
    handler: 'reverse_proxy',
    upstreams: [{ dial: `${kBehind}:${port}` }],
    // In nanoseconds. With -1, which is at once, Caddy goes on with the request when the client has gone.
    flush_interval: 1_000_000,
    // Go would ask for gzip by itself, and would send a request again if a kept connection is lost.
    transport: { protocol: 'http', compression: false, keep_alive: { enabled: false } },
    headers: {
      request: {
        set: { [kClientPort]: ['{http.request.remote.port}'] },
        delete: ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'],
      },
    },
  }
}
