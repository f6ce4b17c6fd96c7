/** Runs a row on one of the agents, between healthy requests, and returns what was seen. */
import { expect } from 'vitest'
import type { AgentKind } from '../support/agents.ts'
import { runFault } from '../support/faults.ts'
import { runConnectionFault, runStreamFault } from '../support/faults-h2.ts'
import type { H2Outcome } from '../support/faults-h2.ts'
import type { Recorder } from '../support/recorder.ts'
import { FrameFlag, FrameType } from '../support/servers/h2-frames.ts'
import type { Frame, H2Peer } from '../support/servers/h2-frames.ts'
import { HpackReader } from '../support/servers/hpack.ts'
import { within } from '../support/wait.ts'
import type { Http1Row, Http2Row, Observed, Row, Sent } from './row.ts'

const kAnswer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const timeouts = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

export async function observeHttp1(row: Http1Row, kind: AgentKind): Promise<Observed> {
  const { answer = kAnswer, request = {}, agent = {}, warm = false, tls = false } = row
  let sent: Sent = { line: '', fields: {}, body: '', text: '' }
  const outcome = await runFault(
    async (peer, recorder, head) => {
      sent = sentOf(head)
      if (typeof answer !== 'string') return answer(peer, recorder, head)
      const body = await peer.body(head)
      sent = { ...sent, body, text: peer.log.slice(peer.log.lastIndexOf(head)) }
      return peer.send(answer)
    },
    { kind, request, agent, warm, tls },
  )
  const { broken, arrivals, reused } = outcome
  return { ...seenBy(broken), seen: true, arrivals, kept: reused, sent }
}

export async function observeHttp2(row: Http2Row, kind: AgentKind): Promise<Observed> {
  const { scope = 'stream', answer = respond, request = {}, greet } = row
  const isStream = scope === 'stream'
  const run = isStream ? runStreamFault : runConnectionFault
  let asked = 0
  const outcome = await run(
    (peer, stream, broken) => {
      asked = stream
      return answer(peer, stream, broken)
    },
    request,
    greet ? { kind, greet } : { kind },
  )
  const peer = outcome.server.peers[0]
  if (!peer) throw new Error('no connection was made')
  const { sends, closes, seen } = row
  if (sends) await peer.frame('the frame that the row demands', (frame) => sends(frame, asked))
  if (closes) await within('the end of the connection', peer.ended)
  return {
    ...seenBy(outcome.broken),
    seen: seen?.(peer, asked) ?? true,
    arrivals: arrivalsOf(outcome),
    kept: isStream || outcome.server.peers.length === 1,
    sent: sentOn(peer, asked),
  }
}

/** Runs the row, and expects what it requires, or what it says about this agent. */
export async function expectRow<Kind extends Row>(
  row: Kind,
  kind: AgentKind,
  observe: (row: Kind, kind: AgentKind) => Promise<Observed>,
): Promise<void> {
  const { expected, undici, ours } = row
  const observed = (kind === 'undici' ? undici : ours)?.observed ?? expected
  if (observed === 'harm') await expect(observe(row, kind)).rejects.toBeInstanceOf(Error)
  else expect(await observe(row, kind)).toMatchObject(observed)
}

function respond(peer: H2Peer, stream: number): void {
  peer.respond(stream)
  peer.data(stream, 'ok', FrameFlag.endStream)
}

function seenBy(recorder: Recorder): Omit<Observed, 'seen' | 'arrivals' | 'kept' | 'sent'> {
  const { status, statusText, headers, trailers, text, error } = recorder
  const statuses = recorder.calls
    .filter(({ name }) => name === 'onResponseStart')
    .map(({ args }) => args[1] as number)
  return {
    end: endOf(recorder),
    status: status ?? recorder.call('onRequestUpgrade')?.args[1],
    statusText,
    headers,
    trailers,
    body: text,
    informational: statuses.filter((code) => code < 200),
    error: error && (error.code ?? error.name),
    h2Code: error?.['http2ErrorCode'],
  }
}

function endOf({ error, names }: Recorder): Observed['end'] {
  if (error) return timeouts.has(error.code ?? '') ? 'late' : 'refused'
  return names.includes('onRequestUpgrade') ? 'switched' : 'answered'
}

export function sentOf(head: string): Sent {
  const [line = '', ...lines] = head.split('\r\n').slice(0, -2)
  const pairs = lines.map((text): [string, string] => {
    const at = text.indexOf(':')
    return [text.slice(0, at), text.slice(at + 1).trim()]
  })
  return { line, fields: byName(pairs), body: '', text: head }
}

function byName(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const fields: Record<string, string[]> = {}
  for (const [name, value] of pairs) (fields[name.toLowerCase()] ??= []).push(value)
  return fields
}

/** What came on the request's stream. */
function sentOn(peer: H2Peer, stream: number): Sent {
  const pairs = blocksOf(peer.frames).find((block) => block.stream === stream)?.fields ?? []
  const pseudo = new Map(pairs.filter(([name]) => name.startsWith(':')))
  const ordinary = pairs.filter(([name]) => !name.startsWith(':'))
  const bodies = peer.frames.filter(
    (frame) => frame.type === FrameType.data && frame.stream === stream,
  )
  return {
    line: [':method', ':scheme', ':authority', ':path']
      .flatMap((name) => pseudo.get(name) ?? [])
      .join(' '),
    fields: byName(ordinary),
    body: Buffer.concat(bodies.map(({ payload }) => payload)).toString('latin1'),
    text: pairs.map(([name, value]) => `${name}: ${value}\n`).join(''),
  }
}

/** The header blocks in order: HPACK must read them all. */
function blocksOf(
  frames: readonly Frame[],
): { stream: number; fields: (readonly [string, string])[] }[] {
  const reader = new HpackReader()
  const blocks: { stream: number; parts: Buffer[] }[] = []
  for (const { type, flags, stream, payload } of frames) {
    if (type === FrameType.headers) {
      // A client may add a priority of five bytes; none pads.
      blocks.push({ stream, parts: [payload.subarray(flags & 0x20 ? 5 : 0)] })
    } else if (type === FrameType.continuation) {
      blocks.at(-1)?.parts.push(payload)
    }
  }
  return blocks.map(({ stream, parts }) => ({
    stream,
    fields: reader.fields(Buffer.concat(parts)),
  }))
}

/** Requests on all connections, without the neighbour's and the later ones. */
function arrivalsOf({ server }: H2Outcome): number {
  const blocks = server.peers.flatMap(({ frames }) => blocksOf(frames))
  const paths = blocks.map(({ fields }) => fields.find(([name]) => name === ':path')?.[1])
  return paths.filter((path) => path && path !== '/beside' && path !== '/after').length
}
