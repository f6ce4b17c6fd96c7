import { constants } from 'node:os'
import { errors } from '../compat/undici.ts'
import type { Destination, LocalEnd } from './destination.ts'
import type { SocketInfo } from './socket-errors.ts'
import { systemError } from './system-error.ts'

type Peer = Pick<Destination, 'hostname' | 'port' | 'address'>

/** One address that was tried. errno is 0 if the attempt neither succeeded nor failed in time. */
interface Attempt {
  readonly address: string
  readonly port: number
  readonly errno: number
}

export function resolveError(mayHelpToRetry: boolean, { hostname }: Peer): Error {
  const code = mayHelpToRetry ? 'EAI_AGAIN' : 'ENOTFOUND'
  const errno = mayHelpToRetry ? -3001 : -3008
  return Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), {
    errno,
    code,
    syscall: 'getaddrinfo',
    hostname,
  })
}

/** `attempts` has a line of native for each address if there were several; else it is empty. */
export function connectTimedOut(
  milliseconds: number,
  attempts: string,
  { hostname, port }: { hostname: string; port: number },
): Error {
  const tried = readAttempts(attempts)
  const where =
    tried.length === 0
      ? `attempted address: ${hostname}:${port}`
      : `attempted addresses: ${tried.map((to) => `${to.address}:${to.port}`).join(', ')}`
  return new errors.ConnectTimeoutError(
    `Connect Timeout Error (${where}, timeout: ${milliseconds}ms)`,
  )
}

/** The error of net.connect(): for one address its own error, for several an AggregateError. */
export function connectFailed(
  errno: number,
  attempts: string,
  socket: SocketInfo | null,
  peer: Peer,
  { local }: Destination,
): Error {
  const tried = readAttempts(attempts)
  if (tried.length > 0) {
    const each = tried.map((to) => addressError(to.errno || constants.errno.ETIMEDOUT, to))
    return Object.assign(new AggregateError(each), { code: each[0]?.code })
  }
  if (local !== undefined && local.socketPath !== '') {
    const { socketPath: address } = local
    return systemError('connect', errno, address, { address })
  }
  if (local !== undefined && isBindError(errno, local)) {
    return bindError(errno, local, peer.address)
  }
  return addressError(errno, {
    address: socket?.remoteAddress ?? peer.address ?? peer.hostname,
    port: socket?.remotePort ?? peer.port,
  })
}

const isAttempt = /^[\da-f.:]+ \d+(?: \d+)?$/i

// Each line is "address port errno" or "address port".
function readAttempts(text: string): Attempt[] {
  return text
    .split('\n')
    .filter((line) => isAttempt.test(line))
    .map((line) => {
      const [address = '', port, errno = 0] = line.split(' ')
      return { address, port: Number(port), errno: Number(errno) }
    })
}

function addressError(
  errno: number,
  { address, port }: { address: string; port: number },
): Error & { code: string } {
  return systemError('connect', errno, `${address}:${port}`, { address, port })
}

// libcurl does not say whether bind() or connect() failed, so the errno must tell.
function isBindError(errno: number, local: LocalEnd): boolean {
  const { EADDRINUSE, EADDRNOTAVAIL } = constants.errno
  const isBound = local.address !== '' || local.port !== 0
  return isBound && (errno === EADDRINUSE || errno === EADDRNOTAVAIL)
}

function bindError(errno: number, local: LocalEnd, remote = ''): Error {
  const { port } = local
  const address = local.address || (remote.includes(':') ? '::' : '0.0.0.0')
  const where = port === 0 ? address : `${address}:${port}`
  return systemError('bind', errno, where, port === 0 ? { address } : { address, port })
}
