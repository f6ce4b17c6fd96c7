import type { Response as UndiciResponse } from 'undici'
import { legacyDispatcher } from '../api/global-dispatcher.ts'
import { undiciWeb } from '../compat/undici.ts'
import { fetch as undiciFetch, getGlobalOrigin } from '../compat/undici-exports.ts'
import { defaultDispatcher } from '../api/default-dispatcher.ts'
import { withCallersStack } from './fetch-error.ts'
import { FetchCall } from './fetch-call.ts'
import { linkHeaders } from './fetch-headers.ts'
import { readPlan, type FetchPlan, type Init } from './fetch-plan.ts'
import { linkResponse } from './fetch-response.ts'
import { isNodes, isRequest, readRequest, undiciRequestOf } from './request-input.ts'
import { webClass } from './web-classes.ts'

type Fetch = typeof undiciFetch

/** whether our Responses and Headers pass as objects of the classes that are global now */
let isLinked = false

/** Node's own fetch(), kept because it may be replaced later. */
const nodeFetch = globalThis.fetch

/**
 * The web's `fetch()`, directly over a dispatcher: `init.dispatcher`, or else the global one. Calls that use what
 * servers rarely need (`data:` and `blob:` URLs, `no-cors`, `integrity`, `setGlobalOrigin()`…), and invalid calls, go to
 * undici's fetch().
 */
export const fetch: Fetch = function fetch(input, ...[init]) {
  if (!isLinked) {
    isLinked = true
    linkHeaders()
    linkResponse()
  }
  if (isRequest(input)) {
    return fetchRequest(input, (init ?? {}) as Init)
  }
  const isDictionary = typeof init === 'object' || init === undefined
  const isOurs = isDictionary && getGlobalOrigin() === undefined
  const plan = isOurs ? readPlan(input, (init ?? undefined) as Init | undefined) : undefined
  return plan === undefined
    ? fallBack(input, init)
    : (run(plan).catch(withCallersStack) as ReturnType<Fetch>)
}

/** Call this when the global Response and Headers are others than before. */
export function linkAgain(): void {
  isLinked = false
}

async function fetchRequest(input: Request, init: Init): Promise<UndiciResponse> {
  if (typeof init !== 'object' || getGlobalOrigin() !== undefined) {
    return fallBack(input as never, init)
  }
  const read = readRequest(input, init)
  const plan = read instanceof Promise ? await read : read
  if (plan === undefined) {
    return fallBack(input as never, init)
  }
  try {
    return (await run(plan)) as unknown as UndiciResponse
  } catch (error) {
    return withCallersStack(error)
  }
}

function run(plan: FetchPlan): Promise<Response> {
  return new Promise((resolve, reject) => {
    new FetchCall(plan, plan.dispatcher ?? defaultDispatcher(), { resolve, reject }).start()
  })
}

/** How many calls undici's fetch() has done; for tests. */
export const fallBacks = { count: 0 }

function fallBack(...args: Parameters<Fetch>): ReturnType<Fetch> {
  fallBacks.count++
  const [input, init] = args
  if (init !== undefined && typeof init !== 'object') {
    return undiciFetch(input, init)
  }
  // Its Response is of the class that is global, which programs look at to learn which FormData a fetch() takes.
  if (isLocal(input) && webClass('Response') !== (undiciWeb.Response as unknown)) {
    return nodeFetch(input, { ...init, dispatcher: undefined } as never) as never
  }
  const dispatcher = init?.dispatcher ?? defaultDispatcher()
  // Each fetch() only accepts Requests of its own class.
  if (isNodes(input)) {
    return nodeFetch(input, { ...init, dispatcher: legacyDispatcher(dispatcher) } as never) as never
  }
  const isForeign = isRequest(input) && !(input instanceof undiciWeb.Request)
  return undiciFetch(isForeign ? (undiciRequestOf(input) as never) : input, { ...init, dispatcher })
}

function isLocal(input: unknown): boolean {
  const url = input instanceof URL ? input.protocol : input
  return typeof url === 'string' && /^(?:data|blob):/i.test(url.trimStart())
}
