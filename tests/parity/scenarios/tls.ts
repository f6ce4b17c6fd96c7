/** TLS options: what the server sees of a connection, or the error, with undici's Agent and ours. */
import { constants } from 'node:crypto'
import type { SecureServerOptions } from 'node:http2'
import { BlockList } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import type { AgentOptions } from '../../support/agents.ts'
import { certificates } from '../../support/certificates.ts'
import type { KeyPair } from '../../support/certificates.ts'
import { exchange } from '../../support/recorder.ts'
import { tlsMaterial } from '../../support/tls-material.ts'
import type { Normal } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'

type Connect = Extract<AgentOptions['connect'], object>

interface Row {
  readonly name: string
  readonly connect: () => Record<string, unknown>
  readonly agent?: AgentOptions
  readonly server?: () => SecureServerOptions
  readonly pair?: () => KeyPair
  readonly requests?: number
  /** of the connections, besides the client's name */
  readonly looksAt?: (socket: TLSSocket) => Normal
}

const protocol = (socket: TLSSocket): Normal => socket.getProtocol()
const cipher = (socket: TLSSocket): Normal => socket.getCipher().standardName
const resumed = (socket: TLSSocket): Normal => socket.isSessionReused()

/** A server that demands a client certificate of the material's authority. */
const mutual = (): SecureServerOptions => ({
  ca: tlsMaterial().ca,
  requestCert: true,
  rejectUnauthorized: true,
})
const client = (): KeyPair & Record<string, unknown> => ({ ...tlsMaterial().client })
const none = (): Record<string, unknown> => ({})

const rows: readonly Row[] = [
  { name: 'client certificate', connect: client, server: mutual },
  { name: 'no client certificate', connect: none, server: mutual },
  {
    name: 'client certificate as buffers',
    connect: () => ({
      cert: Buffer.from(client().cert),
      key: new Uint8Array(Buffer.from(client().key)),
    }),
    server: mutual,
  },
  {
    name: 'client certificate with its chain',
    connect: () => ({ cert: client().cert + tlsMaterial().ca, key: client().key }),
    server: mutual,
  },
  {
    name: 'encrypted key',
    connect: () => ({ cert: client().cert, key: tlsMaterial().encryptedKey, passphrase: 'secret' }),
    server: mutual,
  },
  {
    name: 'encrypted key with its own passphrase',
    connect: () => ({
      cert: client().cert,
      key: [{ pem: tlsMaterial().encryptedKey, passphrase: 'secret' }],
      passphrase: 'another',
    }),
    server: mutual,
  },
  {
    name: 'encrypted key with a wrong passphrase',
    connect: () => ({ cert: client().cert, key: tlsMaterial().encryptedKey, passphrase: 'no' }),
  },
  {
    name: 'encrypted key without a passphrase',
    connect: () => ({ cert: client().cert, key: tlsMaterial().encryptedKey }),
  },
  {
    name: "another certificate's key",
    connect: () => ({ cert: client().cert, key: tlsMaterial().server.key }),
  },
  {
    name: 'pfx',
    connect: () => ({ pfx: tlsMaterial().pfx, passphrase: 'secret' }),
    server: mutual,
  },
  {
    name: 'pfx in an array',
    connect: () => ({ pfx: [{ buf: tlsMaterial().pfx, passphrase: 'secret' }] }),
    server: mutual,
  },
  {
    name: 'pfx brings an authority to trust',
    connect: () => ({ pfx: tlsMaterial().pfx, passphrase: 'secret' }),
    pair: () => tlsMaterial().server,
  },
  {
    name: 'pfx with a wrong passphrase',
    connect: () => ({ pfx: tlsMaterial().pfx, passphrase: 'no' }),
  },
  {
    name: 'two client certificates, of which the server accepts RSA',
    connect: () => ({
      cert: [client().cert, tlsMaterial().rsaClient.cert],
      key: [client().key, tlsMaterial().rsaClient.key],
    }),
    server: () => ({ ...mutual(), sigalgs: 'RSA-PSS+SHA256:ECDSA+SHA256' }),
  },
  {
    name: 'two authorities',
    connect: () => ({ ca: [tlsMaterial().ca, certificates().ca] }),
    pair: () => tlsMaterial().server,
  },
  {
    name: 'empty list of authorities',
    connect: () => ({ ca: [] }),
  },
  {
    name: 'crl, good certificate',
    connect: () => ({ ca: tlsMaterial().ca, crl: tlsMaterial().crl }),
    pair: () => tlsMaterial().server,
  },
  {
    name: 'crl, revoked certificate',
    connect: () => ({ ca: tlsMaterial().ca, crl: tlsMaterial().crl }),
    pair: () => tlsMaterial().revokedServer,
  },
  {
    name: 'crl of another authority',
    connect: () => ({ crl: tlsMaterial().crl }),
  },
  {
    name: 'leaf as authority',
    connect: () => ({ ca: certificates().good.cert }),
  },
  {
    name: 'leaf as authority, allowPartialTrustChain',
    connect: () => ({ ca: certificates().good.cert, allowPartialTrustChain: true }),
  },
  { name: 'maxVersion', connect: () => ({ maxVersion: 'TLSv1.2' }), looksAt: protocol },
  { name: 'minVersion', connect: () => ({ minVersion: 'TLSv1.3' }), looksAt: protocol },
  {
    name: 'no common version',
    connect: () => ({ minVersion: 'TLSv1.3' }),
    server: () => ({ maxVersion: 'TLSv1.2' }),
  },
  {
    name: 'ciphers of TLS 1.2 only',
    connect: () => ({ ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }),
    looksAt: (socket) => [protocol(socket), cipher(socket)],
  },
  {
    name: 'ciphers of TLS 1.3 only',
    connect: () => ({ ciphers: 'TLS_AES_128_GCM_SHA256' }),
    looksAt: (socket) => [protocol(socket), cipher(socket)],
  },
  {
    name: 'ciphers of both',
    connect: () => ({ ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384:TLS_CHACHA20_POLY1305_SHA256' }),
    looksAt: (socket) => [protocol(socket), cipher(socket)],
  },
  {
    name: 'secureOptions',
    connect: () => ({ secureOptions: constants.SSL_OP_NO_TLSv1_3 }),
    looksAt: protocol,
  },
  {
    name: 'ecdhCurve that the server accepts',
    connect: () => ({ ecdhCurve: 'P-384' }),
    server: () => ({ ecdhCurve: 'P-384:P-256' }),
  },
  {
    name: 'ecdhCurve that the server does not accept',
    connect: () => ({ ecdhCurve: 'P-384' }),
    server: () => ({ ecdhCurve: 'P-256' }),
  },
  { name: 'sigalgs that fit', connect: () => ({ sigalgs: 'ecdsa_secp256r1_sha256' }) },
  { name: 'sigalgs that do not fit', connect: () => ({ sigalgs: 'rsa_pss_rsae_sha256' }) },
  {
    name: 'ALPNProtocols are overwritten',
    connect: () => ({ ALPNProtocols: ['h2'] }),
    agent: { allowH2: false },
    looksAt: (socket) => socket.alpnProtocol,
  },
  {
    name: 'servername',
    connect: () => ({ servername: 'second.test' }),
    pair: () => certificates().second,
    looksAt: (socket) => (socket as TLSSocket & { servername: string }).servername,
  },
  {
    name: 'sessions are resumed',
    connect: none,
    agent: { pipelining: 0, allowH2: false },
    requests: 3,
    looksAt: resumed,
  },
  {
    name: 'sessions of TLS 1.2 are resumed',
    connect: () => ({ maxVersion: 'TLSv1.2' }),
    agent: { pipelining: 0, allowH2: false },
    requests: 3,
    looksAt: resumed,
  },
  {
    name: 'maxCachedSessions: 0',
    connect: none,
    agent: { pipelining: 0, allowH2: false, maxCachedSessions: 0 },
    requests: 3,
    looksAt: resumed,
  },
  // Options that only Node's TLS has.
  {
    name: 'checkServerIdentity that accepts',
    connect: () => ({ checkServerIdentity: () => {} }),
    pair: () => certificates().wrongHost,
  },
  {
    name: 'checkServerIdentity that refuses',
    connect: () => ({
      checkServerIdentity: () => Object.assign(new Error('not pinned'), { code: 'PIN' }),
    }),
  },
  {
    name: 'checkServerIdentity beside an unknown authority',
    connect: () => ({ checkServerIdentity: () => {} }),
    pair: () => certificates().unknownCa,
  },
  {
    name: 'secureContext',
    connect: () => ({ secureContext: createSecureContext({ ...client(), ca: certificates().ca }) }),
    server: mutual,
  },
  {
    name: 'secureContext that trusts nobody',
    connect: () => ({ secureContext: createSecureContext({ ca: [] }) }),
  },
  {
    name: 'secureProtocol',
    connect: () => ({ secureProtocol: 'TLSv1_2_method' }),
    looksAt: protocol,
  },
  { name: 'bad secureProtocol', connect: () => ({ secureProtocol: 'none' }) },
  {
    name: 'sessions beside checkServerIdentity',
    connect: () => ({ checkServerIdentity: () => {}, maxVersion: 'TLSv1.2' }),
    agent: { pipelining: 0, allowH2: false },
    requests: 3,
    looksAt: resumed,
  },
  { name: 'bad session', connect: () => ({ session: Buffer.from('none') }) },
  {
    name: 'pskCallback',
    connect: () => ({
      pskCallback: () => ({ psk: Buffer.from('key'), identity: 'me' }),
      ciphers: 'PSK',
      maxVersion: 'TLSv1.2',
      checkServerIdentity: () => {},
    }),
    server: () => ({ pskCallback: () => Buffer.from('key'), ciphers: 'PSK' }),
    looksAt: cipher,
  },
  {
    name: 'blockList',
    connect: () => {
      const blockList = new BlockList()
      blockList.addAddress('127.0.0.1')
      blockList.addAddress('::1', 'ipv6')
      return { blockList }
    },
  },
  ...(
    [
      ['ca', 5],
      ['cert', {}],
      ['key', 5],
      ['key', 'no key'],
      ['cert', 'no certificate'],
      ['crl', 'no list'],
      ['pfx', 'no pfx'],
      ['ciphers', 5],
      ['ciphers', 'none'],
      ['ecdhCurve', 'none'],
      ['ecdhCurve', 5],
      ['sigalgs', 5],
      ['secureOptions', 'x'],
      ['minVersion', 'SSLv3'],
      ['maxVersion', 5],
    ] as const
  ).map(([option, value]): Row => ({
    name: `bad ${option}: ${JSON.stringify(value)}`,
    connect: () => ({ [option]: value }),
  })),
]

// If the other side refuses, only the codes are compared, as the messages differ between versions.
function lookOf(error: unknown): Normal {
  const { name, code, message } = error as NodeJS.ErrnoException
  return { name, code, message: code?.startsWith('ERR_SSL_') ? undefined : message.split(';')[0] }
}

async function play(row: Row, stage: Parameters<Scenario['play']>[0]): Promise<Normal> {
  const connections: Normal[] = []
  const pair = row.pair?.()
  const server = await stage.tls({
    ...(pair && { pair }),
    ...(row.server && { server: row.server() }),
    onRequest: (_request, response) => void response.end('ok'),
  })
  server.server.on('secureConnection', (socket: TLSSocket) => {
    const name = socket.getPeerCertificate()?.subject?.CN
    connections.push({ client: name ? String(name) : undefined, look: row.looksAt?.(socket) })
  })
  const outcomes: Normal[] = []
  try {
    const agent = await stage.agent({ ...row.agent, connect: row.connect() as Connect })
    for (let i = 0; i < (row.requests ?? 1); i += 1) {
      const { error, text } = await exchange(agent, { origin: server.origin })
      outcomes.push(error ? lookOf(error) : text)
    }
  } catch (error) {
    outcomes.push(lookOf(error))
  }
  return { outcomes, connections: outcomes.some((one) => one === 'ok') ? connections : [] }
}

export const tlsScenarios: readonly Scenario[] = rows.map((row) => ({
  no: 24,
  name: `TLS: ${row.name}`,
  play: (stage) => play(row, stage),
}))
