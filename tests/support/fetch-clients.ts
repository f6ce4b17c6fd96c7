/** Popular clients that use fetch, each made to use a given one. */
import { request as octokit } from '@octokit/request'
import { create as createAxios } from 'axios'
import { Gaxios } from 'gaxios'
import { createFetch } from 'ofetch'
import type { Ground } from './compared.ts'

export interface Sent {
  readonly method: string
  readonly path: string
  readonly json?: object
  readonly form?: FormData
  readonly signal?: AbortSignal
}

export interface Answered {
  readonly status: number
  readonly text: string
}

export interface FetchClient {
  /** Follows redirects, and rejects if the status is not a success. */
  send(sent: Sent): Promise<Answered>
  /** The body, as it comes. */
  stream(path: string): Promise<AsyncIterable<Uint8Array>>
  /** PUT of a body of unknown length; absent if the client cannot do that. */
  readonly upload?: (path: string, body: ReadableStream<Uint8Array>) => Promise<Answered>
  /** GET that is repeated up to twice if the server is busy; absent if the client cannot do that. */
  readonly retry?: (path: string) => Promise<Answered>
  /** GET with a timeout of 150 ms. */
  readonly hasty?: (path: string) => Promise<Answered>
}

const asText = (data: unknown): string => (typeof data === 'string' ? data : JSON.stringify(data))

function octokitOver({ origin, fetch }: Ground): FetchClient {
  const made = octokit.defaults({ baseUrl: origin, request: { fetch } })
  return {
    send: async ({ method, path, json, form, signal }) => {
      const answer = await made({
        method: method as 'GET',
        url: path,
        ...json,
        ...(form && { data: form }),
        request: { fetch, ...(signal && { signal }) },
      })
      return { status: answer.status, text: asText(answer.data) }
    },
    stream: async (path) => {
      const answer = await made({
        method: 'GET',
        url: path,
        request: { fetch, parseSuccessResponseBody: false },
      })
      return answer.data as AsyncIterable<Uint8Array>
    },
  }
}

function gaxiosOver({ origin, fetch }: Ground): FetchClient {
  const made = new Gaxios({ baseURL: origin, fetchImplementation: fetch, responseType: 'text' })
  const get = async (url: string, options: object): Promise<Answered> => {
    const answer = await made.request<string>({ url, ...options })
    return { status: answer.status, text: asText(answer.data) }
  }
  return {
    send: ({ method, path, json, form, signal }) =>
      get(path, { method, data: json ?? form, signal }),
    stream: async (url) =>
      (await made.request<AsyncIterable<Uint8Array>>({ url, responseType: 'stream' })).data,
    upload: (path, data) => get(path, { method: 'PUT', data, duplex: 'half' }),
    retry: (path) => get(path, { retryConfig: { retry: 2, retryDelay: 1 } }),
    hasty: (path) => get(path, { timeout: 300 }),
  }
}

function axiosOver({ origin, fetch, Request, Response }: Ground): FetchClient {
  const made = createAxios({
    baseURL: origin,
    adapter: 'fetch',
    env: { fetch, Request, Response: Response as never },
    responseType: 'text',
  })
  const get = async (url: string, options: object): Promise<Answered> => {
    const answer = await made.request<string>({ url, ...options })
    return { status: answer.status, text: asText(answer.data) }
  }
  return {
    send: ({ method, path, json, form, signal }) =>
      get(path, { method, data: json ?? form, ...(signal && { signal }) }),
    stream: async (url) =>
      (await made.request<AsyncIterable<Uint8Array>>({ url, responseType: 'stream' })).data,
    upload: (path, data) => get(path, { method: 'PUT', data }),
    hasty: (path) => get(path, { timeout: 300 }),
  }
}

function ofetchOver({ origin, fetch, Headers }: Ground): FetchClient {
  const made = createFetch({ fetch, Headers, AbortController })
  const get = async (path: string, options: object): Promise<Answered> => {
    const answer = await made.raw(path, {
      baseURL: origin,
      responseType: 'text',
      retry: 0,
      ...options,
    })
    return { status: answer.status, text: asText(answer._data) }
  }
  return {
    send: ({ method, path, json, form, signal }) =>
      get(path, { method, body: json ?? form, ...(signal && { signal }) }),
    stream: async (path) => {
      const options = { baseURL: origin, responseType: 'stream', retry: 0 } as const
      const { _data: body } = await made.raw(path, options)
      return body as unknown as AsyncIterable<Uint8Array>
    },
    upload: (path, body) => get(path, { method: 'PUT', body, duplex: 'half' }),
    retry: (path) => get(path, { retry: 2, retryDelay: 1 }),
    hasty: (path) => get(path, { timeout: 300 }),
  }
}

export const fetchClients: Readonly<Record<string, (ground: Ground) => FetchClient>> = {
  '@octokit/request': octokitOver,
  gaxios: gaxiosOver,
  'axios by its fetch adapter': axiosOver,
  ofetch: ofetchOver,
}
