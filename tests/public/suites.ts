/** The public suites: packages that ship tests which speak HTTP through undici or through fetch. */
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Suite {
  readonly name: string
  /** The package's folder, in which its tests are run. */
  readonly cwd: string
  /** Its test files, in the order in which they run. A single one runs as a program of its own. */
  readonly files: readonly string[]
  /** At least so many tests pass, so that a suite of which nothing runs is noticed. */
  readonly atLeast: number
  /** Tests that fail over dodici, and why that is meant: COMPATIBILITY.md names it. */
  readonly otherwise?: Readonly<Record<string, string>>
}

const installed = fileURLToPath(new URL('./suites/node_modules/', import.meta.url))

/** The test files of a package that `pattern` names, without those that one of `leftOut` names. */
function from(
  name: string,
  pattern: string,
  ...leftOut: readonly RegExp[]
): { cwd: string; files: string[] } {
  const cwd = `${installed}${name}`
  const files = globSync(pattern, { cwd })
    .filter((file) => !leftOut.some((names) => names.test(file)))
    .toSorted()
  return { cwd, files: files.map((file) => `${cwd}/${file}`) }
}

// Of fastify's 237 files those that send most requests.
const fastifyFiles = [
  '404s,als,async-await,body-limit,close-pipelining,decorator,delete,handler-timeout,header-overflow,hooks,hooks-async',
  'http-methods/{get,head,lock,mkcalendar,propfind,report,search},internals/reply,output-validation,plugin.{1,2}',
  'promises,proto-poisoning,request-error,request-id,route.1,stream.{1,5},trust-proxy,url-rewriting',
  'versioned-routes,web-api',
].join(',')

const repeated = 'a GET on a kept connection that the server closes without an answer is sent again'

export const suites: readonly Suite[] = [
  {
    name: '@fastify/reply-from',
    ...from(
      '@fastify/reply-from',
      'test/*.test.js',
      // They send nothing through undici.
      /\/(https?2?-|unix-https?\.|build-url|transform-body|rewrite-headers-type)/,
      // They replace node:net, or parts of undici, with their own.
      /\/(base-path|host-header|undici-agent|undici-options|(undici-)?connect-timeout)\./,
      // Ports of their own choice.
      /\/(fix-GHSA-v574-6498-x57v|get-upstream-cache)\./,
      // It waits for five seconds.
      /\/retry-on-503\./,
    ),
    atLeast: 109,
    otherwise: Object.fromEntries(
      ['string', 'url instance', 'object'].map((from) => [
        `undici-proxy-agent.test.js > use undici ProxyAgent to connect through proxy - configured via ${from}`,
        'ProxyAgent is that of undici 8, which forwards plain http; that of undici 7 tunnels it',
      ]),
    ),
  },
  {
    name: '@fastify/http-proxy, its WebSockets',
    // What is left out: a suite of its own below; and one that waits for timeouts of WebSockets.
    ...from('@fastify/http-proxy', 'test/*.js', /\/(test|ws-reconnect)\./),
    atLeast: 60,
  },
  {
    name: '@fastify/http-proxy',
    ...from('@fastify/http-proxy', 'test/test.js'),
    atLeast: 40,
  },
  {
    name: 'undici-oidc-interceptor',
    // What is left out needs a server of OpenID Connect, or example.com.
    ...from('undici-oidc-interceptor', 'tests/*.test.js', /oidc-provider|utils/),
    atLeast: 22,
  },
  {
    name: 'fastify',
    ...from('fastify', `test/{${fastifyFiles}}.test.js`),
    atLeast: 600,
    otherwise: {
      'hooks.test.js > onTimeout should be triggered': repeated,
      'hooks.test.js > onTimeout should be triggered and socket _meta is set': repeated,
      'close-pipelining.test.js > Should return 503 while closing - pipelining':
        'pipelining above 1 has no effect',
    },
  },
  {
    name: '@fastify/express',
    ...from('@fastify/express', 'test/*.test.js'),
    atLeast: 60,
  },
  {
    name: '@fastify/middie',
    ...from('@fastify/middie', 'test/{404s,basic,enhance-request,middleware}.test.js'),
    atLeast: 50,
  },
  {
    name: '@fastify/static',
    ...from('@fastify/static', 'test/{content-type,dir-list}.test.js'),
    atLeast: 60,
  },
  {
    name: '@fastify/sse',
    ...from('@fastify/sse', 'test/abort-error.test.js'),
    atLeast: 3,
  },
]
