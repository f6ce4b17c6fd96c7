/** Item 6: frames that break the rules of HTTP/2 (RFC 9113) for a whole connection, on which the server keeps the socket open. */
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { useAgent, useH2Frames } from '../support/fixtures.ts'
import { dispatch } from '../support/recorder.ts'
import { FrameFlag, FrameType } from '../support/servers/h2-frames.ts'
import type { H2Peer } from '../support/servers/h2-frames.ts'

const breaches: [string, (peer: H2Peer, stream: number) => void][] = [
  ['DATA on stream 0', (peer) => peer.data(0, 'x')],
  [
    'a header block that is not HPACK',
    (peer, stream) =>
      peer.send(
        FrameType.headers,
        FrameFlag.endHeaders,
        stream,
        Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      ),
  ],
  ['SETTINGS of five bytes', (peer) => peer.send(FrameType.settings, 0, 0, Buffer.alloc(5))],
  [
    'a frame larger than allowed',
    (peer, stream) => peer.send(FrameType.data, 0, stream, Buffer.alloc(20_000)),
  ],
  ['WINDOW_UPDATE by 0 for the connection', (peer) => peer.send(8, 0, 0, Buffer.alloc(4))],
]

// undici 8.12 keeps using the broken session.
describe.runIf(agentKind === 'dodici').each(breaches)('%s', (_name, breach) => {
  it('fails all streams of the connection at once, and a new one is opened', async () => {
    const server = await useH2Frames(async (peer, index) => {
      if (index > 0) {
        for (let n = 0; n < 2; n += 1) {
          const stream = await peer.request(n)
          peer.respond(stream)
          peer.data(stream, 'fine', FrameFlag.endStream)
        }
        return
      }
      const first = await peer.request(0)
      await peer.request(2)
      peer.respond(first)
      breach(peer, first)
    })
    const agent = await useAgent({ connections: 1 })
    const requests = [1, 2, 3].map((n) => dispatch(agent, { origin: server.origin, path: `/${n}` }))
    for (const request of requests) {
      const recorder = await request.done
      expect(recorder.names).not.toContain('onResponseEnd')
      expect(recorder.terminalCalls).toBe(1)
      expect(['ERR_HTTP2_ERROR', 'UND_ERR_SOCKET']).toContain(recorder.error?.code)
    }
    // The next request may still use the dead connection, but no later one.
    const next = await dispatch(agent, { origin: server.origin, path: '/next' }).done
    const later = await dispatch(agent, { origin: server.origin, path: '/later' }).done
    expect([next.text, later.text]).toContain('fine')
  })
})
