/** Starts nginx with the sites that a test needs, each on its own port. It logs each processed request. */
import { writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { untilAsync } from '../wait.ts'
import { tail } from './processed.ts'
import type { Processed, RealServer } from './processed.ts'
import { freePorts, startProgram } from './program.ts'

export interface NginxSite {
  /** `h1` is without TLS. */
  readonly protocol: 'h1' | 'h1 over TLS' | 'h2'
  /** Directives for its `server` block, such as `keepalive_requests 10`. */
  readonly directives?: readonly string[]
}

export interface Nginx extends RealServer {
  /** The origins of the sites, in order. */
  readonly origins: readonly string[]
  readonly pid: number
  /** Like `nginx -s reload`: starts new workers; the old ones finish their requests, with GOAWAY, and end. */
  reload(): void
  stop(): Promise<void>
}

/**
 * nginx itself answers `/direct/…` with the path, the backend on that port answers `/proxied/…`. For `/direct/` nginx
 * does not read POST bodies to their end before it answers.
 */
export async function startNginx(sites: readonly NginxSite[], backend: number): Promise<Nginx> {
  const [status = 0, ...ports] = await freePorts(sites.length + 1)
  const args = (dir: string): string[] => ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', 'stderr']
  const program = await startProgram({
    command: 'nginx',
    args,
    prepare: (dir) => {
      writeFileSync(join(dir, 'nginx.conf'), configuration(dir, sites, ports, status, backend))
    },
    ports: [status, ...ports],
  })
  const log = tail(join(program.dir, 'access.log'))
  let asked = 0
  let base = 0
  const connections = async (): Promise<{ accepted: number; open: number }> => {
    asked += 1
    const page = await statusPage(status)
    const [, open = 0, accepted = 0] =
      /^Active connections: (\d+)[\s\S]*?\n (\d+) /.exec(page) ?? []
    return { accepted: Number(accepted) - asked - base, open: Number(open) - 1 }
  }
  // Connections that the start-up check made.
  base = (await connections()).accepted
  return {
    origins: ports.map((port, n) =>
      sites[n]?.protocol === 'h1' ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    ),
    pid: program.pid,
    accepted: async () => (await connections()).accepted,
    newLines: async () => {
      await untilAsync('nginx has no connection open', async () => (await connections()).open === 0)
      return log().map(lineOf)
    },
    reload: () => {
      process.kill(program.pid, 'SIGHUP')
    },
    stop: program.stop,
  }
}

function lineOf(line: string): Processed {
  const [connection = '', path = '', status = ''] = line.split(' ')
  return { connection, path, status: Number(status) }
}

async function statusPage(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  get({ port, host: '127.0.0.1', agent: false }, (response) => {
    text(response).then(resolve, reject)
  }).on('error', reject)
  return promise
}

function configuration(
  dir: string,
  sites: readonly NginxSite[],
  ports: readonly number[],
  status: number,
  backend: number,
): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const listen = { h1: '', 'h1 over TLS': ' ssl', h2: ' ssl http2' }
  const server = (site: NginxSite, port: number | undefined): string => `
  server {
    listen 127.0.0.1:${port}${listen[site.protocol]} backlog=4096;
    ${(site.directives ?? []).map((directive) => `${directive};`).join('\n    ')}
    location /direct/ { return 200 "$uri"; }
    location /proxied/ { proxy_pass http://backend; }
  }`
  return `
daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log stderr crit;
worker_rlimit_nofile 8192;
events { worker_connections 8192; }
http {
  ${temporary.map((name) => `${name}_temp_path ${dir}/${name};`).join('\n  ')}
  log_format processed '$connection $uri $status';
  access_log ${dir}/access.log processed;
  keepalive_timeout 600s;
  keepalive_requests 1000000;
  ssl_certificate ${dir}/cert.pem;
  ssl_certificate_key ${dir}/key.pem;
  upstream backend { server 127.0.0.1:${backend}; keepalive 64; keepalive_requests 1000000; }
  # What nginx would send again by itself would count as ours.
  proxy_next_upstream off;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  ${sites.map((site, n) => server(site, ports[n])).join('\n')}
  server {
    listen 127.0.0.1:${status};
    access_log off;
    location / { stub_status; }
  }
}
`
}
