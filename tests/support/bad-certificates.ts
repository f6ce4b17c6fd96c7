/** Certificates that a client must refuse, each for one reason. Made by the openssl command line. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyPair } from './certificates.ts'

export interface BadCertificates {
  /** The trusted authority that signed all of them. */
  readonly ca: string
  /** The fault, and the chain that the server sends. */
  readonly pairs: ReadonlyMap<string, KeyPair>
}

interface Leaf {
  readonly issuer?: string
  readonly names?: string
  /** additional extension lines */
  readonly extensions?: string
  readonly key?: string[]
  readonly digest?: string
  readonly from?: string
  readonly until?: string
}

const config = `[ca]
default_ca = it
[it]
database = index.txt
new_certs_dir = new
unique_subject = no
rand_serial = yes
policy = any
default_days = 2
default_md = sha256
[any]
commonName = supplied
`
const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
const names = 'DNS:localhost,IP:127.0.0.1'
const authorityExtensions = 'basicConstraints=critical,CA:true'

const leaves: Record<string, Leaf> = {
  'not valid yet': { from: '20900101000000Z', until: '20910101000000Z' },
  'no longer valid': { from: '20200101000000Z', until: '20200102000000Z' },
  'for clients only': { extensions: 'extendedKeyUsage=clientAuth' },
  'of an issuer that is no authority': { issuer: 'nobody' },
  'deeper than its authority allows': { issuer: 'second' },
  'for a name that its authority must not use': { issuer: 'constrained' },
  'with a rule that nobody knows': { extensions: '1.2.3.4.5=critical,ASN1:NULL' },
  'with a small key': { key: ['-newkey', 'rsa:1024'] },
  'with a weak signature': { digest: 'sha1' },
  'for another address': { names: 'IP:127.0.0.2' },
  'for a name above': { names: 'DNS:*.localhost' },
  'for every name': { names: 'DNS:*' },
  'for a name that begins like it': { names: 'DNS:localhost.other.test' },
  'for a mail address': { names: 'email:root@localhost' },
}

let made: BadCertificates | undefined

export function badCertificates(): BadCertificates {
  made ??= make()
  return made
}

function make(): BadCertificates {
  const dir = mkdtempSync(join(tmpdir(), 'dodici-bad-'))
  try {
    const openssl = (...args: string[]): void => {
      execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] })
    }
    const read = (name: string): string => readFileSync(join(dir, name), 'utf8')
    const sign = (name: string, subject: string, extensions: string, leaf: Leaf): void => {
      writeFileSync(join(dir, `${name}.ext`), extensions)
      const files = ['-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`]
      openssl('req', ...(leaf.key ?? ec), ...files, '-subj', `/CN=${subject}`)
      const issuer = leaf.issuer ?? 'ca'
      const by = ['-config', 'ca.cnf', '-batch', '-notext', '-cert', `${issuer}.pem`]
      const dates = leaf.from ? ['-startdate', leaf.from, '-enddate', leaf.until ?? ''] : []
      const digest = leaf.digest ? ['-md', leaf.digest] : []
      const inOut = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`]
      openssl('ca', ...by, '-keyfile', `${issuer}.key`, ...dates, ...digest, ...inOut)
    }
    writeFileSync(join(dir, 'ca.cnf'), config)
    writeFileSync(join(dir, 'index.txt'), '')
    mkdirSync(join(dir, 'new'))
    const files = ['-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2']
    openssl('req', '-x509', ...ec, ...files, '-subj', '/CN=authority')
    sign('nobody', 'nobody', 'basicConstraints=CA:false', {})
    sign('first', 'first', `${authorityExtensions},pathlen:0`, {})
    sign('second', 'second', authorityExtensions, { issuer: 'first' })
    const constraint = 'nameConstraints=critical,permitted;DNS:allowed.test'
    sign('constrained', 'constrained', `${authorityExtensions}\n${constraint}`, {})

    const chains: Record<string, string> = {
      nobody: read('nobody.pem'),
      second: read('second.pem') + read('first.pem'),
      constrained: read('constrained.pem'),
    }
    const pairs = new Map<string, KeyPair>()
    for (const [what, leaf] of Object.entries(leaves)) {
      const extensions = `subjectAltName=${leaf.names ?? names}\n${leaf.extensions ?? ''}\n`
      sign('leaf', 'leaf', extensions, leaf)
      const cert = read('leaf.pem') + (chains[leaf.issuer ?? ''] ?? '')
      pairs.set(what, { cert, key: read('leaf.key') })
    }
    sign('leaf', 'leaf', `subjectAltName=${names}\n`, {})
    pairs.set('with a signature that does not fit', {
      cert: withAnotherLastByte(read('leaf.pem')),
      key: read('leaf.key'),
    })
    return { ca: read('ca.pem'), pairs }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** The signature is at the end of a certificate, so this breaks it. */
function withAnotherLastByte(pem: string): string {
  const [, base64 = ''] = /-----BEGIN CERTIFICATE-----([^-]+)/.exec(pem) ?? []
  const der = Buffer.from(base64, 'base64')
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1)
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
}
