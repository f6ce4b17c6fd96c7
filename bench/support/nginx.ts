/** Starts nginx on loopback, in a temporary directory: HTTP/1.1 on one port, TLS with HTTP/2 on another. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { certificates } from '../../tests/support/certificates.ts'
import { freePorts, startProgram } from '../../tests/support/servers/program.ts'
import { kCoded, kCodedBytes, kHugeBytes, kLargeBytes, kSmallBytes } from '../scenarios/scenario.ts'
import type { Ports } from '../scenarios/scenario.ts'
import { kLargeObject, kLargeObjectBytes, kSmallObject, kSmallObjectBytes } from '../bulk/cases.ts'
import { childrenOf } from './processes.ts'

export interface Nginx {
  readonly ports: Ports
  /** The certificate that clients trust. */
  readonly ca: string
  readonly version: string
  /** The processes of its workers; empty if the system does not tell. */
  pids(): number[]
  stop(): Promise<void>
}

/** nginx listens for plain HTTP on `addresses` as well as 127.0.0.1, on the same port. */
export async function startNginx(
  addresses: readonly string[] = [],
  hugeBytes: number = kHugeBytes,
): Promise<Nginx> {
  const version = nginxVersion()
  const [http = 0, https = 0] = await freePorts(2)
  const ports = { http, https }
  const program = await startProgram({
    command,
    args: (dir) => ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', 'stderr'],
    prepare: (dir) => {
      writeFileSync(join(dir, 'small'), 'x'.repeat(kSmallBytes))
      mkdirSync(join(dir, 'coded'))
      writeFileSync(join(dir, kCoded), gzipSync(json(kCodedBytes)))
      // Sparse files take no disk space.
      for (const [name, bytes] of [
        ['large', kLargeBytes],
        ['huge', hugeBytes],
        [kSmallObject, kSmallObjectBytes],
        [kLargeObject, kLargeObjectBytes],
      ] as const) {
        writeFileSync(join(dir, name), '')
        truncateSync(join(dir, name), bytes)
      }
      writeFileSync(join(dir, 'nginx.conf'), configuration(dir, ports, addresses))
    },
    ports: [http, https],
  })
  return {
    ports,
    ca: certificates().ca,
    version,
    pids: () => childrenOf(program.pid),
    stop: program.stop,
  }
}

/** A list as an API may answer with. */
function json(bytes: number): string {
  const rows: string[] = []
  for (let size = 2, id = 0; size < bytes; id++) {
    const name = `user ${(id * 7919) % 1000}`
    const row = { id, name, email: `u${id}@example.com`, score: ((id * 31_337) % 1000) / 10 }
    const text = JSON.stringify(row)
    size += text.length + 1
    rows.push(text)
  }
  return `[${rows.join()}]`
}

const command = process.env['NGINX'] ?? 'nginx'

function nginxVersion(): string {
  try {
    // nginx prints its version to stderr.
    const text = execFileSync('sh', ['-c', `${command} -v 2>&1`], { encoding: 'utf8' })
    return /nginx\/(\S+)/.exec(text)?.[1] ?? text.trim()
  } catch {
    throw new Error('The benchmarks need nginx: run "npm run setup", or set NGINX to its path.')
  }
}

function configuration(dir: string, { http, https }: Ports, addresses: readonly string[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log stderr crit;
worker_rlimit_nofile 8192;
events { worker_connections 8192; }
http {
  ${temporary.map((name) => `${name}_temp_path ${dir}/${name};`).join('\n  ')}
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=10;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  http2_max_concurrent_streams 256;
  server {
    listen 127.0.0.1:${http} backlog=4096;
    ${addresses.map((address) => `listen ${address}:${http} backlog=4096;`).join('\n    ')}
    listen 127.0.0.1:${https} ssl http2 backlog=4096;
    ssl_certificate ${dir}/cert.pem;
    ssl_certificate_key ${dir}/key.pem;
    default_type application/octet-stream;
    root ${dir};
    location /coded/ { add_header content-encoding gzip; }
  }
}
`
}
