import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { Destination } from './destination.ts'
import { verifyError } from './verify-errors.ts'

export function verifyFailed(number: number, fallback: string): Error {
  const { code, message } = verifyError(number, fallback)
  return Object.assign(new Error(message), { code })
}

// `names` has two lines: the certificate's alternative names as Node spells them, and its common name. Node's own check
// makes the message from them.
export function nameMismatch(names: string, { servername: host }: Destination): Error {
  const [subjectaltname = '', commonName = ''] = names.split('\n')
  const cert = { subjectaltname, subject: { CN: commonName } } as PeerCertificate
  const error = checkServerIdentity(host, cert)
  if (error !== undefined) {
    return error
  }
  // libcurl is stricter: it refuses names that Node's check accepts.
  const reason = `Host: ${host}. is not in the cert's altnames: ${subjectaltname}`
  const message = `Hostname/IP does not match certificate's altnames: ${reason}`
  const code = 'ERR_TLS_CERT_ALTNAME_INVALID'
  return Object.assign(new Error(message), { code, reason, host, cert })
}

export function handshakeFailed(message: string, { hostname: host, port }: Destination): Error {
  // libcurl puts its own text in front of OpenSSL's.
  const line = message.replace(/^.*?(?=error:[0-9A-F]{8}:)/i, '')
  const code = handshakeErrorCode(line)
  if (code !== 'EPROTO') {
    return Object.assign(new Error(line), { code, library: 'SSL routines' })
  }
  return Object.assign(
    new Error('Client network socket disconnected before secure TLS connection was established'),
    { code: 'ECONNRESET', host, port, path: undefined, localAddress: undefined },
  )
}

/** Node's code for a line of OpenSSL's error queue: `error:0A00010B:SSL routines::wrong version number`. */
function handshakeErrorCode(line: string): string {
  // If the peer goes away during the handshake, Node reports the closed socket, not OpenSSL's error.
  if (line.includes('unexpected eof while reading')) {
    return 'EPROTO'
  }
  const reason = /error:[0-9A-Fa-f]+:[^:]*:[^:]*:([^:,]+)/.exec(line)?.[1]
  return reason === undefined
    ? 'EPROTO'
    : `ERR_SSL_${reason.trim().toUpperCase().replaceAll(' ', '_')}`
}
