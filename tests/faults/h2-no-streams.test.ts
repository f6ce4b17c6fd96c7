/** HTTP/2: connections that allow no stream from their first byte on, and how many of them are made. */
import { describe, expect, it } from 'vitest'
import { hasBundledCurl } from '../support/curl.ts'
import { useAgent, useH2Frames } from '../support/fixtures.ts'
import { dispatch } from '../support/recorder.ts'
import { FrameFlag, FrameType, H2Code, settings } from '../support/servers/h2-frames.ts'
import type { Frame, H2Peer } from '../support/servers/h2-frames.ts'
import { within } from '../support/wait.ts'

const kTooLate = {
  name: 'HeadersTimeoutError',
  code: 'UND_ERR_HEADERS_TIMEOUT',
  message: 'HTTP/2: server did not accept a new stream within 300',
}

function allow(peer: H2Peer, streams: number): void {
  peer.send(FrameType.settings, 0, 0, settings([3, streams]))
}

/** As a server that keeps to its own limit: what was sent before the client knew it is refused. */
async function refuseAll(peer: H2Peer): Promise<void> {
  allow(peer, 0)
  peer.onFrame = ({ type, stream }) => {
    if (type === FrameType.headers) peer.reset(stream, H2Code.refusedStream)
  }
  await peer.ended
}

function isSettingsAck({ type, flags }: Frame): boolean {
  return type === FrameType.settings && flags === FrameFlag.ack
}

async function answerAll(peer: H2Peer): Promise<void> {
  for (let n = 0; !peer.socket.destroyed; n += 1) {
    const stream = await peer.request(n)
    peer.respond(stream)
    peer.data(stream, 'ok', FrameFlag.endStream)
  }
}

describe.runIf(hasBundledCurl)('connections that allow no stream', () => {
  it.each([1, 3, undefined])(
    'are no more than requests, nor than allowed (connections: %s)',
    async (connections) => {
      const server = await useH2Frames(refuseAll)
      const agent = await useAgent({ headersTimeout: 300, ...(connections && { connections }) })
      const requests = Array.from({ length: 6 }, () => dispatch(agent, { origin: server.origin }))
      for (const request of requests) expect((await request.done).error).toMatchObject(kTooLate)
      expect(server.peers.length).toBeLessThanOrEqual(connections ?? requests.length)
    },
  )

  it('are replaced when they end', async () => {
    const kRequests = 3000
    const server = await useH2Frames(async (peer) => {
      await peer.request()
      allow(peer, 0)
      await peer.frame('the acknowledgement', isSettingsAck, 1)
      peer.transport.resetAndDestroy()
    })
    const agent = await useAgent({ headersTimeout: 60_000, connections: 1 })
    const { origin } = server
    // New requests keep the loop busy while it reads the end.
    const one = async (): Promise<unknown> => {
      await within('a request ends', dispatch(agent, { origin, method: 'POST' }).done, 10_000)
      return new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    let left = kRequests
    const worker = async (): Promise<void> => {
      for (; left > 0; left -= 1) await one()
    }
    await Promise.all(Array.from({ length: 20 }, worker))
    expect(server.peers.length).toBeGreaterThan(100)
  })

  it('leave requests to a connection that allows some', async () => {
    const server = await useH2Frames(
      (peer, i) => (i === 0 ? refuseAll(peer) : answerAll(peer)),
      (peer) => allow(peer, 0),
    )
    const agent = await useAgent({ headersTimeout: 60_000, connections: 2 })
    const { origin } = server
    const requests = Array.from({ length: 5 }, () => dispatch(agent, { origin }))
    for (const request of requests) expect((await request.done).text).toBe('ok')
    expect(server.peers).toHaveLength(2)
  })
})
