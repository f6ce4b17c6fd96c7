import { errors } from '../compat/undici.ts'

export function proxyError(
  name: 'ProxyConnectionError' | 'SecureProxyConnectionError',
  cause: Error,
): Error {
  const ProxyError = errors[name] as unknown as new (cause: Error) => Error
  return new ProxyError(cause)
}

const socksReplies = [
  '',
  'General SOCKS server failure',
  'Connection not allowed by ruleset',
  'Network unreachable',
  'Host unreachable',
  'Connection refused',
  'TTL expired',
  'Command not supported',
  'Address type not supported',
]

export function socksError(detail: number): Error {
  const Socks5ProxyError = errors.Socks5ProxyError as unknown as new (
    message?: string,
    code?: string,
  ) => Error
  if (detail === 255) {
    return new Socks5ProxyError(
      'No acceptable authentication method',
      'UND_ERR_SOCKS5_AUTH_REJECTED',
    )
  }
  if (detail === 254) {
    return new Socks5ProxyError('Authentication failed', 'UND_ERR_SOCKS5_AUTH_FAILED')
  }
  const reply = socksReplies[detail]
  return reply
    ? new Socks5ProxyError(`SOCKS5 connection failed: ${reply}`, `UND_ERR_SOCKS5_REPLY_${detail}`)
    : new Socks5ProxyError()
}
