/** A server for clients of many kinds, with a log of their requests. */
import { constants } from 'node:http2'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { bodyOf, startProtocol } from './protocols.ts'
import type { Protocol, ProtocolServer } from './protocols.ts'

export const bigText = 'A sentence of some length. '.repeat(40_000)

export interface ClientSite extends ProtocolServer {
  /** A line for each request whose body has come, in order of arrival. */
  readonly log: string[]
  /** Paths of requests that have come, even if their bodies have not. */
  readonly begun: string[]
  /** Paths of responses that the client did not wait for. */
  readonly left: string[]
}

/** Ends the connection, or the stream, of `response`. */
function cut(request: IncomingMessage, response: ServerResponse): void {
  const { stream } = response as unknown as Partial<Http2ServerResponse>
  if (stream) stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  else request.socket.destroy()
}

export type Answer = (
  site: ClientSite,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
) => void

const answer: Answer = (site, request, response, body) => {
  const { method = '', url = '' } = request
  const [path = '', query = ''] = url.split('?')
  const json = (value: unknown): void => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(value))
  }
  const earlier = site.begun.filter((begun) => begun === url).length - 1
  switch (path) {
    case '/echo':
      response.setHeader('content-type', request.headers['content-type'] ?? 'text/plain')
      response.end(body)
      return
    case '/flaky':
      // Refuses as often as the query says.
      if (earlier < Number(query)) response.writeHead(503, { 'retry-after': '0' }).end('busy')
      else json({ after: earlier })
      return
    case '/moved':
      response.writeHead(302, { location: '/json' }).end()
      return
    case '/moved-with-body':
      response.writeHead(307, { location: '/echo' }).end()
      return
    case '/missing':
      response.statusCode = 404
      json({ message: 'not here' })
      return
    case '/gzip':
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain' })
      response.end(gzipSync(bigText))
      return
    case '/big':
      response.writeHead(200, { 'content-type': 'text/plain' }).end(bigText)
      return
    case '/stall':
      response.writeHead(200, { 'content-type': 'text/plain' }).write('some')
      return
    case '/cut':
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '10' })
      response.write('some', () => cut(request, response))
      return
    case '/reset':
      cut(request, response)
      return
    case '/silent':
      return
    default:
      json({ method, url })
  }
}

// Headers that differ with each request or with the time.
const varying = /^(authorization|x-amz-date|amz-sdk-.*)$/
// Headers that depend on the connection, not on the client.
const leftOut = /^(:|host$|connection$)/

/** Describes a request so that it can be compared, without boundaries, which are random. */
function lineOf({ method, url, headers }: IncomingMessage, body: Buffer): string {
  const boundary = /boundary=(.*)/.exec(headers['content-type'] ?? '')?.[1]
  const known = (value: string): string => (boundary ? value.replaceAll(boundary, '…') : value)
  const lines = Object.entries(headers)
    .filter(([name]) => !leftOut.test(name) && !(boundary && name === 'content-length'))
    .map(([name, value]) => `${name}: ${varying.test(name) ? '…' : known(String(value))}`)
  const { length } = known(body.toString('latin1'))
  return [`${method} ${url} ${length} bytes`, ...lines.toSorted()].join('\n')
}

export async function startClientSite(
  protocol: Protocol,
  answerWith: Answer = answer,
): Promise<ClientSite> {
  const log: string[] = []
  const begun: string[] = []
  const left: string[] = []
  const server = await startProtocol(protocol, async (request, response) => {
    const { url = '' } = request
    begun.push(url)
    response.on('close', () => {
      if (!response.writableEnded && !/^\/(cut|reset)/.test(url)) left.push(url)
    })
    const body = await bodyOf(request)
    log.push(lineOf(request, body))
    answerWith(site, request, response, body)
  })
  const site = Object.assign(Object.create(server) as ProtocolServer, { log, begun, left })
  return site
}
