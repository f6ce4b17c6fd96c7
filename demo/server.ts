/**
 * The other side of the demonstration, a process of its own: one handler over HTTP/1.1 and over TLS with HTTP/2. Tells
 * its parent where it listens, and of every response that was cut off.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { certificates } from '../tests/support/certificates.ts'
import { bigBody } from '../tests/support/big-body.ts'
import { startHttp1 } from '../tests/support/servers/http1.ts'
import { startTls } from '../tests/support/servers/tls.ts'

export interface Listening {
  readonly event: 'listening'
  readonly http: number
  readonly https: number
  readonly ca: string
}

export interface CutOff {
  readonly event: 'cut off'
  readonly path: string
}

/** Answer to 'how much?': bytes of big bodies handed to the sockets so far. */
export interface Sent {
  readonly event: 'sent'
  readonly bytes: number
}

const big = bigBody()
const small = 'x'.repeat(100)

function handle(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '/'
  if (path === '/small') {
    response.end(small)
    return
  }
  response.on('close', () => {
    if (!response.writableEnded) process.send?.({ event: 'cut off', path } satisfies CutOff)
  })
  if (path === '/about') {
    const { httpVersion } = request
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method: request.method, httpVersion }))
  } else if (path === '/count') {
    let received = 0
    request.on('data', (chunk: Buffer) => {
      received += chunk.length
    })
    request.on('end', () => response.end(String(received)))
  } else if (path.startsWith('/stall')) {
    response.write('the beginning of something that never ends')
  } else {
    big.handler(request, response)
  }
}

const http = await startHttp1(handle)
const https = await startTls({ onRequest: handle })
process.on('message', () => {
  process.send?.({ event: 'sent', bytes: big.sent } satisfies Sent)
})
process.on('disconnect', () => process.exit())
process.send?.({
  event: 'listening',
  http: http.port,
  https: https.port,
  ca: certificates().ca,
} satisfies Listening)
