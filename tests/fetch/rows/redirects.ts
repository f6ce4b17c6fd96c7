import { FormData as UndiciFormData } from 'undici'
import { head, outcome, type Context, type Row } from '../row.ts'

interface Hop {
  readonly status: number
  readonly location?: string
  readonly body?: string
}

// `/hop` redirects as its query says; all other paths are targets.
const answer: NonNullable<Row['answer']> = (request, response, body) => {
  const url = new URL(request.url ?? '', 'http://x')
  if (url.pathname !== '/hop') {
    response.setHeader('x-seen', `${request.method} ${request.url}`)
    response.end(body)
    return
  }
  const { status, location, body: text } = JSON.parse(url.searchParams.get('to') ?? '{}') as Hop
  if (location !== undefined)
    response.setHeader('location', Buffer.from(location).toString('latin1'))
  response.writeHead(status).end(text ?? 'moved')
}

function hop(base: string, to: Hop): string {
  return `${base}/hop?to=${encodeURIComponent(JSON.stringify(to))}`
}

async function follow(
  context: Context,
  to: (context: Context) => Hop,
  init: Record<string, unknown> = {},
  fragment = '',
): Promise<unknown> {
  const { fetch, base, received } = context
  const result = await outcome(
    fetch(hop(base, to(context)) + fragment, init).then(async (response) => [
      head(response),
      response.headers.get('x-seen'),
      await response.text(),
    ]),
  )
  const last = received.at(-1)
  return [
    result,
    received.length,
    last?.method,
    last?.body,
    ['content-type', 'content-length', 'authorization', 'cookie', 'x-own'].map(
      (name) => last?.headers[name],
    ),
  ].map((value) => hideOrigins(value, context))
}

function hideOrigins(value: unknown, { base, other }: Context): unknown {
  const json = JSON.stringify(value)
  return json === undefined
    ? undefined
    : (JSON.parse(json.replaceAll(base, 'BASE').replaceAll(other, 'OTHER')) as unknown)
}

const codes: Row[] = [301, 302, 303, 307, 308].flatMap((status) =>
  ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'].map((method) => ({
    clause: 'HTTP-redirect fetch: method and body',
    situation: `${status} of ${method}`,
    answer,
    show: (context: Context) =>
      follow(context, () => ({ status, location: '/t' }), {
        method,
        ...(method !== 'GET' && method !== 'HEAD' && { body: 'text' }),
        headers: { 'x-own': '1' },
      }),
  })),
)

const modes: Row[] = ['manual', 'error', 'follow'].flatMap((redirect) => [
  {
    clause: 'HTTP fetch: redirect mode',
    situation: redirect,
    answer,
    show: (context: Context) =>
      follow(context, () => ({ status: 302, location: '/t' }), { redirect }),
  },
  {
    clause: 'HTTP fetch: redirect mode',
    situation: `${redirect}, without a location`,
    answer,
    show: (context: Context) => follow(context, () => ({ status: 302 }), { redirect }),
  },
])

const locations: Row[] = (
  [
    ['an absolute path', () => '/t?x=y'],
    ['a relative path', () => 't'],
    ['a query only', () => '?to=%7B%22status%22%3A200%7D'],
    ['another origin', ({ other }) => `${other}/t`],
    ['without a scheme', ({ other }) => `${other.replace('http:', '')}/t`],
    ['a fragment', () => '/t#new'],
    ['letters beyond ASCII', () => '/\u00e4?\u00f6'],
    ['blanks', () => '/a b'],
    ['credentials', ({ base }) => `${base.replace('://', '://u:p@')}/t`],
    ['credentials for another origin', ({ other }) => `${other.replace('://', '://u:p@')}/t`],
    ['data:', () => 'data:,x'],
    ['ftp:', () => 'ftp://localhost/'],
    ['no URL', () => 'http://['],
    ['an empty one', () => ''],
    ['a port that is blocked', () => 'http://localhost:25/'],
  ] as [string, (context: Context) => string][]
).map(([situation, location]) => ({
  clause: 'Response: location URL',
  situation,
  answer,
  show: (context) =>
    follow(
      context,
      (given) => ({ status: 302, location: location(given) }),
      {
        headers: { authorization: 'Basic x', cookie: 'a=b', 'x-own': '1' },
      },
      '#old',
    ),
}))

const others: Row[] = [
  {
    clause: 'Response: location URL',
    situation: 'blanks at its end',
    answer,
    show: async ({ fetch, base }) => {
      const to = hop(base, { status: 302, location: '/t ' })
      const result = (await outcome(fetch(to).then((response) => response.status))) as object
      return 'value' in result ? result.value : 'an error'
    },
    ours: 200,
  },
  ...[307, 308, 303].map((status) => ({
    clause: 'HTTP-redirect fetch: body',
    situation: `${status} of a stream`,
    answer,
    show: (context: Context) =>
      follow(context, () => ({ status, location: '/t' }), {
        method: 'POST',
        body: ReadableStream.from([Buffer.from('text')]),
        duplex: 'half',
      }),
  })),
  {
    clause: 'HTTP-redirect fetch: body',
    situation: '307 of FormData and of a Blob',
    answer,
    show: async (context) => {
      const body = new UndiciFormData()
      body.append('a', 'b')
      const to = hop(context.base, { status: 307, location: '/t' })
      const first = await context.fetch(to, { method: 'POST', body })
      const data = (await first.text()).replaceAll(/-{2,}[\w-]*formdata-[\w-]+/gi, 'BOUNDARY')
      const second = await context.fetch(to, { method: 'POST', body: new Blob(['blob']) })
      return [data.includes('name="a"'), await second.text()]
    },
  },
  {
    clause: 'HTTP-redirect fetch: count',
    situation: '20 are followed, 21 are not',
    answer: (request, response) => {
      const left = Number((request.url ?? '').slice(1))
      if (left === 0) response.end('there')
      else response.writeHead(302, { location: `/${left - 1}` }).end()
    },
    show: async ({ fetch, base, received }) => [
      await outcome(fetch(`${base}/20`).then((response) => response.text())),
      await outcome(fetch(`${base}/21`)),
      received.length,
    ],
  },
  {
    clause: 'HTTP-redirect fetch: headers',
    situation: 'back to the first origin',
    answer: (request, response) => {
      const to = request.headers['x-to']
      if (request.url === '/1') response.writeHead(302, { location: `${String(to)}/2` }).end()
      else if (request.url === '/2')
        response.writeHead(302, { location: `http://${String(request.headers['x-back'])}/3` }).end()
      else response.end(String(request.headers.authorization))
    },
    show: async ({ fetch, base, other }) => {
      const back = base.replace('http://', '')
      const response = await fetch(`${base}/1`, {
        headers: { authorization: 'x', 'x-to': other, 'x-back': back },
      })
      return [response.type, await response.text()]
    },
  },
]

export const redirectRows: readonly Row[] = [...codes, ...modes, ...locations, ...others]
