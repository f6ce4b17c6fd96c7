/**
 * TLS settings of the whole process: Node's flags and environment, and what a program assigns while it runs. Each
 * program runs on undici and on dodici, each time in its own process, and must print the same.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as Tls from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import type { AgentKind } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { runChild } from '../support/child.ts'
import type { ChildOptions } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useFolder, useTls } from '../support/fixtures.ts'
import { nodeProgram } from '../support/node-versions.ts'
import type { NodeMajor } from '../support/node-versions.ts'

interface Data {
  /** A server that answers with the protocol and the cipher of the connection. */
  readonly any: string
  /** The same, and speaks TLS 1.2 at most. */
  readonly old: string
  readonly ca: string
}

async function useServers(): Promise<Data> {
  const onRequest: NonNullable<Parameters<typeof useTls>[0]>['onRequest'] = (request, response) => {
    const socket = request.socket as TLSSocket
    response.end(`${socket.getProtocol()} ${socket.getCipher().standardName}`)
  }
  const any = await useTls({ onRequest })
  const old = await useTls({ onRequest, server: { maxVersion: 'TLSv1.2' } })
  return { any: any.origin, old: old.origin, ca: certificates().ca }
}

type Program = (kit: ChildKit, data: Data) => Promise<void>

/** Its output, on undici and on dodici. */
async function onBoth(
  program: Program,
  data: Data,
  options: ChildOptions & { major?: NodeMajor } = {},
): Promise<[undici: unknown[], dodici: unknown[]]> {
  const run = async (kind: AgentKind): Promise<unknown[]> => {
    const node = nodeProgram(options.major ?? 24)
    const { said, stderr, code } = await runChild(program, data, { ...options, kind, node })
    if (code !== 0) throw new Error(stderr)
    return said
  }
  return [await run('undici'), await run('dodici')]
}

const majors: readonly NodeMajor[] = [22, 24]

/** One request with what Node trusts, and one that trusts the tests' authority. */
const ask: Program = async (kit, { any, old, ca }) => {
  for (const [origin, connect] of [
    [any, {}],
    [any, { ca }],
    [old, { ca }],
  ] as const) {
    const agent = await kit.createAgent({ connect, allowH2: false })
    const { error, text } = await kit.exchange(agent, { origin })
    kit.say(error?.code ?? text)
    await agent.destroy()
  }
}

const assign: Program = async (kit, { any, old, ca }) => {
  const { default: tls } = (await kit.load('node:tls')) as unknown as { default: typeof Tls }
  // Each request makes a connection of its own.
  const options = { connect: { ca }, allowH2: false, pipelining: 0 }
  const agent = await kit.createAgent(options)
  const own = await kit.createAgent({
    ...options,
    connect: {
      ca,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256',
    },
  })
  const say = async (what: string, origin: string, by = agent): Promise<void> => {
    const { error, text } = await kit.exchange(by, { origin })
    const { name, code, message } = error ?? {}
    // An alert's message contains numbers that vary.
    kit.say([what, error ? [name, code, code?.startsWith('ERR_SSL_') ? '' : message] : text])
  }
  const with_ = async (name: string, value: unknown): Promise<void> => {
    const settings = tls as unknown as Record<string, unknown>
    const before = settings[name]
    settings[name] = value
    await say(`${name} ${String(value)}`, any)
    await say(`${name} ${String(value)}, an old server`, old)
    await say(`${name} ${String(value)}, options of its own`, any, own)
    settings[name] = before
    await say('back again', any)
  }
  await say('as it is', any)
  await with_('DEFAULT_MAX_VERSION', 'TLSv1.2')
  await with_('DEFAULT_MIN_VERSION', 'TLSv1.3')
  await with_('DEFAULT_MIN_VERSION', 'nonsense')
  await with_('DEFAULT_CIPHERS', 'TLS_CHACHA20_POLY1305_SHA256')
  await with_('DEFAULT_CIPHERS', 'ECDHE-ECDSA-CHACHA20-POLY1305')
  await with_('DEFAULT_CIPHERS', 'ECDHE-ECDSA-CHACHA20-POLY1305:!TLS_AES_256_GCM_SHA384')
  await with_('DEFAULT_CIPHERS', 'nonsense')
  await with_('DEFAULT_CIPHERS', '')
  await with_('DEFAULT_ECDH_CURVE', 'P-384')
  await with_('DEFAULT_ECDH_CURVE', 'nonsense')
  await agent.destroy()
  await own.destroy()
}

const trust: Program = async (kit, { any, ca }) => {
  const { default: tls } = (await kit.load('node:tls')) as unknown as { default: typeof Tls }
  const agent = await kit.createAgent({
    allowH2: false,
    pipelining: 0,
    maxCachedSessions: 0,
  })
  const say = async (what: string): Promise<void> => {
    const { error } = await kit.exchange(agent, { origin: any })
    kit.say([what, error ? [error.code, error.message] : 'ok'])
  }
  const before = tls.getCACertificates('default')
  await say('unknown authority')
  tls.setDefaultCACertificates([...before, ca])
  await say('added')
  tls.setDefaultCACertificates([])
  await say('nobody')
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  await say('anybody')
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '1'
  await say('nobody again')
  tls.setDefaultCACertificates([ca])
  await say('the authority alone')
  await agent.destroy()
}

const keep: Program = async (kit, { old, ca }) => {
  const { default: tls } = (await kit.load('node:tls')) as unknown as { default: typeof Tls }
  const options = { connect: { ca }, allowH2: false, connections: 1 }
  const agent = await kit.createAgent(options)
  const say = async (): Promise<void> => {
    const { error, text } = await kit.exchange(agent, { origin: old })
    kit.say(error?.code ?? text)
  }
  await say()
  tls.DEFAULT_MIN_VERSION = 'TLSv1.3'
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  await say()
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '1'
  await say()
  await agent.destroy()
}

describe.each(majors)('on Node %i', (major) => {
  it.each<[string, Program]>([
    ['assigned defaults count for later connections', assign],
    ['default authorities and NODE_TLS_REJECT_UNAUTHORIZED count for later connections', trust],
    ['kept connections stay as they are', keep],
  ])('%s', async (_name, program) => {
    const [undici, dodici] = await onBoth(program, await useServers(), { major })
    expect(undici.length).toBeGreaterThan(2)
    expect(dodici).toEqual(undici)
  })

  it.each([
    ['--tls-max-v1.2'],
    ['--tls-min-v1.3'],
    ['--tls-min-v1.0', '--tls-cipher-list=ECDHE-ECDSA-AES128-GCM-SHA256'],
    ['--tls-cipher-list=TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-CHACHA20-POLY1305'],
  ])('%s', async (...nodeArgs) => {
    const [undici, dodici] = await onBoth(ask, await useServers(), { major, nodeArgs })
    expect(undici).toHaveLength(3)
    expect(dodici).toEqual(undici)
  })

  it.each<[string, readonly string[], (file: string, folder: string) => Record<string, string>]>([
    [
      '--use-openssl-ca with SSL_CERT_FILE',
      ['--use-openssl-ca'],
      (file) => ({ SSL_CERT_FILE: file }),
    ],
    [
      '--use-openssl-ca with SSL_CERT_DIR',
      ['--use-openssl-ca'],
      (file, folder) => ({ SSL_CERT_FILE: `${file}.missing`, SSL_CERT_DIR: folder }),
    ],
    [
      'NODE_OPTIONS=--use-openssl-ca',
      [],
      (file) => ({ NODE_OPTIONS: '--use-openssl-ca', SSL_CERT_FILE: file }),
    ],
    ['--use-system-ca', ['--use-system-ca'], (file) => ({ SSL_CERT_FILE: file })],
    ['SSL_CERT_FILE alone', [], (file) => ({ SSL_CERT_FILE: file })],
    ['NODE_EXTRA_CA_CERTS', [], (file) => ({ NODE_EXTRA_CA_CERTS: file })],
    [
      'NODE_EXTRA_CA_CERTS with --use-openssl-ca',
      ['--use-openssl-ca'],
      (file) => ({ NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: `${file}.missing` }),
    ],
    ['NODE_TLS_REJECT_UNAUTHORIZED=0', [], () => ({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })],
  ])('%s', async (_name, nodeArgs, envOf) => {
    const folder = useFolder()
    const file = join(folder, 'ca.pem')
    writeFileSync(file, certificates().ca)
    const hash = execFileSync('openssl', ['x509', '-hash', '-noout', '-in', file], {
      encoding: 'utf8',
    })
    writeFileSync(join(folder, `${hash.trim()}.0`), certificates().ca)
    const options = { major, nodeArgs, env: envOf(file, folder) }
    const [undici, dodici] = await onBoth(ask, await useServers(), options)
    expect(undici).toHaveLength(3)
    expect(dodici).toEqual(undici)
  })
})
