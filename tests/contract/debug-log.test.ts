/** `NODE_DEBUG=dodici` and `DODICI_DEBUG=1`: what they write to stderr, and what they hide. */
import { describe, expect, it } from 'vitest'
import { agentKind } from '../support/agents.ts'
import { certificates } from '../support/certificates.ts'
import { runChild } from '../support/child.ts'
import type { ChildKit } from '../support/child-main.ts'
import { useHttp1 } from '../support/fixtures.ts'
import { protocols, useProtocol } from '../support/protocols.ts'

interface Data {
  readonly origin: string
  readonly ca?: string
}

async function oneRequest(kit: ChildKit, { origin, ca }: Data): Promise<void> {
  const agent = await kit.createAgent({ connect: { ca } })
  const { body } = await agent.request({
    origin,
    path: '/users/1?token=s3cret',
    method: 'POST',
    headers: { authorization: 'Bearer s3cret' },
    body: 's3cret',
  })
  await body.text()
  await agent.close()
}

/** The lines on stderr, without the parts that differ from run to run. */
async function linesOf(
  body: (kit: ChildKit, data: Data) => unknown,
  data: Data,
  env: Record<string, string> = { NODE_DEBUG: 'dodici' },
): Promise<string[]> {
  const { code, stderr } = await runChild(body, data, { env })
  expect({ code, stderr }).toMatchObject({ code: 0 })
  expect(stderr).not.toContain('s3cret')
  return stderr
    .split('\n')
    .slice(0, -1)
    .map((line) =>
      line
        .replaceAll(data.origin, 'ORIGIN')
        .replace(/^DODICI \d+: /, '')
        .replace(/after \d+\.\d ms$/, 'after N ms'),
    )
}

describe.runIf(agentKind === 'dodici')('NODE_DEBUG=dodici', () => {
  it.each(protocols)('tells a request and its connection over %s', async (protocol) => {
    const { origin } = await useProtocol(protocol, (request, response) => {
      request.resume().on('end', () => response.end('s3cret, 16 bytes'))
    })
    const lines = await linesOf(oneRequest, { origin, ca: certificates().ca })
    const version = protocol === 'HTTP/2' ? '2' : '1.1'
    expect(lines.filter((line) => line.startsWith('request'))).toEqual([
      'request 1: POST ORIGIN/users/1?...',
      'request 1: sent, after N ms',
      `request 1: 200, HTTP/${version}, after N ms`,
      'request 1: end, 16 bytes, after N ms',
    ])
    expect(lines.filter((line) => !line.startsWith('request'))).toEqual([
      'connect ORIGIN',
      'disconnect ORIGIN: destroyed',
    ])
  })

  it('tells a connection that could not be made, by its code', async () => {
    const server = await useHttp1(() => {})
    await server.close()
    async function refused(kit: ChildKit, { origin }: Data): Promise<void> {
      const agent = await kit.createAgent()
      await agent.request({ origin, path: '/', method: 'GET' }).catch(() => {})
      await agent.close()
    }
    const lines = await linesOf(refused, { origin: server.origin })
    expect(lines.toSorted()).toEqual([
      'connectionError ORIGIN: ECONNREFUSED',
      'request 1: GET ORIGIN/',
      'request 1: error ECONNREFUSED, after N ms',
    ])
  })

  it('shows of a program’s own error its name only, and no credentials of a URL', async () => {
    const { origin } = await useHttp1(() => {})
    async function aborted(kit: ChildKit, { origin }: Data): Promise<void> {
      const agent = await kit.createAgent()
      const path = 'http://me:s3cret@a.test/x?s3cret'
      const controller = new AbortController()
      const requested = agent.request({ origin, path, method: 'GET', signal: controller.signal })
      controller.abort(new TypeError('s3cret'))
      await requested.catch(() => {})
      await agent.destroy()
    }
    expect(await linesOf(aborted, { origin })).toContain('request 1: error TypeError, after N ms')
    const lines = await linesOf(aborted, { origin })
    expect(lines).toContain('request 1: GET ORIGIN http://a.test/x?...')
    expect(lines).toContain('request 1: error TypeError, after N ms')
  })

  it('is what DODICI_DEBUG=1 asks for too, and DODICI_DEBUG=0 does not', async () => {
    const { origin } = await useHttp1((request, response) => {
      request.resume().on('end', () => response.end('ok'))
    })
    const with1 = await linesOf(oneRequest, { origin }, { DODICI_DEBUG: '1', NODE_DEBUG: '' })
    expect(with1).toContain('request 1: end, 2 bytes, after N ms')
    const without = [{ DODICI_DEBUG: '0', NODE_DEBUG: '' }, { NODE_DEBUG: 'http-parser' }]
    for (const env of without) expect(await linesOf(oneRequest, { origin }, env)).toEqual([])
  })
})
