import { describe, expect, it, vi } from 'vitest'
import { Agent } from '../../lib/agent.ts'
import { client } from './support/fake-native.ts'
import { Recorder } from './support/recorder.ts'

vi.mock('../../lib/binding/load.ts', () => import('./support/fake-native.ts'))

describe('Agent.dispatch()', () => {
  it('submits a GET and calls the handler as undici does', () => {
    const agent = new Agent()
    const handler = new Recorder()
    const more = agent.dispatch({ origin: 'http://a.test', path: '/x?y', method: 'GET' }, handler)

    expect(more).toBe(true)
    expect(handler.calls).toEqual([['onRequestStart', null]])
    expect(client().submitted).toEqual([
      {
        id: 1,
        origin: 'http://a.test:80',
        method: 'GET',
        target: '/x?y',
        servername: '',
        lines: ['connection: keep-alive'],
        flags: ['allowHttp2', 'idempotent', 'reportSent'],
        headersTimeout: 300_000,
        bodyTimeout: 300_000,
        streamLength: undefined,
        body: undefined,
      },
    ])

    client().batch((b) => b.sent(1).response(1, 'hello', { headers: [['X-A', '1']] }))
    expect(handler.calls.slice(1)).toEqual([
      ['onRequestSent'],
      ['onResponseStarted'],
      ['onResponseStart', 200, { 'x-a': '1' }, 'OK'],
      ['onResponseData', 'hello'],
      ['onResponseEnd', {}],
    ])
  })
})
