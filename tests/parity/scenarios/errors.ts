import { certificates } from '../../support/certificates.ts'
import type { KeyPair } from '../../support/certificates.ts'
import { exchange } from '../../support/recorder.ts'
import type { AgentOptions } from '../../support/agents.ts'
import type { Peer } from '../../support/servers/raw.ts'
import { seen } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'

const fin = (peer: Peer): void => peer.fin()
const rst = (peer: Peer): void => peer.reset()

/** A response that ends too early, or is not HTTP. */
function broken(
  no: number,
  name: string,
  bytes: string,
  end?: (peer: Peer) => void,
  options: AgentOptions = {},
): Scenario {
  return {
    no,
    name,
    play: async (stage) => {
      const server = await stage.answering(bytes, end)
      const agent = await stage.agent(options)
      return seen(await exchange(agent, { origin: server.origin }))
    },
  }
}

function certificate(name: string, pair: () => KeyPair): Scenario {
  return {
    no: 24,
    name: `certificate: ${name}`,
    play: async (stage) => {
      const server = await stage.tls({
        pair: pair(),
        onRequest: (_request, response) => void response.end('ok'),
      })
      const careful = await stage.agent()
      const careless = await stage.agent({ connect: { rejectUnauthorized: false } })
      return {
        careful: seen(await exchange(careful, { origin: server.origin })),
        careless: (await exchange(careless, { origin: server.origin })).text,
      }
    },
  }
}

const ok = 'HTTP/1.1 200 OK\r\n'
const chunks = 'transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n'

export const errorScenarios: readonly Scenario[] = [
  {
    no: 21,
    name: 'connection refused',
    play: async (stage) => {
      const agent = await stage.agent()
      return seen(await exchange(agent, { origin: 'http://127.0.0.1:1' }))
    },
  },
  {
    no: 22,
    name: 'unknown host',
    play: async (stage) => {
      const agent = await stage.agent()
      return seen(await exchange(agent, { origin: 'http://nowhere.invalid' }))
    },
  },
  {
    no: 23,
    name: 'connectTimeout',
    play: async (stage) => {
      const server = await stage.raw(() => {})
      const agent = await stage.agent({ connectTimeout: 200 })
      return seen(await exchange(agent, { origin: `https://127.0.0.1:${server.port}` }))
    },
  },
  certificate('self-signed', () => certificates().selfSigned),
  certificate('expired', () => certificates().expired),
  certificate('wrong host', () => certificates().wrongHost),
  certificate('unknown authority', () => certificates().unknownCa),
  certificate('unknown authority in the chain', () => certificates().unknownChain),
  broken(25, 'FIN before the head', '', fin),
  broken(26, 'RST before the head', '', rst),
  broken(27, 'FIN within content-length', `${ok}content-length: 10\r\n\r\nhel`, fin),
  broken(
    27,
    'FIN within content-length, close',
    `${ok}connection: close\r\ncontent-length: 10\r\n\r\nhel`,
    fin,
  ),
  broken(28, 'FIN within chunks', `${ok}${chunks}`, fin),
  broken(28, 'FIN within chunks, close', `${ok}connection: close\r\n${chunks}`, fin),
  broken(29, 'RST within the body', `${ok}content-length: 10\r\n\r\nhel`, rst),
  broken(30, 'garbage', 'garbage\r\n\r\n'),
  broken(30, 'a bad chunk size', `${ok}transfer-encoding: chunked\r\n\r\nxyz\r\n`),
  broken(30, 'a bad content-length', `${ok}content-length: ten\r\n\r\n`),
  broken(31, 'headersTimeout', '', undefined, { headersTimeout: 100 }),
  broken(32, 'bodyTimeout', `${ok}content-length: 10\r\n\r\nhel`, undefined, { bodyTimeout: 100 }),
  broken(34, 'maxHeaderSize', `${ok}x-a: ${'x'.repeat(200)}\r\n\r\n`, undefined, {
    maxHeaderSize: 100,
  }),
  broken(34, 'maxResponseSize with a length', `${ok}content-length: 4\r\n\r\nfour`, undefined, {
    maxResponseSize: 3,
  }),
  broken(
    34,
    'maxResponseSize, chunked',
    `${ok}transfer-encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n`,
    undefined,
    { maxResponseSize: 3 },
  ),
]
