import { dispatch } from '../../support/recorder.ts'
import type { RequestOptions } from '../../support/recorder.ts'
import { seen } from '../normalize.ts'
import type { Scenario } from '../scenario.ts'

const rows: [number, string, RequestOptions][] = [
  [46, 'origin missing', { origin: undefined as never }],
  [46, 'origin an object', { origin: {} as never }],
  [46, 'origin unparsable', { origin: 'nonsense' }],
  [46, 'origin of another protocol', { origin: 'ftp://a.test' }],
  [46, 'origin with a path', { origin: 'http://a.test/x' }],
  [47, 'path missing', { path: undefined as never }],
  [47, 'path without slash', { path: 'x' }],
  [47, 'path with a blank', { path: '/a b' }],
  [47, 'method no token', { method: 'G T' }],
  [47, 'method no string', { method: 5 as never }],
  [47, 'upgrade no string', { upgrade: true }],
  [47, 'headersTimeout', { headersTimeout: -1 }],
  [47, 'bodyTimeout', { bodyTimeout: 'x' as never }],
  [47, 'reset', { reset: 'x' as never }],
  [47, 'expectContinue', { expectContinue: 'x' as never }],
  [47, 'throwOnError', { throwOnError: true }],
  [47, 'maxRedirections', { maxRedirections: 5 }],
  [47, 'typeOfService', { typeOfService: 1.5 }],
  [47, 'body', { body: 5 as never }],
  [47, 'query beside a query', { path: '/?a', query: { b: 1 } }],
  [54, 'headers a number', { headers: 5 as never }],
  [54, 'headers odd', { headers: ['a'] }],
  [54, 'a header name', { headers: { ä: 'x' } }],
  [54, 'a header value', { headers: { 'X-A': 'a\nb' } }],
  [54, 'a header value an object', { headers: { 'x-a': {} as never } }],
  [54, 'transfer-encoding', { headers: { 'transfer-encoding': 'chunked' } }],
  [54, 'keep-alive', { headers: { 'Keep-Alive': 'x' } }],
  [54, 'upgrade', { headers: { upgrade: 'x' } }],
  [54, 'expect', { headers: { expect: '100-continue' } }],
  [54, 'connection', { headers: { connection: 'a b' } }],
  [54, 'host as an array', { headers: { host: ['a', 'b'] } }],
  [54, 'host twice', { headers: ['host', 'a', 'host', 'b'] }],
  [54, 'content-length', { headers: { 'content-length': 'ten' } }],
]

export const validationScenarios: readonly Scenario[] = [
  ...rows.map(([no, name, options]): Scenario => ({
    no,
    name: `bad: ${name}`,
    play: async (stage) => {
      const agent = await stage.agent()
      return seen(dispatch(agent, { origin: 'http://127.0.0.1:1', ...options }))
    },
  })),
  {
    no: 45,
    name: 'dispatch without a handler',
    play: async (stage) => {
      const agent = await stage.agent()
      const options = { origin: 'http://127.0.0.1:1', path: '/', method: 'GET' } as const
      return [null, undefined, 5, () => {}].map((handler) => {
        try {
          agent.dispatch(options, handler as never)
          return 'nothing thrown'
        } catch (error) {
          return (error as Error).message
        }
      })
    },
  },
]
