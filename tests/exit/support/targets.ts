/** A server whose requests stay unfinished. */
import type { Http1Server } from '../../support/servers/http1.ts'
import { bigBody } from '../../support/big-body.ts'
import { useHttp1 } from '../../support/fixtures.ts'

/** `/never` sends nothing, `/slow` answers after 200 ms, `/stall` stops within the body, `/<n>` sends n bytes. */
export async function useServer(): Promise<Http1Server> {
  const body = bigBody()
  return useHttp1((request, response) => {
    switch (request.url) {
      case '/never':
        break
      case '/slow':
        setTimeout(() => response.end('slow'), 200)
        break
      case '/stall':
        response.write('some')
        break
      case '/':
        response.end('ok')
        break
      default:
        body.handler(request, response)
    }
  })
}

export interface Target {
  readonly origin: string
  /** Module that has TestClient. */
  readonly clientUrl: string
  /** A worker's program. */
  readonly workerUrl: string
}

export async function useTarget(): Promise<{ server: Http1Server; target: Target }> {
  const server = await useServer()
  const clientUrl = new URL('../../addon/support/native-client.ts', import.meta.url).href
  const workerUrl = new URL('./busy-worker.ts', import.meta.url).href
  return { server, target: { origin: server.origin, clientUrl, workerUrl } }
}
