import type { Dispatcher } from 'undici'
import { reachesNative } from '../api/native-dispatcher.ts'
import { decodesBody } from '../request/decoded-body.ts'
import type { FetchUrl } from './fetch-url.ts'
import type { HeaderList } from './header-list.ts'
import type { RequestSource } from './request-source.ts'

/** Returns the options for `dispatch()`. Interceptors and mocks get what they get from undici's fetch(). */
export function dispatchOptions(
  dispatcher: Dispatcher,
  url: FetchUrl,
  method: string,
  headers: HeaderList,
  source: RequestSource | null,
): Dispatcher.DispatchOptions {
  const { origin, path } = url
  // If there are no bytes, dispatch() knows best how to send that.
  const body = source === null || source.length === 0 ? null : source.open()
  if (reachesNative(dispatcher)) {
    const options = { origin, path, method, headers: headers.flat, body, [decodesBody]: true }
    return options as Dispatcher.DispatchOptions
  }
  const { isMockActive } = dispatcher as { isMockActive?: unknown }
  const options = {
    path,
    origin,
    method,
    body: isMockActive === true ? (source?.given ?? body) : body,
    // A mock that lets the request pass sends this instead.
    __mockAgentBodyForDispatch: body,
    headers: headers.toObject(),
    maxRedirections: 0,
    upgrade: undefined,
  }
  return options as unknown as Dispatcher.DispatchOptions
}
