/** A server of JSON, which tests of clients describe by what it answers. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyOf, useProtocol } from './protocols.ts'
import type { Protocol, ProtocolServer } from './protocols.ts'

export interface Call {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export type Answer = (call: Call, response: ServerResponse, index: number) => unknown

/** A server of JSON: `answer` sends the response itself, or gives what is to be sent. */
export async function useApi(
  protocol: Protocol,
  answer: Answer,
): Promise<ProtocolServer & { readonly calls: Call[]; readonly cut: string[] }> {
  const calls: Call[] = []
  const cut: string[] = []
  const server = await useProtocol(protocol, async (request, response) => {
    const { method = '', url = '', headers } = request
    response.on('close', () => {
      if (!response.writableEnded) cut.push(url)
    })
    const text = (await bodyOf(request)).toString()
    const isJson = /[/+]json/.test(headers['content-type'] ?? '')
    const call = { method, url, headers, body: isJson && text ? JSON.parse(text) : text }
    calls.push(call)
    const value = answer(call, response, calls.length - 1)
    if (value !== undefined) {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(value))
    }
  })
  return Object.assign(Object.create(server) as ProtocolServer, { calls, cut })
}
