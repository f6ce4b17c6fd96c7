import { FormData, Headers, Request } from 'undici'
import { head, outcome, type Context, type Row } from '../row.ts'

/** The result, the request that the server got, and whether the Request is used. */
async function sent(
  { fetch, received }: Context,
  request: Request,
  init?: Record<string, unknown>,
): Promise<unknown> {
  const result = await outcome(
    fetch(request, init).then(async (response) => [head(response), await response.text()]),
  )
  return [
    result,
    request.bodyUsed,
    request.body?.locked,
    received.map(({ method, url, body, rawHeaders }) => [
      method,
      url,
      body.length,
      lines(rawHeaders),
    ]),
  ]
}

// Without those of the connection.
function lines(rawHeaders: readonly string[]): string[] {
  const all: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (!/^(?:host|connection)$/i.test(name)) all.push(`${name}: ${rawHeaders[i + 1]}`)
  }
  return all
}

const inits: Record<string, unknown>[] = [
  {},
  { headers: { 'X-B': '1', 'x-a': '2', Cookie: 'a=1' } },
  { method: 'POST', body: 'text' },
  { method: 'POST', body: 'text', headers: { 'Content-Type': 'A/B', 'X-A': '1' } },
  { method: 'PUT', body: new URLSearchParams('a=b') },
  { method: 'PUT', body: new Blob(['blob'], { type: 'a/b' }) },
  { method: 'PUT', body: Buffer.from('bytes') },
  { method: 'PUT', body: 'x'.repeat(200_000) },
  { method: 'PUT', body: new Blob(['x'.repeat(200_000)]) },
  { method: 'POST' },
  { redirect: 'manual' },
  { cache: 'no-store' },
  { credentials: 'omit', keepalive: true },
  { integrity: 'sha256-x' },
  { referrer: '' },
  { mode: 'same-origin' },
]

const made: Row[] = inits.map((init, i) => ({
  clause: 'Request: as input',
  situation: `${i}: ${JSON.stringify(init).slice(0, 70)}`,
  show: (context) => sent(context, new Request(`${context.base}/p?q#f`, init)),
}))

const changes: Row[] = [
  { method: 'PUT' },
  { body: 'other' },
  { body: null },
  { headers: { 'X-C': '1' } },
  { headers: [] },
  { headers: null },
  { method: 'GET' },
  { redirect: 'error' },
  { signal: null },
  { signal: {} },
  { duplex: 'half' },
  { referrer: 'http://x.test' },
  { mode: 'navigate' },
  { window: null },
  { window: {} },
  { cache: 'only-if-cached' },
].map((init) => ({
  clause: 'Request: changed by init',
  situation: JSON.stringify(init),
  show: (context) => {
    const headers = { 'X-A': '1', 'Content-Type': 'a/b' }
    const request = new Request(context.base, { method: 'POST', body: 'text', headers })
    return sent(context, request, init)
  },
}))

class Derived extends Request {}
Object.defineProperty(Derived.prototype, 'url', { value: 'http://elsewhere.test/' })
Object.defineProperty(Derived.prototype, 'method', { value: 'DELETE' })

class Particular extends Request {
  constructor(input: ConstructorParameters<typeof Request>[0], init?: object) {
    super(input, { ...init, headers: { 'x-mine': '1' } })
  }
}

const to = (path: string): NonNullable<Row['answer']> => {
  return (request, response, body) => {
    if (request.url === '/to') response.end(body)
    else response.writeHead(307, { location: path }).end()
  }
}

const streamed = (): ReadableStream => ReadableStream.from([Buffer.from('ab'), Buffer.from('cd')])

const others: Row[] = [
  {
    clause: 'Request: as input',
    situation: 'of a derived class with getters of its own',
    show: (context) => sent(context, new Derived(context.base, { method: 'PUT' })),
  },
  {
    clause: 'Request: as input',
    situation: 'of a derived class with a constructor of its own',
    show: (context) => sent(context, new Particular(context.base), { method: 'PUT' }),
  },
  {
    clause: 'Request: as input',
    situation: 'with a stream',
    show: (context) =>
      sent(
        context,
        new Request(context.base, { method: 'POST', body: streamed(), duplex: 'half' }),
      ),
  },
  {
    clause: 'Request: as input',
    situation: 'with FormData',
    show: async (context) => {
      const body = new FormData()
      body.append('a', 'b')
      const request = new Request(context.base, { method: 'POST', body })
      await context.fetch(request)
      const [received] = context.received
      const boundary = String(received?.headers['content-type']).split('boundary=')[1] ?? ''
      const coding = received?.headers['transfer-encoding']
      return [received?.body.split(boundary).length, coding, request.bodyUsed]
    },
  },
  {
    clause: 'Request: as input',
    situation: 'twice, with and without a body',
    show: async ({ fetch, base }) => {
      const get = new Request(base)
      const post = new Request(base, { method: 'POST', body: 'x' })
      const status = (request: Request) => outcome(fetch(request).then((r) => r.status))
      return [await status(get), await status(get), await status(post), await status(post)]
    },
  },
  {
    clause: 'Request: as input',
    situation: 'and its clone',
    show: async (context) => {
      const request = new Request(context.base, { method: 'POST', body: 'text' })
      const clone = request.clone()
      return [await sent(context, request), await sent(context, clone)]
    },
  },
  {
    clause: 'Request: as input',
    situation: 'whose body is locked',
    show: async ({ fetch, base }) => {
      const request = new Request(base, { method: 'POST', body: 'x' })
      request.body?.getReader()
      return outcome(fetch(request))
    },
  },
  ...['x', 'x'.repeat(200_000)].map((body) => ({
    clause: 'Request: as input',
    situation: `${body.length} bytes that are sent again after a redirect`,
    answer: to('/to'),
    show: (context: Context) => sent(context, new Request(context.base, { method: 'POST', body })),
  })),
  {
    clause: 'Request: as input',
    situation: 'a stream that cannot be sent again after a redirect',
    answer: to('/to'),
    show: (context) =>
      sent(
        context,
        new Request(context.base, { method: 'POST', body: streamed(), duplex: 'half' }),
      ),
  },
  {
    clause: 'Request: signal',
    situation: 'of the Request, of init, and null',
    show: async ({ fetch, base }) => {
      const request = () => new Request(base, { signal: AbortSignal.abort('its own') })
      const status = (init: Record<string, unknown>) =>
        outcome(fetch(request(), init).then((r) => r.status))
      return [
        await outcome(fetch(request())),
        await status({ signal: AbortSignal.abort('of init') }),
        await status({ signal: null }),
        await status({ method: 'PUT' }),
      ]
    },
  },
  {
    clause: 'Request: signal',
    situation: 'aborts a request whose body is used all the same',
    show: async ({ fetch, base, received }) => {
      const signal = AbortSignal.abort()
      const request = new Request(base, { method: 'POST', body: 'x', signal })
      const result = outcome(fetch(request))
      return [request.bodyUsed, await result, await outcome(request.text()), received.length]
    },
  },
  {
    clause: 'Request: dispatcher',
    situation: 'goes along with it, with its clone, and gives way to that of init',
    show: async ({ fetch, base, dispatcher }) => {
      const calls: string[] = []
      const through = (name: string) =>
        dispatcher.compose((dispatch) => (options, handler) => {
          calls.push(name)
          return dispatch(options, handler)
        })
      const request = new Request(base, { dispatcher: through('its own') })
      await fetch(request.clone(), { dispatcher: undefined })
      await fetch(request, { dispatcher: undefined, method: 'PUT' })
      await fetch(request, { dispatcher: through('of init') })
      return calls
    },
  },
  {
    clause: 'Request: headers',
    situation: 'Headers of undici\u2019s keep their order and spelling',
    show: async ({ fetch, base, received }) => {
      const headers = new Headers({ 'X-B': '1', 'x-a': '2' })
      headers.append('x-b', '3')
      await fetch(base, { headers })
      return lines(received[0]?.rawHeaders ?? [])
    },
  },
]

export const requestObjectRows: readonly Row[] = [...made, ...changes, ...others]
