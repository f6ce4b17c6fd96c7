// Files of undici's package, of which it has no types. Not every release exports all of it.

declare module 'undici/lib/web/fetch/request.js' {
  /** Throws where the object is not of this copy of undici. */
  export const getRequestState: ((request: object) => unknown) | undefined
  export const getRequestDispatcher: ((request: object) => unknown) | undefined
}

declare module 'undici/lib/web/fetch/headers.js' {
  export const getHeadersList: ((headers: object) => { entriesList: unknown }) | undefined
}
