import type { DispatchOptions } from './request-checks.ts'

/**
 * An option of a dispatch, only for fetch(): native decodes the content codings of the response's body. isDecoded() tells at the
 * start of the response whether native does it: fetch() itself must decode some codings and statuses.
 */
export const decodesBody: unique symbol = Symbol('dodici.decodesBody')

export function wantsDecoded(options: DispatchOptions): boolean {
  return (options as { [decodesBody]?: boolean })[decodesBody] === true
}

/** A property of our controllers; other dispatchers' do not have it. */
interface Decoding {
  readonly encodedSize?: number
}

/** Whether native decodes the response's body, although its headers name content codings. */
export function isDecoded(controller: object): boolean {
  return ((controller as Decoding).encodedSize ?? -1) >= 0
}

/** Bytes of the body before decoding. REQUIRES: isDecoded(), and the response has ended. */
export function encodedSize(controller: object): number {
  return (controller as Required<Decoding>).encodedSize
}
