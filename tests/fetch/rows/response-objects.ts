import { inspect } from 'node:util'
import * as undici from 'undici'
import { head, outcome, type Row } from '../row.ts'
import { answerHeaders } from './responses.ts'

function classOf(response: Response): typeof Response {
  return response.constructor as typeof Response
}

export const responseObjectRows: readonly Row[] = (
  [
    ['Object.prototype.toString', (r: Response) => Object.prototype.toString.call(r)],
    ['constructor.name', (r: Response) => r.constructor.name],
    [
      'new Response(body, response)',
      async (r: Response) => {
        const copy = new Response(r.body, r)
        return [head(copy), copy.headers.get('x-two'), await copy.text()]
      },
    ],
    ['spread and keys', (r: Response) => [Object.keys(r), Object.assign({}, r)]],
    [
      'for in',
      (r: Response) => {
        const names: string[] = []
        for (const name in r) names.push(name)
        return names.filter((name) => name !== 'textStream').toSorted()
      },
    ],
    ['JSON.stringify()', (r: Response) => JSON.stringify(r)],
    ['assigning to a getter', (r: Response) => Reflect.set(r, 'status', 5)],
    ['a property of the user\u2019s', (r: Response) => Object.assign(r, { mine: 1 }).mine],

    [
      'getters of the class, by call()',
      (r: Response) =>
        ['status', 'ok', 'type', 'redirected', 'statusText', 'bodyUsed'].map(
          (name) =>
            Object.getOwnPropertyDescriptor(classOf(r).prototype, name)?.get?.call(r) as unknown,
        ),
    ],
    [
      'methods of the class, by call()',
      async (r: Response) => {
        const { prototype } = classOf(r)
        const headers = (r.headers.constructor as typeof Headers).prototype
        return [
          await prototype.text.call(prototype.clone.call(r)),
          [...(await prototype.bytes.call(r))],
          headers.get.call(r.headers, 'x-two'),
          [...headers.keys.call(r.headers)],
        ]
      },
    ],
    [
      'the class\u2019s own methods are its own',
      (r: Response) => [
        r.text === classOf(r).prototype.text,
        r.headers.get.length,
        r.headers[Symbol.iterator] === r.headers.entries,
      ],
    ],
    [
      'a method with another this',
      (r: Response) => outcome(Promise.resolve().then(() => r.clone.call({} as Response))),
    ],
    [
      'instanceof, also of a Proxy',
      (r: Response) => [
        r instanceof undici.Response,
        r.headers instanceof undici.Headers,
        new Proxy(r, {}) instanceof undici.Response,
        r instanceof class extends undici.Response {},
      ],
    ],
    [
      'a Proxy that binds methods',
      (r: Response) => {
        const proxy = new Proxy(r, {
          get(target, name) {
            const value = Reflect.get(target, name, target) as unknown
            return typeof value === 'function' ? (value.bind(target) as unknown) : value
          },
        })
        return Promise.all([proxy.clone().text(), proxy.text()])
      },
    ],
    [
      'body behind text()',
      async (r: Response) => {
        const text = r.text()
        return [r.body?.locked, await text, r.body?.locked, r.bodyUsed]
      },
    ],
    ['console.log()', (r: Response) => inspect({ deep: { er: r } }).replace(/url: '.*'/, '')],
    ['headers are the same object', (r: Response) => r.headers === r.headers],
  ] as [string, (response: Response) => unknown][]
).map(([situation, show]) => ({
  clause: 'Response: object',
  situation,
  answer: answerHeaders,
  show: async ({ fetch, base }) => show(await fetch(base)),
}))
