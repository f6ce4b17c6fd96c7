/** HTTP/2: streams that end too early. */
import { FrameType, H2Code, field } from '../../support/servers/h2-frames.ts'
import { endless } from '../bodies.ts'
import { accepted, answer, failed } from '../http2.ts'
import type { Http2Row } from '../row.ts'

const again = new Set(['refusedStream', 'http11Required'])

export const http2ResetRows: readonly Http2Row[] = [
  ...Object.entries(H2Code)
    .filter(([name]) => !again.has(name))
    .map(([name, code]): Http2Row => ({
      clause: '9113 §6.4',
      level: 'must',
      situation: `RST_STREAM with ${name} in front of the response`,
      demand: 'ends the request with an error, and no other',
      answer: (peer, stream) => peer.reset(stream, code),
      expected: { ...failed, kept: true },
    })),
  {
    clause: '9113 §7',
    level: 'must',
    situation: 'RST_STREAM with a code that nobody knows',
    demand: 'is an error like any other',
    answer: (peer, stream) => peer.reset(stream, 0xf0f0f0f0),
    expected: { ...failed, kept: true },
  },
  ...(['GET', 'POST'] as const).map((method): Http2Row => ({
    clause: '9113 §8.7',
    level: 'may',
    situation: `RST_STREAM with REFUSED_STREAM for a ${method}`,
    demand: 'it was not processed, and may be sent again',
    scope: 'connection',
    request: { method },
    answer: (peer, stream) => peer.reset(stream, H2Code.refusedStream),
    expected: { end: 'answered', arrivals: 2, body: 'healthy', kept: true },
  })),
  {
    clause: '9113 §8.1.1',
    level: 'must',
    situation: 'RST_STREAM within a content that has a length',
    demand: 'is an error, behind the bytes that came',
    answer: (peer, stream) => {
      peer.respond(stream, 0, field('content-length', '5'))
      peer.data(stream, 'ok')
      peer.reset(stream, H2Code.internalError)
    },
    expected: { ...failed, kept: true },
  },
  {
    clause: '9113 §5.4.2',
    level: 'must',
    situation: 'RST_STREAM with an error within a content that has no length',
    demand: 'is an error: the content is not whole',
    answer: async (peer, stream, broken) => {
      peer.respond(stream)
      peer.data(stream, 'ok')
      await broken().seen('onResponseData')
      peer.reset(stream, H2Code.internalError)
    },
    expected: { ...failed, body: 'ok', kept: true },
  },
  {
    clause: '9113 §8.1',
    level: 'must',
    situation: 'a whole response, and RST_STREAM with NO_ERROR, while content is sent',
    demand: 'the response counts; sending ends',
    request: () => ({ method: 'POST', body: endless() }),
    answer: async (peer, stream) => {
      await peer.frame('content', ({ type }) => type === FrameType.data)
      answer(peer, stream)
      peer.reset(stream, H2Code.noError)
    },
    expected: accepted,
    undici: { differs: 'fails behind the response', observed: { ...failed, body: 'ok' } },
  },
  {
    clause: '9113 §5.4.2',
    level: 'must',
    situation: 'a user who aborts',
    demand: 'the stream is reset',
    answer: (_peer, _stream, broken) => broken().controller?.abort(new Error('enough')),
    sends: ({ type, stream }, asked) => type === FrameType.reset && stream === asked,
    expected: { ...failed, kept: true },
  },
]
