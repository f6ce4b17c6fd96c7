// Files of undici's package without types. Some releases lack some of these exports.

declare module 'undici/lib/web/fetch/request.js' {
  /** Throws if the object does not belong to this copy of undici. */
  export const getRequestState: ((request: object) => unknown) | undefined
  export const getRequestDispatcher: ((request: object) => unknown) | undefined
}

declare module 'undici/lib/web/fetch/headers.js' {
  export const getHeadersList: ((headers: object) => { entriesList: unknown }) | undefined
}
