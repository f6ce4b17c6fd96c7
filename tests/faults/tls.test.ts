/**
 * Faults of TLS: alerts and records in the handshake, and within a body. Certificates:
 * tests/parity/certificates.test.ts.
 */
import { describe, expect, it } from 'vitest'
import {
  errorsOfFaults,
  expectOutcome,
  healthyNeighbour,
  kTimeouts,
  runFault,
} from '../support/faults.ts'
import type { Expected } from '../support/faults.ts'
import type { AgentKind } from '../support/agents.ts'
import { useAgent, useRaw, useTls } from '../support/fixtures.ts'
import { exchange } from '../support/recorder.ts'
import type { Recorder } from '../support/recorder.ts'
import type { Peer } from '../support/servers/raw.ts'
import { turns } from '../support/wait.ts'

const { closed, reset } = errorsOfFaults

const Type = { alert: 21, handshake: 22, data: 23 } as const

function record(type: number, payload: Buffer, length = payload.length): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 0xff]), payload])
}

function alert(description: number, level = 2): Buffer {
  return record(Type.alert, Buffer.from([level, description]))
}

/** A ServerHello of TLS 1.2 with a cipher that was not offered. */
const oddHello = Buffer.concat([
  Buffer.from([2, 0, 0, 38, 3, 3]),
  Buffer.alloc(32, 7),
  Buffer.from([0, 0, 1, 0]),
])

async function handshakeWith(
  kind: AgentKind,
  reply: (peer: Peer) => void,
  connectTimeout = kTimeouts.connectTimeout,
): Promise<{ recorder: Recorder; connections: number }> {
  const server = await useRaw(async (peer) => {
    // The head of the ClientHello's record, then the rest of it.
    const head = Buffer.from(await peer.read(5), 'latin1')
    await peer.read(head.readUInt16BE(3))
    reply(peer)
  })
  const healthy = await useTls({ onRequest: (_request, response) => void response.end('healthy') })
  const agent = await useAgent({ ...kTimeouts, connectTimeout }, kind)
  const neighbourEnds = await healthyNeighbour(agent)
  const recorder = await exchange(agent, { origin: `https://127.0.0.1:${server.port}` })
  expect((await exchange(agent, { origin: healthy.origin })).text).toBe('healthy')
  await neighbourEnds()
  await turns(3)
  expect(recorder.terminalCalls).toBe(1)
  expect(recorder.error).toBeInstanceOf(Error)
  return { recorder, connections: server.peers.length }
}

describe('in the handshake', () => {
  const alerts: [string, number][] = [
    ['unexpected_message', 10],
    ['bad_record_mac', 20],
    ['record_overflow', 22],
    ['handshake_failure', 40],
    ['bad_certificate', 42],
    ['illegal_parameter', 47],
    ['access_denied', 49],
    ['decode_error', 50],
    ['protocol_version', 70],
    ['insufficient_security', 71],
    ['internal_error', 80],
    ['missing_extension', 109],
    ['unrecognized_name', 112],
    ['certificate_required', 116],
    ['no_application_protocol', 120],
  ]
  const rows: [string, (peer: Peer) => void][] = [
    ...alerts.map(([name, number]): [string, (peer: Peer) => void] => [
      `the alert ${name}`,
      (peer) => peer.send(alert(number)),
    ]),
    [
      'a flood of warnings',
      (peer) => peer.send(Buffer.concat(Array<Buffer>(100).fill(alert(112, 1)))),
    ],
    ['an alert of no level', (peer) => peer.send(alert(40, 0))],
    ['a record of another type', (peer) => peer.send(record(99, Buffer.alloc(10)))],
    ['data', (peer) => peer.send(record(Type.data, Buffer.alloc(10)))],
    [
      'a record that is too long',
      (peer) => peer.send(record(Type.handshake, Buffer.alloc(100), 0xffff)),
    ],
    [
      'a message of another type',
      (peer) => peer.send(record(Type.handshake, Buffer.from([99, 0, 0, 0]))),
    ],
    [
      'a hello with a cipher that nobody offered',
      (peer) => peer.send(record(Type.handshake, oddHello)),
    ],
    [
      'a hello cut short',
      (peer) => peer.send(record(Type.handshake, Buffer.from([2, 0, 0, 2, 3, 3]))),
    ],
    ['its own hello', (peer) => peer.send(peer.log)],
    ['zeros', (peer) => peer.send(Buffer.alloc(1000))],
    [
      'half a hello and FIN',
      (peer) => {
        peer.send(record(Type.handshake, oddHello).subarray(0, 20))
        peer.fin()
      },
    ],
    [
      'half a record head and FIN',
      (peer) => {
        peer.send(Buffer.from([22, 3]))
        peer.fin()
      },
    ],
    ['RST', (peer) => peer.reset()],
  ]

  it.each(rows)('%s fails as with undici, once', async (_name, reply) => {
    const [ours, theirs] = [
      await handshakeWith('dodici', reply),
      await handshakeWith('undici', reply),
    ]
    expect(ours.recorder.error?.code).toBe(theirs.recorder.error?.code)
    expect(ours.recorder.count('onResponseStart')).toBe(0)
    expect(ours.connections).toBe(1)
  })
})

describe('a handshake that stalls', () => {
  it.each<[string, (peer: Peer) => void]>([
    ['in a record', (peer) => peer.send(record(Type.handshake, oddHello).subarray(0, 20))],
    [
      'and goes on byte by byte',
      (peer) => {
        const bytes = record(Type.handshake, Buffer.alloc(10_000, 2))
        let at = 0
        const timer = setInterval(() => peer.send(bytes.subarray(at, (at += 1))), 5)
        void peer.ended.then(() => clearInterval(timer))
      },
    ],
  ])('%s ends in connectTimeout', async (_name, reply) => {
    const { recorder } = await handshakeWith('dodici', reply, 200)
    expect(recorder.error?.code).toBe('UND_ERR_CONNECT_TIMEOUT')
  })
})

// undici treats most of these as the end of a body without a length; here a body that may have been cut off is an
// error.
describe('below a body', () => {
  const kLength = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'
  const kToTheEnd = 'HTTP/1.1 200 OK\r\n\r\nok'
  const noise = record(Type.data, Buffer.alloc(64, 5))
  const rows: [string, string, (peer: Peer) => unknown, Expected][] = [
    ['a record of noise', kLength, (p) => p.transport.write(noise), closed],
    ['a record of noise, to the end', kToTheEnd, (p) => p.transport.write(noise), closed],
    [
      'a record in plain',
      kLength,
      (p) => p.transport.write(record(Type.data, Buffer.from('in plain'))),
      closed,
    ],
    ['an alert in plain', kLength, (p) => p.transport.write(alert(80)), closed],
    ['close_notify in plain', kToTheEnd, (p) => p.transport.write(alert(0, 1)), closed],
    [
      'a record of another type',
      kLength,
      (p) => p.transport.write(record(99, Buffer.alloc(9))),
      closed,
    ],
    ['zeros', kLength, (p) => p.transport.write(Buffer.alloc(100)), closed],
    ['HTTP in plain', kLength, (p) => p.transport.write('HTTP/1.1 200 OK\r\n\r\n'), closed],
    ['FIN without close_notify', kLength, (p) => p.transport.end(), closed],
    ['FIN without close_notify, to the end', kToTheEnd, (p) => p.transport.end(), closed],
    [
      'FIN in a record',
      kLength,
      (p) => p.transport.end(record(Type.data, Buffer.alloc(9), 99)),
      closed,
    ],
    [
      'FIN in a record, to the end',
      kToTheEnd,
      (p) => p.transport.end(record(Type.data, Buffer.alloc(9), 99)),
      closed,
    ],
    ['RST, to the end', kToTheEnd, (p) => p.reset(), reset],
    ['close_notify and FIN, to the end', kToTheEnd, (p) => p.fin(), 'ok'],
  ]
  it.each(rows)('%s', async (_name, bytes, then, expected) => {
    const { broken, arrivals } = await runFault(
      async (peer, recorder) => {
        peer.send(bytes)
        await recorder().seen('onResponseData')
        then(peer)
      },
      { tls: true },
    )
    expectOutcome(broken, expected)
    expect(arrivals).toBe(1)
  })
})
