/** Connect functions that record their arguments and sockets. */
import { connect as connectPlain } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import type { AgentOptions } from './agents.ts'
import { certificates } from './certificates.ts'

export interface Asked {
  readonly hostname: string
  readonly port: string
  readonly protocol: string
  readonly servername: string | null
  readonly allowH2?: boolean
}

export type Answer = (error: Error | null, socket: Socket | null) => void

export interface Connecting {
  readonly connect: NonNullable<AgentOptions['connect']>
  readonly asked: Asked[]
  readonly sockets: Socket[]
}

/** A connect function that calls `answer` for each connection. */
export function connecting(
  answer: (asked: Asked, callback: Answer, index: number) => void,
): Connecting {
  const asked: Asked[] = []
  const connect = ((options: Asked, callback: Answer) => {
    asked.push(options)
    answer(options, callback, asked.length - 1)
  }) as unknown as NonNullable<AgentOptions['connect']>
  return { connect, asked, sockets: [] }
}

/** A connect function that uses `net` or `tls`, the latter with HTTP/2 and HTTP/1.1. */
export function counting(options: ConnectionOptions = {}): Connecting {
  const sockets: Socket[] = []
  const { connect, asked } = connecting((to, callback) => {
    sockets.push(open(to, options, callback))
  })
  return { connect, asked, sockets }
}

export function open(
  { hostname: host, port, protocol, servername, allowH2 }: Asked,
  options: ConnectionOptions,
  callback: Answer,
): Socket {
  const isTls = protocol === 'https:'
  const socket: Socket | TLSSocket = isTls
    ? connectTls({
        ca: certificates().ca,
        ALPNProtocols: allowH2 === false ? ['http/1.1'] : ['h2', 'http/1.1'],
        host,
        port: Number(port),
        servername: servername ?? host,
        ...options,
      })
    : connectPlain(Number(port), host)
  let isCalled = false
  const call = (error: Error | null): void => {
    if (!isCalled) {
      isCalled = true
      callback(error, error === null ? socket : null)
    }
  }
  socket.once(isTls ? 'secureConnect' : 'connect', () => call(null))
  socket.on('error', call)
  return socket
}
