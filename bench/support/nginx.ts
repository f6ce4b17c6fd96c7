/** nginx on loopback, in a directory of its own that goes with it: HTTP/1.1 on one port, TLS with HTTP/2 on another. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kHugeBytes, kLargeBytes, kSmallBytes } from '../scenarios/scenario.ts'
import type { Ports } from '../scenarios/scenario.ts'
import { childrenOf } from './processes.ts'

export interface Nginx {
  readonly ports: Ports
  /** The certificate that clients trust. */
  readonly ca: string
  readonly version: string
  /** Of what serves: the workers. None where the system does not tell. */
  pids(): number[]
  stop(): Promise<void>
}

/** `addresses`: where it listens for plain HTTP besides 127.0.0.1, on the same port. */
export async function startNginx(addresses: readonly string[] = []): Promise<Nginx> {
  const version = nginxVersion()
  const dir = mkdtempSync(join(tmpdir(), 'dodici-bench-'))
  // The worker may run as another user.
  chmodSync(dir, 0o755)
  const ports = { http: await freePort(), https: await freePort() }
  writeFileSync(join(dir, 'small'), 'x'.repeat(kSmallBytes))
  // Holes cost no disk.
  for (const [name, bytes] of [
    ['large', kLargeBytes],
    ['huge', kHugeBytes],
  ] as const) {
    writeFileSync(join(dir, name), '')
    truncateSync(join(dir, name), bytes)
  }
  const ca = writeCertificate(dir)
  writeFileSync(join(dir, 'nginx.conf'), configuration(dir, ports, addresses))

  const child = spawn(command, ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const exited = new Promise<void>((resolve) => {
    child.on('close', () => resolve())
  })
  // However this process ends, it leaves no server behind.
  const kill = (): void => {
    child.kill('SIGTERM')
    rmSync(dir, { recursive: true, force: true })
  }
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    child.kill('SIGTERM')
    await exited
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    await Promise.race([
      Promise.all([answers(ports.http), answers(ports.https)]),
      exited.then(() => {
        throw new Error(`nginx did not start: ${said}`)
      }),
    ])
  } catch (error) {
    await stop()
    throw error
  }
  return { ports, ca, version, pids: () => childrenOf(child.pid ?? 0), stop }
}

/** Debian keeps it where only root's PATH looks. */
const command = process.env['NGINX'] ?? 'nginx'
process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`

function nginxVersion(): string {
  try {
    // It tells its version on stderr.
    const text = execFileSync('sh', ['-c', `${command} -v 2>&1`], { encoding: 'utf8' })
    return /nginx\/(\S+)/.exec(text)?.[1] ?? text.trim()
  } catch {
    throw new Error('The benchmarks need nginx: run "npm run setup", or set NGINX to its path.')
  }
}

function writeCertificate(dir: string): string {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const files = ['-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem'), '-days', '2']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', ['req', '-x509', ...key, ...files, ...names], { stdio: 'ignore' })
  return execFileSync('cat', [join(dir, 'cert.pem')], { encoding: 'utf8' })
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
  }
}
`
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return port
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const connected = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.on('error', () => resolve(false))
    })
    if (connected) return
    if (attempt === 200) throw new Error(`nothing answers on port ${port}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 25)
    })
  }
}
