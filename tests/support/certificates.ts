/**
 * Certificates that the openssl command line makes for this run, so that no secret is committed and none expires in the
 * repository.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface KeyPair {
  readonly cert: string
  readonly key: string
}

export interface Certificates {
  /** The authority that clients of the tests trust. */
  readonly ca: string
  /** Valid for localhost, 127.0.0.1 and ::1. */
  readonly good: KeyPair
  /** Valid for second.test only. */
  readonly second: KeyPair
  readonly selfSigned: KeyPair
  readonly expired: KeyPair
  /** Names other.test only. */
  readonly wrongHost: KeyPair
  /** Signed by an untrusted authority; the server sends only the leaf. */
  readonly unknownCa: KeyPair
  /** Like unknownCa, but the server also sends the authority's certificate. */
  readonly unknownChain: KeyPair
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
const loopbackNames = 'DNS:localhost,IP:127.0.0.1,IP:::1'

let made: Certificates | undefined

/** The certificates of this process, made on first use (about 0.2 s). */
export function certificates(): Certificates {
  made ??= makeCertificates()
  return made
}

function makeCertificates(): Certificates {
  const dir = mkdtempSync(join(tmpdir(), 'dodici-certs-'))
  try {
    const openssl = (...args: string[]): void => {
      execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] })
    }
    const read = (name: string): string => readFileSync(join(dir, name), 'utf8')
    const pair = (name: string): KeyPair => ({
      cert: read(`${name}.pem`),
      key: read(`${name}.key`),
    })
    const authority = (name: string): void => {
      const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2']
      openssl('req', '-x509', ...newKey, ...files, '-subj', `/CN=${name}`)
    }
    const leaf = (name: string, ca: string, names: string, validity: string[]): KeyPair => {
      const request = ['-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=localhost']
      openssl('req', ...newKey, ...request)
      writeFileSync(
        join(dir, `${name}.ext`),
        `subjectAltName=${names}\nbasicConstraints=CA:false\n`,
      )
      const signing = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial']
      const files = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`]
      openssl('x509', '-req', ...files, ...signing, ...validity)
      return pair(name)
    }

    authority('ca')
    authority('unknown')
    const selfSignedFiles = ['-keyout', 'self.key', '-out', 'self.pem', '-days', '2']
    const selfSignedNames = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${loopbackNames}`]
    openssl('req', '-x509', ...newKey, ...selfSignedFiles, ...selfSignedNames)

    const twoDays = ['-days', '2']
    const unknownCa = leaf('stranger', 'unknown', loopbackNames, twoDays)
    return {
      ca: read('ca.pem'),
      good: leaf('good', 'ca', loopbackNames, twoDays),
      second: leaf('second', 'ca', 'DNS:second.test', twoDays),
      selfSigned: pair('self'),
      expired: expiredLeaf(leaf),
      wrongHost: leaf('wrong', 'ca', 'DNS:other.test', twoDays),
      unknownCa,
      unknownChain: { key: unknownCa.key, cert: unknownCa.cert + read('unknown.pem') },
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

// openssl 3.4 accepts dates; earlier releases need a negative number of days.
function expiredLeaf(
  leaf: (name: string, ca: string, names: string, validity: string[]) => KeyPair,
): KeyPair {
  const dates = ['-not_before', '20200101000000Z', '-not_after', '20200102000000Z']
  try {
    return leaf('expired', 'ca', loopbackNames, dates)
  } catch {
    return leaf('expired', 'ca', loopbackNames, ['-days', '-1'])
  }
}
