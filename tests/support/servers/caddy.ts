/** Starts Caddy (Go's net/http) with the sites that a test needs. It logs each processed request. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { untilAsync } from '../wait.ts'
import { tail } from './processed.ts'
import type { Processed, RealServer } from './processed.ts'
import { freePorts, startProgram } from './program.ts'

export interface CaddySite {
  /** `h1` is without TLS. */
  readonly protocol: 'h1' | 'h1 over TLS' | 'h2'
  /** How long a connection may be idle, such as `1s`. */
  readonly idle?: string
  /** A folder whose files it serves, gzipped for whoever asks for it. */
  readonly root?: string
}

export interface Caddy extends RealServer {
  /** The origins of the sites, in order. */
  readonly origins: readonly string[]
  /** Starts new servers on the same ports; the old ones finish their requests, with GOAWAY. */
  reload(): Promise<void>
  stop(): Promise<void>
}

const run = promisify(execFile)

/**
 * Caddy itself answers `/direct/…` with the path, without reading the request's body; the backend on that port answers
 * `/proxied/…`.
 */
export async function startCaddy(sites: readonly CaddySite[], backend: number): Promise<Caddy> {
  const [admin = 0, ...ports] = await freePorts(sites.length + 1)
  const from = (dir: string): string[] => ['--config', join(dir, 'Caddyfile')]
  const program = await startProgram({
    command: 'caddy',
    args: (dir) => ['run', ...from(dir)],
    prepare: (dir) => {
      writeFileSync(join(dir, 'access.log'), '')
      writeFileSync(join(dir, 'Caddyfile'), configuration(dir, sites, ports, admin, backend))
    },
    ports: [admin, ...ports],
  })
  const log = tail(join(program.dir, 'access.log'))
  const known = new Set<string>()
  let lines: Processed[] = []
  const read = (): void => {
    lines.push(...log().map(lineOf))
  }
  return {
    origins: ports.map((port, n) =>
      sites[n]?.protocol === 'h1' ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    ),
    // Caddy does not count connections, so these are the ones with processed requests.
    accepted: () => {
      read()
      for (const { connection } of lines) known.add(connection)
      return Promise.resolve(known.size)
    },
    newLines: async () => {
      await untilAsync('Caddy has no connection open', () => establishedTo(ports) === 0)
      read()
      for (const { connection } of lines) known.add(connection)
      const fresh = lines
      lines = []
      return fresh
    },
    reload: async () => {
      await run('caddy', [
        'reload',
        '--force',
        ...from(program.dir),
        '--address',
        `127.0.0.1:${admin}`,
      ])
    },
    stop: program.stop,
  }
}

function lineOf(line: string): Processed {
  const { request, status } = JSON.parse(line) as {
    request: { remote_port: string; host: string; uri: string }
    status: number
  }
  return { connection: `${request.host} ${request.remote_port}`, path: request.uri, status }
}

/** Connections to these ports, according to the kernel. */
function establishedTo(ports: readonly number[]): number {
  const wanted = new Set(ports)
  const kEstablished = '01'
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .slice(1)
    .filter((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/)
      return state === kEstablished && wanted.has(Number.parseInt(local.split(':')[1] ?? '', 16))
    }).length
}

function configuration(
  dir: string,
  sites: readonly CaddySite[],
  ports: readonly number[],
  admin: number,
  backend: number,
): string {
  const protocols = { h1: 'h1', 'h1 over TLS': 'h1', h2: 'h1 h2' }
  const server = ({ protocol, idle = '10m' }: CaddySite, n: number): string => `
  servers 127.0.0.1:${ports[n]} {
    protocols ${protocols[protocol]}
    timeouts {
      idle ${idle}
    }
  }`
  const site = ({ protocol, root }: CaddySite, n: number): string => `
${protocol === 'h1' ? `http://127.0.0.1:${ports[n]}` : `https://localhost:${ports[n]}`} {
  bind 127.0.0.1
  ${protocol === 'h1' ? '' : `tls ${dir}/cert.pem ${dir}/key.pem`}
  log {
    output file ${dir}/access.log {
      roll_disabled
    }
    format json
  }
  handle /direct/* {
    respond "{http.request.uri.path}"
  }
  handle /proxied/* {
    reverse_proxy 127.0.0.1:${backend}
  }
  ${root === undefined ? '' : `handle {\n    root * ${root}\n    encode gzip\n    file_server\n  }`}
}`
  return `{
  admin 127.0.0.1:${admin}
  auto_https off
  grace_period 10s
  log {
    level ERROR
  }
  ${sites.map(server).join('')}
}
${sites.map(site).join('\n')}
`
}
