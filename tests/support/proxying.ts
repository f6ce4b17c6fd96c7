/** Shared by the suites about proxies. */
import { request } from 'undici'
import type { Dispatcher } from 'undici'
import { expect, onTestFinished } from 'vitest'
import { useHttp1, useTls } from './fixtures.ts'
import { startProxy } from './servers/proxies.ts'
import type {
  Login,
  ProxyProgram,
  RecordingProxy,
  RecordingProxyOptions,
} from './servers/proxies.ts'

export const login: Login = { user: 'us@er', password: 'pa:ss%' }
export const plainLogin: Login = { user: 'alice', password: 'secret7' }

export function withLogin(scheme: string, port: number, { user, password }: Login): string {
  return `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}`
}

export function closing<T extends { close(): Promise<void> }>(thing: T): T {
  onTestFinished(() => thing.close())
  return thing
}

export async function useProxy(options?: RecordingProxyOptions): Promise<RecordingProxy> {
  return closing(await startProxy(options))
}

export async function useProgram(started: Promise<ProxyProgram>): Promise<number> {
  return closing(await started).port
}

export async function useOrigins(): Promise<{ name: string; origin: string }[]> {
  const answer = JSON.stringify
  const plain = await useHttp1((incoming, outgoing) => {
    outgoing.end(answer({ url: incoming.url, headers: incoming.headers }))
  })
  const secure = await useTls({
    protocols: 'h1',
    onRequest: (incoming, outgoing) => {
      outgoing.end(answer({ url: incoming.url, headers: incoming.headers }))
    },
  })
  return [
    { name: 'http', origin: plain.origin },
    { name: 'https', origin: secure.origin },
  ]
}

export interface Answer {
  url: string
  headers: Record<string, string>
}

export async function get(dispatcher: Dispatcher, url: string): Promise<Answer> {
  const { statusCode, body } = await request(url, { dispatcher })
  expect(statusCode).toBe(200)
  return (await body.json()) as Answer
}

export async function failure(
  dispatcher: Dispatcher,
  url: string,
): Promise<Error & { code?: string }> {
  try {
    const { body } = await request(url, { dispatcher })
    await body.dump()
  } catch (error) {
    return error as Error
  }
  throw new Error('the request did not fail')
}

const variables = [
  'http_proxy',
  'HTTP_PROXY',
  'https_proxy',
  'HTTPS_PROXY',
  'no_proxy',
  'NO_PROXY',
] as const

/** A missing variable is unset. */
export type Environment = Partial<Record<(typeof variables)[number], string>>

export function useEnvironment(set: Environment): void {
  const before = variables.map((name) => [name, process.env[name]] as const)
  const assign = (name: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  for (const name of variables) assign(name, set[name])
  onTestFinished(() => before.forEach(([name, value]) => assign(name, value)))
}
