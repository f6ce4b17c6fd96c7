/** Client certificates, keys in all formats, and a revocation list. Made by the openssl command line. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyPair } from './certificates.ts'

export interface TlsMaterial {
  /** The authority that signed all of the following. */
  readonly ca: string
  /** Certificate of a client whose common name is `client`, with an EC key. */
  readonly client: KeyPair
  /** The client's key, encrypted with `secret`. */
  readonly encryptedKey: string
  /** The client's key, certificate and authority, encrypted with `secret`. */
  readonly pfx: Buffer
  /** Like `client`, with an RSA key; its common name is `client-rsa`. */
  readonly rsaClient: KeyPair
  /** For localhost; `crl` revokes `revokedServer`. */
  readonly server: KeyPair
  readonly revokedServer: KeyPair
  readonly crl: string
}

const config = `[ca]
default_ca = it
[it]
database = index.txt
default_md = sha256
default_crl_days = 2
`

let made: TlsMaterial | undefined

export function tlsMaterial(): TlsMaterial {
  made ??= make()
  return made
}

function make(): TlsMaterial {
  const dir = mkdtempSync(join(tmpdir(), 'dodici-tls-'))
  try {
    const openssl = (...args: string[]): void => {
      execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] })
    }
    const file = (name: string): Buffer => readFileSync(join(dir, name))
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    const rsa = ['-newkey', 'rsa:2048', '-nodes']
    const leaf = (name: string, key: string[]): KeyPair => {
      const files = ['-keyout', `${name}.key`, '-out', `${name}.csr`]
      openssl('req', ...key, ...files, '-subj', `/CN=${name}`)
      const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
      const extensions = ['-extfile', 'leaf.ext']
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-out',
        `${name}.pem`,
        ...signing,
        ...extensions,
      )
      return { cert: String(file(`${name}.pem`)), key: String(file(`${name}.key`)) }
    }
    writeFileSync(join(dir, 'leaf.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
    writeFileSync(join(dir, 'ca.cnf'), config)
    writeFileSync(join(dir, 'index.txt'), '')
    const authority = ['-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=clients']
    openssl('req', '-x509', ...ec, ...authority)

    const client = leaf('client', ec)
    const rsaClient = leaf('client-rsa', rsa)
    const server = leaf('server', ec)
    const revokedServer = leaf('revoked', ec)
    openssl('pkcs8', '-topk8', '-in', 'client.key', '-out', 'locked.key', '-passout', 'pass:secret')
    const inside = ['-inkey', 'client.key', '-in', 'client.pem', '-certfile', 'ca.pem']
    openssl('pkcs12', '-export', ...inside, '-out', 'client.pfx', '-passout', 'pass:secret')
    const withCa = ['-config', 'ca.cnf', '-keyfile', 'ca.key', '-cert', 'ca.pem']
    openssl('ca', ...withCa, '-revoke', 'revoked.pem')
    openssl('ca', ...withCa, '-gencrl', '-out', 'crl.pem')
    return {
      ca: String(file('ca.pem')),
      client,
      encryptedKey: String(file('locked.key')),
      pfx: file('client.pfx'),
      rsaClient,
      server,
      revokedServer,
      crl: String(file('crl.pem')),
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
