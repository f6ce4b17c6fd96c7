import { head, outcome, type Context, type Row } from '../row.ts'

const never: NonNullable<Row['answer']> = () => {}

const begun: NonNullable<Row['answer']> = (_request, response) => {
  response.write('begun')
}

class Reason extends Error {
  override name = 'Reason'
}

const reasons: [string, () => unknown][] = [
  ['no reason', () => undefined],
  ['an error', () => new Reason('mine')],
  ['a string', () => 'text'],
  ['null', () => null],
  ['an object', () => ({ a: 1 })],
]

const aborted: Row[] = reasons.flatMap(([situation, reason]) => [
  {
    clause: 'Abort: before the call',
    situation,
    show: ({ fetch, base }) => outcome(fetch(base, { signal: AbortSignal.abort(reason()) })),
  },
  {
    clause: 'Abort: before the response',
    situation,
    answer: never,
    show: async ({ fetch, base }) => {
      const controller = new AbortController()
      const result = outcome(fetch(base, { signal: controller.signal }))
      controller.abort(reason())
      return result
    },
  },
  {
    clause: 'Abort: within the body',
    situation,
    answer: begun,
    show: async ({ fetch, base }) => {
      const controller = new AbortController()
      const response = await fetch(base, { signal: controller.signal })
      const result = outcome(response.text())
      controller.abort(reason())
      return [await result, response.bodyUsed]
    },
  },
])

const moments: Row[] = [
  {
    clause: 'Abort: behind the end',
    situation: 'a body that was read',
    show: async ({ fetch, base }) => {
      const controller = new AbortController()
      const response = await fetch(base, { method: 'POST', body: 'x', signal: controller.signal })
      const text = await response.text()
      controller.abort()
      return [text, response.bodyUsed]
    },
  },
  {
    clause: 'Abort: within the body',
    situation: 'a stream that is being read',
    answer: begun,
    show: async ({ fetch, base }) => {
      const controller = new AbortController()
      const response = await fetch(base, { signal: controller.signal })
      const reader = response.body?.getReader()
      const first = await reader?.read()
      controller.abort(new Reason('mine'))
      return [
        Buffer.from(first?.value ?? []).toString(),
        await outcome(Promise.resolve(reader?.read())),
      ]
    },
  },
  {
    clause: 'Abort: within the body',
    situation: 'a response that is not read yet',
    answer: begun,
    show: async ({ fetch, base }) => {
      const controller = new AbortController()
      const response = await fetch(base, { signal: controller.signal })
      controller.abort(new Reason('mine'))
      return outcome(response.text())
    },
  },
  {
    clause: 'Abort: a timeout',
    situation: 'before the response',
    answer: never,
    show: ({ fetch, base }) => outcome(fetch(base, { signal: AbortSignal.timeout(20) })),
  },
  {
    clause: 'Abort: a timeout',
    situation: 'among several signals',
    answer: never,
    show: ({ fetch, base }) =>
      outcome(
        fetch(base, {
          signal: AbortSignal.any([new AbortController().signal, AbortSignal.timeout(20)]),
        }),
      ),
  },
  {
    clause: 'Abort: the request\u2019s body',
    situation: 'its stream is cancelled with the reason',
    answer: never,
    show: async ({ fetch, base }) => {
      const controller = new AbortController()
      const cancelled = Promise.withResolvers<unknown>()
      const pulled = Promise.withResolvers<void>()
      const body = new ReadableStream({
        pull() {
          pulled.resolve()
          return new Promise(() => {})
        },
        cancel: (reason) => cancelled.resolve(reason),
      })
      const result = outcome(
        fetch(base, { method: 'POST', body, duplex: 'half', signal: controller.signal }),
      )
      await pulled.promise
      controller.abort('stop')
      return [await result, await cancelled.promise]
    },
  },
]

const whole: NonNullable<Row['answer']> = (_request, response) => {
  response.end('all of it')
}

/** `ask` is called when the body has come, and nobody has read it. */
async function whenItHasCome(
  { fetch, base }: Context,
  ask: (response: Response, abort: () => void) => unknown,
): Promise<unknown> {
  const controller = new AbortController()
  const response = await fetch(base, { signal: controller.signal })
  return ask(response, () => controller.abort(new Reason('mine')))
}

const unread: Row[] = (
  [
    [
      'text()',
      (response, abort) => {
        abort()
        return outcome(response.text())
      },
    ],
    [
      'text() that was just called',
      (response, abort) => {
        const text = outcome(response.text())
        abort()
        return text
      },
    ],
    [
      'the stream',
      async (response, abort) => {
        const reader = response.body?.getReader()
        abort()
        return [
          await outcome(Promise.resolve(reader?.read())),
          await outcome(Promise.resolve(reader?.closed)),
        ]
      },
    ],
    [
      'a clone',
      (response, abort) => {
        const clone = response.clone()
        abort()
        return Promise.all([outcome(response.text()), outcome(clone.text())])
      },
    ],
  ] as [string, (response: Response, abort: () => void) => unknown][]
).map(([situation, ask]) => ({
  clause: 'Abort: a body that nobody has read',
  situation,
  answer: whole,
  show: (context) => whenItHasCome(context, ask),
}))

const broken: Row[] = [
  {
    clause: 'Network error',
    situation: 'the connection is closed before an answer',
    answer: (request) => request.socket.destroy(),
    show: async ({ fetch, base }) => {
      const result = (await outcome(fetch(base, { method: 'POST', body: 'x' }))) as {
        error: { name: string; message: string; cause: { name: string; message: string } }
      }
      const { name, message, cause } = result.error
      return [name, message, cause.name, cause.message]
    },
  },
  {
    clause: 'Network error',
    situation: 'the connection is closed within the body',
    answer: (request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('part', () => request.socket.destroy())
    },
    show: async ({ fetch, base }) => {
      const response = await fetch(base)
      const result = (await outcome(response.text())) as {
        error: { name: string; message: string; cause: { name: string } }
      }
      const { name, message, cause } = result.error
      return [head(response), name, message, cause.name]
    },
  },
  {
    clause: 'Network error',
    situation: 'nobody listens',
    show: async ({ fetch }) => {
      const result = (await outcome(fetch('http://127.0.0.1:3'))) as {
        error: { name: string; message: string; cause: { code: string } }
      }
      return [result.error.name, result.error.message, result.error.cause.code]
    },
  },
  {
    clause: 'Network error',
    situation: 'a destroyed dispatcher',
    show: async ({ fetch, base, dispatcher }) => {
      await dispatcher.destroy()
      return outcome(fetch(base))
    },
  },
]

export const endingRows: readonly Row[] = [...aborted, ...moments, ...unread, ...broken]
