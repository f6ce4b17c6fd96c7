/** The rows of WebSocket on undici's Agent and ours. */
import { createHash } from 'node:crypto'
import { WebSocket } from 'undici'
import { describe, expect, it } from 'vitest'
import type { AgentKind } from '../support/agents.ts'
import { useAgent, useRaw } from '../support/fixtures.ts'
import { within } from '../support/wait.ts'
import { sentOf } from './observe.ts'
import type { Sent, WebSocketRow } from './row.ts'
import { webSocketRows, titled } from './table.ts'

// RFC 6455 §1.3.
const kGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

function goodAnswer(accept: string): string {
  return `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`
}

async function expectHandshake(row: WebSocketRow, kind: AgentKind): Promise<void> {
  const { answer = goodAnswer, protocols = [], expected, both } = row
  let sent: Sent | undefined
  const server = await useRaw(async (peer) => {
    const head = await peer.head()
    sent = sentOf(head)
    const key = sent.fields['sec-websocket-key']?.[0] ?? ''
    peer.send(
      answer(
        createHash('sha1')
          .update(key + kGuid)
          .digest('base64'),
      ),
    )
  })
  const dispatcher = await useAgent({}, kind)
  const url = `${server.origin.replace('http', 'ws')}/broken?a=b`
  const socket = new WebSocket(url, { dispatcher, protocols })
  const opens = await within(
    'the end of the handshake',
    new Promise<boolean>((resolve) => {
      socket.addEventListener('open', () => resolve(true))
      socket.addEventListener('error', () => resolve(false))
    }),
  )
  expect({ opens, protocol: socket.protocol, sent }).toMatchObject(both?.observed ?? expected)
}

describe.each(['undici', 'dodici'] as const)('%s and WebSocket', (kind) => {
  it.each(titled(webSocketRows))('%s', (_title, row) => expectHandshake(row, kind))
})
