/** The servers that the code blocks of the pages talk to, in place of example.com. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyOf } from '../../support/protocols.ts'
import { startHttp1 } from '../../support/servers/http1.ts'
import { startProxy } from '../../support/servers/proxies.ts'
import { startTls } from '../../support/servers/tls.ts'

export interface Site {
  /** a page's code with the names of the servers replaced */
  localized(code: string): string
  close(): Promise<void>
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = '' } = request
  const body = await bodyOf(request)
  if (url.startsWith('/upload')) {
    response.end(body)
  } else if (url.startsWith('/events')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end('data: one\n\ndata: two\n\n')
  } else if (url.startsWith('/report')) {
    response.end('x'.repeat(100_000))
  } else {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ url }))
  }
}

export async function startSite(): Promise<Site> {
  const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
    void answer(request, response)
  const https = await startTls({ onRequest })
  const http = await startHttp1(onRequest)
  const proxy = await startProxy()
  return {
    localized: (code) =>
      code
        .replaceAll('http://proxy.example.com:3128', `http://127.0.0.1:${proxy.port}`)
        .replaceAll('https://example.com', https.origin)
        .replaceAll('http://example.com', http.origin),
    async close() {
      await Promise.all([https.close(), http.close(), proxy.close()])
    },
  }
}
