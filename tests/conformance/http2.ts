/** What the rows of HTTP/2 have in common. */
import { FrameFlag, FrameType, field } from '../support/servers/h2-frames.ts'
import type { Frame, H2Peer } from '../support/servers/h2-frames.ts'
import { answered } from './row.ts'
import type { Expectation, Http2Row } from './row.ts'

/** Sends frames. */
export type Send = (peer: H2Peer, stream: number) => void

/** The response of `answer`, on a connection that goes on. */
export const accepted = { ...answered, body: 'ok', kept: true } as const

/** An error of the stream. */
export const failed = { end: 'refused', arrivals: 1 } as const

/** An error of the connection: its requests fail, and later ones use another one. */
export const ended = { ...failed, kept: false } as const

export const status200 = field(':status', '200')

export function answer(peer: H2Peer, stream: number): void {
  peer.respond(stream)
  peer.data(stream, 'ok', FrameFlag.endStream)
}

export type Breach = readonly [
  situation: string,
  clause: Http2Row['clause'],
  send: Send,
  /** The code of the client's GOAWAY. */
  told?: number,
  undici?: 'tells nothing',
]

const untold = { differs: 'closes it without GOAWAY', observed: { ...ended, seen: false } }

/** Rows in which the connection must end. */
export function breachRows(breaches: readonly Breach[]): Http2Row[] {
  return breaches.map(([situation, clause, send, told, undici]) => ({
    clause,
    level: 'must',
    situation,
    demand: told
      ? 'ends the connection, which the client closes and says why'
      : 'ends the connection',
    scope: 'connection',
    answer: send,
    closes: true,
    seen: ({ frames }) => !told || frames.some((frame) => goawayCode(frame) === told),
    expected: { ...ended, seen: true },
    ...(undici && { undici: untold }),
  }))
}

function goawayCode({ type, payload }: Frame): number | undefined {
  return type === FrameType.goaway ? payload.readUInt32BE(4) : undefined
}

export type Allowance = readonly [
  situation: string,
  clause: Http2Row['clause'],
  demand: string,
  answer: Send,
  expected?: Expectation,
]

/** Rows that a client must accept; the response is that of `answer`, except for what is expected. */
export function allowanceRows(allowed: readonly Allowance[]): Http2Row[] {
  return allowed.map(([situation, clause, demand, send, expected]) => ({
    clause,
    level: 'must',
    situation,
    demand,
    answer: send,
    expected: { ...accepted, ...expected },
  }))
}
