/** The soak's server, in its own process: short answers, echoes, endless bodies, and connections that break. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { certificates } from '../support/certificates.ts'
import { startHttp1 } from '../support/servers/http1.ts'
import { startTls } from '../support/servers/tls.ts'

export interface Listening {
  readonly http: number
  readonly https: number
  readonly ca: string
}

const small = 'x'.repeat(100)
const large = Buffer.alloc(256 * 1024, 'y')

function handle(request: IncomingMessage, response: ServerResponse): void {
  request.on('error', () => {})
  response.on('error', () => {})
  switch (request.url) {
    case '/echo':
      request.pipe(response)
      break
    case '/large':
      request.resume()
      response.end(large)
      break
    case '/stall':
      response.write('some')
      break
    case '/break':
      response.writeHead(200, { 'content-length': 1000 })
      response.write('some', () => request.socket.destroy())
      break
    case '/once':
      response.writeHead(200, { connection: 'close' })
      response.end(small)
      break
    default:
      request.resume()
      response.end(small)
  }
}

const http = await startHttp1(handle)
// Node's HTTP/2 server ends a connection after more than 1,000 quick stream resets; the soak makes more.
const resets = { streamResetBurst: 1e9, streamResetRate: 1e9 }
const https = await startTls({ onRequest: handle, server: resets })
process.on('disconnect', () => process.exit())
process.send?.({ http: http.port, https: https.port, ca: certificates().ca } satisfies Listening)
