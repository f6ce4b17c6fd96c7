/** An npm registry on loopback: the packed tarballs of this checkout, and everything else from this machine's own registry. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../../../build/packages/', import.meta.url))

interface Manifest {
  readonly name: string
  readonly version: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Packed {
  readonly manifest: Manifest
  readonly tarball: Buffer
}

/** What `npm run package` made, and for the platforms that it can't make packages of their name without an addon. */
function packed(folder: string): Map<string, Packed> {
  const files = readdirSync(packages).filter((name) => name.endsWith('.tgz'))
  const made = files.map((name) => open(join(packages, name)))
  const found = new Map(made.map((each) => [each.manifest.name, each]))
  const main = found.get('dodici')
  for (const name of Object.keys(main?.manifest.optionalDependencies ?? {})) {
    if (!found.has(name)) found.set(name, placeholder(name, main?.manifest.version ?? '', folder))
  }
  return found
}

function open(file: string): Packed {
  const manifest = execFileSync('tar', ['-xzOf', file, 'package/package.json'], {
    encoding: 'utf8',
  })
  return { manifest: JSON.parse(manifest) as Manifest, tarball: readFileSync(file) }
}

// `@dodici/os-cpu-libc`
function placeholder(name: string, version: string, folder: string): Packed {
  const [os, cpu, libc] = name.replace('@dodici/', '').split('-')
  const manifest = {
    name,
    version,
    os: [os],
    cpu: [cpu],
    ...(libc !== undefined && { libc: [libc === 'gnu' ? 'glibc' : libc] }),
  }
  const root = join(folder, name)
  mkdirSync(join(root, 'package'), { recursive: true })
  writeFileSync(join(root, 'package/package.json'), JSON.stringify(manifest))
  execFileSync('tar', ['-czf', join(root, 'a.tgz'), '-C', root, 'package'])
  return { manifest, tarball: readFileSync(join(root, 'a.tgz')) }
}

/** Starts it; `folder` is for files of its own. Gives back its URL, and what stops it. */
export async function startRegistry(
  folder: string,
): Promise<{ url: string; close: () => Promise<void> }> {
  const ours = packed(folder)
  const upstream = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '/').slice(1))
    const tarball = /^tarballs\/(.+)\.tgz$/.exec(path)?.[1]
    const found = ours.get(tarball ?? path)
    if (found === undefined) {
      void passOn(`${upstream}${path.replace('/', '%2f')}`, response)
    } else if (tarball === undefined) {
      response.end(JSON.stringify(packument(found, origin(server))))
    } else {
      response.end(found.tarball)
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return { url: origin(server), close }
}

function origin(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

function packument({ manifest, tarball }: Packed, url: string): object {
  const { name, version } = manifest
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  const dist = { tarball: `${url}tarballs/${name}.tgz`, integrity }
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } }
}

async function passOn(url: string, response: ServerResponse): Promise<void> {
  try {
    const answer = await fetch(url)
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'application/json',
    })
    response.end(Buffer.from(await answer.arrayBuffer()))
  } catch (error) {
    response.writeHead(502).end(String(error))
  }
}
