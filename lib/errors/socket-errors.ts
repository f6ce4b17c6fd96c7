import { errors } from '../compat/undici.ts'

/** The `socket` of undici's SocketError, as far as it is known here. */
export interface SocketInfo {
  localAddress: string | undefined
  localPort: number | undefined
  remoteAddress: string | undefined
  remotePort: number | undefined
  remoteFamily: string | undefined
  timeout: number | undefined
  bytesWritten: number
  bytesRead: number
}

// undici's types do not show the constructor's second parameter.
export function socketError(message: string, socket: SocketInfo | null): Error {
  const SocketError = errors.SocketError as unknown as new (
    message: string,
    socket: SocketInfo | null,
  ) => Error
  return new SocketError(message, socket)
}

// `text` is "localAddress localPort remoteAddress remotePort bytesWritten bytesRead", or empty.
export function socketInfo(text: string): SocketInfo | null {
  if (text === '') {
    return null
  }
  const [localAddress, localPort, remoteAddress, remotePort, bytesWritten, bytesRead] =
    text.split(' ')
  return {
    localAddress: localAddress || undefined,
    localPort: Number(localPort) || undefined,
    remoteAddress: remoteAddress || undefined,
    remotePort: Number(remotePort) || undefined,
    remoteFamily: remoteAddress ? (remoteAddress.includes(':') ? 'IPv6' : 'IPv4') : undefined,
    timeout: undefined,
    bytesWritten: Number(bytesWritten) || 0,
    bytesRead: Number(bytesRead) || 0,
  }
}
